/** Journals each fill once, whether the worker sent it or the desk fetched it. Resolves after the flush. */
import { setImmediate } from "node:timers/promises";
import { type Decimal, ZERO, decimal, min, text } from "../../domain/decimal.ts";
import { QocError } from "../../domain/errors/error.ts";
import type { ConnectorName, VenueOrderId } from "../../domain/ids.ts";
import type { FillFinding, FillReceived, OrderReplacement } from "../../domain/event.ts";
import { misfitsOf, misfitsOfTotal } from "../../domain/fills/fill-fit.ts";
import {
  type FillKey,
  completedFill,
  conflictKey,
  fillKey,
  fillRank,
  isSameMessage,
  laterVersion,
  sameContent,
} from "../../domain/fills/fill.ts";
import { otherWithVenueId, ownerOf } from "../../domain/fills/fill-state.ts";
import { type OrderRecord, countedQuantity } from "../../domain/orders/order-state.ts";
import { copyOrder } from "../../domain/orders/order-copy.ts";
import { continueOrder, totalQuantity } from "../../domain/orders/replaced-order.ts";
import type { FillBatch } from "../../domain/ports.ts";
import type { VenueFill } from "../../domain/market/venue.ts";
import type { Desk } from "../desk.ts";
import { isSimulated } from "../market/market-snapshot.ts";
import { recordUnread } from "./record-unread.ts";

export interface RecordedBatch extends FillBatch {
  /** The fills were computed from a total that the venue reported. */
  readonly inferred?: boolean | undefined;
  /** The time (ms) from which the desk asked for them. */
  readonly since?: number | undefined;
}

/** A connector may return ten thousands of fills at once: other work runs between the slices. */
const FILLS_PER_SLICE = 64;

/**
 * Resolves, when every new fill is on disk, with the number of new fills. @throws FILL_FLOOD at the first fill over the
 * connector's budget; the fills before it are journaled.
 */
export async function recordFills(desk: Desk, { fills, unread = [], ...source }: RecordedBatch): Promise<number> {
  let last: Promise<unknown> | undefined;
  let fresh = 0;
  let sinceSlice = 0;
  for (const fill of fills) {
    if (sinceSlice === FILLS_PER_SLICE) {
      await setImmediate();
      sinceSlice = 0;
    }
    sinceSlice += 1;
    const committed = recordFill(desk, source, fill);
    if (committed === undefined) continue;
    fresh += 1;
    last = committed;
  }
  await last;
  await recordUnread(desk, source.connector, unread, source.since);
  return fresh;
}

type FillSource = Omit<RecordedBatch, "fills" | "unread">;

/** A message about a fill, with the order that it names and the version that is known. */
interface ArrivedFill {
  readonly connector: ConnectorName;
  readonly key: FillKey;
  readonly fill: VenueFill;
  readonly order: OrderRecord | undefined;
  readonly known: VenueFill | undefined;
}

function recordFill(desk: Desk, source: FillSource, fill: VenueFill): Promise<unknown> | undefined {
  const { connector } = source;
  const id = ownerOf(desk.state, connector, fill) ?? null;
  const order = id === null ? undefined : desk.state.orders.get(id);
  const key = fillKey(connector, fill, order?.terms.symbol);
  const known = desk.state.fills.get(key);
  if (id === null && known === undefined && isOfBefore(desk, connector, fill)) return undefined;
  const arrived = { connector, key, fill, order, known };
  const isOwn = known === undefined || isOfSameOrder(desk, arrived, known);
  if (known !== undefined && !(isOwn && isNextVersion(known, fill))) {
    const completed = isOwn ? completedFill(known, fill) : undefined;
    if (completed !== undefined) return completeFill(desk, source, { ...arrived, fill: completed });
    if (isNextVersion(fill, known) || sameContent(known, fill)) return undefined;
    return keepConflict(desk, arrived);
  }
  return source.inferred === true
    ? commitFill(desk, source, arrived, findingOn(arrived, order === undefined ? [] : misfitsOfTotal(order, fill), []))
    : recordVenueFill(desk, source, arrived);
}

/** The message names the order that the known fill counts for, or repeats the id of an order that is not the desk's. */
function isOfSameOrder(
  { state }: Pick<Desk, "state">,
  { connector, key, fill, order }: ArrivedFill,
  known: VenueFill,
): boolean {
  if (order?.fills.has(key) === true || order?.disputedFills.has(key) === true) return true;
  const unmatched = state.unmatchedFills.get(`${connector}/${known.venueOrderId}`) ?? [];
  return (
    known.venueOrderId === fill.venueOrderId && unmatched.some(({ event }) => fillKey(connector, event.fill) === key)
  );
}

/** The first content of a fill stays. */
function keepConflict(desk: Desk, { connector, fill, order }: ArrivedFill): Promise<unknown> | undefined {
  if (desk.state.conflicts.has(conflictKey(connector, fill))) return undefined;
  spendBudget(desk, connector, "misfit");
  const message = `fill ${fill.fillId} of ${connector} came again with different content; the first one stays`;
  desk.log.error(message, { fill });
  return desk.commit({ type: "fill.conflicted", id: order?.id ?? null, connector, fill });
}

/** A bust follows a correction, and a correction the fill or an earlier correction. */
function isNextVersion(known: VenueFill, fill: VenueFill): boolean {
  const ranks = fillRank(fill) - fillRank(known);
  if (ranks !== 0 || fill.corrects === undefined) return ranks > 0;
  return fill.fillId !== known.fillId && laterVersion(known, fill) === fill;
}

/** A venue's clock may differ from the host's by this much. */
const OPENING_MS = 60_000;

/**
 * An external fill from before the desk's first mark: the positions that the mark opened contain it. Many venues send
 * their last fills to each new connection. While the outcome of an order is open, the fill may be of that order.
 */
function isOfBefore({ state }: Pick<Desk, "state">, connector: ConnectorName, fill: VenueFill): boolean {
  const opened = state.accounts.get(connector)?.openedAt;
  if (opened === undefined || fill.at >= opened - OPENING_MS) return false;
  for (const order of state.inFlight.values())
    if (order.terms.connector === connector && order.venueOrderId === undefined) return false;
  return true;
}

function recordVenueFill(desk: Desk, source: FillSource, arrived: ArrivedFill): Promise<unknown> | undefined {
  const { connector, fill, order } = arrived;
  const misfits = order === undefined ? [] : arrivedMisfits(desk, order, fill);
  // A fill can be the first message with the venue's order id, as an acknowledgement is.
  if (order !== undefined && order.venueOrderId === undefined && !misfits.includes("id"))
    judgeEarlyFills(desk, order, fill.venueOrderId as VenueOrderId);
  const reductions = misfits.length === 0 ? inferredReductions(desk, arrived) : [];
  const finding = findingOn(arrived, misfits, reductions);
  const kind = finding === undefined && fillRank(fill) === 0 ? "own" : "misfit";
  // The desk asked for this fill and can do without the record: the position follows the venue's in any case.
  if (finding?.kind === "external" && source.generation === 0) {
    if (desk.fillBudgets.spend(connector, kind) !== undefined) return undefined;
  } else spendBudget(desk, connector, kind);
  // Before the new fill: a crash between the two leaves a gap, which the next reconciliation closes, and never counts a
  // fill twice.
  for (const { event } of reductions) void desk.commit(event);
  return commitFill(desk, source, arrived, finding);
}

function arrivedMisfits(desk: Desk, order: OrderRecord, fill: VenueFill): FillFinding["misfits"] {
  const misfits = misfitsOf(order, fill, hostTime(desk, order.terms.connector));
  const isOfOther = fill.busts === undefined && otherWithVenueId(desk.state, order, fill.venueOrderId) !== undefined;
  return isOfOther ? [...misfits, "id"] : misfits;
}

/** A later message brought the fee. Fills that are disputed count for nothing, and neither does their fee. */
function completeFill(desk: Desk, { generation }: FillSource, arrived: ArrivedFill): Promise<unknown> | undefined {
  const { connector, key, fill, order } = arrived;
  if (order?.disputedFills.has(key) === true) return undefined;
  spendBudget(desk, connector, "own");
  const id = order?.id ?? null;
  return desk.commit({ type: "fill.received", id, connector, fill, generation, completes: true });
}

function commitFill(
  desk: Pick<Desk, "commit">,
  { connector, generation, inferred }: FillSource,
  { fill, order }: ArrivedFill,
  finding: FillFinding | undefined,
): Promise<unknown> {
  return desk.commit({
    type: "fill.received",
    id: order?.id ?? null,
    connector,
    fill,
    generation,
    inferred: inferred === true ? true : undefined,
    finding,
  });
}

function spendBudget(desk: Pick<Desk, "fillBudgets">, connector: ConnectorName, kind: "own" | "misfit"): void {
  const exceeded = desk.fillBudgets.spend(connector, kind);
  if (exceeded !== undefined) throw new QocError("FILL_FLOOD", { connector, ...exceeded });
}

/** undefined for a venue with a time of its own. */
function hostTime(desk: Pick<Desk, "clock" | "venues">, connector: string): number | undefined {
  return isSimulated(desk, connector) ? undefined : desk.clock.now();
}

const EXTERNAL: FillFinding = { kind: "external", misfits: [] };

/** The finding on a fill; undefined if the fill fits its order. Inferred fills that it replaces do not count. */
function findingOn(
  { key, fill, order }: ArrivedFill,
  misfits: FillFinding["misfits"],
  reductions: readonly InferredReduction[],
): FillFinding | undefined {
  if (order === undefined) return EXTERNAL;
  if (misfits.length > 0) return { kind: "disputed", misfits };
  if (fill.busts !== undefined) return undefined;
  let filled = order.filled.minus(countedQuantity(order.fills.get(key)?.fill)).plus(decimal(fill.quantity));
  for (const { by } of reductions) filled = filled.minus(by);
  return filled.gt(totalQuantity(order)) ? { kind: "overfill", misfits: [] } : undefined;
}

interface InferredReduction {
  readonly by: Decimal;
  readonly event: FillReceived;
}

/**
 * A fill inferred from the venue's total represents fills that have not arrived yet. When they arrive, the inferred
 * fill is reduced, so that our fills never sum to more than the venue's total.
 */
function inferredReductions(
  desk: Pick<Desk, "clock">,
  { connector, key, fill: arrived, order }: ArrivedFill,
): readonly InferredReduction[] {
  if (order === undefined || order.inferredFills.size === 0 || arrived.busts !== undefined) return [];
  const added = decimal(arrived.quantity).minus(countedQuantity(order.fills.get(key)?.fill));
  let excess = order.filled.plus(added).minus(order.reportedFilled);
  const reductions: InferredReduction[] = [];
  for (const inferredKey of [...order.inferredFills].toReversed()) {
    const fill = order.fills.get(inferredKey)?.fill;
    if (fill === undefined || !excess.gt(ZERO)) continue;
    const quantity = decimal(fill.quantity);
    const by = min(quantity, excess);
    excess = excess.minus(by);
    const original = fill.corrects ?? fill.fillId;
    // The later of two corrections counts, so each correction must be later than the fill it corrects.
    const at = Math.max(desk.clock.now(), fill.at + 1);
    const change = { fillId: `${original}-at-${at}`, corrects: original, quantity: text(quantity.minus(by)), at };
    const remaining: VenueFill = { ...fill, ...change };
    const event = { id: order.id, connector, fill: remaining, generation: 0, inferred: true };
    reductions.push({ by, event: { type: "fill.received", ...event } });
  }
  return reductions;
}

/**
 * Fills may arrive before the message that says whose they are. Call this before that message is journaled: the fills
 * that do not fit the order get their finding, and the others are assigned to it by the message.
 */
export function judgeEarlyFills(desk: JudgingDesk, order: OrderRecord, venueOrderId: VenueOrderId): void {
  judgeFills(desk, [{ order, venueOrderId }], totalQuantity(order));
}

/** As {@link judgeEarlyFills}, before a report that another order of the venue continues this one. */
export function judgeContinuedFills(
  desk: JudgingDesk,
  order: OrderRecord,
  venueOrderId: VenueOrderId,
  replacement: OrderReplacement,
): void {
  const continued = copyOrder(order);
  continueOrder(continued, venueOrderId, replacement);
  const parts = [
    { order, venueOrderId },
    { order: continued, venueOrderId: replacement.venueOrderId },
  ];
  judgeFills(desk, parts, totalQuantity(continued));
}

type JudgingDesk = Pick<Desk, "clock" | "commit" | "state" | "venues">;

/** An order with the terms that it has, at its venue, under this id. */
interface JudgedId {
  readonly order: OrderRecord;
  readonly venueOrderId: VenueOrderId;
}

/** `total`: the quantity of the order under all of its ids. */
function judgeFills(desk: JudgingDesk, parts: readonly JudgedId[], total: Decimal): void {
  let filled = parts[0]?.order.filled ?? ZERO;
  for (const { order, venueOrderId } of parts) {
    const { connector } = order.terms;
    for (const { event } of [...(desk.state.unmatchedFills.get(`${connector}/${venueOrderId}`) ?? [])]) {
      const { fill } = event;
      const counts = desk.state.fills.get(fillKey(connector, fill));
      if (counts === undefined || !isSameMessage(counts, fill) || fill.busts !== undefined) continue;
      const misfits = misfitsOf(order, fill, hostTime(desk, connector));
      if (misfits.length === 0) filled = filled.plus(decimal(fill.quantity));
      const isOver = misfits.length === 0 && filled.gt(total);
      if (misfits.length === 0 && !isOver) continue;
      const finding: FillFinding = { kind: isOver ? "overfill" : "disputed", misfits };
      void desk.commit({ ...event, id: order.id, finding });
    }
  }
}
