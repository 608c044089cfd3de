/**
 * The events of the desk: the only records of the journal. Orders, positions and files are folded from them. Plain data
 * that survives JSON: decimal strings for amounts, milliseconds for times.
 */
import type { Authority, KeyReplacement, KeyRole } from "./authority/authority.ts";
import type { CancelEvent } from "./orders/cancel-event.ts";
import type { MoneyEvent } from "./account/cash-event.ts";
import type { Actor, Channel } from "./authority/actor.ts";
import type { AgentGranted, AgentRevoked } from "./authority/agent-event.ts";
import type { ConfigAccepted, ConfigWaiting } from "./config/config-event.ts";
import type { DecimalText } from "./decimal.ts";
import type { Misfit } from "./fills/fill.ts";
import type { ItemResolved, ItemUnread } from "./market/unread-item.ts";
import type { InstrumentEvent } from "./market/instrument-event.ts";
import type { IdsRetired, JournalGap } from "./authority/journal-head.ts";
import type { ClientOrderId, ConnectorName, Digest, OrderId, VenueOrderId } from "./ids.ts";
import type { OrderMisreported, OrderMissing } from "./orders/lost-order.ts";
import type { OrderTerms } from "./orders/order.ts";
import type { PageEvent } from "./pages/page-event.ts";
import type { ScheduleEvent, SnapshotTaken, StartCause } from "./config/schedule-event.ts";
import type { OrderReportStatus } from "./sdk.ts";
import type { Check, GuardDecision, Stage } from "./orders/verdict.ts";
import type { Mode, VenueAccount, VenueFill, VenuePosition } from "./market/venue.ts";

export type { Actor, Channel } from "./authority/actor.ts";
/** From the state that allows most to the state that allows least. */
export const TRADING_STATES = ["active", "reducing", "halted"] as const;
export type TradingState = (typeof TRADING_STATES)[number];
export type ConnectorState =
  | "starting"
  | "ready"
  | "degraded"
  | "unresponsive"
  | "restarting"
  | "quarantined"
  | "zombie"
  | "stopped";

/** The first record of a journal. `format`: of the records that follow, up to a {@link JournalUpgraded}. */
export interface DeskCreated {
  readonly type: "desk.created";
  readonly format: number;
  readonly deskId: string;
}
/**
 * The records after this one have the format `to`; the records before it are never rewritten. The host's key signs the
 * boundary from format 3 on; before, the operator's key did unless it was locked.
 */
export interface JournalUpgraded {
  readonly type: "journal.upgraded";
  readonly from: number;
  readonly to: number;
  /** The last record of the old format. */
  readonly lastSeq: number;
  readonly lastHash: string;
  readonly signature?: string | undefined;
}
export interface DeskStarted {
  readonly type: "desk.started";
  readonly version: string;
  readonly machine: string;
  readonly nonce: string;
}
export interface DeskStopped {
  readonly type: "desk.stopped";
}
export interface TradingChanged {
  readonly type: "trading.changed";
  readonly state: TradingState;
  readonly reason: string;
  readonly actor: Actor;
  /** Present if the new state allows more than the state before, from format 3 on, and for each change by a page. */
  readonly authority?: Authority | undefined;
}
/**
 * A key of the desk takes its role. `certificate` is the desk key's signature of `live` and `host`; the first desk key
 * has none.
 */
export interface KeyChanged {
  readonly type: "key.changed";
  readonly role: KeyRole;
  readonly publicPem: string;
  readonly certificate?: string | undefined;
}
/**
 * The operator lost the desk's keys and made new ones. The new desk key signs that it takes the place of the old one on
 * this chain; the old key is not there to sign.
 */
export interface KeysReplaced extends KeyReplacement {
  readonly type: "keys.replaced";
  /** Base64, by the new desk key over `replacementText`. */
  readonly signature: string;
}
export interface ConnectorChanged {
  readonly type: "connector.changed";
  readonly connector: ConnectorName;
  readonly state: ConnectorState;
  readonly mode: Mode;
  readonly reason?: string | undefined;
  readonly adapterDigest?: Digest | undefined;
  /** The account that the venue named. */
  readonly accountId?: string | undefined;
  /** Set if the operator ordered the quarantine: it lasts beyond a restart of the desk. */
  readonly by?: "human" | undefined;
}

export interface AccountMarked {
  readonly type: "account.marked";
  readonly connector: ConnectorName;
  readonly account: VenueAccount;
  readonly positions: readonly VenuePosition[];
  readonly venueTime: number;
  readonly venueDate: string;
  /** false: orders in flight may hold money that the account leaves out, so no change is measured from this mark. */
  readonly isBase?: boolean | undefined;
}

/** A proposal file was read for the first time, or again after an edit. `source` is the text of the file. */
export interface ProposalSeen {
  readonly type: "proposal.seen";
  readonly id: OrderId;
  readonly path: string;
  readonly source: string;
  readonly terms: OrderTerms;
  readonly digest: Digest;
  readonly rationale: string;
  readonly proposedBy: string;
  readonly actor: Actor;
  readonly issue?: string | undefined;
  readonly researchRef?: string | undefined;
  /** The venue that the proposal names. */
  readonly venue?: string | undefined;
  /** The untrusted sources that its author had read, as far as the desk recorded them. */
  readonly sources?: readonly string[] | undefined;
}

export interface GuardsEvaluated {
  readonly type: "guards.evaluated";
  readonly id: OrderId;
  readonly stage: Stage;
  readonly digest: Digest;
  readonly decision: GuardDecision;
  readonly reasons: readonly Check[];
}

/**
 * `mid`: the mid price that the human saw. `authority`: the client's signature over id, digest, shown and mode, from
 * format 3 on; `signature`: that of the host in earlier formats.
 */
export interface OrderApproved {
  readonly type: "order.approved";
  readonly id: OrderId;
  readonly digest: Digest;
  readonly terms: OrderTerms;
  /** Absent in the approval of a cancel, which sends no order. */
  readonly clientOrderId?: ClientOrderId | undefined;
  readonly actor: Actor;
  readonly channel: Channel;
  readonly expiresAt: number;
  readonly mid?: DecimalText | undefined;
  readonly signature?: string | undefined;
  readonly authority?: Authority | undefined;
  /** The time of the review that was shown, and its `shown` digest; absent in records of earlier versions. */
  readonly reviewedAt?: number | undefined;
  readonly shown?: Digest | undefined;
}

/**
 * A human was shown the review of a proposal. Drift of the price and age of the approval are measured from this record.
 * `mid` is the mid price of the review; absent without a two-sided quote. `shown` is the digest of the whole review, if
 * the client displayed it; an approval off a terminal makes its review without one.
 */
export interface OrderReviewed {
  readonly type: "order.reviewed";
  readonly id: OrderId;
  readonly digest: Digest;
  readonly mid?: DecimalText | undefined;
  readonly shown?: Digest | undefined;
  readonly actor: Actor;
  readonly channel: Channel;
}

/** The submit intent. The order may have been sent if this record exists, and was not sent if it does not. */
export interface OrderSubmitting {
  readonly type: "order.submitting";
  readonly id: OrderId;
  readonly clientOrderId: ClientOrderId;
  readonly digest: Digest;
  /** A replacement sends less than was approved if the replaced order filled meanwhile. */
  readonly quantity?: DecimalText | undefined;
}
export interface OrderAccepted {
  readonly type: "order.accepted";
  readonly id: OrderId;
  readonly venueOrderId: VenueOrderId;
}
export interface OrderUnknown {
  readonly type: "order.unknown";
  readonly id: OrderId;
  readonly reason: string;
}
export interface OrderRejected {
  readonly type: "order.rejected";
  readonly id: OrderId;
  readonly by: "human" | "venue";
  readonly reason: string;
  readonly actor: Actor;
  /** The proposal's file was removed: a rejection without a comment. */
  readonly fileRemoved?: true | undefined;
  /** The terms that the human read, and the signature; present for a rejection by a page. */
  readonly digest?: Digest | undefined;
  readonly authority?: Authority | undefined;
}
/** The guard gate refused an approved order at dispatch. */
export interface OrderDenied {
  readonly type: "order.denied";
  readonly id: OrderId;
  readonly reason: string;
}
/** The order was never sent. */
export interface OrderNotSent {
  readonly type: "order.not_sent";
  readonly id: OrderId;
  readonly reason: string;
}
/** The status of an order that the venue returned to a query. */
export interface OrderReported {
  readonly type: "order.reported";
  readonly id: OrderId;
  readonly venueOrderId: VenueOrderId;
  readonly status: OrderReportStatus;
  readonly filledQuantity: DecimalText;
  /** Why the venue ended the order, in its words. */
  readonly reason?: string | undefined;
  /** The venue's time of this state, ms. */
  readonly updatedAt?: number | undefined;
  readonly replacement?: OrderReplacement | undefined;
}
/** The order that continues another one at the venue, with the terms of both together. */
export interface OrderReplacement {
  readonly venueOrderId: VenueOrderId;
  readonly quantity?: DecimalText | undefined;
  readonly limitPrice?: DecimalText | undefined;
}
/** A human closed an order whose outcome is unknown or that the venue has lost, and gave a reason. */
export interface OrderResolved {
  readonly type: "order.resolved";
  readonly id: OrderId;
  readonly note: string;
  readonly actor: Actor;
  readonly authority?: Authority | undefined;
}

/**
 * The desk's finding on a fill at its arrival. disputed: the fill contradicts its order, fills nothing and changes no
 * position. overfill: more than the order's open quantity; the fill is applied. Both block the instrument. external:
 * the desk did not send the order; the fill blocks nothing, and the position follows the venue's at the next mark.
 */
export interface FillFinding {
  readonly kind: "disputed" | "overfill" | "external";
  /** For a disputed fill. */
  readonly misfits: readonly Misfit[];
}

/** A fill of an order of this desk, or, with `id` null, of an order that the desk does not know. */
export interface FillReceived {
  readonly type: "fill.received";
  readonly id: OrderId | null;
  readonly connector: ConnectorName;
  readonly fill: VenueFill;
  /** The number of the worker session that sent the fill; 0 if the desk queried the fill. */
  readonly generation: number;
  /** true: the desk inferred the fill from a total of the venue that its fills do not explain. */
  readonly inferred?: boolean | undefined;
  /** Absent if the fill fits its order, and in records of earlier versions. */
  readonly finding?: FillFinding | undefined;
  /** true: the fill is known, and this record adds its fee. */
  readonly completes?: boolean | undefined;
}
/** A fill arrived with a known key and other content. The first content counts. */
export interface FillConflicted {
  readonly type: "fill.conflicted";
  readonly id: OrderId | null;
  readonly connector: ConnectorName;
  readonly fill: VenueFill;
}

/**
 * An agent is about to write this text as a proposal or an issue. The record is on disk before the file is there, so
 * that a scan knows the author of each file that it finds, also after a crash. The write may still fail.
 */
export interface FileAuthored {
  readonly type: "file.authored";
  readonly path: string;
  readonly digest: Digest;
  readonly actor: Actor;
  /** For a proposal: the untrusted sources that the agent had read. */
  readonly sources?: readonly string[] | undefined;
}
/** A command wrote a file of the workspace. */
export interface FileWritten {
  readonly type: "file.written";
  readonly path: string;
  readonly digest: Digest;
  readonly command: string;
  readonly actor: Actor;
  /** For a proposal that an agent wrote: the untrusted sources that the agent had read. */
  readonly sources?: readonly string[] | undefined;
}
/** A command was refused. `count` attempts of one actor within a minute are one record. */
export interface CommandRefused {
  readonly type: "command.refused";
  readonly command: string;
  readonly actor: Actor;
  readonly reason: string;
  readonly count: number;
}
export interface RunStarted {
  readonly type: "run.started";
  readonly run: string;
  readonly issue: string;
  readonly runtime: string;
  /** Absent in records of earlier versions. */
  readonly cause?: StartCause | undefined;
}
export interface RunEnded {
  readonly type: "run.ended";
  readonly run: string;
  readonly issue: string;
  readonly outcome: "done" | "failed" | "stopped";
  readonly summary: string;
  /** In USD, as the agent's program reported it; absent if the program reports none. */
  readonly cost?: DecimalText | undefined;
}

export type OrderEvent =
  | ProposalSeen
  | GuardsEvaluated
  | OrderReviewed
  | OrderApproved
  | OrderSubmitting
  | OrderAccepted
  | OrderUnknown
  | OrderRejected
  | OrderDenied
  | OrderNotSent
  | CancelEvent
  | OrderReported
  | OrderMissing
  | OrderMisreported
  | OrderResolved;

export type DeskEvent =
  | DeskCreated
  | JournalUpgraded
  | DeskStarted
  | DeskStopped
  | TradingChanged
  | KeyChanged
  | KeysReplaced
  | JournalGap
  | IdsRetired
  | ConfigAccepted
  | ConfigWaiting
  | ConnectorChanged
  | AccountMarked
  | MoneyEvent
  | OrderEvent
  | FillReceived
  | FillConflicted
  | InstrumentEvent
  | ItemUnread
  | ItemResolved
  | FileAuthored
  | FileWritten
  | CommandRefused
  | AgentGranted
  | AgentRevoked
  | PageEvent
  | ScheduleEvent
  | SnapshotTaken
  | RunStarted
  | RunEnded;

/** An event with its place in the journal. */
export interface Recorded<E extends DeskEvent = DeskEvent> {
  readonly seq: number;
  /** Wall clock of the host, ms. */
  readonly at: number;
  /** Starts at 1; a copied desk takes the next epoch. */
  readonly epoch: number;
  readonly event: E;
}
