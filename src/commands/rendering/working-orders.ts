/** The orders that still work at their venues, after `halt`, `down` and Ctrl-C. */
import type { WorkingOrder } from "../../trading/working-orders.ts";
import { oneLine } from "./terminal-text.ts";

/** Empty if no order works. */
export function workingLines(orders: readonly WorkingOrder[]): readonly string[] {
  if (orders.length === 0) return [];
  const verb = orders.length === 1 ? "1 order is" : `${orders.length} orders are`;
  return [
    `${verb} still at the venue:`,
    ...orders.map(({ id, state, sentence }) => `  ${oneLine(`${id}  ${sentence}  ${state}`)}`),
    "next: qoc cancel --all",
  ];
}
