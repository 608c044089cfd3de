/** Opens the record of a desk: its journal, folded state, bus and keys; and writes the first records of this run. */
import { availableParallelism } from "node:os";
import type { DiskArchive } from "../bus/archive.ts";
import { openBus } from "../bus/bus.ts";
import { CHECKPOINT_FILE } from "../bus/checkpoint.ts";
import { openCheckpointer } from "../bus/checkpointer.ts";
import { type Journal, openJournal } from "../bus/journal.ts";
import { checkEarlierRecords } from "../bus/earlier-records.ts";
import type { JournalProblem, JournalScan, ScanStart } from "../bus/journal-read.ts";
import { JOURNAL_FORMAT } from "../bus/journal-record.ts";
import { openReplay } from "../bus/replay.ts";
import { type JournalHead, KEY_ROLES, boundaryText } from "../domain/authority/authority.ts";
import { type DeskState, applyEvent } from "../domain/desk-state.ts";
import { QocError, messageOf } from "../domain/errors/error.ts";
import type { JournalUpgraded, KeyChanged, KeysReplaced, Recorded } from "../domain/event.ts";
import type { Clock, Ids } from "../domain/ports.ts";
import type { Lifecycle } from "../lib/lifecycle.ts";
import { type DeskAuthority, openAuthority } from "../trading/keys/authority.ts";
import { KeptLedger } from "../trading/account/kept-ledger.ts";
import type { Desk } from "../trading/desk.ts";
import { auditStart } from "../trading/audit/audit-start.ts";
import { DecisionCheck, isDecision } from "../trading/audit/check-decisions.ts";
import { checkKeyFiles } from "../trading/keys/key-files.ts";
import { readReplacement, replaces } from "../trading/keys/key-replacement.ts";
import { type PublicKeys, hostSigner, readPublicKeys, upgradeKeys } from "../trading/keys/operator-keys.ts";
import type { OrderAuthors } from "../trading/orders/order-authors.ts";
import { markUnrecorded } from "../trading/orders/mark-unrecorded.ts";
import { LAYOUT, keepDeskId, keyPath, readDeskId } from "../workspace/layout.ts";
import type { LogFile } from "../workspace/logs.ts";
import { type FoldStart, checkpointPlace, foldAfterCheckpoint, foldOfAll, whyUnused } from "./desk-checkpoint.ts";
import {
  type AcceptedRecords,
  type DeskPlace,
  type GuardedRecord,
  JournalCheck,
  openGuardedRecord,
} from "./journal-guard.ts";
import { openLineChecker } from "./line-check-thread.ts";

export interface RecordOptions extends DeskPlace {
  readonly clock: Clock;
  readonly ids: Ids;
  /** The version of Qoc. */
  readonly version: string;
  /** `[account] currency`. */
  readonly currency: string;
  /** The folder in which Qoc is installed. */
  readonly packageRoot: string;
  /** Start with trading halted. */
  readonly halted?: boolean | undefined;
}

export interface OpenRecord {
  readonly state: DeskState;
  readonly journal: Journal | undefined;
  readonly authors: OrderAuthors;
  readonly archive: DiskArchive;
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
  const read = await readRecords(options, logs, lifecycle);
  const { state, authors, archive, ledger, check, scan, journal, from, problem } = read;
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
    return { state, journal, authors, archive, authority, operatorPem: keys.desk, ...corruptRecord(scan, logs) };
  const found = await readReplacement(disk, path, deskId);
  const named = { desk: state.keys.get("desk"), head: journal.head };
  const replacement = found !== undefined && replaces(found, named, keys) ? found : undefined;
  // Refuses other keys before the signed heads are judged with them.
  keyChanges(state, keys, path, replacement);
  const bus = openBus(
    journal,
    ledger.beside((recorded) => applyEvent(state, recorded)),
    logs,
  );
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
  const checkpoints = await lifecycle.open(
    "checkpoints",
    async () =>
      openCheckpointer({
        ...checkpointPlace({ disk, root, version: options.version, deskId, keys }),
        ...{ clock, log: logs, journal, state, archive, from: from?.seq ?? 0 },
        others: { authors: authors.byDigest },
        kept: ledger,
        sign: await hostSigner(disk, path),
        mayWrite: () => readOnly() === undefined,
        needsWholeJournal: isDecision,
      }),
    (opened) => opened.close(),
  );
  bus.subscribe("commit", (recorded) => checkpoints.take(recorded));
  naming.write = async (current) => {
    if (readOnly() !== undefined) return;
    await Promise.all(keyChanges(state, current, path).map((change) => guarded.commit(change)));
  };
  return {
    ...guarded,
    ...{ state, journal, authors, archive, authority, operatorPem: keys.desk },
    readOnly,
    onCommit: (listener) => bus.subscribe("commit", listener),
  };
}

interface ReadRecords extends Pick<OpenRecord, "state" | "journal" | "authors" | "archive"> {
  /** The record of the checkpoint that was used; undefined without one. */
  readonly from: ScanStart | undefined;
  readonly ledger: KeptLedger;
  readonly check: JournalCheck;
  readonly scan: JournalScan;
  /** Why the journal is not written, or not relied on. */
  problem(): string | undefined;
}

/** Opens the journal and folds its records. */
async function readRecords(options: RecordOptions, logs: LogFile, lifecycle: Lifecycle): Promise<ReadRecords> {
  let problem: string | undefined;
  let takeBack = (): void => undefined;
  const onFailure = (failure: QocError): void => {
    problem = failure.message;
    takeBack();
  };
  const onDamage = (damage: QocError): void => {
    problem = damage.message;
    logs.error(problem);
    // The next start then reads the whole journal.
    void removeCheckpoint(options).catch((error: unknown) => logs.error(messageOf(error)));
  };
  const { invalid, ...read } = await openJournalOf({ options, logs, lifecycle, onFailure, onDamage });
  const { state, journal } = read;
  if (journal !== undefined) takeBack = () => markUnrecorded(state, journal.durable.seq, options.clock.now());
  if (read.from !== undefined) {
    const onProblem = ({ segment, line, message }: JournalProblem): void =>
      onDamage(new QocError("JOURNAL_CORRUPT", { segment, line, message }));
    const { from } = read;
    await lifecycle.open("check of earlier records", () => checkEarlier({ options, from, onProblem }), stop);
  }
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
  readonly onDamage: (damage: QocError) => void;
}

interface EarlierCheck {
  readonly options: RecordOptions;
  readonly from: ScanStart;
  onProblem(problem: JournalProblem): void;
}

/** The start has not read the records before its checkpoint. Returns the function that ends the check. */
function checkEarlier({ options, from, onProblem }: EarlierCheck): () => void {
  const { disk, root, clock } = options;
  let isStopped = false;
  const dir = `${root}/${LAYOUT.journal}`;
  void checkEarlierRecords({ disk, dir, clock, from, isStopped: () => isStopped }).then(
    (problem) => problem !== undefined && onProblem(problem),
    (error: unknown) => onProblem({ segment: dir, line: 0, message: messageOf(error) }),
  );
  return () => {
    isStopped = true;
  };
}

function stop(end: () => void): void {
  end();
}

async function removeCheckpoint({ disk, root }: RecordOptions): Promise<void> {
  const path = `${root}/${LAYOUT.checkpoints}/${CHECKPOINT_FILE}`;
  if ((await disk.facts(path)) !== undefined) await disk.remove(path);
}

/**
 * Reads the journal, after its checkpoint if that is good. Nothing that outlives this call is made here: the checks of
 * a start hold the hashes of all records, and a closure of this function would keep them for as long as the desk runs.
 */
async function openJournalOf(opening: JournalOpening): Promise<JournalFold> {
  const { options, logs, lifecycle, onDamage } = opening;
  const { disk, root, home, version, currency } = options;
  const check = await JournalCheck.open(options);
  const { deskId } = check;
  // undefined for keys of an earlier version, which signed no decisions, and for keys that the start refuses later.
  const keys = await readPublicKeys(disk, keyPath(home, deskId), deskId).catch(() => undefined);
  return lifecycle.open(
    "journal",
    async () => {
      const start = await foldAfterCheckpoint({ disk, root, version, deskId, keys, currency, onDamage });
      if (typeof start === "string") logs.warn(`the checkpoint is not used: ${start}`);
      else if (start !== undefined) {
        const read = await foldFrom(opening, start, check, keys);
        if (read.unused === undefined) return read;
        await closeJournal(read);
        logs.warn(`the checkpoint is not used: ${read.unused}`);
      }
      return foldFrom(opening, foldOfAll({ disk, root, currency, onDamage }), check, keys);
    },
    closeJournal,
  );
}

interface JournalFold extends Omit<ReadRecords, "problem"> {
  readonly invalid: string | undefined;
  /** Why the fold after the checkpoint does not count; undefined if it does. */
  readonly unused: string | undefined;
}

async function foldFrom(
  { options, logs, onFailure }: JournalOpening,
  { state, authors, archive, ledger: parts, from }: FoldStart,
  check: JournalCheck,
  keys: PublicKeys | undefined,
): Promise<JournalFold> {
  const { root, disk, clock } = options;
  const ledger = new KeptLedger(state, parts, logs);
  const take = ledger.beside(openReplay(state).take);
  const decisions =
    keys === undefined ? undefined : new DecisionCheck(keys, from === undefined ? undefined : auditStart(from, state));
  const dir = `${root}/${LAYOUT.journal}`;
  const { scan, journal } = await openJournal({
    take: (recorded, hash) => {
      // Before the fold: the check reads orders as they were at this record.
      decisions?.take(recorded, hash);
      take(recorded);
      authors.take(recorded);
      check.take(recorded, hash);
    },
    ...{ disk, dir, clock, from, log: logs, onFailure },
    openChecker: availableParallelism() > 1 ? () => openLineChecker(options.packageRoot) : undefined,
  });
  if (from !== undefined) await check.readEarlier(disk, dir, from.seq, scan);
  const unused = from === undefined ? undefined : await whyUnused({ disk, dir, from, scan }, decisions);
  const invalid = decisions?.problem;
  return { state, authors, archive, ledger, check, scan, journal, from, unused, invalid };
}

async function closeJournal({ journal }: { readonly journal: Journal | undefined }): Promise<void> {
  await journal?.close();
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
): Omit<OpenRecord, "state" | "journal" | "authors" | "archive" | "authority" | "operatorPem"> {
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
