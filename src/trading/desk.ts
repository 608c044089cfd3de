/** The open desk that use cases work on: its state, the ways to change it, and its services. */
import type { DiskArchive } from "../bus/archive.ts";
import type { ProposalNeed } from "../domain/orders/order-view.ts";
import type { Actor, DeskEvent, Recorded } from "../domain/event.ts";
import type { DecimalText } from "../domain/decimal.ts";
import type { DeskState } from "../domain/desk-state.ts";
import type { GapRange, JournalGap } from "../domain/authority/journal-head.ts";
import type { Clock, FreeSpace, Ids, Log } from "../domain/ports.ts";
import type { InstrumentKey } from "../domain/orders/order.ts";
import type { Digest, OrderId } from "../domain/ids.ts";
import type { Verdict } from "../domain/orders/verdict.ts";
import type { UnreadableVenueOrder, VenueInstrument, VenueReport } from "../domain/market/venue.ts";
import { LruMap } from "../lib/lru-map.ts";
import type { GuardRunner } from "../gate/guard-runner.ts";
import type { DeskConfig } from "../workspace/config.ts";
import type { History } from "../workspace/history.ts";
import type { Workspace } from "../workspace/workspace.ts";
import type { DeskAuthority } from "./keys/authority.ts";
import type { DeskConfiguration } from "./config/desk-config.ts";
import type { FillBudgets } from "./fills/fill-budget.ts";
import type { AnchorFacts } from "./audit/head-anchor.ts";
import { type OrderAuthors, createOrderAuthors } from "./orders/order-authors.ts";
import { FollowPace } from "./orders/follow-pace.ts";
import { PollPace } from "./orders/poll-pace.ts";
import { QuoteCache } from "./market/quote-cache.ts";
import type { KnownSessions } from "./market/sessions.ts";
import type { VenueGateway } from "./market/venue-gateway.ts";

export interface Desk {
  readonly workspace: Workspace;
  readonly version: string;
  /** The port of this start: that of `qoc up --port`, or that of desk.toml when the desk started. */
  readonly port: number;
  /** The configuration in force; `qoc reload` replaces it. */
  readonly config: DeskConfig;
  readonly configuration: DeskConfiguration;
  readonly state: Readonly<DeskState>;
  /** What has left the memory of the state: the look-ups of `state` cover it, and lists read it by page. */
  readonly archive: OrderArchive;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly venues: VenueGateway;
  readonly guards: GuardRunner;
  readonly history: History;
  readonly authority: DeskAuthority;
  readonly market: MarketCache;
  readonly fillBudgets: FillBudgets;
  readonly proposals: ProposalCache;
  /** Journals the event and applies it to the state before it returns. The record reaches the disk shortly after. */
  publish(event: DeskEvent): Recorded;
  /** The same; the promise resolves when the record is on disk and rejects with JOURNAL_FAILED otherwise. */
  commit(event: DeskEvent): Promise<void>;
  /** The reason why the desk is read-only; undefined if it is not. */
  readOnly(): string | undefined;
  readonly record: DeskRecord;
}

/** The archived orders and fills, in layers. */
export type OrderArchive = Pick<DiskArchive, "fillKeys" | "idsNamedBy" | "orders">;

/** The journal as a whole: its anchor, and the gap for which the desk is read-only. */
export interface DeskRecord {
  /** undefined: nothing is anchored, because the journal has a gap or is corrupt. */
  anchor(): AnchorFacts | undefined;
  /** What the journal lacks; undefined: nothing, or a human accepted it. */
  gap(): GapRange | undefined;
  /** Journals the acceptance and the first records of a new epoch. The desk then writes again, and is halted. */
  acceptGap(gap: JournalGap, retired: readonly string[]): Promise<void>;
}

/** Market data kept between calls. */
export interface MarketCache {
  readonly instruments: Map<string, { instrument: VenueInstrument | null; mono: number }>;
  readonly sessions: LruMap<string, KnownSessions>;
  /** Held instruments that were looked up since their connector started. */
  readonly sized: Set<InstrumentKey>;
  /** Newest venue time seen per connector, ms. */
  readonly venueTimes: Map<string, number>;
  /** When each connector last reported its account, ms. */
  readonly askedAt: Map<string, number>;
  /** What connectors say about their accounts, in their words. */
  readonly notices: Map<string, string>;
  /** Connectors that are reconciled since they last became ready. */
  readonly reconciled: Set<string>;
  /** Why the last reconciliation of a connector failed; its orders are blocked until one succeeds. */
  readonly reconcileProblems: Map<string, string>;
  /** Positions that differed at the last mark. A difference that lasts is flagged. */
  readonly differences: Map<InstrumentKey, PositionDifference>;
  /** Orders that rest at a venue and are no working orders of this desk, at the last list of each connector. */
  readonly externalOrders: Map<string, readonly ExternalOrder[]>;
  readonly polls: PollPace;
  readonly followPace: FollowPace;
  /** Streamed quotes. */
  readonly quotes: QuoteCache;
  /** When the activities of each connector were last fetched, monotonic ms. */
  readonly activitiesAt: Map<string, number>;
  /** As `activitiesAt`, of the fills. */
  readonly fillsAt: Map<string, number>;
  /** Of the workspace's disk at the last check; undefined if not known. */
  freeSpace: FreeSpace | undefined;
}

export interface ExternalOrder {
  readonly report: VenueReport | UnreadableVenueOrder;
  /** The order of this desk, if a human closed it here while it goes on at the venue. */
  readonly closedHere: OrderId | null;
}

export interface PositionDifference {
  readonly ours: DecimalText;
  readonly theirs: DecimalText;
  /** When the difference was first found, monotonic ms. */
  readonly since: number;
}

/** The reason why a file in a proposal folder cannot be approved. */
export interface ProposalProblem {
  readonly id: string;
  readonly path: string;
  /** May contain text of the file. */
  readonly message: string;
  readonly needs: ProposalNeed;
}

/** Results of the last scan of the proposal folders. */
export interface ProposalCache {
  readonly authors: OrderAuthors;
  readonly problems: Map<string, ProposalProblem>;
  /** The guards' newest verdict on each waiting proposal, for lists. Nothing is decided by it. */
  readonly verdicts: Map<OrderId, CurrentVerdict>;
  /** When a known proposal's file was first found missing, monotonic ms. */
  readonly missing: Map<string, number>;
  /** When a proposal's protection price was last computed, by order id, monotonic ms. */
  readonly refreshedAt: Map<string, number>;
  /** The agents whose proposals are being written: one element each. */
  readonly beingWritten: Set<{ readonly actor: Actor }>;
  /** The ids and digests of the proposals whose first evaluation is under way. */
  readonly judging: Set<string>;
  scanning: Promise<void> | undefined;
  /** The scan that those share who ask while one runs. */
  nextScan: Promise<void> | undefined;
}

export interface CurrentVerdict {
  readonly verdict: Verdict;
  /** Of the terms that were evaluated. */
  readonly digest: Digest;
  /** When the guards ran: ms, and monotonic ms. */
  readonly at: number;
  readonly mono: number;
}

export function createProposalCache(authors = createOrderAuthors()): ProposalCache {
  return {
    authors,
    problems: new Map(),
    verdicts: new Map(),
    missing: new Map(),
    refreshedAt: new Map(),
    beingWritten: new Set(),
    judging: new Set(),
    scanning: undefined,
    nextScan: undefined,
  };
}

/** Instruments whose sessions are kept. */
const SESSIONS_MAX = 1_000;

export function createMarketCache(clock: Pick<Clock, "monotonic">): MarketCache {
  return {
    instruments: new Map(),
    sessions: new LruMap(SESSIONS_MAX),
    sized: new Set(),
    venueTimes: new Map(),
    askedAt: new Map(),
    notices: new Map(),
    reconciled: new Set(),
    reconcileProblems: new Map(),
    differences: new Map(),
    externalOrders: new Map(),
    polls: new PollPace(clock),
    followPace: new FollowPace(clock),
    quotes: new QuoteCache(),
    activitiesAt: new Map(),
    fillsAt: new Map(),
    freeSpace: undefined,
  };
}
