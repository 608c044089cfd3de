/** The venue's records in the SDK's shapes. */
import type { Fill, OrderReport } from "@qoc-app/sdk";
import { ZERO, amount, quotient, textOf } from "./amount.ts";
import { type Ended, type Execution, type Working, venueId } from "./state.ts";

export const CURRENCY = "USD";

export function fillOf(execution: Execution): Fill {
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
    feeCurrency: CURRENCY,
  };
}

export function reportOf(order: Working | Ended): OrderReport {
  const filled = amount(order.filled);
  const open = filled.eq(ZERO) ? "open" : "partially_filled";
  return {
    venueOrderId: venueId(order.no),
    clientOrderId: order.clientOrderId,
    status: "status" in order ? order.status : open,
    filledQuantity: order.filled,
    ...(filled.eq(ZERO) ? {} : { averagePrice: textOf(quotient(amount(order.value), filled)) }),
  };
}
