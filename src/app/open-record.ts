/** Opens the record of a desk: its journal, folded state, bus and keys; and writes the first records of this run. */
import { openBus } from "../bus/bus.ts";
import { type Journal, openJournal } from "../bus/journal.ts";
import type { JournalScan } from "../bus/journal-read.ts";
import { JOURNAL_FORMAT } from "../bus/journal-record.ts";
import { openReplay } from "../bus/replay.ts";
import { type JournalHead, KEY_ROLES, boundaryText } from "../domain/authority.ts";
import type { DeskState } from "../domain/desk-state.ts";
import { QocError } from "../domain/error.ts";
import type { JournalUpgraded, KeyChanged, KeysReplaced, Recorded } from "../domain/event.ts";
import type { Clock, Ids } from "../domain/ports.ts";
import type { Lifecycle } from "../lib/lifecycle.ts";
import { type DeskAuthority, openAuthority } from "../trading/authority.ts";
import type { Desk } from "../trading/desk.ts";
import { DecisionCheck } from "../trading/check-decisions.ts";
import { checkKeyFiles } from "../trading/key-files.ts";
import { readReplacement, replaces } from "../trading/key-replacement.ts";
import { type PublicKeys, hostSigner, readPublicKeys, upgradeKeys } from "../trading/operator-keys.ts";
import { type OrderAuthors, createOrderAuthors } from "../trading/order-authors.ts";
import { LAYOUT, keepDeskId, keyPath, readDeskId } from "../workspace/layout.ts";
import type { LogFile } from "../workspace/logs.ts";
import {
  type AcceptedRecords,
  type DeskPlace,
  type GuardedRecord,
  JournalCheck,
  openGuardedRecord,
} from "./journal-guard.ts";

export interface RecordOptions extends DeskPlace {
  readonly clock: Clock;
  readonly ids: Ids;
  /** The version of Qoc. */
  readonly version: string;
  /** Start with trading halted. */
  readonly halted?: boolean | undefined;
}

export interface OpenRecord {
  readonly state: DeskState;
  readonly journal: Journal | undefined;
  readonly authors: OrderAuthors;
  readonly authority: DeskAuthority;
  /** The public desk key. */
  readonly operatorPem: string;
  readonly publish: Desk["publish"];
  readonly commit: Desk["commit"];
  readonly readOnly: Desk["readOnly"];
  readonly record: Desk["record"];
  readonly signedHead: GuardedRecord["signedHead"];
  onCommit(listener: (recorded: Recorded) => void): () => void;
}

/** Opens journal, state and bus, and writes the first records of this run. */
export async function openRecord(options: RecordOptions, logs: LogFile, lifecycle: Lifecycle): Promise<OpenRecord> {
  const { root, disk, clock } = options;
  const { state, authors, check, scan, journal, problem } = await readRecords(options, logs, lifecycle);
  const deskId = await keepDeskId(disk, root, check.deskId);
  const path = keyPath(options.home, deskId);
  await checkKeyFiles(disk, path, process.getuid?.() ?? 0);
  await upgradeKeys(disk, path, deskId);
  const keys = await readPublicKeys(disk, path, deskId);
  const naming: KeyNaming = { write: () => Promise.resolve() };
  const head = (): JournalHead => journal?.head ?? scan.head;
  const readKeys = keyReader({ disk, path, deskId, naming });
  const authority = openAuthority({ state, clock, head, keys, readKeys });
  if (journal === undefined)
    return { state, journal, authors, authority, operatorPem: keys.desk, ...corruptRecord(scan, logs) };
  const found = await readReplacement(disk, path, deskId);
  const named = { desk: state.keys.get("desk"), head: journal.head };
  const replacement = found !== undefined && replaces(found, named, keys) ? found : undefined;
  // Refuses other keys before the signed heads are judged with them.
  keyChanges(state, keys, path, replacement);
  const bus = openBus(journal, state, logs);
  bus.subscribe("publish", (recorded) => authors.take(recorded));
  const gap = check.gap(scan, state);
  const startup = (accepted?: AcceptedRecords): Promise<void> =>
    recordStartup({ options, journal, state, bus, keys, replacement, place: check.known.place, accepted });
  const guarded = await lifecycle.open(
    "anchor",
    () => openGuardedRecord({ options, log: logs, check, gap, state, journal, bus, startup }),
    (opened) => opened.close(),
  );
  const readOnly = (): string | undefined => problem() ?? guarded.refusal();
  naming.write = async (current) => {
    if (readOnly() !== undefined) return;
    await Promise.all(keyChanges(state, current, path).map((change) => guarded.commit(change)));
  };
  return {
    ...guarded,
    state,
    journal,
    authors,
    authority,
    operatorPem: keys.desk,
    readOnly,
    onCommit: (listener) => bus.subscribe("commit", listener),
  };
}

interface ReadRecords extends Pick<OpenRecord, "state" | "journal" | "authors"> {
  readonly check: JournalCheck;
  readonly scan: JournalScan;
  /** Why the journal is not written, or not relied on. */
  problem(): string | undefined;
}

/** Opens the journal and folds its records. */
async function readRecords(options: RecordOptions, logs: LogFile, lifecycle: Lifecycle): Promise<ReadRecords> {
  let problem: string | undefined;
  const onFailure = (failure: QocError): void => {
    problem = failure.message;
  };
  const { invalid, ...read } = await openJournalOf({ options, logs, lifecycle, onFailure });
  if (invalid !== undefined) {
    problem = `${invalid}; read qoc journal verify`;
    logs.error(problem);
  }
  return { ...read, problem: () => problem };
}

interface JournalOpening {
  readonly options: RecordOptions;
  readonly logs: LogFile;
  readonly lifecycle: Lifecycle;
  readonly onFailure: (failure: QocError) => void;
}

/**
 * Reads the journal. Nothing that outlives this call is made here: the checks of a start hold the hashes of all
 * records, and a closure of this function would keep them for as long as the desk runs.
 */
async function openJournalOf({
  options,
  logs,
  lifecycle,
  onFailure,
}: JournalOpening): Promise<Omit<ReadRecords, "problem"> & { readonly invalid: string | undefined }> {
  const { root, disk, clock } = options;
  const { state, take } = openReplay();
  const authors = createOrderAuthors();
  const check = await JournalCheck.open(options);
  const decisions = await openDecisionCheck(options, check.deskId);
  const journalOptions = {
    take: (recorded: Recorded, hash: string) => {
      take(recorded);
      authors.take(recorded);
      check.take(recorded, hash);
      decisions?.take(recorded, hash);
    },
    disk,
    dir: `${root}/${LAYOUT.journal}`,
    clock,
    log: logs,
    onFailure,
  };
  const { scan, journal } = await lifecycle.open("journal", () => openJournal(journalOptions), closeJournal);
  return { state, authors, check, scan, journal, invalid: decisions?.problem };
}

async function closeJournal({ journal }: { readonly journal: Journal | undefined }): Promise<void> {
  await journal?.close();
}

/** undefined for keys of an earlier version, which signed no decisions, and for keys that the start refuses later. */
async function openDecisionCheck({ disk, home }: RecordOptions, deskId: string): Promise<DecisionCheck | undefined> {
  const keys = await readPublicKeys(disk, keyPath(home, deskId), deskId).catch(() => undefined);
  return keys === undefined ? undefined : new DecisionCheck(keys);
}

/** Journals the keys that the journal does not name yet. Does nothing before the journal is open for writing. */
interface KeyNaming {
  write: (current: PublicKeys) => Promise<void>;
}

interface KeyReaderOptions extends Pick<RecordOptions, "disk"> {
  readonly path: string;
  readonly deskId: string;
  readonly naming: KeyNaming;
}

/** A live key that is made while the desk runs is named before it is used: no other key can take its place then. */
function keyReader({ disk, path, deskId, naming }: KeyReaderOptions): () => Promise<PublicKeys> {
  return async () => {
    const current = await readPublicKeys(disk, path, deskId);
    await naming.write(current);
    return current;
  };
}

/** A corrupt journal is read up to the first problem, and not written. */
function corruptRecord(
  { corrupt: problem }: JournalScan,
  logs: LogFile,
): Omit<OpenRecord, "state" | "journal" | "authors" | "authority" | "operatorPem"> {
  const { segment, line, message } = problem ?? { segment: "", line: 0, message: "" };
  const corrupt = new QocError("JOURNAL_CORRUPT", { segment, line, message });
  logs.error(corrupt.message);
  const refuse = (): never => {
    throw corrupt;
  };
  return {
    publish: refuse,
    commit: refuse,
    readOnly: () => corrupt.message,
    record: { anchor: () => undefined, gap: () => undefined, acceptGap: refuse },
    signedHead: () => undefined,
    onCommit: () => () => undefined,
  };
}

interface StartupParts {
  readonly options: RecordOptions;
  readonly journal: Journal;
  readonly state: DeskState;
  readonly bus: Pick<Desk, "publish" | "commit">;
  readonly keys: PublicKeys;
  /** The operator's new keys take the place of lost ones at this start. */
  readonly replacement: KeysReplaced | undefined;
  /** The machine and the journal folder. */
  readonly place: string;
  /** The gap that a human accepted. */
  readonly accepted: AcceptedRecords | undefined;
}

/** A desk that was copied or moved to another machine, or got new keys, takes a new epoch and starts halted. */
async function recordStartup(parts: StartupParts): Promise<void> {
  const { options, journal, state, bus, keys, replacement, place: machine, accepted } = parts;
  const { ids, root, version } = options;
  const { publish, commit } = bus;
  const isCopy = state.machine !== "" && state.machine !== machine && accepted === undefined;
  const haltReason = isCopy
    ? "this desk was copied or moved to another machine"
    : replacement !== undefined
      ? "new keys took the place of lost ones (qoc keys new)"
      : undefined;
  // A gap was signed in the epoch before; its own new epoch follows its record.
  const isNewEpoch = haltReason !== undefined && accepted === undefined;
  journal.epoch = Math.max(1, state.epoch) + (isNewEpoch ? 1 : 0);
  // `qoc init` wrote the id when it made the keys.
  if (journal.head.seq === 0)
    publish({ type: "desk.created", format: JOURNAL_FORMAT, deskId: await readDeskId(options.disk, root) });
  else if (state.journalFormat < JOURNAL_FORMAT) publish(await formatBoundary(options, journal, state));
  for (const change of keyChanges(state, keys, keyPath(options.home, state.deskId), replacement)) publish(change);
  for (const event of accepted?.events ?? []) publish(event);
  journal.epoch = accepted?.epoch ?? journal.epoch;
  const started = commit({ type: "desk.started", version, machine, nonce: ids.random(4) });
  if (haltReason !== undefined) {
    void commit({ type: "trading.changed", state: "halted", reason: haltReason, actor: "host" });
  } else if (options.halted === true && state.trading.state !== "halted") {
    void commit({ type: "trading.changed", state: "halted", reason: "started with --halted", actor: "human" });
  }
  await started;
}

/** The keys that the journal does not name yet. @throws KEY_INVALID if the journal names another key of that role. */
function keyChanges(
  state: Pick<DeskState, "keys">,
  { desk, host, live }: PublicKeys,
  path: string,
  replacement?: KeysReplaced,
): readonly (KeyChanged | KeysReplaced)[] {
  const current = { desk: { publicPem: desk, certificate: undefined }, host, live };
  const named = new Map(state.keys);
  if (replacement !== undefined) named.set("desk", replacement.deskPem).set("host", replacement.hostPem);
  const changes = KEY_ROLES.flatMap((role) => {
    const key = current[role];
    const known = named.get(role);
    if (key === undefined || known === key.publicPem) return [];
    if (known === undefined) return [{ type: "key.changed", role, ...key } as const];
    throw new QocError("KEY_INVALID", { path, reason: `the journal names another ${role} key of this desk` });
  });
  return replacement === undefined ? changes : [replacement, ...changes];
}

/** The record between the last record of the old format and the first record of this version's format. */
async function formatBoundary(
  { disk, home }: RecordOptions,
  journal: Journal,
  { deskId, journalFormat }: DeskState,
): Promise<JournalUpgraded> {
  const { seq: lastSeq, hash: lastHash } = journal.head;
  const boundary = { from: journalFormat, to: JOURNAL_FORMAT, lastSeq, lastHash };
  const sign = await hostSigner(disk, keyPath(home, deskId));
  return { type: "journal.upgraded", ...boundary, signature: sign(boundaryText(boundary)) };
}
