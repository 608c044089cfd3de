/**
 * Approves an order for the digest that the human read, and dispatches it. Final check, approval and submit intent are
 * one uninterrupted step, so two approvals cannot both use the same buying power.
 */
import type { DecimalText } from "../domain/decimal.ts";
import { type ErrorCode, type ErrorDetails, QocError } from "../domain/error.ts";
import type { Actor, Channel } from "../domain/event.ts";
import type { ClientOrderId } from "../domain/ids.ts";
import type { Order } from "../domain/order.ts";
import type { OrderRecord, ReviewRecord } from "../domain/order-state.ts";
import type { Verdict } from "../domain/verdict.ts";
import type { Cleared } from "../gate/cleared.ts";
import { clear, evaluate } from "../gate/gate.ts";
import { clientOrderIdFor } from "./client-order-id.ts";
import type { Desk } from "./desk.ts";
import { customChecks, gateInput, guardsEvaluated } from "./evaluate-proposal.ts";
import { findOrder } from "./find-order.ts";
import { type MarketSnapshot, fetchMarketSnapshot } from "./market-snapshot.ts";
import { type Receipt, receiptOf } from "./order-view.ts";
import { midOf } from "./review.ts";
import { submitOrder } from "./submit.ts";

/** An approval expires if the submit intent is not journaled within this time. */
const APPROVAL_MS = 15 * 60 * 1000;
/**
 * Custom guards run outside the uninterrupted step; if the state changed meanwhile they run again, at most this often.
 */
const ROUNDS_MAX = 3;

export interface ApproveRequest {
  readonly id: string;
  readonly digest?: string | undefined;
  /** The digest of the review that the human was shown. Absent: the review is made at the moment of the approval. */
  readonly shown?: string | undefined;
  readonly actor: Actor;
  readonly channel: Channel;
  readonly passphrase?: string | undefined;
}

/**
 * @throws DIGEST_REQUIRED, DIGEST_MISMATCH, ALREADY_DECIDED, GUARD_BLOCKED, KEY_REQUIRED, OUTCOME_UNKNOWN,
 * VENUE_REJECTED.
 */
export async function approveOrder(desk: Desk, request: ApproveRequest): Promise<Receipt> {
  const refusal = desk.readOnly();
  if (refusal !== undefined) throw new QocError("DESK_READ_ONLY", { reason: refusal });
  // The venue's data is fetched while the file is read again.
  // The terms of now: reading the file may change the record, also its connector.
  const asked = desk.state.orders.get(request.id as OrderRecord["id"])?.terms;
  const early = asked === undefined ? undefined : fetchMarketSnapshot(desk, asked.connector, asked.symbol);
  const order = await findOrder(desk, request.id);
  assertApprovable(order, request);
  const isSame = asked?.connector === order.terms.connector && asked.symbol === order.terms.symbol;
  for (let round = 1; ; round++) {
    const view = await (round === 1 && isSame && early !== undefined
      ? early
      : fetchMarketSnapshot(desk, order.terms.connector, order.terms.symbol));
    const before = desk.state.lastRelevantSeq;
    const custom = await customChecks(desk, order, view);
    assertApprovable(order, request);
    const hasChanged = custom.length > 0 && before !== desk.state.lastRelevantSeq;
    if (hasChanged && round < ROUNDS_MAX) continue;
    if (hasChanged)
      throw refused(order, "CONNECTOR_NOT_READY", {
        connector: order.terms.connector,
        state: "busy",
        reason: ": the desk's state kept changing during the guard checks",
      });
    return await confirmApproval(desk, order, { request, view, custom });
  }
}

interface ApprovalParts {
  readonly request: ApproveRequest;
  readonly view: MarketSnapshot;
  /** The results of the custom guards, which run outside the uninterrupted step. */
  readonly custom: Awaited<ReturnType<typeof customChecks>>;
}

/** Runs without an `await` up to the two durable records. */
async function confirmApproval(
  desk: Desk,
  order: OrderRecord,
  { request, view, custom }: ApprovalParts,
): Promise<Receipt> {
  const review = shownReview(order, request) ?? reviewNow(desk, order, request, view);
  const now = desk.clock.now();
  const pending = { at: now, digest: order.digest, ...measuredFrom(review) };
  const advice = evaluate({ ...gateInput(desk, order, { stage: "approve", view, custom }), approval: pending });
  if (advice.decision === "block") {
    await desk.commit(guardsEvaluated(order, "approve", advice));
    throw blocked(order, advice);
  }
  desk.publish(guardsEvaluated(order, "approve", advice));
  const clientOrderId = clientOrderIdFor(desk.state);
  desk.publish(approval(desk, order, { request, review, clientOrderId }));
  const final = clear(gateInput(desk, order, { stage: "dispatch", view, custom }));
  desk.publish(guardsEvaluated(order, "dispatch", final.verdict));
  if (final.cleared === undefined) {
    const reason = final.verdict.reasons[0]?.message ?? "a guard";
    await desk.commit({ type: "order.denied", id: order.id, reason });
    throw blocked(order, final.verdict);
  }
  return dispatch(desk, order, final.cleared);
}

/** Journals the submit intent, waits until it is on disk, and sends the order. */
export async function dispatch(
  desk: Pick<Desk, "commit" | "venues">,
  order: OrderRecord,
  cleared: Cleared<Order>,
): Promise<Receipt> {
  const { clientOrderId } = cleared;
  await desk.commit({ type: "order.submitting", id: order.id, clientOrderId, digest: order.digest });
  await submitOrder(desk, order, cleared);
  return receiptOf(order);
}

/** The journaled review that the human was shown; undefined if the approval names none. @throws DIGEST_MISMATCH. */
function shownReview(order: OrderRecord, { shown }: ApproveRequest): ReviewRecord | undefined {
  if (shown === undefined) return undefined;
  const review = order.reviews.findLast((one) => one.shown === shown && one.digest === order.digest);
  if (review === undefined) throw refused(order, "DIGEST_MISMATCH", { shown, actual: order.digest });
  return review;
}

/** The review of an approval off a terminal: made at this moment. */
function reviewNow(
  desk: Pick<Desk, "publish">,
  order: OrderRecord,
  request: ApproveRequest,
  view: MarketSnapshot,
): ReviewRecord {
  const { id, digest } = order;
  const shownMid = midOf(view.quote);
  const { actor, channel } = request;
  const { at } = desk.publish({ type: "order.reviewed", id, digest, mid: shownMid, actor, channel });
  return { at, digest, mid: shownMid };
}

/** An approval expires, and the price drifts, measured from the review. */
function measuredFrom({ at, mid }: ReviewRecord) {
  return { expiresAt: at + APPROVAL_MS, mid: mid as DecimalText | undefined, reviewedAt: at };
}

function approval(
  desk: Pick<Desk, "key">,
  order: OrderRecord,
  { request, review, clientOrderId }: { request: ApproveRequest; review: ReviewRecord; clientOrderId: ClientOrderId },
) {
  const signed = {
    id: order.id,
    digest: order.digest,
    terms: order.terms,
    clientOrderId,
    actor: request.actor,
    channel: request.channel,
    ...measuredFrom(review),
    shown: review.shown,
  };
  const signature = sign(desk, order, signed, request.passphrase);
  return { type: "order.approved" as const, ...signed, signature };
}

/** Live orders need a signature by a key under a passphrase; paper orders are signed if the key needs no passphrase. */
function sign(
  desk: Pick<Desk, "key">,
  order: OrderRecord,
  payload: unknown,
  passphrase: string | undefined,
): string | undefined {
  if (order.terms.mode !== "live") return desk.key.locked ? undefined : desk.key.sign(payload);
  if (!desk.key.locked)
    throw new QocError("KEY_REQUIRED", {
      id: order.id,
      reason: "the key has no passphrase; set one with qoc keys protect",
    });
  if (passphrase === undefined) throw new QocError("KEY_REQUIRED", { id: order.id, reason: "no passphrase was given" });
  return desk.key.sign(payload, passphrase);
}

function assertApprovable(order: OrderRecord, request: ApproveRequest): void {
  const fail = (code: ErrorCode, details: ErrorDetails): never => {
    throw new QocError(code, { id: order.id, ...details }, { data: receiptOf(order) });
  };
  if (order.state !== "proposed") fail("ALREADY_DECIDED", { state: order.state });
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
