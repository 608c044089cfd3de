/** What every verb of the desk is handed: the book, the ways to change it, and what the outside lends. */
import type { DeskEvent, Recorded } from "../domain/event.ts";
import type { DeskState } from "../domain/desk-state.ts";
import type { Clock, Disk, Ids, Log } from "../domain/ports.ts";
import type { VenueInstrument } from "../domain/venue.ts";
import type { GuardRunner } from "../gate/guard-runner.ts";
import type { DeskConfig } from "../workspace/config.ts";
import type { History } from "../workspace/history.ts";
import { newInInbox } from "../workspace/inbox.ts";
import { type IssueHead, issueHeads } from "../workspace/notes.ts";
import { type ProposalFile, proposalFiles } from "../workspace/proposals.ts";
import type { OperatorKey } from "./operator-key.ts";
import { type OrderAuthors, createOrderAuthors } from "./order-authors.ts";
import type { VenueGateway } from "./venue-gateway.ts";

export interface Desk {
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
  readonly notes: NoteCache;
  /** Journals the event and applies it to the state before it returns. The record reaches the disk shortly after. */
  publish(event: DeskEvent): Recorded;
  /** The same; the promise resolves when the record is on disk and rejects with JOURNAL_FAILED otherwise. */
  commit(event: DeskEvent): Promise<Recorded>;
  /** undefined: healthy. Else why the desk may only read. */
  readOnly(): string | undefined;
  /** Read-only views of the journal, for `log`, `verify` and `rebuild`. */
  readonly journalDir: string;
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
  /** The number last given to a proposal, per day. */
  readonly lastNumbers: Map<string, number>;
  /** When a known proposal's file was first found missing, monotonic ms. */
  readonly missing: Map<string, number>;
  /** When the venue was last asked for a proposal's protection price, by order id, monotonic ms. */
  readonly looked: Map<string, number>;
  /** Both folders as they stand, each file read again only where it has changed. */
  readonly files: () => Promise<readonly ProposalFile[]>;
  scanning: Promise<void> | undefined;
}

/** What the last look at the notes saw, read again only where a file has changed. */
export interface NoteCache {
  readonly issues: () => Promise<readonly IssueHead[]>;
  readonly inboxNew: () => Promise<number>;
}

export function createNoteCache({ disk, root, clock }: Pick<Desk, "disk" | "root" | "clock">): NoteCache {
  return {
    issues: issueHeads(disk, root, clock),
    inboxNew: newInInbox(disk, root, clock),
  };
}

export function createProposalCache(
  { disk, root, clock }: Pick<Desk, "disk" | "root" | "clock">,
  authors = createOrderAuthors(),
): ProposalCache {
  return {
    authors,
    problems: new Map(),
    lastNumbers: new Map(),
    missing: new Map(),
    looked: new Map(),
    files: proposalFiles(disk, root, clock),
    scanning: undefined,
  };
}

export function iso(at: number): string {
  return new Date(at).toISOString();
}
