/**
 * The state of the desk: orders, positions, accounts, flags and counters, folded from the journal without a clock or a
 * file. Look-ups of the order path are indexed, so that the cost of an order does not grow with the history.
 */
import { type AccountEvent, type AccountState, applyAccountEvent } from "./account/account-state.ts";
import { ArchivedMap } from "./archived-map.ts";
import { ACTIVITY_EVENTS, type ActivityState, isActivity, noActivity, recordActivity } from "./activity-state.ts";
import { decimal } from "./decimal.ts";
import type { Authority, KeyRole } from "./authority/authority.ts";
import type { ConfigAccepted, ConfigWaiting } from "./config/config-event.ts";
import { type ConfigState, NO_CONFIG, foldConfig } from "./config/config-state.ts";
import type {
  ConnectorState,
  DeskCreated,
  DeskEvent,
  DeskStarted,
  FillReceived,
  JournalUpgraded,
  KeyChanged,
  KeysReplaced,
  OrderEvent,
  Recorded,
} from "./event.ts";
import type { InstrumentEvent, InstrumentFlagged } from "./market/instrument-event.ts";
import { type UnreadItems, applyUnread, forgetUnread } from "./market/unread-item.ts";
import { adoptPosition, clearInstrument, indexOrder, receiveFill, releaseInstrument } from "./fills/fill-state.ts";
import { conflictKey } from "./fills/fill.ts";
import type { Digest, OrderId } from "./ids.ts";
import { type LostRecords, type TradingRecord, applyLoss } from "./authority/lost-records.ts";
import { type OrderTerms, instrumentKey } from "./orders/order.ts";
import { copyOrder } from "./orders/order-copy.ts";
import { applyOrderEvent, openOrder } from "./orders/order-state.ts";
import {
  SCHEDULE_EVENTS,
  type SchedulesState,
  applyScheduleEvent,
  countProposal,
  noSchedules,
} from "./config/schedule-state.ts";
import { endPages, usePasskey } from "./pages/page-state.ts";
import type { Mode } from "./market/venue.ts";

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
  /** The account that the venue named first. */
  accountId?: string | undefined;
  /** With which mode it was ready last. What it says of its mode before it is ready counts for no other connector. */
  accountMode?: Mode | undefined;
  /** The reason of a quarantine that the operator ordered. A manual start ends the quarantine. */
  quarantineReason?: string | undefined;
}

/** Mutable on purpose: the fold owns it. Readers take `Readonly<Book>`. */
export interface DeskState extends AccountState, ActivityState {
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
  trading: TradingRecord;
  /** An order that is not paper was approved since the last start: then a resume needs the live key. */
  hasLiveOrders: boolean;
  readonly connectors: Map<string, ConnectorRecord>;
  /**
   * Random, made at the first start of this epoch. Part of each client order id, so that a copy of the desk cannot
   * repeat one.
   */
  epochTag: string;
  /** Fills that came again with another content, by {@link conflictKey}. */
  readonly conflicts: Set<string>;
  readonly unread: UnreadItems;
  /** Intents of the last 24 hours, oldest first. */
  readonly intents: IntentRecord[];
  readonly schedules: SchedulesState;
  /** The public keys that the journal names, as PEM. */
  readonly keys: Map<KeyRole, string>;
  config: ConfigState;
  /** Signatures that were used and have not expired: each is good for one action. The values are their ends, ms. */
  readonly usedSignatures: Map<string, number>;
  readonly lost: LostRecords;
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
    hasLiveOrders: false,
    orders: new ArchivedMap("orders", { groupOf: ({ state }) => state, copyOf: copyOrder }),
    stems: new ArchivedMap("stems"),
    inFlight: new Map(),
    cancels: new Map(),
    proposed: new Map(),
    byClientOrderId: new ArchivedMap("clientOrderIds"),
    byVenueOrderId: new ArchivedMap("venueOrderIds"),
    positions: new Map(),
    accounts: new Map(),
    connectors: new Map(),
    flagged: new Map(),
    disputes: new Map(),
    disputedFills: new Map(),
    lastFillAt: new Map(),
    lastFill: new Map(),
    fills: new ArchivedMap("fills"),
    counted: new ArchivedMap("counted"),
    unmatchedFills: new Map(),
    external: new Map(),
    liveFilled: new Set(),
    trades: new Map(),
    conflicts: new Set(),
    unread: new Map(),
    multipliers: new Map(),
    assets: new Map(),
    activities: new ArchivedMap("activities"),
    activitiesAt: new Map(),
    epochTag: "",
    intents: [],
    rates: new Map(),
    ...noActivity(),
    schedules: noSchedules(),
    keys: new Map(),
    config: NO_CONFIG,
    usedSignatures: new Map(),
    lost: { heads: new Set(), ids: new Set() },
  };
}

/** The maps and lists that grow with orders and fills, but archived maps. Their values: see `StateCut`. */
export function growingParts(state: Readonly<DeskState>): readonly object[] {
  const { inFlight, cancels, proposed, positions, unmatchedFills, intents, external } = state;
  const externalFills = [...external.values()].map(({ fills }) => fills);
  return [inFlight, cancels, proposed, positions, unmatchedFills, intents, ...externalFills];
}

export function foldDeskState(events: Iterable<Recorded>): DeskState {
  const state = emptyDeskState();
  for (const recorded of events) applyEvent(state, recorded);
  return state;
}

/** Events that change no order, no position and no account. Most records are others. */
const APART: ReadonlySet<DeskEvent["type"]> = new Set([
  ...SCHEDULE_EVENTS,
  ...ACTIVITY_EVENTS,
  ...(["item.unread", "item.resolved"] as const),
]);

/** Applies one record of the journal. */
export function applyEvent(state: DeskState, recorded: Recorded): void {
  state.seq = Math.max(state.seq, recorded.seq);
  state.lastAt = recorded.at;
  if (recorded.epoch !== state.epoch) startEpoch(state, recorded.epoch);
  const { event } = recorded;
  if ("authority" in event && event.authority !== undefined) useSignature(state, event.authority);
  foldUnread(state.unread, event);
  if (APART.has(event.type)) {
    applyScheduleEvent(state.schedules, recorded);
    if (isActivity(event)) recordActivity(state, recorded.at, event);
    return;
  }
  switch (event.type) {
    case "key.changed":
    case "keys.replaced":
    case "desk.created":
    case "journal.upgraded":
    case "desk.started":
      identifyDesk(state, event);
      return;
    case "journal.gap":
    case "ids.retired":
      applyLoss(state, { seq: recorded.seq, at: recorded.at, event });
      return;
    case "trading.changed":
      state.trading = {
        ...{ state: event.state, reason: event.reason, seq: recorded.seq },
        ...{ at: recorded.at, actor: event.actor },
      };
      return;
    case "connector.changed":
      changeConnector(state, recorded.seq, event);
      return;
    case "account.marked":
    case "nav.unexplained":
    case "cash.moved":
    case "fx.observed":
    case "instrument.multiplier":
    case "instrument.asset":
    case "instrument.split":
    case "venue.activity":
      state.lastRelevantSeq = recorded.seq;
      applyAccountEvent(state, recorded as Recorded<AccountEvent>);
      return;
    case "fill.received":
      state.lastRelevantSeq = recorded.seq;
      receiveFill(state, recorded as Recorded<FillReceived>);
      return;
    case "fill.conflicted":
      state.conflicts.add(conflictKey(event.connector, event.fill));
      return;
    case "instrument.flagged":
    case "instrument.cleared":
    case "instrument.agreed":
    case "position.adopted":
      changeInstrument(state, recorded, event);
      return;
    case "config.accepted":
    case "config.waiting":
      changeConfig(state, recorded.seq, event);
      return;
    case "desk.stopped":
    case "file.authored":
    case "file.written":
    case "page.refused":
      return;
    default:
      changeOrder(state, recorded as Recorded<OrderEvent>);
  }
}

function foldUnread(unread: UnreadItems, event: DeskEvent): void {
  switch (event.type) {
    case "item.unread":
    case "item.resolved":
      applyUnread(unread, event);
      return;
    case "fill.received":
      forgetUnread(unread, { connector: event.connector, id: event.fill.fillId, symbol: event.fill.symbol });
      return;
    case "venue.activity":
      forgetUnread(unread, { connector: event.connector, id: event.activity.id });
  }
}

/** The pages of a desk are not those of its copy. */
function startEpoch(state: DeskState, epoch: number): void {
  state.epoch = epoch;
  endPages(state.pages);
}

function changeConfig(state: DeskState, seq: number, event: ConfigAccepted | ConfigWaiting): void {
  // The guards may be other ones now.
  state.lastRelevantSeq = seq;
  state.config = foldConfig(state.config, seq, event);
}

function changeInstrument(state: DeskState, { seq, at }: Recorded, event: InstrumentEvent): void {
  switch (event.type) {
    case "instrument.flagged":
      flagInstrument(state, at, event);
      return;
    case "instrument.cleared":
      clearInstrument(state, { ...event, quantity: decimal(event.quantity), at });
      return;
    case "instrument.agreed":
      state.lastRelevantSeq = seq;
      releaseInstrument(state, event);
      return;
    case "position.adopted":
      state.lastRelevantSeq = seq;
      adoptPosition(state, { ...event, quantity: decimal(event.quantity), at });
  }
}

/** Events that say which desk writes the journal, and how. */
function identifyDesk(
  state: DeskState,
  event: KeyChanged | KeysReplaced | DeskCreated | JournalUpgraded | DeskStarted,
): void {
  switch (event.type) {
    case "keys.replaced":
      // Its signature is checked where a start compares these keys with those of the machine, and by every audit.
      state.keys.set("desk", event.deskPem);
      state.keys.set("host", event.hostPem);
      endPages(state.pages);
      return;
    case "key.changed":
      // A second name is no change of keys: anybody who can write the file can append it.
      if (state.keys.has(event.role)) return;
      state.keys.set(event.role, event.publicPem);
      endPages(state.pages);
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
      state.hasLiveOrders = false;
      if (event.machine !== state.machine || state.epochTag === "") state.epochTag = event.nonce;
      state.machine = event.machine;
  }
}

function flagInstrument({ flagged }: DeskState, at: number, event: InstrumentFlagged): void {
  const { connector, symbol, expected, actual } = event;
  flagged.set(instrumentKey(connector, symbol), { expected, actual, at });
}

function useSignature(state: DeskState, { signature, expiresAt, passkey }: Authority): void {
  usePasskey(state.pages, passkey);
  for (const [used, end] of state.usedSignatures) if (end <= state.lastAt) state.usedSignatures.delete(used);
  state.usedSignatures.set(signature, expiresAt);
}

function changeConnector(
  state: DeskState,
  seq: number,
  event: Extract<DeskEvent, { type: "connector.changed" }>,
): void {
  state.config = foldConfig(state.config, seq, event);
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
    accountId: before?.accountId ?? event.accountId,
    accountMode: event.accountId === undefined ? before?.accountMode : event.mode,
    quarantineReason,
  });
}

function changeOrder(state: DeskState, recorded: Recorded<OrderEvent>): void {
  const { event } = recorded;
  if (event.type === "order.approved" && event.terms.mode !== "paper") state.hasLiveOrders = true;
  let order = state.orders.take(event.id);
  const indexed = { clientOrderId: order?.clientOrderId, venueOrderId: order?.venueOrderId };
  if (order === undefined) {
    if (event.type !== "proposal.seen") return;
    order = openOrder(recorded as Recorded<typeof event>);
    state.orders.set(event.id, order);
    state.stems.set(event.id.toLowerCase(), event.id);
    countProposal(state.schedules, event);
  }
  applyOrderEvent(order, recorded);
  indexOrder(state, order, indexed);
  applyToProposal(state, recorded);
  if (!WITHOUT_EFFECT.has(event.type)) state.lastRelevantSeq = recorded.seq;
  if (event.type === "order.submitting") {
    state.intents.push({ at: recorded.at, id: order.id, terms: order.terms });
    while ((state.intents[0]?.at ?? Number.POSITIVE_INFINITY) < recorded.at - INTENT_WINDOW_MS) state.intents.shift();
  }
}

/** The cancel of an order also changes the proposal that asks for it. */
function applyToProposal(state: DeskState, recorded: Recorded<OrderEvent>): void {
  const { event } = recorded;
  const proposal = "proposal" in event && event.proposal !== undefined ? state.orders.take(event.proposal) : undefined;
  if (proposal === undefined || proposal.id === event.id) return;
  applyOrderEvent(proposal, recorded);
  indexOrder(state, proposal);
}

/** Events of an order that change no guard's result. */
const WITHOUT_EFFECT: ReadonlySet<DeskEvent["type"]> = new Set(["proposal.seen", "guards.evaluated", "order.reviewed"]);
