/**
 * The state of an order, folded from the set of its events: duplicates and reordering cannot change it. A fill outranks
 * every other event, a final status of the venue `unknown`, and only the venue or a human ends an `unknown` order.
 */
import { type Decimal, type DecimalText, ZERO, decimal } from "../decimal.ts";
import type { Actor, Channel, FillReceived, OrderEvent, Recorded } from "../event.ts";
import { type FillKey, fillKey, laterVersion } from "../fills/fill.ts";
import type { ClientOrderId, Digest, OrderId, VenueOrderId } from "../ids.ts";
import {
  type CancelRequestRecord,
  applyCancelEvent,
  cancelStateOf,
  hasCancelEnded,
  sentTerms,
} from "./cancel-request.ts";
import { type OrderTerms, targetOf } from "./order.ts";
import { NO_FLAGS, NO_KEYS, NO_QUANTITIES, type OrderFlag, added, clearLost } from "./order-flags.ts";
import { type OrderState, type VenueFinal, isTerminal, outranks } from "./order-state-names.ts";
import { type VenueReplacement, continueOrder, totalQuantity } from "./replaced-order.ts";
import type { Check, GuardDecision, Stage } from "./verdict.ts";
import type { VenueFill } from "../market/venue.ts";

export { ORDER_STATES, type OrderState, isInFlight, isTerminal, unknownStateMessage } from "./order-state-names.ts";

/** The order that a cancel or a replacement names; undefined for other terms, and if the journal has no such order. */
export function targetRecord(
  { orders }: { readonly orders: ReadonlyMap<OrderId, OrderRecord> },
  terms: Pick<OrderTerms, "cancels" | "replaces">,
): OrderRecord | undefined {
  const target = targetOf(terms);
  return target === undefined ? undefined : orders.get(target.id);
}

/** The order, or the cancel, has reached its end. */
export function isEnded(order: Pick<OrderRecord, "state" | "terms">): boolean {
  return order.terms.cancels === undefined ? isTerminal(order.state) : hasCancelEnded(order.state);
}

export interface Approval {
  readonly at: number;
  readonly by: Actor;
  readonly channel: Channel;
  readonly digest: Digest;
  readonly expiresAt: number;
  /** The time of the review that the human was shown. */
  readonly reviewedAt: number;
  readonly mid?: string | undefined;
}

/** A review that a human was shown; `shown` is the digest of all of it, if the client displayed it. */
export interface ReviewRecord {
  /** The number of its record: the head that the approval of this review names. */
  readonly seq: number;
  readonly at: number;
  readonly digest: Digest;
  readonly mid?: string | undefined;
  readonly shown?: Digest | undefined;
}

export interface VerdictRecord {
  readonly at: number;
  readonly stage: Stage;
  readonly decision: GuardDecision;
  readonly digest: Digest;
  readonly reasons: readonly Check[];
}

export interface HistoryEntry {
  readonly seq: number;
  readonly at: number;
  readonly event: string;
  readonly state: OrderState;
}

export interface AppliedFill {
  readonly key: FillKey;
  readonly fill: VenueFill;
  readonly seq: number;
  readonly inferred: boolean;
}

/** Mutated by the fold only; all other code takes `Readonly<OrderRecord>`. */
export interface OrderRecord {
  readonly id: OrderId;
  path: string;
  source: string;
  terms: OrderTerms;
  digest: Digest;
  rationale: string;
  proposedBy: string;
  proposedAt: number;
  issue?: string;
  researchRef?: string;
  /** The venue that the proposal names. */
  venue?: string;
  renamedTo?: string; // Its instrument got this name while it was in flight.
  /** The last time that the protection price followed the market, and the price before. */
  repriced?: { readonly at: number; readonly from: DecimalText };
  sources?: readonly string[];
  // Most orders have one element of each list or none: `push` would reserve 16 places.
  /** The newest reviews, oldest first. */
  reviews: ReviewRecord[];
  approvals: Approval[];
  verdicts: VerdictRecord[];
  clientOrderId?: ClientOrderId;
  venueOrderId?: VenueOrderId;
  /** The venue's time of the newest report, ms. */
  reportedAt?: number;
  replaced?: VenueReplacement;
  submitted: boolean;
  accepted: boolean;
  unknownReason?: string;
  rejected: { human?: string; venue?: string; fileRemoved?: true };
  /** The reason of our own gate, which refused the order after its approval. */
  denied?: string;
  notSent?: string;
  resolved?: { note: string; by: Actor };
  final?: VenueFinal;
  /** The filled quantity that the venue reported. It can exceed the sum of the fills that have arrived. */
  reportedFilled: Decimal;
  cancelRequested?: { at: number; by: Actor };
  /** The cancel that this proposal, a cancel or a replacement, asked for. */
  readonly request: CancelRequestRecord;
  /** The quantity of a replacement as it was sent, if that is less than was approved. */
  sentQuantity?: DecimalText;
  fills: Map<FillKey, AppliedFill>;
  /** Inferred fills that no real fill has replaced in full. */
  inferredFills: Set<FillKey>;
  /** The quantity of each disputed fill. The venue may count it in its total, so no fill is inferred for it. */
  disputedFills: Map<FillKey, Decimal>;
  flags: Set<OrderFlag>;
  filled: Decimal;
  state: OrderState;
  history: HistoryEntry[];
}

const REVIEWS_MAX = 20;

function addFlag(order: OrderRecord, flag: OrderFlag): void {
  order.flags = added(order.flags, flag);
}

export function openOrder(event: Recorded<Extract<OrderEvent, { type: "proposal.seen" }>>): OrderRecord {
  return {
    id: event.event.id,
    path: event.event.path,
    source: event.event.source,
    terms: event.event.terms,
    digest: event.event.digest,
    rationale: event.event.rationale,
    proposedBy: event.event.proposedBy,
    proposedAt: event.at,
    reviews: [],
    approvals: [],
    verdicts: [],
    submitted: false,
    accepted: false,
    rejected: {},
    request: {},
    reportedFilled: ZERO,
    fills: new Map(),
    inferredFills: NO_KEYS,
    disputedFills: NO_QUANTITIES,
    flags: NO_FLAGS,
    filled: ZERO,
    state: "proposed",
    history: [],
  };
}

/** The open quantity (FIX LeavesQty); zero if the order is overfilled. */
export function leaves(order: Readonly<OrderRecord>): Decimal {
  const remaining = totalQuantity(order).minus(order.filled);
  return remaining.gt(ZERO) ? remaining : ZERO;
}

/** The rejecting party. A rejection by the venue outranks one by a human, because it is final. */
export function rejectedBy(order: Readonly<OrderRecord>): "human" | "venue" | undefined {
  if (order.state !== "rejected") return undefined;
  if (order.request.failed !== undefined) return "venue";
  return order.rejected.venue !== undefined || order.final === "rejected" ? "venue" : "human";
}

/** The place of an order among all orders: the number of its first record. */
export function placeOf({ history }: Readonly<OrderRecord>): number {
  return history[0]?.seq ?? 0;
}

/** The time of its approval, ms; without one, of its end. */
export function decidedAt(order: Readonly<OrderRecord>): number {
  return order.approvals.at(-1)?.at ?? order.history.at(-1)?.at ?? order.proposedAt;
}

/** Derives the state from the recorded fields. */
export function stateOf(order: Readonly<OrderRecord>): OrderState {
  if (order.terms.cancels !== undefined) return cancelStateOf(order);
  const sent = order.submitted || order.accepted || order.fills.size > 0 || order.final !== undefined;
  if (sent && order.fills.size > 0 && order.filled.gte(totalQuantity(order))) return "filled";
  if (order.resolved !== undefined) return "cancelled";
  if (order.final === "cancelled" || order.final === "expired") return order.final;
  const venueRejected = order.rejected.venue !== undefined || order.final === "rejected";
  if (order.fills.size > 0) return order.filled.gt(ZERO) || !venueRejected ? "partially_filled" : "rejected";
  if (venueRejected) return "rejected";
  if (order.denied !== undefined) return "denied";
  if (order.rejected.human !== undefined) return "rejected";
  if (order.notSent !== undefined) return "cancelled";
  if (order.accepted) return "accepted";
  if (order.unknownReason !== undefined) return "unknown";
  if (order.submitted) return "submitting";
  return order.approvals.length > 0 ? "approved" : "proposed";
}

/** Applies one event and derives the state again. */
export function applyOrderEvent(order: OrderRecord, recorded: Recorded<OrderEvent>): void {
  applyFields(order, recorded);
  settle(order, recorded.seq, recorded.at, recorded.event.type);
}

/** The protection price has followed the market. */
function isRepriced(
  before: OrderTerms,
  after: OrderTerms,
): before is OrderTerms & { readonly protectionPrice: DecimalText } {
  return before.protectionPrice !== undefined && before.protectionPrice !== after.protectionPrice;
}

function applyFields(order: OrderRecord, { seq, at, event }: Recorded<OrderEvent>): void {
  switch (event.type) {
    case "proposal.seen":
      // A decision covers the terms that were decided on: later edits of the file do not count.
      if (order.approvals.length > 0 || order.rejected.human !== undefined || order.denied !== undefined) return;
      if (event.source !== order.source) delete order.repriced;
      else if (isRepriced(order.terms, event.terms)) order.repriced = { at, from: order.terms.protectionPrice };
      order.path = event.path;
      order.source = event.source;
      order.terms = event.terms;
      order.digest = event.digest;
      order.rationale = event.rationale;
      order.proposedBy = event.proposedBy;
      if (event.issue !== undefined) order.issue = event.issue;
      if (event.researchRef !== undefined) order.researchRef = event.researchRef;
      if (event.venue !== undefined) order.venue = event.venue;
      if (event.sources !== undefined) order.sources = event.sources;
      return;
    case "guards.evaluated":
      order.verdicts = [...order.verdicts, verdictOf(order, at, event)];
      return;
    case "order.reviewed":
      order.reviews = [...order.reviews, { seq, at, digest: event.digest, mid: event.mid, shown: event.shown }].slice(
        -REVIEWS_MAX,
      );
      return;
    case "order.approved":
      approve(order, at, event);
      return;
    case "order.submitting":
      order.submitted = true;
      // The text of the approval, which is the key in an index.
      if (event.clientOrderId !== order.clientOrderId) order.clientOrderId = event.clientOrderId;
      if (event.quantity !== undefined) order.sentQuantity = event.quantity;
      order.terms = sentTerms(order.terms, order.sentQuantity);
      return;
    case "order.accepted":
      order.accepted = true;
      if (order.replaced?.ids.has(event.venueOrderId) !== true) order.venueOrderId = event.venueOrderId;
      return;
    case "order.unknown":
      order.unknownReason ??= event.reason;
      return;
    case "order.rejected":
      order.rejected[event.by] ??= event.reason;
      if (event.fileRemoved === true) order.rejected.fileRemoved = true;
      return;
    case "order.denied":
      order.denied ??= event.reason;
      return;
    case "order.not_sent":
      order.notSent ??= event.reason;
      return;
    case "cancel.requested":
    case "cancel.accepted":
    case "cancel.failed":
      applyCancelEvent(order, at, event);
      return;
    case "order.reported":
      report(order, event);
      return;
    case "order.missing":
    case "order.misreported":
      addFlag(order, event.type === "order.missing" ? "missing" : "misreported");
      return;
    case "order.resolved":
      order.resolved ??= { note: event.note, by: event.actor };
      return;
  }
}

/** Most records of an order repeat its digest: memory has it once. */
function knownDigest({ digest }: OrderRecord, stated: Digest): Digest {
  return stated === digest ? digest : stated;
}

function verdictOf(
  order: OrderRecord,
  at: number,
  event: Extract<OrderEvent, { type: "guards.evaluated" }>,
): VerdictRecord {
  const { stage, decision, reasons } = event;
  return { at, stage, decision, digest: knownDigest(order, event.digest), reasons };
}

function approve(order: OrderRecord, at: number, event: Extract<OrderEvent, { type: "order.approved" }>): void {
  if (order.approvals.some((approval) => approval.digest === event.digest && approval.at === at)) return;
  order.terms = sentTerms(event.terms, order.sentQuantity);
  const digest = knownDigest(order, event.digest);
  order.digest = digest;
  if (event.clientOrderId !== undefined) order.clientOrderId = event.clientOrderId;
  const { actor: by, channel, expiresAt, reviewedAt = at, mid } = event;
  order.approvals = [...order.approvals, { at, by, channel, digest, expiresAt, reviewedAt, mid }];
}

function report(order: OrderRecord, event: Extract<OrderEvent, { type: "order.reported" }>): void {
  clearLost(order.flags);
  order.venueOrderId ??= event.venueOrderId;
  if (event.updatedAt !== undefined) order.reportedAt = Math.max(event.updatedAt, order.reportedAt ?? 0);
  if (event.replacement !== undefined) {
    addFlag(order, "replaced");
    continueOrder(order, event.venueOrderId, event.replacement);
  }
  const reported = decimal(event.filledQuantity);
  if (reported.gt(order.reportedFilled)) order.reportedFilled = reported;
  if (event.status === "open" || event.status === "partially_filled") {
    order.accepted = true;
    return;
  }
  if (event.status !== "rejected") order.accepted = true;
  // A venue that reported an end without all fills, and then that all is filled: the order waits for the fills.
  if (order.final !== undefined && (order.final === "filled") !== (event.status === "filled"))
    addFlag(order, "contradicted");
  if (outranks(event.status, order.final)) order.final = event.status;
}

/** Applies a fill under its key. Returns false if the fill was applied before and nothing changed. */
export function applyFill(order: OrderRecord, key: FillKey, recorded: Recorded<FillReceived>): boolean {
  const { fill, inferred } = recorded.event;
  const earlier = order.fills.get(key);
  const winner = earlier === undefined ? fill : laterVersion(earlier.fill, fill);
  if (earlier !== undefined && winner === earlier.fill) return false;
  if (isTerminal(order.state) && earlier === undefined && fill.busts === undefined) addFlag(order, "late_fill");
  order.fills.set(key, { key, fill: winner, seq: recorded.seq, inferred: inferred === true });
  order.filled = order.filled.minus(countedQuantity(earlier?.fill)).plus(countedQuantity(winner));
  if (inferred === true && decimal(winner.quantity).gt(ZERO)) order.inferredFills = added(order.inferredFills, key);
  else order.inferredFills.delete(key);
  order.venueOrderId ??= fill.venueOrderId as VenueOrderId;
  if (inferred === true) addFlag(order, "inferred_fill");
  if (fill.busts !== undefined) addFlag(order, "busted");
  if (order.filled.gt(totalQuantity(order))) addFlag(order, "overfilled");
  else order.flags.delete("overfilled");
  if (order.notSent !== undefined || order.rejected.venue !== undefined) addFlag(order, "contradicted");
  const history = recorded.event.completes === true ? "fill.completed" : "fill.received";
  settle(order, recorded.seq, recorded.at, fill.busts === undefined ? history : "fill.busted");
  return true;
}

/** The fills, without inferred fills that real fills have replaced. */
export function countedFills(order: Readonly<OrderRecord>): readonly AppliedFill[] {
  return [...order.fills.values()].filter(({ fill, inferred }) => !inferred || !decimal(fill.quantity).eq(ZERO));
}

/** Keeps a fill that contradicts the order in its history. It fills nothing. */
export function disputeFill(order: OrderRecord, { seq, at, event }: Recorded<FillReceived>): void {
  addFlag(order, "disputed");
  if (order.disputedFills.size === 0) order.disputedFills = new Map();
  order.disputedFills.set(fillKey(event.connector, event.fill, order.terms.symbol), decimal(event.fill.quantity));
  settle(order, seq, at, "fill.disputed");
}

/** Another version replaces a disputed fill. Returns false if the fill was not disputed. */
export function forgetDisputedFill(order: OrderRecord, key: FillKey): boolean {
  return order.disputedFills.delete(key);
}

/** The quantity of disputed fills, which the venue may count in its total. */
export function disputedQuantity(order: Readonly<OrderRecord>): Decimal {
  let sum = ZERO;
  for (const [key, quantity] of order.disputedFills) if (!order.fills.has(key)) sum = sum.plus(quantity);
  return sum;
}

export function countedQuantity(fill: VenueFill | undefined): Decimal {
  return fill === undefined || fill.busts !== undefined ? ZERO : decimal(fill.quantity);
}

function settle(order: OrderRecord, seq: number, at: number, event: string): void {
  order.state = stateOf(order);
  if (isTerminal(order.state)) clearLost(order.flags);
  order.history.push({ seq, at, event, state: order.state });
}
