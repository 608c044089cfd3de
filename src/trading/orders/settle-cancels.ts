/** The end of a cancel by proposal. */
import { type OrderRecord, isTerminal, targetRecord } from "../../domain/orders/order-state.ts";
import type { Desk } from "../desk.ts";

/** The end of a cancel whose order has ended, or that the venue took. */
export async function settleCancel(
  desk: Pick<Desk, "commit">,
  order: Readonly<OrderRecord>,
  target: Readonly<OrderRecord>,
  isTaken: boolean,
): Promise<void> {
  const { id, state } = target;
  const proposal = order.id;
  if (isTaken || state === "cancelled") await desk.commit({ type: "cancel.accepted", id, proposal });
  else await desk.commit({ type: "cancel.failed", id, proposal, reason: `${id} is ${state}` });
}

/** Ends the cancels without an answer whose orders have ended since. */
export async function settleOpenCancels(desk: Pick<Desk, "commit" | "state">, connector: string): Promise<void> {
  for (const order of [...desk.state.cancels.values()]) {
    const target = targetRecord(desk.state, order.terms);
    if (order.terms.connector !== connector || order.state !== "unknown" || target === undefined) continue;
    if (isTerminal(target.state)) await settleCancel(desk, order, target, false);
  }
}
