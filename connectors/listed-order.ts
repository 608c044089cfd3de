/** The report of an order in a venue's list. An order that cannot be read is listed as such: it must hide no other. */
import type { OrderReport, UnreadableOrder } from "@qoc-app/sdk";
import { oneLine } from "./words.ts";

/** Of ids that the desk takes. */
const ID = /^[\x20-\x7e]{1,128}$/;

/** What names the order, whatever else of it can be read. */
export interface OrderNames {
  readonly venueOrderId: unknown;
  readonly clientOrderId?: unknown;
  readonly symbol?: unknown;
}

/** @throws Error for an order without an id: the desk could not name it. */
export function listedOrder(names: OrderNames, report: () => OrderReport): OrderReport | UnreadableOrder {
  try {
    return report();
  } catch (error) {
    const { venueOrderId, clientOrderId, symbol } = names;
    if (!isName(venueOrderId)) throw error;
    const words = error instanceof Error ? error.message : String(error);
    const order: UnreadableOrder = { venueOrderId, status: "unknown", reason: oneLine(words) };
    if (isName(clientOrderId)) order.clientOrderId = clientOrderId;
    if (isName(symbol)) order.symbol = symbol;
    return order;
  }
}

function isName(value: unknown): value is string {
  return typeof value === "string" && ID.test(value);
}
