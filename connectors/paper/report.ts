/** Converts the venue's records to SDK types. */
import type { Fill, OrderReport } from "@qoc-app/sdk";
import { ZERO, amount, quotient, textOf } from "../amount.ts";
import { type EndedOrder, type Execution, type WorkingOrder, venueId } from "./state.ts";

export function toFill(execution: Execution, currency: string): Fill {
  return {
    fillId: `${venueId(execution.no)}-${execution.nth}`,
    venueOrderId: venueId(execution.no),
    clientOrderId: execution.clientOrderId,
    symbol: execution.symbol,
    side: execution.side,
    quantity: execution.quantity,
    price: execution.price,
    timestamp: execution.at,
    fee: execution.fee,
    feeCurrency: currency,
  };
}

/** The venue states its orders as they are at its time `now`. */
export function toReport(order: WorkingOrder | EndedOrder, now: number): OrderReport {
  const filled = amount(order.filled);
  const openStatus = filled.eq(ZERO) ? "open" : "partially_filled";
  const report: OrderReport = {
    venueOrderId: venueId(order.no),
    clientOrderId: order.clientOrderId,
    status: "status" in order ? order.status : openStatus,
    filledQuantity: order.filled,
    updatedAt: now,
  };
  return filled.eq(ZERO) ? report : { ...report, averagePrice: textOf(quotient(amount(order.value), filled)) };
}
