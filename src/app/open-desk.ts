/** Opens one desk: lock, journal, book, connectors, projections. The only place that knows all rooms. */
import { mkdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { openBus } from "../bus/bus.ts";
import { type Journal, openJournal } from "../bus/journal.ts";
import { JOURNAL_FORMAT } from "../bus/journal-record.ts";
import { openReplay } from "../bus/replay.ts";
import { type Desk, createNoteCache, createProposalCache } from "../trading/desk.ts";
import { type Projector, openProjector } from "../trading/projector.ts";
import { type OrderAuthors, createOrderAuthors } from "../trading/order-authors.ts";
import { loadKey } from "../trading/operator-key.ts";
import type { Book } from "../domain/book.ts";
import { sha256Hex } from "../domain/digest.ts";
import { QocError, messageOf } from "../domain/error.ts";
import type { Recorded } from "../domain/event.ts";
import type { Clock, Disk, Ids } from "../domain/ports.ts";
import { type GuardPool, openGuardPool } from "../host/guard-pool.ts";
import { openSecretStore } from "../host/secrets.ts";
import { type DeskConfig, loadConfig } from "../workspace/config.ts";
import { openHistory } from "../workspace/history.ts";
import { FOLDERS, LAYOUT, globalConfigPath, keyPath, logFolder, runtimePaths } from "../workspace/layout.ts";
import { type Lock, takeLock } from "../workspace/lock.ts";
import { type LogFile, openLogs } from "../workspace/logs.ts";
import { type Fleet, openFleet } from "./connector-fleet.ts";
import { refreshAuthorTypes } from "./init.ts";
import { nodeProcesses } from "./processes.ts";
import { machineName } from "./system.ts";

export interface DeskOptions {
  /** The workspace's folder. */
  readonly root: string;
  readonly packageRoot: string;
  readonly version: string;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly ids: Ids;
  /** Live: secrets are taken out of it. */
  readonly env: Record<string, string | undefined>;
  readonly home: string;
}

export interface OpenDesk {
  /** Where Qoc itself is installed. */
  readonly packageRoot: string;
  readonly desk: Desk;
  readonly config: DeskConfig;
  readonly logs: LogFile;
  readonly logDir: string;
  readonly projector: Projector;
  readonly fleet: Fleet;
  readonly socket: string;
  readonly journal: Journal | undefined;
  /** The environment without the desk's secrets, and the operator's home. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** Hears of each record once it is durable; the answer stops listening. */
  onCommit(listener: (recorded: Recorded) => void): () => void;
  /** Stops connectors, flushes everything, gives the lock back. */
  close(): Promise<void>;
}

/** @throws LOCKED, CONFIG_*, FORMAT_TOO_NEW. A corrupt journal opens a desk that only reads. */
export async function openDesk(options: DeskOptions): Promise<OpenDesk> {
  const { disk, ids, env, home } = options;
  const root = realpathSync(options.root);
  const config = await loadConfig(disk, `${root}/${LAYOUT.config}`, globalConfigPath(home));
  const outside = runtimePaths(root, env, process.getuid?.() ?? 0);
  mkdirSync(outside.runtime, { recursive: true, mode: 0o700 });
  const lock = await takeLock(disk, outside.lock, root, ids.random(8), nodeProcesses);
  try {
    return await openLocked({ ...options, root }, config, outside.socket, lock);
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function openLocked(options: DeskOptions, config: DeskConfig, socket: string, lock: Lock): Promise<OpenDesk> {
  const { root, disk, clock, env, home } = options;
  for (const folder of FOLDERS) await disk.mkdir(`${root}/${folder}`);
  const vault = openSecretStore(disk, env);
  const logDir = logFolder(root, home, config.workspace.logDir);
  const logs = openLogs({ disk, dir: logDir, clock, level: config.workspace.logLevel, redact: vault.redact });
  // An editor's help is no reason for a desk to stay down.
  await refreshAuthorTypes(disk, root, options.packageRoot).catch((error: unknown) =>
    logs.warn(`types for editors: ${messageOf(error)}`),
  );
  const record = await openRecord(options, logs);
  const emptyDir = `${dirname(socket)}/empty`;
  mkdirSync(emptyDir, { recursive: true, mode: 0o700 });
  const history = await openHistory({
    root,
    disk,
    clock,
    log: logs,
    enabled: config.workspace.historyEnabled,
    env,
    head: () => `${record.book.seq} ${record.journal?.head.hash ?? ""}`,
  });
  const key = await loadKey(disk, keyPath(home, record.book.deskId));
  const fleet = openFleet({
    ...options,
    log: logs,
    vault,
    config,
    workerText: readFileSync(`${options.packageRoot}/dist/sandbox/adapter-worker.cjs`, "utf8"),
    emptyDir,
  });
  const guards = openGuardPool({
    guards: config.guards.filter((guard) => guard.kind === "custom").filter((guard) => guard.enabled),
    workerFile: `${options.packageRoot}/dist/sandbox/guard-worker.cjs`,
    disk,
    clock,
    log: logs,
  });
  const desk: Desk = {
    root,
    version: options.version,
    config,
    book: record.book,
    clock,
    ids: options.ids,
    disk,
    log: logs,
    venues: fleet.venues,
    guards,
    history,
    key,
    market: {
      instruments: new Map(),
      venueTimes: new Map(),
      askedAt: new Map(),
      reconciled: new Set(),
      freeBytes: undefined,
    },
    proposals: createProposalCache({ disk, root, clock }, record.authors),
    notes: createNoteCache({ disk, root, clock }),
    publish: record.publish,
    readOnly: record.readOnly,
    journalDir: `${root}/${LAYOUT.journal}`,
  };
  let closing: Promise<void> | undefined;
  const projector = openProjector(desk);
  record.onCommit((recorded) => projector.take(recorded));
  await fleet.attach(desk);
  // Not awaited: the first order waits its turn behind it.
  void guards.warm();
  return {
    packageRoot: options.packageRoot,
    desk,
    config,
    logs,
    logDir,
    projector,
    fleet,
    socket,
    journal: record.journal,
    env,
    home,
    onCommit: record.onCommit,
    close: () => (closing ??= closeAll({ desk, fleet, guards, projector, record, logs, lock })),
  };
}

interface OpenRecord {
  readonly book: Book;
  readonly journal: Journal | undefined;
  readonly authors: OrderAuthors;
  readonly publish: Desk["publish"];
  readonly readOnly: Desk["readOnly"];
  onCommit(listener: (recorded: Recorded) => void): () => void;
}

/** Journal, book and bus; the first records of this life. */
async function openRecord(options: DeskOptions, logs: LogFile): Promise<OpenRecord> {
  const { root, disk, clock } = options;
  let problem: string | undefined;
  const { book, take } = openReplay();
  const authors = createOrderAuthors();
  const { scan, journal } = await openJournal({
    take: (recorded) => {
      take(recorded);
      authors.take(recorded);
    },
    disk,
    dir: `${root}/${LAYOUT.journal}`,
    clock,
    log: logs,
    onFailure: (failure) => {
      problem = failure.message;
    },
  });
  if (journal === undefined) {
    const { segment, line, message } = scan.corrupt ?? { segment: "", line: 0, message: "" };
    const corrupt = new QocError("JOURNAL_CORRUPT", { segment, line, message });
    logs.error(corrupt.message);
    const refuse = (): never => {
      throw corrupt;
    };
    return {
      book,
      journal,
      authors,
      publish: refuse,
      readOnly: () => corrupt.message,
      onCommit: () => () => undefined,
    };
  }
  const bus = openBus(journal, book, logs);
  bus.subscribe("publish", (recorded) => authors.take(recorded));
  await recordStartup(options, journal, book, bus.publish);
  return {
    book,
    journal,
    authors,
    publish: bus.publish,
    readOnly: () => problem,
    onCommit: (listener) => bus.subscribe("commit", listener),
  };
}

/** A desk that finds itself on another machine, or copied, takes a new epoch and starts halted. */
async function recordStartup(
  options: DeskOptions,
  journal: Journal,
  book: Book,
  publish: Desk["publish"],
): Promise<void> {
  const { ids, root, version } = options;
  const place = statSync(`${root}/${LAYOUT.journal}`);
  const machine = sha256Hex(`${machineName()} ${place.dev} ${place.ino}`).slice(0, 32);
  const isCopy = book.machine !== "" && book.machine !== machine;
  journal.epoch = Math.max(1, book.epoch) + (isCopy ? 1 : 0);
  if (book.deskId === "") publish({ type: "desk.created", format: JOURNAL_FORMAT, deskId: await newDeskId(options) });
  const started = publish({ type: "desk.started", version, machine, nonce: ids.random(4) }, { durable: true });
  if (isCopy) {
    publish(
      {
        type: "trading.changed",
        state: "halted",
        reason: "this desk was copied or moved to another machine; qoc resume when that is meant",
        actor: "host",
      },
      { durable: true },
    );
  }
  await started.committed;
}

/** `qoc init` left the id beside the key it made; without it a key is made anew by init's own step. */
async function newDeskId({ disk, root }: DeskOptions): Promise<string> {
  return (await disk.readText(`${root}/${LAYOUT.state}/desk-id`)).trim();
}

async function closeAll(open: {
  desk: Desk;
  fleet: Fleet;
  guards: GuardPool;
  projector: Projector;
  record: OpenRecord;
  logs: LogFile;
  lock: Lock;
}): Promise<void> {
  const { desk, fleet, guards, projector, record, logs, lock } = open;
  await fleet.stop();
  await guards.close();
  if (desk.readOnly() === undefined)
    await desk.publish({ type: "desk.stopped" }, { durable: true }).committed.catch(() => undefined);
  await projector.settled();
  desk.history.request("the desk was stopped");
  await desk.history.flush();
  await record.journal?.close();
  await logs.flush();
  await lock.release();
}
