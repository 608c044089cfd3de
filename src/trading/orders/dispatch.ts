/** The last step of an approval: the gate clears the order, its intent goes to disk, and it is sent. */
import type { Receipt } from "../../domain/orders/order-view.ts";
import type { OrderRecord } from "../../domain/orders/order-state.ts";
import { clear } from "../../gate/gate.ts";
import { type GuardInputs, blocked } from "./approval.ts";
import type { Desk } from "../desk.ts";
import { gateInput, guardsEvaluated } from "./evaluate-proposal.ts";
import { receiptOf } from "./order-view.ts";
import { submitOrder } from "./submit.ts";

export interface Dispatch extends GuardInputs {
  /** The order as it is sent: a replacement may be sent with less than was approved. */
  readonly sent: OrderRecord;
}

/**
 * Runs without an `await` up to the submit intent, and waits until it is on disk before the order is sent.
 * @throws GUARD_BLOCKED, and what `submitOrder` throws.
 */
export async function clearAndDispatch(
  desk: Desk,
  order: OrderRecord,
  { sent, ...inputs }: Dispatch,
): Promise<Receipt> {
  const { cleared, verdict } = clear(gateInput(desk, sent, { stage: "dispatch", ...inputs }));
  desk.publish(guardsEvaluated(order, "dispatch", verdict));
  if (cleared === undefined) {
    const reason = verdict.reasons[0]?.message ?? "a guard";
    await desk.commit({ type: "order.denied", id: order.id, reason });
    throw blocked(order, verdict);
  }
  const { clientOrderId, terms } = cleared;
  const quantity = terms.quantity === order.terms.quantity ? undefined : terms.quantity;
  await desk.commit({ type: "order.submitting", id: order.id, clientOrderId, digest: order.digest, quantity });
  await submitOrder(desk, order, cleared);
  return receiptOf(order);
}
