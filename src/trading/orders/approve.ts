/**
 * Approves an order for the digest that the human read, and dispatches it. Final check, approval and submit intent are
 * one uninterrupted step, so two approvals cannot both use the same buying power. A cancel and a replacement are
 * approved in the same way; what follows the approval is in modules of their own.
 */
import type { Receipt } from "../../domain/orders/order-view.ts";
import { QocError } from "../../domain/errors/error.ts";
import type { OrderRecord, ReviewRecord } from "../../domain/orders/order-state.ts";
import type { Verdict } from "../../domain/orders/verdict.ts";
import { evaluate } from "../../gate/gate.ts";
import { clientOrderIdFor } from "../../domain/orders/client-order-id.ts";
import {
  type ApproveRequest,
  type GuardInputs,
  type SignedRequest,
  approvalOf,
  assertApprovable,
  blocked,
  measuredFrom,
  requireSignature,
  reviewOf,
  stableInputs,
} from "./approval.ts";
import { confirmCancel } from "./approve-cancel.ts";
import { changedRules, noticesOf } from "../config/config-notices.ts";
import type { Desk } from "../desk.ts";
import { clearAndDispatch } from "./dispatch.ts";
import { gateInput, guardsEvaluated } from "./evaluate-proposal.ts";
import { findOrder } from "./find-order.ts";
import { fetchMarketSnapshot } from "../market/market-snapshot.ts";
import { replaceOrder } from "./replace-order.ts";
import { approvalDecision, midOf } from "./review.ts";

/**
 * Without a signature: makes and journals the review of this moment, and throws what the client must sign.
 * @throws DIGEST_REQUIRED, DIGEST_MISMATCH, TARGET_CHANGED, ALREADY_DECIDED, GUARD_BLOCKED, SIGNATURE_REQUIRED,
 * SIGNATURE_STALE, SIGNATURE_INVALID, KEY_REQUIRED, RULES_CHANGED, CONFIG_NOT_PINNED, OUTCOME_UNKNOWN, VENUE_REJECTED,
 * CALL_FAILED (a cancel), REPLACEMENT_NOT_SENT.
 */
export async function approveOrder(desk: Desk, request: ApproveRequest): Promise<Receipt> {
  if (request.page !== undefined && request.shown === undefined)
    throw new QocError("PAGE_NOT_ALLOWED", { action: "approve", reason: "without the review that it shows" });
  const refusal = desk.readOnly();
  if (refusal !== undefined) throw new QocError("DESK_READ_ONLY", { reason: refusal });
  const { authority, page } = request;
  // The venue's data is fetched, and the signature verified, while the proposal and desk.toml are read again.
  // The terms of now: reading the file may change the record, also its connector.
  const known = desk.state.orders.get(request.id as OrderRecord["id"]);
  const asked = known?.terms;
  const early =
    asked === undefined || asked.cancels !== undefined
      ? undefined
      : fetchMarketSnapshot(desk, asked.connector, asked.symbol);
  if (known !== undefined && authority !== undefined)
    desk.authority.begin({ ...approvalDecision(known, request.shown), page }, authority);
  const [order, standing] = await Promise.all([findOrder(desk, request.id), desk.configuration.standing()]);
  const isCancel = order.terms.cancels !== undefined;
  const rules = changedRules(standing);
  if (rules === undefined) request.onNotices?.(noticesOf(desk, standing));
  // No guard stops a cancel, whatever desk.toml says.
  else if (!isCancel) throw rules;
  assertApprovable(desk, order, request);
  if (authority !== undefined)
    await desk.authority.check({ ...approvalDecision(order, request.shown), page }, authority);
  const check = (): void => {
    assertApprovable(desk, order, request);
    desk.authority.requireOpen(authority);
  };
  if (isCancel) {
    check();
    return confirmCancel(desk, order, request);
  }
  const isSame = asked?.connector === order.terms.connector && asked.symbol === order.terms.symbol;
  const inputs = await stableInputs(desk, order, { early: isSame ? early : undefined, check });
  if (authority === undefined) return requestSignature(desk, order, inputs);
  return await confirmApproval(desk, order, { request: { ...request, authority }, ...inputs });
}

/**
 * The first call of a client that displays nothing. The review is made with the second call, at the moment of the
 * approval. @throws GUARD_BLOCKED, or SIGNATURE_REQUIRED with what the client must sign.
 */
async function requestSignature(desk: Desk, order: OrderRecord, { view, custom }: GuardInputs): Promise<never> {
  const advice = advise(desk, order, { view, custom, review: { at: desk.clock.now(), mid: midOf(view.quote) } });
  if (advice.decision === "block") {
    await desk.commit(guardsEvaluated(order, "approve", advice));
    throw blocked(order, advice);
  }
  return requireSignature(desk, order);
}

interface ApprovalInputs extends GuardInputs {
  readonly request: SignedRequest;
}

/** Runs without an `await` up to the two durable records. */
async function confirmApproval(
  desk: Desk,
  order: OrderRecord,
  { request, view, custom }: ApprovalInputs,
): Promise<Receipt> {
  const review = reviewOf(desk, order, request, midOf(view.quote));
  const advice = advise(desk, order, { view, custom, review });
  if (advice.decision === "block") {
    await desk.commit(guardsEvaluated(order, "approve", advice));
    throw blocked(order, advice);
  }
  desk.publish(guardsEvaluated(order, "approve", advice));
  desk.publish(approvalOf(order, { request, review, clientOrderId: clientOrderIdFor(desk.state) }));
  // The gate clears a replacement when the order before it has ended.
  if (order.terms.replaces !== undefined) return replaceOrder(desk, order, request.actor);
  return clearAndDispatch(desk, order, { sent: order, view, custom });
}

/** The guards at approval, as if the order were approved now. */
function advise(
  desk: Desk,
  order: OrderRecord,
  { view, custom, review }: GuardInputs & { readonly review: Pick<ReviewRecord, "at" | "mid"> },
): Verdict {
  const pending = { at: desk.clock.now(), digest: order.digest, ...measuredFrom(review) };
  return evaluate({ ...gateInput(desk, order, { stage: "approve", view, custom }), approval: pending });
}
