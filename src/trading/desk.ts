/** What every verb of the desk is handed: the book, the ways to change it, and what the outside lends. */
import type { DeskEvent, Recorded } from "../domain/event.ts";
import type { DeskState } from "../domain/desk-state.ts";
import type { Clock, Disk, Ids, Log } from "../domain/ports.ts";
import type { VenueInstrument } from "../domain/venue.ts";
import type { GuardRunner } from "../gate/guard-runner.ts";
import type { DeskConfig } from "../workspace/config.ts";
import type { History } from "../workspace/history.ts";
import type { Workspace } from "../workspace/workspace.ts";
import type { OperatorKey } from "./operator-key.ts";
import { type OrderAuthors, createOrderAuthors } from "./order-authors.ts";
import type { VenueGateway } from "./venue-gateway.ts";

export interface Desk {
  readonly workspace: Workspace;
  /** The workspace's absolute path. */
  readonly root: string;
  readonly version: string;
  readonly config: DeskConfig;
  readonly state: Readonly<DeskState>;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly disk: Disk;
  readonly log: Log;
  readonly venues: VenueGateway;
  readonly guards: GuardRunner;
  readonly history: History;
  readonly key: OperatorKey;
  readonly market: MarketCache;
  readonly proposals: ProposalCache;
  /** Journals the event and applies it to the state before it returns. The record reaches the disk shortly after. */
  publish(event: DeskEvent): Recorded;
  /** The same; the promise resolves when the record is on disk and rejects with JOURNAL_FAILED otherwise. */
  commit(event: DeskEvent): Promise<Recorded>;
  /** undefined: healthy. Else why the desk may only read. */
  readOnly(): string | undefined;
}

/** What the desk remembers of the market between calls; a cache, rebuilt by asking again. */
export interface MarketCache {
  readonly instruments: Map<string, { facts: VenueInstrument | null; mono: number }>;
  /** Newest venue time seen per connector, ms. */
  readonly venueTimes: Map<string, number>;
  /** When each connector last said what it holds, changed or not, ms. */
  readonly askedAt: Map<string, number>;
  /** Connectors whose start-up reconciliation has finished in this life. */
  readonly reconciled: Set<string>;
  /** Bytes free on the workspace's disk, when it was last asked; undefined: not known. */
  freeBytes: number | undefined;
}

/** Why a file is no proposal that could be approved. */
export interface ProposalProblem {
  readonly id: string;
  readonly path: string;
  /** May repeat words of the file. */
  readonly message: string;
  readonly needs: "correction" | "connector" | "another-name";
}

/** What the last scan of the proposal folders saw, and which files cannot be read as a proposal. */
export interface ProposalCache {
  readonly authors: OrderAuthors;
  readonly problems: Map<string, ProposalProblem>;
  /** When a known proposal's file was first found missing, monotonic ms. */
  readonly missing: Map<string, number>;
  /** When the venue was last asked for a proposal's protection price, by order id, monotonic ms. */
  readonly looked: Map<string, number>;
  scanning: Promise<void> | undefined;
}

export function createProposalCache(authors = createOrderAuthors()): ProposalCache {
  return {
    authors,
    problems: new Map(),
    missing: new Map(),
    looked: new Map(),
    scanning: undefined,
  };
}

export function iso(at: number): string {
  return new Date(at).toISOString();
}
