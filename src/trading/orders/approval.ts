/** The parts of an approval that orders, cancels and replacements share: its checks, its review and its record. */
import type { DecimalText } from "../../domain/decimal.ts";
import { type ErrorCode, type ErrorDetails, QocError } from "../../domain/errors/error.ts";
import { type Authority, STATEMENT_MS } from "../../domain/authority/authority.ts";
import type { Actor, Channel, OrderApproved } from "../../domain/event.ts";
import type { ClientOrderId } from "../../domain/ids.ts";
import { isRetired } from "../../domain/authority/lost-records.ts";
import type { PageCaller } from "../../domain/pages/page-session.ts";
import { isTargetAsShown, targetOf } from "../../domain/orders/order.ts";
import { PASSKEY_MS } from "../../domain/pages/passkey.ts";
import { type OrderRecord, type ReviewRecord, isTerminal, targetRecord } from "../../domain/orders/order-state.ts";
import type { Verdict } from "../../domain/orders/verdict.ts";
import type { NoticeListener } from "../config/config-notices.ts";
import type { Desk } from "../desk.ts";
import { customChecks } from "./evaluate-proposal.ts";
import { type MarketSnapshot, fetchMarketSnapshot } from "../market/market-snapshot.ts";
import { refusalDetails } from "./guard-refusal.ts";
import { receiptOf } from "./order-view.ts";
import { approvalDecision } from "./review.ts";

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
  /** Absent at a terminal. */
  readonly page?: PageCaller | undefined;
  /** The client's signature; absent in the first call of a client that displays no review. */
  readonly authority?: Authority | undefined;
  /** Receives the notices about desk.toml, unless the rules have changed: then the error says so. */
  readonly onNotices?: NoticeListener | undefined;
}

export type SignedRequest = ApproveRequest & { readonly authority: Authority };

export interface GuardInputs {
  readonly view: MarketSnapshot;
  /** The results of the custom guards, which run outside the uninterrupted step. */
  readonly custom: Awaited<ReturnType<typeof customChecks>>;
}

/**
 * Market data and custom guards of one state of the desk. The caller uses them before its next `await`. `early`: market
 * data that is being fetched. `check` throws if the order cannot be sent any more. @throws CONNECTOR_NOT_READY.
 */
export async function stableInputs(
  desk: Desk,
  order: OrderRecord,
  { early, check }: { readonly early?: Promise<MarketSnapshot> | undefined; readonly check: () => void },
): Promise<GuardInputs> {
  const { connector, symbol } = order.terms;
  for (let round = 1; ; round++) {
    const view = await (round === 1 && early !== undefined ? early : fetchMarketSnapshot(desk, connector, symbol));
    const before = desk.state.lastRelevantSeq;
    const custom = await customChecks(desk, order, view);
    check();
    const hasChanged = custom.length > 0 && before !== desk.state.lastRelevantSeq;
    if (!hasChanged) return { view, custom };
    if (round === ROUNDS_MAX)
      throw refused(order, "CONNECTOR_NOT_READY", {
        connector,
        state: "busy",
        reason: ": the desk's state kept changing during the guard checks",
      });
  }
}

/** @throws ALREADY_DECIDED, PROPOSE_AGAIN, DIGEST_REQUIRED, DIGEST_MISMATCH, TARGET_CHANGED. */
export function assertApprovable(
  desk: Pick<Desk, "state">,
  order: OrderRecord,
  request: Pick<ApproveRequest, "digest">,
): void {
  if (order.state !== "proposed") throw refused(order, "ALREADY_DECIDED", { state: order.state });
  if (isRetired(desk.state, order.id)) throw refused(order, "PROPOSE_AGAIN", {});
  const { digest } = request;
  if (digest === undefined) throw refused(order, "DIGEST_REQUIRED", { digest: order.digest });
  const shown = targetOf(order.terms);
  const target = targetRecord(desk.state, order.terms);
  if (shown !== undefined && target !== undefined) {
    const isAsRead = digest === order.digest ? isTargetAsShown(shown, target) : !hasChangedSince(order, target, digest);
    if (!isAsRead) throw refused(order, "TARGET_CHANGED", targetFacts(target));
  }
  if (digest !== order.digest) throw refused(order, "DIGEST_MISMATCH", { shown: digest, actual: order.digest });
}

/** The order has changed since the desk stated this digest: the proposal's terms, and so its digest, followed it. */
function hasChangedSince(order: OrderRecord, target: Readonly<OrderRecord>, digest: string): boolean {
  const stated = [...order.reviews, ...order.verdicts].filter((record) => record.digest === digest).map(({ at }) => at);
  return stated.length > 0 && (target.history.at(-1)?.at ?? 0) >= Math.max(...stated);
}

/** The order that a cancel or a replacement names, as it is now. */
function targetFacts(target: Readonly<OrderRecord>): ErrorDetails {
  const { id, state, filled } = target;
  const now = isTerminal(state) ? `has ended: it is ${state}` : `is ${state}`;
  return { target: id, now, filled: filled.toFixed(), quantity: target.terms.quantity };
}

/**
 * The journaled review that the human was shown; the signature names it as the head. A page chooses the end of what its
 * passkey answers, so the time of the answer is measured from the review. @throws SIGNATURE_STALE.
 */
function shownReview(
  { clock }: Pick<Desk, "clock">,
  order: OrderRecord,
  { shown, authority }: SignedRequest,
): ReviewRecord {
  const stale = (reason: string): QocError => refused(order, "SIGNATURE_STALE", { action: "approve", reason });
  const review = order.reviews.findLast(({ seq }) => seq === authority.head.seq);
  if (review?.digest !== order.digest || review.shown !== shown) throw stale("it names no review of these terms");
  if (authority.key === "passkey" && clock.now() - review.at > PASSKEY_MS) throw stale("its review is too old");
  return review;
}

/** The review that the human was shown, or that of a client that displays nothing: made at this moment. */
export function reviewOf(
  desk: Pick<Desk, "clock" | "publish">,
  order: OrderRecord,
  request: SignedRequest,
  mid: DecimalText | undefined,
): ReviewRecord {
  if (request.shown !== undefined) return shownReview(desk, order, request);
  const { id, digest } = order;
  const { actor, channel } = request;
  const { seq, at } = desk.publish({ type: "order.reviewed", id, digest, mid, actor, channel });
  return { seq, at, digest, mid };
}

/** What a client that displays nothing must sign. @throws SIGNATURE_REQUIRED. */
export function requireSignature(desk: Pick<Desk, "authority">, order: OrderRecord): never {
  const signing = desk.authority.request(approvalDecision(order, undefined));
  const { key } = signing;
  throw new QocError("SIGNATURE_REQUIRED", { action: "approve", key }, { data: { ...receiptOf(order), signing } });
}

/** An approval expires, and the price drifts, measured from the review. */
export function measuredFrom({ at, mid }: Pick<ReviewRecord, "at" | "mid">) {
  return { expiresAt: at + APPROVAL_MS, mid: mid as DecimalText | undefined, reviewedAt: at };
}

interface ApprovalParts {
  readonly request: SignedRequest;
  readonly review: ReviewRecord;
  /** Absent for a cancel. */
  readonly clientOrderId?: ClientOrderId;
}

export function approvalOf(order: OrderRecord, { request, review, clientOrderId }: ApprovalParts): OrderApproved {
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

export function refused(order: OrderRecord, code: ErrorCode, details: ErrorDetails): QocError {
  return new QocError(code, { id: order.id, ...details }, { data: receiptOf(order) });
}

export function blocked(order: OrderRecord, verdict: Verdict): QocError {
  return refused(order, "GUARD_BLOCKED", refusalDetails(order, verdict.reasons));
}
