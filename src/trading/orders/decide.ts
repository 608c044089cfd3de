/** Decisions of the human: reject a proposal, resolve an unknown order, clear a flagged instrument, halt and resume. */
import type { Receipt } from "../../domain/orders/order-view.ts";
import { type Authority, rejectionText } from "../../domain/authority/authority.ts";
import { digestOf } from "../../domain/digest.ts";
import { QocError } from "../../domain/errors/error.ts";
import { type Actor, TRADING_STATES, type TradingState } from "../../domain/event.ts";
import type { ConnectorName } from "../../domain/ids.ts";
import { type InstrumentKey, instrumentKey, instrumentParts } from "../../domain/orders/order.ts";
import { type OrderRecord, isTerminal } from "../../domain/orders/order-state.ts";
import { type DecimalText, text, ZERO } from "../../domain/decimal.ts";
import { isRetired } from "../../domain/authority/lost-records.ts";
import type { UnreadKey } from "../../domain/market/unread-item.ts";
import type { PageCaller } from "../../domain/pages/page-session.ts";
import type { Mode } from "../../domain/market/venue.ts";
import { acceptGap } from "../audit/accept-gap.ts";
import { standingOf } from "../account/account-view.ts";
import { settledPositions } from "../account/settled-positions.ts";
import { SAME_UNITS, type StatedRatio, stateSplit } from "../account/stated-split.ts";
import { type SignedDecision, keyForMode } from "../keys/authority.ts";
import type { Desk } from "../desk.ts";
import { matchOrder, findOrder } from "./find-order.ts";
import { rejectedFileComments } from "../projections/order-files.ts";
import { receiptOf } from "./order-view.ts";
import { queryOrderStatus } from "./reconcile.ts";

/** Who decides, and the signature of the decision. */
export interface Decider {
  readonly actor: Actor;
  readonly authority?: Authority | undefined;
  /** Absent at a terminal. */
  readonly page?: PageCaller | undefined;
}

export interface ProposalRejection extends Decider {
  readonly comment: string;
  /** The digest of the terms that the human read; a page always names it. */
  readonly digest?: string | undefined;
}

/**
 * Rejects a proposal. The comment is in the context of the agent's next run.
 * @throws DIGEST_MISMATCH if the terms are not those that were read; ALREADY_DECIDED; SIGNATURE_REQUIRED for a page.
 */
export async function rejectOrder(desk: Desk, ref: string, rejection: ProposalRejection): Promise<Receipt> {
  const { actor, comment, authority } = rejection;
  const retired = retiredOrder(desk, ref);
  const found = retired === undefined ? findOrder(desk, ref) : Promise.resolve(retired);
  const order = await found.catch(async (error: unknown) => {
    const receipt = await rejectFile(desk, ref, rejection);
    if (receipt === undefined) throw error;
    return receipt;
  });
  if (!("terms" in order)) return order;
  assertRejectable(order, rejection);
  await desk.authority.checkPage(rejectionOf(order, rejection), authority);
  // The order may have changed while the signature was checked.
  assertRejectable(order, rejection);
  const digest = authority === undefined ? undefined : order.digest;
  await desk.commit({
    type: "order.rejected",
    id: order.id,
    by: "human",
    reason: comment,
    actor,
    digest,
    authority,
  });
  return receiptOf(order);
}

function assertRejectable(order: OrderRecord, { digest, page }: ProposalRejection): void {
  const { id, state } = order;
  if (state !== "proposed") throw new QocError("ALREADY_DECIDED", { id, state }, { data: receiptOf(order) });
  if (digest === undefined && page !== undefined) throw new QocError("DIGEST_REQUIRED", { id, digest: order.digest });
  if (digest !== undefined && digest !== order.digest)
    throw new QocError("DIGEST_MISMATCH", { id, shown: digest, actual: order.digest }, { data: receiptOf(order) });
}

function rejectionOf({ id, digest, terms }: OrderRecord, { comment, page }: ProposalRejection): SignedDecision {
  const subject = { action: "reject", id, digest: digestOf(rejectionText(digest, comment)), shown: "" } as const;
  return { ...subject, mode: terms.mode, key: "desk", page };
}

/** An open proposal from before a gap in the journal: it can be rejected, also if its file is gone. */
function retiredOrder({ state }: Pick<Desk, "state">, id: string): OrderRecord | undefined {
  return isRetired(state, id) ? state.proposed.get(id as OrderRecord["id"]) : undefined;
}

/**
 * A file that needs correction. The proposal that was read from it before is rejected; a file without such a proposal
 * is moved to orders/rejected. Returns undefined if there is no such file, or if orders/rejected has one of its name.
 */
async function rejectFile(
  desk: Desk,
  ref: string,
  { comment, actor, page }: ProposalRejection,
): Promise<Receipt | undefined> {
  const name = ref.split("/").at(-1) ?? ref;
  const problems = [...desk.proposals.problems.values()];
  const problem =
    problems.find(({ path }) => path === ref) ??
    problems.find(({ id, path }) => id === name || path.endsWith(`/${name}`));
  if (problem === undefined) return undefined;
  // It has no terms that a signature could cover.
  if (page !== undefined)
    throw new QocError("PAGE_NOT_ALLOWED", { action: "reject", reason: "the file has no terms to sign" });
  const order = desk.state.proposed.get(problem.id as OrderRecord["id"]);
  // The order stays if another file has its name.
  if (order !== undefined && problem.needs !== "another-name") {
    await desk.commit({ type: "order.rejected", id: order.id, by: "human", reason: comment, actor });
    const isRenamed = problem.path !== order.path;
    if (isRenamed) await desk.workspace.orders.moveToRejected(problem.path, rejectedFileComments(problem, comment));
    desk.proposals.problems.delete(problem.path);
    return receiptOf(order);
  }
  const moved = await desk.workspace.orders.moveToRejected(problem.path, rejectedFileComments(problem, comment));
  if (moved === undefined) return undefined;
  desk.proposals.problems.delete(problem.path);
  const digest = digestOf(`${problem.path}: ${problem.message}`);
  await desk.commit({ type: "file.written", path: moved.path, digest, command: "reject", actor });
  desk.history.request(`rejected ${problem.path}`, actor);
  const receipt = { id: problem.id, state: "rejected", clientOrderId: null, venueOrderId: null };
  const written = moved.hasComments ? "written" : "not written";
  return { ...receipt, movedFile: { path: moved.path, comment: comment.trim() === "" ? "none" : written } };
}

/** A decision with a written reason. */
export interface HumanNote extends Decider {
  readonly note: string;
}

/** `id`: of the order, or the instrument as CONNECTOR/SYMBOL. */
function resolveDecision(id: string, mode: Mode, { note, page }: HumanNote): SignedDecision {
  return { action: "resolve", id, digest: digestOf(note), shown: "", mode, key: keyForMode(mode), page };
}

/**
 * Closes by hand, with a written reason, an order that nothing else can close: the order is unknown, its venue does not
 * know it or reports its end without the fills, or its connector is no longer in desk.toml. Fills that still arrive are
 * applied and flagged.
 * An instrument that is flagged or has disputed fills takes the quantity that its venue reports now. A position at a
 * connector that is no longer in desk.toml is written off. A fill or an activity that cannot be read is asked for no
 * longer. With a split or a new name see {@link stateSplit}.
 * @throws NOT_UNKNOWN if the venue still has the order; POSITION_UNSETTLED; CONNECTOR_NOT_READY.
 */
export async function resolveOrder(
  desk: Desk,
  ref: string,
  decision: HumanNote & { readonly split?: StatedRatio | undefined; readonly renamed?: string | undefined },
): Promise<Receipt | { instrument: string; quantity: string } | { item: string }> {
  const { note, actor, authority } = decision;
  const { split, renamed: newSymbol } = decision;
  if (split !== undefined || newSymbol !== undefined)
    return stateSplit(desk, ref, { ...decision, split: split ?? SAME_UNITS, newSymbol });
  if (isWrittenOff(desk, ref)) return writeOff(desk, ref, decision);
  const item = desk.state.unread.get(ref as UnreadKey);
  const isBlocked = desk.state.flagged.has(ref as InstrumentKey) || desk.state.disputes.has(ref as InstrumentKey);
  // A venue may give an item the id of a symbol: the item comes first, and then the instrument.
  if (item !== undefined && !(item.isResolved && isBlocked)) return resolveItem(desk, ref as UnreadKey, decision);
  if (isBlocked) return clearInstrument(desk, ref, decision);
  const order = matchOrder(desk, ref);
  if (order.state !== "unknown" && !(await isStranded(desk, order))) {
    throw new QocError("NOT_UNKNOWN", { id: order.id, state: order.state }, { data: receiptOf(order) });
  }
  await desk.authority.check(resolveDecision(order.id, order.terms.mode, decision), authority);
  await desk.commit({ type: "order.resolved", id: order.id, note, actor, authority });
  return receiptOf(order);
}

function isWrittenOff(desk: Pick<Desk, "config" | "state">, ref: string): boolean {
  const position = desk.state.positions.get(ref as InstrumentKey);
  return position !== undefined && !position.quantity.eq(ZERO) && standingOf(desk, position.connector) === "removed";
}

/** `key` is one of the desk's state, so its connector is a name. */
function partsOf(key: string): { readonly connector: ConnectorName; readonly symbol: string } {
  const { connector, symbol } = instrumentParts(key);
  return { connector: connector as ConnectorName, symbol };
}

/** There is no connector to ask for the quantity: the human says that the desk no longer holds the position. */
async function writeOff(desk: Desk, key: string, decision: HumanNote) {
  const { note, actor, authority } = decision;
  const { connector, symbol } = partsOf(key);
  const mode = desk.state.connectors.get(connector)?.mode ?? "unstated";
  await desk.authority.check(resolveDecision(key, mode, decision), authority);
  const quantity = text(ZERO);
  await desk.commit({ type: "instrument.cleared", connector, symbol, quantity, note, actor, authority });
  return { instrument: key, quantity };
}

/** The human saw at the venue what the item is. Its position and its money are adopted or stated by themselves. */
async function resolveItem(desk: Desk, key: UnreadKey, decision: HumanNote): Promise<{ item: string }> {
  const { note, actor, authority } = decision;
  const { connector } = partsOf(key);
  const mode = desk.state.connectors.get(connector)?.mode ?? "unstated";
  await desk.authority.check(resolveDecision(key, mode, decision), authority);
  await desk.commit({ type: "item.resolved", connector, key, note, actor, authority });
  return { item: key };
}

async function isStranded(desk: Desk, order: OrderRecord): Promise<boolean> {
  if (order.terms.cancels !== undefined) return false;
  if (order.state !== "accepted" && order.state !== "partially_filled") return false;
  if (desk.config.connectors.every(({ name }) => name !== order.terms.connector)) return true;
  const lookup = await queryOrderStatus(desk, order);
  const isAnswered = lookup === "found" || lookup === "unsupported";
  return !isTerminal(order.state) && (!isAnswered || order.final !== undefined);
}

/** Adopts the quantity that the venue reports now. @throws POSITION_UNSETTLED, and what the connector throws. */
async function clearInstrument(desk: Desk, key: string, decision: HumanNote) {
  const { note, actor, authority } = decision;
  const { connector, symbol } = partsOf(key);
  const mode = desk.state.connectors.get(connector)?.mode ?? "unstated";
  // A signature counts once, however often the venue is asked.
  await desk.authority.check(resolveDecision(key, mode, decision), authority);
  const positions = await settledPositions(desk, { connector, symbol });
  desk.authority.requireOpen(authority);
  const quantity: DecimalText = positions.find((held) => held.symbol === symbol)?.quantity ?? text(ZERO);
  await desk.commit({ type: "instrument.cleared", connector, symbol, quantity, note, actor, authority });
  return { instrument: instrumentKey(connector, symbol), quantity };
}

export interface TradingChange extends Decider {
  readonly state: TradingState;
  readonly reason: string;
  /** The digest of the gap in the journal that the client displayed. */
  readonly gap?: string | undefined;
}

/**
 * Changes the trading state; resolves when the change is on disk. Cancels pass in every state. A state that allows more
 * than the state before needs the signature of `resume`, and a halt by a page that of `halt`. On a desk whose journal
 * lacks records, `active` accepts the gap: the desk writes again and stays halted.
 */
export async function setTrading(
  desk: Desk,
  { state, reason, actor, authority, page, gap: displayed }: TradingChange,
): Promise<{ trading: TradingState; reason: string }> {
  const { trading } = desk.state;
  const gap = desk.record.gap();
  if (gap !== undefined && state === "active") {
    if (page !== undefined)
      throw new QocError("PAGE_NOT_ALLOWED", { action: "resume", reason: "the journal lacks records" });
    await acceptGap(desk, gap, { reason, authority, gap: displayed });
    return { trading: desk.state.trading.state, reason: desk.state.trading.reason };
  }
  const subject = { id: "", digest: digestOf(reason), shown: "", mode: "", page } as const;
  const allowsMore = TRADING_STATES.indexOf(state) < TRADING_STATES.indexOf(trading.state);
  if (allowsMore) {
    const key = desk.venues.status().some(({ mode, orders }) => orders && mode !== "paper") ? "live" : "desk";
    await desk.authority.check({ action: "resume", ...subject, key, since: trading.seq }, authority);
  } else await desk.authority.checkPage({ action: "halt", ...subject, key: "desk" }, authority);
  await desk.commit({ type: "trading.changed", state, reason, actor, authority });
  return { trading: state, reason };
}
