/**
 * Everything that can happen on the desk. The journal holds these and nothing else; every order, position and file state
 * is a fold over them. Plain data: text for amounts, milliseconds for times, JSON and back without loss.
 */
import type { DecimalText } from "./decimal.ts";
import type { ClientOrderId, ConnectorName, Digest, OrderId, VenueOrderId } from "./ids.ts";
import type { OrderTerms } from "./order.ts";
import type { OrderReportStatus } from "./sdk.ts";
import type { Check, GuardDecision, Stage } from "./verdict.ts";
import type { Mode, VenueAccount, VenueFill, VenuePosition } from "./venue.ts";

/** Who did it: `human`, `agent:<run>`, `agent:interactive`, `host`. */
export type Actor = `human` | `agent:${string}` | "host";
/** Through which door: `cli`, `tty`, `mcp`, `http`, `file`. */
export type Channel = "cli" | "tty" | "mcp" | "http" | "file" | "host";
export type TradingState = "active" | "reducing" | "halted";
export type ConnectorState =
  | "starting"
  | "ready"
  | "degraded"
  | "unresponsive"
  | "restarting"
  | "quarantined"
  | "zombie"
  | "stopped";

/** The first record of a journal. `format` is the format of the records that follow, up to a {@link JournalUpgraded}. */
export interface DeskCreated {
  readonly type: "desk.created";
  readonly format: number;
  readonly deskId: string;
}
/**
 * The boundary between two formats: the records after this one have the format `to`. The records before it are never
 * rewritten. The operator's key signs the boundary unless a passphrase locks the key.
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
}
export interface ConfigLoaded {
  readonly type: "config.loaded";
  readonly digest: Digest;
}

export interface ConnectorChanged {
  readonly type: "connector.changed";
  readonly connector: ConnectorName;
  readonly state: ConnectorState;
  readonly mode: Mode;
  readonly reason?: string;
  readonly adapterDigest?: Digest;
  /** A quarantine that the operator ordered: it outlives a restart of the desk. */
  readonly by?: "human";
}

/** What a connector answered when it was asked for its account: the only source of NAV, cash and venue positions. */
export interface AccountMarked {
  readonly type: "account.marked";
  readonly connector: ConnectorName;
  readonly account: VenueAccount;
  readonly positions: readonly VenuePosition[];
  /** The venue's time, ms, and its date in the desk's time zone (`2019-10-10`). */
  readonly venueTime: number;
  readonly venueDate: string;
}

/** A proposal file was read for the first time, or read again after an edit. `source` is its whole text. */
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
  readonly issue?: string;
  readonly researchRef?: string;
  /** What its author had read from outside by then, as the desk saw it; absent where there was none, or no one looked. */
  readonly sources?: readonly string[];
}

export interface GuardsEvaluated {
  readonly type: "guards.evaluated";
  readonly id: OrderId;
  readonly stage: Stage;
  readonly digest: Digest;
  readonly decision: GuardDecision;
  readonly reasons: readonly Check[];
}

/** The durable consent. `mid` is the price the human was shown; `signature` is the operator key's over the rest. */
export interface OrderApproved {
  readonly type: "order.approved";
  readonly id: OrderId;
  readonly digest: Digest;
  readonly terms: OrderTerms;
  readonly clientOrderId: ClientOrderId;
  readonly actor: Actor;
  readonly channel: Channel;
  readonly expiresAt: number;
  readonly mid?: DecimalText;
  readonly signature?: string;
}

/** The durable intent: after it the order may have left, before it it has not. */
export interface OrderSubmitting {
  readonly type: "order.submitting";
  readonly id: OrderId;
  readonly clientOrderId: ClientOrderId;
  readonly digest: Digest;
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
}
/** The desk's own guard gate refused an approved order at dispatch. The order was not sent. */
export interface OrderDenied {
  readonly type: "order.denied";
  readonly id: OrderId;
  readonly reason: string;
}
/** Approved, but provably never sent. */
export interface OrderNotSent {
  readonly type: "order.not_sent";
  readonly id: OrderId;
  readonly reason: string;
}
export interface CancelRequested {
  readonly type: "cancel.requested";
  readonly id: OrderId;
  readonly actor: Actor;
}
export interface CancelFailed {
  readonly type: "cancel.failed";
  readonly id: OrderId;
  readonly reason: string;
}
/** The venue's own word on an order, when it was asked. */
export interface OrderReported {
  readonly type: "order.reported";
  readonly id: OrderId;
  readonly venueOrderId: VenueOrderId;
  readonly status: OrderReportStatus;
  readonly filledQuantity: DecimalText;
}
/** A human closed an unknown order, with a written reason. */
export interface OrderResolved {
  readonly type: "order.resolved";
  readonly id: OrderId;
  readonly note: string;
  readonly actor: Actor;
}

/** A fill of one of our orders, or (`id` null) of an order we do not know. */
export interface FillReceived {
  readonly type: "fill.received";
  readonly id: OrderId | null;
  readonly connector: ConnectorName;
  readonly fill: VenueFill;
  /** Which life of the connector's worker sent it. */
  readonly generation: number;
  /** Made by the desk to close a gap that the venue reports but does not itemise. */
  readonly inferred?: boolean;
}
/** The same fill key came again with other content; the first one stays. */
export interface FillConflicted {
  readonly type: "fill.conflicted";
  readonly id: OrderId | null;
  readonly connector: ConnectorName;
  readonly fill: VenueFill;
}

/** Position as the venue reports it and as the fills make it do not agree. Blocks the instrument until cleared. */
export interface InstrumentFlagged {
  readonly type: "instrument.flagged";
  readonly connector: ConnectorName;
  readonly symbol: string;
  readonly expected: DecimalText;
  readonly actual: DecimalText;
}
/** A human looked and adopts the venue's quantity. */
export interface InstrumentCleared {
  readonly type: "instrument.cleared";
  readonly connector: ConnectorName;
  readonly symbol: string;
  readonly quantity: DecimalText;
  readonly note: string;
  readonly actor: Actor;
}

/** A command wrote a file of the workspace. */
export interface FileWritten {
  readonly type: "file.written";
  readonly path: string;
  readonly digest: Digest;
  readonly command: string;
  readonly actor: Actor;
  /** Of a proposal's file that an agent wrote: what it had read from outside by then. */
  readonly sources?: readonly string[];
}
/** A command was refused to this actor; `count` attempts within a minute are one record. */
export interface CommandRefused {
  readonly type: "command.refused";
  readonly command: string;
  readonly actor: Actor;
  readonly reason: string;
  readonly count: number;
}
/** The operator let an agent in. The token itself is kept nowhere. */
export interface AgentGranted {
  readonly type: "agent.granted";
  readonly agent: string;
  /** Which program it is for: `claude`, `codex`, … */
  readonly client: string;
  /** Of the token's text. */
  readonly tokenDigest: Digest;
  readonly palette: "default";
  readonly actor: Actor;
}
export interface AgentRevoked {
  readonly type: "agent.revoked";
  readonly agent: string;
  readonly actor: Actor;
}
export interface SnapshotTaken {
  readonly type: "snapshot.taken";
  readonly path: string;
  readonly nav: DecimalText;
}
export interface RunStarted {
  readonly type: "run.started";
  readonly run: string;
  readonly issue: string;
  readonly runtime: string;
}
export interface RunEnded {
  readonly type: "run.ended";
  readonly run: string;
  readonly issue: string;
  readonly outcome: "done" | "failed" | "stopped";
  readonly summary: string;
}

export type OrderEvent =
  | ProposalSeen
  | GuardsEvaluated
  | OrderApproved
  | OrderSubmitting
  | OrderAccepted
  | OrderUnknown
  | OrderRejected
  | OrderDenied
  | OrderNotSent
  | CancelRequested
  | CancelFailed
  | OrderReported
  | OrderResolved;

export type DeskEvent =
  | DeskCreated
  | JournalUpgraded
  | DeskStarted
  | DeskStopped
  | TradingChanged
  | ConfigLoaded
  | ConnectorChanged
  | AccountMarked
  | OrderEvent
  | FillReceived
  | FillConflicted
  | InstrumentFlagged
  | InstrumentCleared
  | FileWritten
  | CommandRefused
  | AgentGranted
  | AgentRevoked
  | SnapshotTaken
  | RunStarted
  | RunEnded;

/** An event with its place in the journal. */
export interface Recorded<E extends DeskEvent = DeskEvent> {
  readonly seq: number;
  /** Wall clock of the host, ms. */
  readonly at: number;
  /** Counts the lives of the desk; a copied desk takes a new one. */
  readonly epoch: number;
  readonly event: E;
}
