/** The orders that still work at their venues, after `halt`, `down` and Ctrl-C. */
import type { WorkingOrder } from "../../trading/orders/working-orders.ts";
import { oneLine } from "./terminal-text.ts";

/** Empty if no order works. `isUp`: whether the desk takes the command that cancels them. */
export function workingLines(orders: readonly WorkingOrder[], isUp: boolean): readonly string[] {
  if (orders.length === 0) return [];
  const verb = orders.length === 1 ? "1 order is" : `${orders.length} orders are`;
  return [
    `${verb} still at the venue:`,
    ...orders.map(({ id, state, sentence }) => `  ${oneLine(`${id}  ${sentence}  ${state}`)}`),
    `next: ${isUp ? "" : "qoc up, then "}qoc cancel --all`,
  ];
}
