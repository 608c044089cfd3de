/**
 * Approves a cancel and sends it. Approval and cancel intent are one uninterrupted step. No guard and no trading state
 * stops a cancel, and no market data is needed for it. The venue says how the order ends.
 */
import type { Receipt } from "../../domain/orders/order-view.ts";
import { type OrderRecord, isTerminal, targetRecord } from "../../domain/orders/order-state.ts";
import { type ApproveRequest, approvalOf, blocked, refused, requireSignature, reviewOf } from "./approval.ts";
import { adoptCancel, cancelFailure, requestCancel } from "./cancel.ts";
import type { Desk } from "../desk.ts";
import { cancelVerdict, guardsEvaluated } from "./evaluate-proposal.ts";
import { receiptOf } from "./order-view.ts";
import { settleCancel } from "./settle-cancels.ts";

/** @throws GUARD_BLOCKED, SIGNATURE_REQUIRED, SIGNATURE_STALE, CALL_FAILED, OUTCOME_UNKNOWN. */
export async function confirmCancel(desk: Desk, order: OrderRecord, request: ApproveRequest): Promise<Receipt> {
  const { authority, actor } = request;
  const verdict = cancelVerdict(desk, order);
  if (verdict.decision === "block") {
    await desk.commit(guardsEvaluated(order, "approve", verdict));
    throw blocked(order, verdict);
  }
  if (authority === undefined) return requireSignature(desk, order);
  const target = targetRecord(desk.state, order.terms) as OrderRecord;
  const review = reviewOf(desk, order, { ...request, authority }, undefined);
  desk.publish(guardsEvaluated(order, "approve", verdict));
  desk.publish(approvalOf(order, { request: { ...request, authority }, review }));
  const answer = await requestCancel(desk, target, { actor, proposal: order.id });
  if (answer.kind === "taken") await adoptCancel(desk, target, answer.lookup);
  const isDone = answer.kind === "taken" || isTerminal(target.state);
  if (isDone) {
    await settleCancel(desk, order, target, answer.kind === "taken");
    return cancelReceipt(order, target);
  }
  const { reason } = answer;
  if (answer.kind === "refused") {
    await desk.commit({ type: "cancel.failed", id: target.id, proposal: order.id, reason });
    throw cancelFailure(order, reason, answer.error);
  }
  const type = answer.kind === "unidentified" ? "order.not_sent" : "order.unknown";
  await desk.commit({ type, id: order.id, reason });
  throw refused(order, "OUTCOME_UNKNOWN", { reason });
}

/** The receipt of a cancel also states the state of the order. */
function cancelReceipt(order: OrderRecord, { id, state }: Readonly<OrderRecord>): Receipt {
  return { ...receiptOf(order), target: { id, state } };
}
