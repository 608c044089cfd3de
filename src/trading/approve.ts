/**
 * Approves an order for the digest that the human read, and dispatches it. Final check, approval and submit intent are
 * one uninterrupted step, so two approvals cannot both use the same buying power.
 */
import type { DecimalText } from "../domain/decimal.ts";
import { type ErrorCode, type ErrorDetails, QocError } from "../domain/error.ts";
import { type Authority, STATEMENT_MS } from "../domain/authority.ts";
import type { Actor, Channel, OrderApproved } from "../domain/event.ts";
import type { ClientOrderId } from "../domain/ids.ts";
import { isRetired } from "../domain/lost-records.ts";
import type { Order } from "../domain/order.ts";
import type { OrderRecord, ReviewRecord } from "../domain/order-state.ts";
import type { Verdict } from "../domain/verdict.ts";
import type { Cleared } from "../gate/cleared.ts";
import { clear, evaluate } from "../gate/gate.ts";
import { clientOrderIdFor } from "../domain/client-order-id.ts";
import { refuseChangedRules } from "./config-notices.ts";
import type { Desk } from "./desk.ts";
import { customChecks, gateInput, guardsEvaluated } from "./evaluate-proposal.ts";
import { findOrder } from "./find-order.ts";
import { type MarketSnapshot, fetchMarketSnapshot } from "./market-snapshot.ts";
import { type Receipt, receiptOf } from "./order-view.ts";
import { approvalDecision, midOf } from "./review.ts";
import { submitOrder } from "./submit.ts";

/** An approval expires if the submit intent is not journaled within this time. */
const APPROVAL_MS = STATEMENT_MS;
/**
 * Custom guards run outside the uninterrupted step; if the state changed meanwhile they run again, at most this often.
 */
const ROUNDS_MAX = 3;

export interface ApproveRequest {
  readonly id: string;
  readonly digest?: string | undefined;
  /** The digest of the review that the client displayed; absent off a terminal. */
  readonly shown?: string | undefined;
  readonly actor: Actor;
  readonly channel: Channel;
  /** The client's signature; absent in the first call of a client that displays no review. */
  readonly authority?: Authority | undefined;
}

/**
 * Without a signature: makes and journals the review of this moment, and throws what the client must sign.
 * @throws DIGEST_REQUIRED, DIGEST_MISMATCH, ALREADY_DECIDED, GUARD_BLOCKED, SIGNATURE_REQUIRED, SIGNATURE_STALE,
 * SIGNATURE_INVALID, KEY_REQUIRED, RULES_CHANGED, CONFIG_NOT_PINNED, OUTCOME_UNKNOWN, VENUE_REJECTED.
 */
export async function approveOrder(desk: Desk, request: ApproveRequest): Promise<Receipt> {
  const refusal = desk.readOnly();
  if (refusal !== undefined) throw new QocError("DESK_READ_ONLY", { reason: refusal });
  // The venue's data is fetched while the file is read again.
  // The terms of now: reading the file may change the record, also its connector.
  const asked = desk.state.orders.get(request.id as OrderRecord["id"])?.terms;
  const early = asked === undefined ? undefined : fetchMarketSnapshot(desk, asked.connector, asked.symbol);
  const [order] = await Promise.all([findOrder(desk, request.id), refuseChangedRules(desk)]);
  assertApprovable(desk, order, request);
  const { authority } = request;
  if (authority !== undefined) await desk.authority.check(approvalDecision(order, request.shown), authority);
  const isSame = asked?.connector === order.terms.connector && asked.symbol === order.terms.symbol;
  for (let round = 1; ; round++) {
    const view = await (round === 1 && isSame && early !== undefined
      ? early
      : fetchMarketSnapshot(desk, order.terms.connector, order.terms.symbol));
    const before = desk.state.lastRelevantSeq;
    const custom = await customChecks(desk, order, view);
    assertApprovable(desk, order, request);
    const hasChanged = custom.length > 0 && before !== desk.state.lastRelevantSeq;
    if (hasChanged && round < ROUNDS_MAX) continue;
    if (hasChanged)
      throw refused(order, "CONNECTOR_NOT_READY", {
        connector: order.terms.connector,
        state: "busy",
        reason: ": the desk's state kept changing during the guard checks",
      });
    if (authority === undefined) return requestSignature(desk, order, { view, custom });
    return await confirmApproval(desk, order, { request: { ...request, authority }, view, custom });
  }
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
  const signing = desk.authority.request(approvalDecision(order, undefined));
  const { key } = signing;
  throw new QocError("SIGNATURE_REQUIRED", { action: "approve", key }, { data: { ...receiptOf(order), signing } });
}

type SignedRequest = ApproveRequest & { readonly authority: Authority };

interface GuardInputs {
  readonly view: MarketSnapshot;
  /** The results of the custom guards, which run outside the uninterrupted step. */
  readonly custom: Awaited<ReturnType<typeof customChecks>>;
}

interface ApprovalParts extends GuardInputs {
  readonly request: SignedRequest;
}

/** Runs without an `await` up to the two durable records. */
async function confirmApproval(
  desk: Desk,
  order: OrderRecord,
  { request, view, custom }: ApprovalParts,
): Promise<Receipt> {
  const review = request.shown === undefined ? reviewNow(desk, order, { request, view }) : shownReview(order, request);
  const advice = advise(desk, order, { view, custom, review });
  if (advice.decision === "block") {
    await desk.commit(guardsEvaluated(order, "approve", advice));
    throw blocked(order, advice);
  }
  desk.publish(guardsEvaluated(order, "approve", advice));
  const clientOrderId = clientOrderIdFor(desk.state);
  desk.publish(approval(order, { request, review, clientOrderId }));
  const final = clear(gateInput(desk, order, { stage: "dispatch", view, custom }));
  desk.publish(guardsEvaluated(order, "dispatch", final.verdict));
  if (final.cleared === undefined) {
    const reason = final.verdict.reasons[0]?.message ?? "a guard";
    await desk.commit({ type: "order.denied", id: order.id, reason });
    throw blocked(order, final.verdict);
  }
  return dispatch(desk, order, final.cleared);
}

type Reviewed = Pick<ReviewRecord, "at" | "mid">;

/** The guards at approval, as if the order were approved now. */
function advise(
  desk: Desk,
  order: OrderRecord,
  { view, custom, review }: GuardInputs & { readonly review: Reviewed },
): Verdict {
  const pending = { at: desk.clock.now(), digest: order.digest, ...measuredFrom(review) };
  return evaluate({ ...gateInput(desk, order, { stage: "approve", view, custom }), approval: pending });
}

/** Journals the submit intent, waits until it is on disk, and sends the order. */
export async function dispatch(
  desk: Pick<Desk, "clock" | "commit" | "state" | "venues">,
  order: OrderRecord,
  cleared: Cleared<Order>,
): Promise<Receipt> {
  const { clientOrderId } = cleared;
  await desk.commit({ type: "order.submitting", id: order.id, clientOrderId, digest: order.digest });
  await submitOrder(desk, order, cleared);
  return receiptOf(order);
}

/** The journaled review that the human was shown; the signature names it as the head. @throws SIGNATURE_STALE. */
function shownReview(order: OrderRecord, { shown, authority }: SignedRequest): ReviewRecord {
  const review = order.reviews.findLast(({ seq }) => seq === authority.head.seq);
  if (review?.digest === order.digest && review.shown === shown) return review;
  throw refused(order, "SIGNATURE_STALE", { action: "approve", reason: "it names no review of these terms" });
}

/** The review of a client that displays nothing: made at this moment. */
function reviewNow(
  desk: Pick<Desk, "publish">,
  order: OrderRecord,
  { request, view }: Pick<ApprovalParts, "request" | "view">,
): ReviewRecord {
  const { id, digest } = order;
  const { actor, channel } = request;
  const mid = midOf(view.quote);
  const { seq, at } = desk.publish({ type: "order.reviewed", id, digest, mid, actor, channel });
  return { seq, at, digest, mid };
}

/** An approval expires, and the price drifts, measured from the review. */
function measuredFrom({ at, mid }: Reviewed) {
  return { expiresAt: at + APPROVAL_MS, mid: mid as DecimalText | undefined, reviewedAt: at };
}

function approval(
  order: OrderRecord,
  {
    request,
    review,
    clientOrderId,
  }: { readonly request: SignedRequest; readonly review: ReviewRecord; readonly clientOrderId: ClientOrderId },
): OrderApproved {
  const { actor, channel, authority } = request;
  const { id, digest, terms } = order;
  const { shown } = review;
  const common = {
    type: "order.approved",
    id,
    digest,
    terms,
    clientOrderId,
    actor,
    channel,
    shown,
    authority,
  } as const;
  return { ...common, ...measuredFrom(review) };
}

function assertApprovable(
  desk: Pick<Desk, "state">,
  order: OrderRecord,
  request: Pick<ApproveRequest, "digest">,
): void {
  const fail = (code: ErrorCode, details: ErrorDetails): never => {
    throw new QocError(code, { id: order.id, ...details }, { data: receiptOf(order) });
  };
  if (order.state !== "proposed") fail("ALREADY_DECIDED", { state: order.state });
  if (isRetired(desk.state, order.id)) fail("PROPOSE_AGAIN", {});
  if (request.digest === undefined) fail("DIGEST_REQUIRED", { digest: order.digest });
  if (request.digest !== order.digest) fail("DIGEST_MISMATCH", { shown: request.digest, actual: order.digest });
}

function refused(order: OrderRecord, code: ErrorCode, details: ErrorDetails): QocError {
  return new QocError(code, { id: order.id, ...details }, { data: receiptOf(order) });
}

function blocked(order: OrderRecord, verdict: Verdict): QocError {
  const first = verdict.reasons[0];
  const more = verdict.reasons.length > 1 ? ` (and ${verdict.reasons.length - 1} more)` : "";
  return refused(order, "GUARD_BLOCKED", {
    guard: first?.guard ?? "",
    message: `${first?.message ?? "a guard"}${more}`,
  });
}
