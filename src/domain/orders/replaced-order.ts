/** An order that its venue replaced with another one, for example after a split. */
import { type Decimal, type DecimalText, decimal } from "../decimal.ts";
import type { OrderReplacement } from "../event.ts";
import type { VenueOrderId } from "../ids.ts";
import type { OrderTerms } from "./order.ts";

export interface VenueReplacement {
  /** Of the orders that others continue. */
  readonly ids: Set<string>;
  /** Of the newest of the others. */
  terms: Pick<OrderReplacement, "quantity" | "limitPrice">;
}

/** Far more than a venue makes. Each event of an order goes through the ids of all orders that it continues. */
export const REPLACEMENTS_MAX = 1_000;

interface OrderAtVenue {
  readonly terms: OrderTerms;
  venueOrderId?: VenueOrderId;
  replaced?: VenueReplacement;
}

/** In whatever sequence the reports of a chain arrive, the order that nothing continues is the one in force. */
export function continueOrder(
  order: OrderAtVenue,
  earlier: VenueOrderId,
  { venueOrderId, ...terms }: OrderReplacement,
): void {
  const replaced = (order.replaced ??= { ids: new Set(), terms: {} });
  replaced.ids.add(earlier);
  if (replaced.ids.has(venueOrderId)) return;
  order.venueOrderId = venueOrderId;
  replaced.terms = terms;
}

/** Whether a replacement of the order with this id is one too many. */
export function isReplacedTooOften({ replaced }: Readonly<OrderAtVenue>, earlier: string): boolean {
  return replaced !== undefined && replaced.ids.size >= REPLACEMENTS_MAX && !replaced.ids.has(earlier);
}

/** The quantity of the order at its venue. */
export function totalQuantity({ replaced, terms }: Readonly<OrderAtVenue>): Decimal {
  return decimal(replaced?.terms.quantity ?? terms.quantity);
}

/** The limit of the order at its venue; undefined for an order without one. */
export function limitInForce({ replaced, terms }: Readonly<OrderAtVenue>): DecimalText | undefined {
  return terms.limitPrice === undefined ? undefined : (replaced?.terms.limitPrice ?? terms.limitPrice);
}
