/** Whether a report of the venue can be of the order that the desk asked for. */
import { type FillState, otherWithVenueId } from "../fills/fill-state.ts";
import type { ClientOrderId } from "../ids.ts";
import type { VenueReport } from "../market/venue.ts";
import { comparableSymbol } from "./order.ts";
import type { OrderRecord } from "./order-state.ts";
import { REPLACEMENTS_MAX, isReplacedTooOften } from "./replaced-order.ts";

type ReportedIdentity = Pick<VenueReport, "clientOrderId" | "replacedBy" | "side" | "symbol" | "venueOrderId">;
type OrderIndexes = Pick<FillState, "byClientOrderId" | "byVenueOrderId" | "inFlight">;

/**
 * What contradicts the order in a report; undefined if it can be the order's. A report that bears the order's client
 * order id names it, whatever id of the venue it has, unless that is the id of another order in flight. Without the
 * client order id, the venue's id counts.
 */
export function contradictionOf(
  state: OrderIndexes,
  order: Readonly<OrderRecord>,
  { clientOrderId, replacedBy, side, symbol, venueOrderId }: ReportedIdentity,
): string | undefined {
  const { terms } = order;
  if (!order.submitted) return "the order was not sent";
  if (symbol !== undefined && comparableSymbol(symbol) !== comparableSymbol(terms.symbol)) return `it is of ${symbol}`;
  if (side !== undefined && side !== terms.side) return `it is to ${side}`;
  const other = otherWithVenueId(state, order, venueOrderId);
  if (other !== undefined) return `it has the venue's id of ${other}`;
  const next = replacedBy === undefined ? undefined : otherWithVenueId(state, order, replacedBy);
  if (next !== undefined) return `it is continued by the venue's id of ${next}`;
  if (replacedBy !== undefined && isReplacedTooOften(order, venueOrderId))
    return `its venue has replaced it ${REPLACEMENTS_MAX} times before`;
  if (clientOrderId !== undefined && clientOrderId === order.clientOrderId) return undefined;
  const named = clientOrderId === undefined ? undefined : state.byClientOrderId.get(clientOrderId as ClientOrderId);
  if (named !== undefined) return `it names ${named}`;
  // The id of the desk's own order, which the desk gave the venue: another one is of another order.
  if (order.venueOrderId === undefined && clientOrderId !== undefined) return "it has another client order id";
  return undefined;
}
