/** Orders, fills and positions, folded from fills. Each fill counts once, in whatever order its messages arrive. */
import type { AccountRecord } from "../account/account.ts";
import type { ArchivedMap } from "../archived-map.ts";
import type { Assets } from "../market/asset.ts";
import { type Decimal, decimal } from "../decimal.ts";
import { type DisputeState, addDispute, clearDisputes, removeDispute } from "./dispute.ts";
import type { FillReceived, Recorded } from "../event.ts";
import { type ExternalFillsByInstrument, addExternalFill, removeExternalFill } from "./external-fill.ts";
import { type FillKey, fillKey, isSameMessage, laterVersion } from "./fill.ts";
import type { ClientOrderId, OrderId, VenueOrderId } from "../ids.ts";
import { type Multipliers, multiplierOf } from "../account/multiplier.ts";
import { type InstrumentKey, instrumentKey } from "../orders/order.ts";
import {
  type OrderRecord,
  applyFill,
  disputeFill,
  forgetDisputedFill,
  isEnded,
  isInFlight,
} from "../orders/order-state.ts";
import { PositionRecord, adoptQuantity } from "../account/position.ts";
import { TradeSums } from "../account/trade-sums.ts";
import type { VenueFill } from "../market/venue.ts";

/** A fill without a known order. An acknowledgement with the fill's venue order id assigns it to its order. */
export type UnmatchedFill = Recorded<FillReceived>;

/** A position counts this version of a fill. */
export interface CountedFill {
  readonly instrument: InstrumentKey;
  readonly fill: VenueFill;
}

export interface FillState extends DisputeState {
  /** Ended orders and older fills leave memory: {@link ArchivedMap}. */
  readonly orders: ArchivedMap<OrderId, OrderRecord>;
  /** Orders from approval to their end. */
  readonly inFlight: Map<OrderId, OrderRecord>;
  /** Cancels by proposal, from approval to their end. */
  readonly cancels: Map<OrderId, OrderRecord>;
  /** Awaiting a human. */
  readonly proposed: Map<OrderId, OrderRecord>;
  /** The ids of all orders, by their text in lower case: no two differ by case alone. */
  readonly stems: ArchivedMap<string, OrderId>;
  readonly byClientOrderId: ArchivedMap<ClientOrderId, OrderId>;
  readonly byVenueOrderId: ArchivedMap<string, OrderId>;
  readonly positions: Map<InstrumentKey, PositionRecord>;
  readonly accounts: Map<string, AccountRecord>;
  /** Instruments whose position at the venue differs from the fills, until a human resolves them. */
  readonly flagged: Map<InstrumentKey, { expected: string; actual: string; at: number }>;
  /** The venue's time of the newest fill, per connector. */
  readonly lastFillAt: Map<string, number>;
  /** The newest record of a fill of each instrument, fitting or not. */
  readonly lastFill: Map<InstrumentKey, { seq: number; at: number }>;
  /** The version that counts of each fill, disputed and external fills included. */
  readonly fills: ArchivedMap<FillKey, VenueFill>;
  /** The position that each fill moved. */
  readonly counted: ArchivedMap<FillKey, CountedFill>;
  /** Fills of orders that this desk did not send, by connector and venue order id. */
  readonly unmatchedFills: Map<string, UnmatchedFill[]>;
  readonly external: ExternalFillsByInstrument;
  readonly multipliers: Multipliers;
  readonly assets: Assets;
  /** Connectors at which an order that is not paper was filled. */
  readonly liveFilled: Set<string>;
  /** By connector: the fills since the account's base mark, without disputed ones. */
  readonly trades: Map<string, TradeSums>;
}

/** The ids of an order that are in the indexes already. */
export interface IndexedIds {
  readonly clientOrderId: ClientOrderId | undefined;
  readonly venueOrderId: VenueOrderId | undefined;
}

const NOT_INDEXED: IndexedIds = { clientOrderId: undefined, venueOrderId: undefined };

/** Brings the indexes of an order up to date, and assigns to it the fills that name its venue order id. */
export function indexOrder(state: FillState, order: OrderRecord, indexed: IndexedIds = NOT_INDEXED): void {
  if (order.state === "proposed") state.proposed.set(order.id, order);
  else state.proposed.delete(order.id);
  // A cancel reserves nothing and has no fills.
  if (order.terms.cancels !== undefined) {
    if (order.state === "proposed" || isEnded(order)) state.cancels.delete(order.id);
    else state.cancels.set(order.id, order);
    return;
  }
  if (order.state === "filled" && order.terms.mode !== "paper") state.liveFilled.add(order.terms.connector);
  if (isInFlight(order.state)) state.inFlight.set(order.id, order);
  else state.inFlight.delete(order.id);
  const { clientOrderId, venueOrderId, replaced } = order;
  if (clientOrderId !== undefined && clientOrderId !== indexed.clientOrderId)
    state.byClientOrderId.set(clientOrderId, order.id);
  const isKnown = venueOrderId === indexed.venueOrderId && state.unmatchedFills.size === 0;
  if (venueOrderId !== undefined && !isKnown) claimFills(state, order, venueOrderId);
  // The orders that it continues.
  for (const earlierId of replaced?.ids ?? []) claimFills(state, order, earlierId);
}

/** Another order in flight that has this id of the venue: until its end, the id names it alone. */
export function otherWithVenueId(
  { byVenueOrderId, inFlight }: Pick<FillState, "byVenueOrderId" | "inFlight">,
  { id, terms }: Pick<OrderRecord, "id" | "terms">,
  venueOrderId: string,
): OrderId | undefined {
  const known = byVenueOrderId.get(`${terms.connector}/${venueOrderId}`);
  return known !== undefined && known !== id && inFlight.has(known) ? known : undefined;
}

function claimFills(state: FillState, order: OrderRecord, venueOrderId: string): void {
  const venueKey = `${order.terms.connector}/${venueOrderId}`;
  // An order that had ended and is open again does not take the id that its venue has given another order since.
  if (otherWithVenueId(state, order, venueOrderId) !== undefined) return;
  state.byVenueOrderId.set(venueKey, order.id);
  const unmatched = state.unmatchedFills.get(venueKey);
  if (unmatched === undefined) return;
  state.unmatchedFills.delete(venueKey);
  for (const fill of unmatched) assignFill(state, order, fill);
  indexOrder(state, order);
}

/** Counts a fill that arrived before its order was known. A fill of an earlier version is in its position already. */
function assignFill(state: FillState, order: OrderRecord, recorded: UnmatchedFill): void {
  const { connector, fill } = recorded.event;
  const key = fillKey(connector, fill, order.terms.symbol);
  removeExternalFill(state.external, instrumentKey(connector, fill.symbol), key);
  if (!applyFill(order, key, recorded)) return;
  const counted = state.counted.get(key)?.fill;
  const counts = order.fills.get(key)?.fill ?? fill;
  // Its correction or bust may have arrived early, too.
  if (counted === undefined || laterVersion(counted, counts) !== counted) countFill(state, connector, key, counts);
}

/** A bust or correction may spell the symbol differently: it changes the position that counts the fill. */
function countFill(state: FillState, connector: string, key: FillKey, fill: VenueFill): void {
  const counted = state.counted.get(key);
  const instrument = counted?.instrument ?? instrumentKey(connector, fill.symbol);
  const position = state.positions.get(instrument) ?? positionOf(state, connector, fill.symbol);
  position.applyFill(key, fill, counted?.fill);
  state.counted.set(key, { instrument, fill });
}

/** The order with this id, whatever its case. */
export function orderOfStem({ orders, stems }: Readonly<FillState>, stem: string): OrderRecord | undefined {
  const id = stems.get(stem.toLowerCase());
  return id === undefined ? undefined : orders.get(id);
}

/**
 * The order of a fill or of a report, by client order id, else by venue order id. Returns undefined if this desk did
 * not send the order.
 */
export function ownerOf(
  state: Readonly<FillState>,
  connector: string,
  fill: Pick<VenueFill, "clientOrderId" | "venueOrderId">,
): OrderId | undefined {
  const byClient =
    fill.clientOrderId === undefined ? undefined : state.byClientOrderId.get(fill.clientOrderId as ClientOrderId);
  const id = byClient ?? state.byVenueOrderId.get(`${connector}/${fill.venueOrderId}`);
  return id !== undefined && state.orders.get(id)?.terms.connector === connector ? id : undefined;
}

export function receiveFill(state: FillState, recorded: Recorded<FillReceived>): void {
  const { connector, fill, id, finding, completes } = recorded.event;
  if (completes === true && completeFill(state, recorded)) return;
  keepLast(state, instrumentKey(connector, fill.symbol), recorded);
  const order = id === null ? undefined : state.orders.take(id);
  if (order === undefined) keepUnmatched(state, recorded);
  else if (finding?.kind === "disputed") keepDisputed(state, order, recorded);
  else applyOwnFill(state, order, recorded);
}

/** Adds the fee to a known fill; what else the desk knows of it stays. Returns false if the fill is not known. */
function completeFill(state: FillState, recorded: Recorded<FillReceived>): boolean {
  const { connector, fill, id } = recorded.event;
  const order = id === null ? undefined : state.orders.take(id);
  const key = fillKey(connector, fill, order?.terms.symbol);
  const known = state.fills.get(key);
  if (known === undefined) return false;
  if (laterVersion(known, fill) === known) return true;
  state.fills.set(key, fill);
  if (order?.fills.has(key) === true) applyFill(order, key, recorded);
  const counted = state.counted.get(key);
  if (counted !== undefined) {
    state.positions.get(counted.instrument)?.completeFill(key, fill);
    state.counted.set(key, { ...counted, fill });
  }
  const external = state.external.get(instrumentKey(connector, fill.symbol))?.fills;
  if (external?.has(key) === true) external.set(key, fill);
  const trades = state.trades.get(connector);
  if (trades?.has(key) === true) trades.set(key, fill);
  const unmatched = state.unmatchedFills.get(`${connector}/${fill.venueOrderId}`);
  const place = unmatched?.findIndex(({ event }) => isSameMessage(event.fill, known)) ?? -1;
  if (unmatched !== undefined && place !== -1)
    unmatched[place] = { ...recorded, event: { ...recorded.event, finding: unmatched[place]?.event.finding } };
  return true;
}

function keepLast({ lastFill }: FillState, instrument: InstrumentKey, { seq, at }: Recorded): void {
  const last = lastFill.get(instrument);
  if (last === undefined) lastFill.set(instrument, { seq, at });
  else [last.seq, last.at] = [seq, at];
}

function keepDisputed(state: FillState, order: OrderRecord, recorded: Recorded<FillReceived>): void {
  const { connector, fill } = recorded.event;
  const key = fillKey(connector, fill, order.terms.symbol);
  removeDispute(state, key);
  removeUnmatched(state, connector, fill);
  state.fills.set(key, fill);
  state.trades.get(connector)?.set(key, undefined);
  disputeFill(order, recorded);
  addDispute(state, order, recorded);
}

function applyOwnFill(state: FillState, order: OrderRecord, recorded: Recorded<FillReceived>): void {
  const { connector, fill } = recorded.event;
  const key = fillKey(connector, fill, order.terms.symbol);
  const { clientOrderId, venueOrderId } = order;
  removeDispute(state, key);
  removeUnmatched(state, connector, fill);
  const wasDisputed = forgetDisputedFill(order, key);
  if (wasDisputed && fill.busts !== undefined && !order.fills.has(key)) {
    // The venue takes back a fill that filled nothing.
    state.fills.set(key, fill);
    return;
  }
  if (!applyFill(order, key, recorded)) return;
  indexOrder(state, order, { clientOrderId, venueOrderId });
  addDispute(state, order, recorded);
  const counted = order.fills.get(key)?.fill ?? fill;
  state.fills.set(key, counted);
  keepTrade(state, connector, key, counted);
  keepTime(state, recorded);
  countFill(state, connector, key, counted);
}

/**
 * An external fill moves no position. The records of earlier versions have no finding: their fills without an order
 * moved the position at once.
 */
function keepUnmatched(state: FillState, recorded: Recorded<FillReceived>): void {
  const { connector, fill, finding } = recorded.event;
  const key = fillKey(connector, fill);
  const earlier = state.fills.get(key);
  if (earlier !== undefined && laterVersion(earlier, fill) === earlier) return;
  const venueKey = `${connector}/${fill.venueOrderId}`;
  const unmatched = state.unmatchedFills.get(venueKey);
  if (unmatched === undefined) state.unmatchedFills.set(venueKey, [recorded]);
  else unmatched.push(recorded);
  state.fills.set(key, fill);
  keepTrade(state, connector, key, fill);
  keepTime(state, recorded);
  if (finding?.kind === "external") addExternalFill(state.external, key, recorded);
  else countFill(state, connector, key, fill);
}

function keepTrade({ trades }: FillState, connector: string, key: FillKey, fill: VenueFill): void {
  const sums = trades.get(connector) ?? new TradeSums();
  trades.set(connector, sums);
  sums.set(key, fill);
}

/** A fill dated ahead must not hide earlier fills from the next request for fills. */
function keepTime(state: FillState, { at: receivedAt, event: { connector, fill } }: Recorded<FillReceived>): void {
  const at = Math.min(fill.at, receivedAt);
  state.lastFillAt.set(connector, Math.max(at, state.lastFillAt.get(connector) ?? 0));
}

/** Removes the earlier record of a fill that is now known to be of an order of this desk. */
function removeUnmatched(state: FillState, connector: string, fill: VenueFill): void {
  if (state.unmatchedFills.size === 0) return;
  const venueKey = `${connector}/${fill.venueOrderId}`;
  const unmatched = state.unmatchedFills.get(venueKey);
  if (unmatched === undefined) return;
  const key = fillKey(connector, fill);
  removeExternalFill(state.external, instrumentKey(connector, fill.symbol), key);
  const others = unmatched.filter(({ event }) => fillKey(connector, event.fill) !== key);
  if (others.length === 0) state.unmatchedFills.delete(venueKey);
  else state.unmatchedFills.set(venueKey, others);
}

export function positionOf(state: FillState, connector: string, symbol: string): PositionRecord {
  const key = instrumentKey(connector, symbol);
  let position = state.positions.get(key);
  if (position === undefined) {
    position = new PositionRecord(connector, symbol);
    position.multiplier = multiplierOf(state, connector, symbol);
    state.positions.set(key, position);
  }
  return position;
}

interface AdoptedQuantity {
  readonly connector: string;
  readonly symbol: string;
  readonly quantity: Decimal;
  /** When it was recorded, ms. */
  readonly at: number;
}

/** The position follows the venue: external fills come first, so that their prices count, then the venue's quantity. */
export function adoptPosition(state: FillState, { connector, symbol, quantity, at }: AdoptedQuantity): void {
  const position = countExternal(state, connector, symbol);
  const average = state.accounts.get(connector)?.positions.get(symbol)?.averagePrice;
  adoptQuantity(position, { quantity, price: average === undefined ? undefined : decimal(average), at });
}

function countExternal(state: FillState, connector: string, symbol: string): PositionRecord {
  const instrument = instrumentKey(connector, symbol);
  const position = positionOf(state, connector, symbol);
  for (const [key, fill] of state.external.get(instrument)?.fills ?? []) countFill(state, connector, key, fill);
  state.external.delete(instrument);
  return position;
}

/** A comparison that agrees ends flags and disputes of the instrument; its external fills count. */
export function releaseInstrument(
  state: FillState,
  { connector, symbol }: Omit<AdoptedQuantity, "quantity" | "at">,
): void {
  endBlocks(state, instrumentKey(connector, symbol));
  countExternal(state, connector, symbol);
}

function endBlocks(state: FillState, instrument: InstrumentKey): void {
  state.flagged.delete(instrument);
  clearDisputes(state, instrument);
}

/** A human ends flags and disputes of the instrument, and the venue's quantity counts. */
export function clearInstrument(state: FillState, cleared: AdoptedQuantity): void {
  endBlocks(state, instrumentKey(cleared.connector, cleared.symbol));
  adoptPosition(state, cleared);
}
