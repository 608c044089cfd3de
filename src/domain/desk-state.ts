/**
 * The state of the desk: orders, positions, accounts, flags and counters, folded from the journal without a clock or a
 * file. Look-ups of the order path are indexed, so that the cost of an order does not grow with the history.
 */
import { type AccountRecord, markedAccount } from "./account.ts";
import { type AgentRecord, grantedAgent } from "./agent-access.ts";
import { type Decimal, ZERO, decimal } from "./decimal.ts";
import { type Disputes, addDispute, removeDispute } from "./dispute.ts";
import type { Authority, KeyRole } from "./authority.ts";
import { type ConfigState, NO_CONFIG, foldConfig } from "./config-state.ts";
import type {
  AccountMarked,
  AgentGranted,
  AgentRevoked,
  ConnectorState,
  DeskEvent,
  FillReceived,
  OrderEvent,
  Recorded,
  RunEnded,
  RunStarted,
  SnapshotTaken,
  TradingState,
} from "./event.ts";
import { type FillKey, fillKey, laterVersion } from "./fill.ts";
import type { ClientOrderId, Digest, OrderId } from "./ids.ts";
import { type InstrumentKey, type OrderTerms, instrumentKey } from "./order.ts";
import { type OrderRecord, applyFill, applyOrderEvent, disputeFill, isInFlight, openOrder } from "./order-state.ts";
import { type PositionRecord, adoptQuantity, applyFillToPosition, emptyPosition, openPosition } from "./position.ts";
import type { Mode, VenueFill } from "./venue.ts";

/** One submit intent; read by the guards `order-rate` and `duplicate-order`. */
export interface IntentRecord {
  readonly at: number;
  readonly id: OrderId;
  readonly terms: OrderTerms;
}

export interface ConnectorRecord {
  state: ConnectorState;
  mode: Mode;
  reason?: string | undefined;
  /** The digest of the adapter that last became ready, which the operator thereby accepted. */
  adapterDigest?: Digest | undefined;
  /** The reason of a quarantine that the operator ordered. A manual start ends the quarantine. */
  quarantineReason?: string | undefined;
}

/** A fill without a known order. An acknowledgement with the fill's venue order id assigns it to its order. */
export type UnmatchedFill = Recorded<FillReceived>;

/** Mutable on purpose: the fold owns it. Readers take `Readonly<Book>`. */
export interface DeskState {
  seq: number;
  /** The newest record that can change the result of a guard: a decision on an order, a fill or an account. */
  lastRelevantSeq: number;
  lastAt: number;
  deskId: string;
  /** The format of the journal's newest records, and of its first. */
  journalFormat: number;
  createdFormat: number;
  epoch: number;
  machine: string;
  /** `seq`: the record that set it; 0 at first. */
  trading: { state: TradingState; reason: string; seq: number };
  readonly orders: Map<OrderId, OrderRecord>;
  /** Orders from approval to their end. */
  readonly inFlight: Map<OrderId, OrderRecord>;
  /** Awaiting a human. */
  readonly proposed: Map<OrderId, OrderRecord>;
  readonly byClientOrderId: Map<ClientOrderId, OrderId>;
  readonly byVenueOrderId: Map<string, OrderId>;
  readonly positions: Map<InstrumentKey, PositionRecord>;
  readonly accounts: Map<string, AccountRecord>;
  readonly connectors: Map<string, ConnectorRecord>;
  /** Instruments whose position at the venue differs from the fills, until a human resolves them. */
  readonly flagged: Map<InstrumentKey, { expected: string; actual: string; at: number }>;
  /** Disputed and excess fills by instrument, which they block. */
  readonly disputes: Disputes;
  /** The venue's time of the newest fill, per connector. */
  readonly lastFillAt: Map<string, number>;
  /** All fills that were applied, by key. */
  readonly fills: Map<FillKey, VenueFill>;
  /** Fills of orders that this desk did not send, by connector and venue order id. */
  readonly unmatchedFills: Map<string, UnmatchedFill[]>;
  /**
   * Random, made at the first start of this epoch. Part of each client order id, so that a copy of the desk cannot
   * repeat one.
   */
  epochTag: string;
  /** Intents of the last 24 hours, oldest first. */
  readonly intents: IntentRecord[];
  /** Agent runs in progress. */
  readonly runs: Map<string, { issue: string; runtime: string; at: number }>;
  /** Agents with access, by name. */
  readonly agents: Map<string, AgentRecord>;
  /** The public keys that the journal names, as PEM. */
  readonly keys: Map<KeyRole, string>;
  config: ConfigState;
  /** Signatures that were used and have not expired: each is good for one action. The values are their ends, ms. */
  readonly usedSignatures: Map<string, number>;
  lastRun?: { run: string; issue: string; outcome: string; summary: string; at: number };
  lastSnapshot?: { path: string; nav: string; at: number };
}

const INTENT_WINDOW_MS = 24 * 60 * 60 * 1000;

export function emptyDeskState(): DeskState {
  return {
    seq: 0,
    lastRelevantSeq: 0,
    lastAt: 0,
    deskId: "",
    journalFormat: 0,
    createdFormat: 0,
    epoch: 0,
    machine: "",
    trading: { state: "active", reason: "", seq: 0 },
    orders: new Map(),
    inFlight: new Map(),
    proposed: new Map(),
    byClientOrderId: new Map(),
    byVenueOrderId: new Map(),
    positions: new Map(),
    accounts: new Map(),
    connectors: new Map(),
    flagged: new Map(),
    disputes: new Map(),
    lastFillAt: new Map(),
    fills: new Map(),
    unmatchedFills: new Map(),
    epochTag: "",
    intents: [],
    runs: new Map(),
    agents: new Map(),
    keys: new Map(),
    config: NO_CONFIG,
    usedSignatures: new Map(),
  };
}

export function foldDeskState(events: Iterable<Recorded>): DeskState {
  const state = emptyDeskState();
  for (const recorded of events) applyEvent(state, recorded);
  return state;
}

/** Applies one record of the journal. */
export function applyEvent(state: DeskState, recorded: Recorded): void {
  state.seq = Math.max(state.seq, recorded.seq);
  state.lastAt = recorded.at;
  state.epoch = recorded.epoch;
  const { event } = recorded;
  if ("authority" in event && event.authority !== undefined) useSignature(state, event.authority);
  switch (event.type) {
    case "key.changed":
      state.keys.set(event.role, event.publicPem);
      return;
    case "desk.created":
      state.deskId = event.deskId;
      state.journalFormat = event.format;
      state.createdFormat = event.format;
      return;
    case "journal.upgraded":
      state.journalFormat = event.to;
      return;
    case "desk.started":
      if (event.machine !== state.machine) state.epochTag = event.nonce;
      state.machine = event.machine;
      return;
    case "trading.changed":
      state.trading = { state: event.state, reason: event.reason, seq: recorded.seq };
      return;
    case "connector.changed":
      state.config = foldConfig(state.config, recorded.seq, event);
      changeConnector(state, event);
      return;
    case "account.marked":
      state.lastRelevantSeq = recorded.seq;
      markAccount(state, recorded as Recorded<AccountMarked>);
      return;
    case "fill.received":
      state.lastRelevantSeq = recorded.seq;
      receiveFill(state, recorded as Recorded<FillReceived>);
      return;
    case "instrument.flagged":
      state.flagged.set(instrumentKey(event.connector, event.symbol), {
        expected: event.expected,
        actual: event.actual,
        at: recorded.at,
      });
      return;
    case "instrument.cleared":
      clearInstrument(state, event);
      return;
    case "run.started":
    case "run.ended":
    case "snapshot.taken":
    case "agent.granted":
    case "agent.revoked":
      recordActivity(state, recorded.at, event);
      return;
    case "config.accepted":
      state.lastRelevantSeq = recorded.seq;
      state.config = foldConfig(state.config, recorded.seq, event);
      return;
    case "config.waiting":
      state.config = foldConfig(state.config, recorded.seq, event);
      return;
    case "desk.stopped":
    case "fill.conflicted":
    case "file.written":
    case "command.refused":
      return;
    default:
      changeOrder(state, recorded as Recorded<OrderEvent>);
  }
}

function useSignature(state: DeskState, { signature, expiresAt }: Authority): void {
  for (const [used, end] of state.usedSignatures) if (end <= state.lastAt) state.usedSignatures.delete(used);
  state.usedSignatures.set(signature, expiresAt);
}

/** Events that no order, guard or position depends on. */
type ActivityEvent = RunStarted | RunEnded | SnapshotTaken | AgentGranted | AgentRevoked;

function recordActivity(state: DeskState, at: number, event: ActivityEvent): void {
  switch (event.type) {
    case "run.started":
      state.runs.set(event.run, { issue: event.issue, runtime: event.runtime, at });
      return;
    case "run.ended": {
      const { run, issue, outcome, summary } = event;
      state.runs.delete(run);
      state.lastRun = { run, issue, outcome, summary, at };
      return;
    }
    case "snapshot.taken":
      state.lastSnapshot = { path: event.path, nav: event.nav, at };
      return;
    case "agent.granted":
      state.agents.set(event.agent, grantedAgent(event, at));
      return;
    case "agent.revoked":
      state.agents.delete(event.agent);
      return;
  }
}

function changeConnector(state: DeskState, event: Extract<DeskEvent, { type: "connector.changed" }>): void {
  // A digest counts as accepted only when the connector is ready: a changed file is reported with its new digest, too.
  const before = state.connectors.get(event.connector);
  const adapterDigest = (event.state === "ready" ? event.adapterDigest : undefined) ?? before?.adapterDigest;
  const quarantineReason =
    event.by === "human" ? (event.reason ?? "") : event.state === "starting" ? undefined : before?.quarantineReason;
  state.connectors.set(event.connector, {
    state: event.state,
    mode: event.mode,
    reason: event.reason,
    adapterDigest,
    quarantineReason,
  });
}

function changeOrder(state: DeskState, recorded: Recorded<OrderEvent>): void {
  const { event } = recorded;
  let order = state.orders.get(event.id);
  if (order === undefined) {
    if (event.type !== "proposal.seen") return;
    order = openOrder(recorded as Recorded<typeof event>);
    state.orders.set(event.id, order);
  }
  applyOrderEvent(order, recorded);
  index(state, order);
  if (!WITHOUT_EFFECT.has(event.type)) state.lastRelevantSeq = recorded.seq;
  if (event.type === "order.submitting") {
    state.intents.push({ at: recorded.at, id: order.id, terms: order.terms });
    while ((state.intents[0]?.at ?? Number.POSITIVE_INFINITY) < recorded.at - INTENT_WINDOW_MS) state.intents.shift();
  }
}

/** Events of an order that change no guard's result. */
const WITHOUT_EFFECT: ReadonlySet<DeskEvent["type"]> = new Set(["proposal.seen", "guards.evaluated", "order.reviewed"]);

function index(state: DeskState, order: OrderRecord): void {
  if (order.state === "proposed") state.proposed.set(order.id, order);
  else state.proposed.delete(order.id);
  if (isInFlight(order.state)) state.inFlight.set(order.id, order);
  else state.inFlight.delete(order.id);
  if (order.clientOrderId !== undefined) state.byClientOrderId.set(order.clientOrderId, order.id);
  if (order.venueOrderId === undefined) return;
  const venueKey = `${order.terms.connector}/${order.venueOrderId}`;
  state.byVenueOrderId.set(venueKey, order.id);
  const unmatched = state.unmatchedFills.get(venueKey);
  if (unmatched === undefined) return;
  state.unmatchedFills.delete(venueKey);
  for (const fill of unmatched) applyFill(order, fill);
  index(state, order);
}

/**
 * The order of a fill, by client order id, else by venue order id. Returns undefined if this desk did not send the
 * order.
 */
export function ownerOf(state: Readonly<DeskState>, connector: string, fill: VenueFill): OrderId | undefined {
  const byClient =
    fill.clientOrderId === undefined ? undefined : state.byClientOrderId.get(fill.clientOrderId as ClientOrderId);
  const id = byClient ?? state.byVenueOrderId.get(`${connector}/${fill.venueOrderId}`);
  return id !== undefined && state.orders.get(id)?.terms.connector === connector ? id : undefined;
}

function receiveFill(state: DeskState, recorded: Recorded<FillReceived>): void {
  const { event } = recorded;
  const { connector, fill } = event;
  const order = event.id === null ? undefined : state.orders.get(event.id);
  const key = fillKey(connector, fill);
  const wasDisputed = removeDispute(state.disputes, key);
  const isNew = wasDisputed || !state.fills.has(key);
  if (order !== undefined && event.finding?.kind === "disputed") {
    state.fills.set(key, fill);
    disputeFill(order, recorded);
    addDispute(state.disputes, order, recorded);
    return;
  }
  if (wasDisputed && fill.busts !== undefined) {
    state.fills.set(key, fill);
    return;
  }
  if (order === undefined) {
    const earlier = state.fills.get(key);
    if (earlier !== undefined && laterVersion(earlier, fill) === earlier) return;
    const venueKey = `${connector}/${fill.venueOrderId}`;
    const unmatched = state.unmatchedFills.get(venueKey);
    if (unmatched === undefined) state.unmatchedFills.set(venueKey, [recorded]);
    else unmatched.push(recorded);
  } else {
    if (!applyFill(order, recorded)) return;
    index(state, order);
    if (event.finding !== undefined) addDispute(state.disputes, order, recorded);
  }
  const counted = order?.fills.get(key)?.fill ?? fill;
  state.fills.set(key, counted);
  // A fill dated ahead must not hide earlier fills from the next request for fills.
  const at = Math.min(fill.at, recorded.at);
  state.lastFillAt.set(connector, Math.max(at, state.lastFillAt.get(connector) ?? 0));
  applyFillToPosition(positionOf(state, connector, fill.symbol), key, counted, isNew);
}

function positionOf(state: DeskState, connector: string, symbol: string): PositionRecord {
  const key = instrumentKey(connector, symbol);
  let position = state.positions.get(key);
  if (position === undefined) {
    position = emptyPosition(connector, symbol);
    state.positions.set(key, position);
  }
  return position;
}

/**
 * The first mark of a connector opens its positions. Later marks change no position: they are compared with the fills.
 */
function markAccount(state: DeskState, recorded: Recorded<AccountMarked>): void {
  const { connector, positions } = recorded.event;
  const earlier = state.accounts.get(connector);
  if (earlier === undefined) {
    for (const held of positions) {
      const quantity = decimal(held.quantity);
      if (quantity.eq(ZERO)) continue;
      openPosition(
        positionOf(state, connector, held.symbol),
        quantity,
        decimal(held.averagePrice ?? held.markPrice ?? "0"),
      );
    }
  }
  state.accounts.set(connector, markedAccount(earlier, recorded));
}

function clearInstrument(state: DeskState, event: Extract<DeskEvent, { type: "instrument.cleared" }>): void {
  state.flagged.delete(instrumentKey(event.connector, event.symbol));
  state.disputes.delete(instrumentKey(event.connector, event.symbol));
  const position = positionOf(state, event.connector, event.symbol);
  const mark = state.accounts.get(event.connector)?.positions.get(event.symbol);
  adoptQuantity(position, decimal(event.quantity), decimal(mark?.averagePrice ?? mark?.markPrice ?? "0"));
}

/** The sum of the NAV of each connector at its last mark. A connector without a mark counts zero. */
export function totalNav(state: Readonly<DeskState>): Decimal {
  let sum = ZERO;
  for (const account of state.accounts.values()) sum = sum.plus(account.nav);
  return sum;
}

/** Today's realized and unrealized profit over all connectors, each by its own venue date; below zero is a loss. */
export function dayPnl(state: Readonly<DeskState>): Decimal {
  let sum = ZERO;
  for (const account of state.accounts.values()) sum = sum.plus(account.nav.minus(account.dayOpenNav));
  return sum;
}
