/** Services for commands that run in the caller's process: making a desk, starting it, reading a desk that is down. */
import { realpathSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { type JournalScan, type ScanOptions, scanJournal } from "../bus/journal-read.ts";
import { openReplay, upgraded } from "../bus/replay.ts";
import type { LocalServices } from "../commands/command.ts";
import { checkKeyFiles } from "../trading/keys/key-files.ts";
import { exportKeys, importKeys, readExport, refuseKnownKeys } from "../trading/keys/key-export.ts";
import { type KeylessDesk, replaceKeys } from "../trading/keys/key-replacement.ts";
import { createLiveKey, readPublicKeys, upgradeKeys } from "../trading/keys/operator-keys.ts";
import { workingOrders } from "../trading/orders/working-orders.ts";
import { haltFilePath, writeHaltFile } from "../workspace/halt-file.ts";
import { rebuild } from "../trading/projections/rebuild.ts";
import { gapError } from "../trading/audit/accept-gap.ts";
import { QocError } from "../domain/errors/error.ts";
import { type DeskConfig, loadConfig } from "../workspace/config.ts";
import { LAYOUT, globalConfigPath, keyPath, logFolder, readDeskId } from "../workspace/layout.ts";
import {
  type RuntimePaths,
  type RuntimeUser,
  checkSockets,
  makeRuntimeFolder,
  runtimePaths,
} from "../workspace/runtime-folder.ts";
import { findWorkspace, trustWorkspace } from "../workspace/workspace-trust.ts";
import { type DeskProcess, findDeskProcess, lockedError } from "../workspace/lock.ts";
import { readLogs } from "../workspace/logs.ts";
import { openWorkspace } from "../workspace/workspace.ts";
import { agentCredentials, operatorCredentials } from "./client-credentials.ts";
import { connectVenue } from "./connect-venue.ts";
import { type DaemonScreen, runDaemon } from "./daemon.ts";
import { inspectDesk } from "./inspect-desk.ts";
import { findJournalGap, readRecordedDesk, recordedState, takeInterrupted } from "./read-recorded-desk.ts";
import { startDaemon } from "./start-daemon.ts";
import type { RunLine } from "./run-demo.ts";
import { initDesk, makeKeyFolder } from "./init.ts";
import { newConnector } from "./new-connector.ts";
import { isInside } from "../lib/path-containment.ts";
import { quoteForShell } from "../lib/shell.ts";
import { deskIdOf, openJournalCheck } from "./journal-guard.ts";
import type { DeskOptions } from "./open-desk.ts";
import { readLedger } from "./read-ledger.ts";
import { processSandboxFinder } from "./find-process-sandbox.ts";
import { nodeProcesses } from "./processes.ts";
import { verifyJournal } from "./verify-journal.ts";

export interface LocalServicesOptions extends Omit<DeskOptions, "root"> {
  readonly cwd: string;
  readonly bin: string;
  readonly answers: DaemonScreen["answers"];
  readonly ready: DaemonScreen["ready"];
  /** Runs a command line in this process, for the demo. */
  readonly runLine: RunLine;
}

interface LocatedDesk {
  /** The workspace's folder. */
  readonly root: string;
  readonly paths: RuntimePaths;
}

type Local<K extends keyof LocalServices> = Pick<LocalServices, K>;

export function createLocalServices(options: LocalServicesOptions): LocalServices {
  const { disk, clock, version } = options;
  return {
    disk,
    clock,
    version,
    ...startServices(options),
    ...readServices(options),
    ...repairServices(options),
    ...adapterServices(options),
  };
}

/** Finds the desk of a folder or of a folder above it. */
async function locateDesk(options: LocalServicesOptions, from: string): Promise<LocatedDesk> {
  const user = userOf(options);
  const root = realpathSync(await findWorkspace(options.disk, from, user));
  return { root, paths: runtimePaths(root, user) };
}

function userOf({ env, home }: Pick<LocalServicesOptions, "env" | "home">): RuntimeUser {
  return { env, home, uid: process.getuid?.() ?? 0 };
}

/** Makes a desk, starts it, or connects to a running one. */
function startServices(options: LocalServicesOptions): Local<"init" | "up" | "mcp" | "demo"> {
  const { clock, version, env } = options;
  return {
    init: (request) => initDesk({ ...options, ...request }),
    up: async ({ detach, halted, port, from }, progress, signal) => {
      const located = await locateDesk(options, from);
      const { root, paths } = located;
      const { answers, ready } = options;
      const screen = { answers, ready, line: (text: string) => progress.line(text) };
      if (!detach) return runDaemon({ ...options, root, halted, port }, screen, signal);
      await refuseRunning(options, located);
      makeRuntimeFolder(paths, userOf(options));
      const logFile = `${paths.runtime}/up.log`;
      const address = {
        socketPath: paths.socket,
        credentials: () => operatorCredentials({ ...options, root }, userOf(options).uid),
      };
      const flags = [...(halted ? ["--halted"] : []), ...(port === undefined ? [] : ["--port", String(port)])];
      return startDaemon({ bin: options.bin, root, address, logFile, flags, env, progress }, signal);
    },
    mcp: async (from, signal) => {
      const { root, paths } = await locateDesk(options, from);
      checkSockets(paths, userOf(options));
      const { serveMcpOverStdio } = await import("./mcp-stdio.ts");
      const connection = options.ids.random(8);
      const token = env["QOC_TOKEN"] || undefined;
      const address = {
        socketPath: paths.agentSocket,
        credentials: () => agentCredentials({ ...options, root }, token),
      };
      return serveMcpOverStdio({ address, root, version, clock, connection }, signal);
    },
    demo: async (request, screen, signal) => (await import("./run-demo.ts")).runDemo(options, request, screen, signal),
  };
}

/** Reads a desk that is down, without writing to it. */
function readServices(
  options: LocalServicesOptions,
): Local<"recordOf" | "ledgerOf" | "inspect" | "verifyOf" | "logsOf"> {
  const { disk, home } = options;
  return {
    recordOf: async (from) => {
      const { root, paths } = await locateDesk(options, from);
      const desk = await readRecordedDesk(options, root);
      if ((await findDeskProcess({ disk, root }, paths, nodeProcesses)) === undefined)
        await takeInterrupted(desk.state);
      return desk;
    },
    ledgerOf: async (from, query) => {
      const { root } = await locateDesk(options, from);
      const place = { ...options, root };
      const config = await readableConfig(options, root);
      return readLedger(place, { ...query, config }, () => openJournalCheck(place));
    },
    inspect: async (from) => {
      const located = await locateDesk(options, from);
      return inspectDesk({ ...options, ...located, uid: userOf(options).uid });
    },
    verifyOf: async (from, progress) => {
      const { root } = await locateDesk(options, from);
      return verifyJournal({ ...options, root }, progress);
    },
    logsOf: async (from, query) => {
      const { root } = await locateDesk(options, from);
      const { workspace } = await readableConfig(options, root);
      return readLogs(disk, logFolder(root, home, workspace.logDir), query);
    },
  };
}

/** The settings of desk.toml; if it cannot be read, those that were accepted last, for which the journal is folded. */
function readableConfig(options: LocalServicesOptions, root: string): Promise<DeskConfig> {
  const { disk, home } = options;
  return loadConfig(disk, `${root}/${LAYOUT.config}`, globalConfigPath(home)).catch(
    async () => (await readRecordedDesk(options, root)).config,
  );
}

/** Changes files of a desk that is down. */
function repairServices(
  options: LocalServicesOptions,
): Local<
  | "haltOf"
  | "rebuildOf"
  | "protectKey"
  | "checkNewKeys"
  | "newKeys"
  | "checkExport"
  | "checkImport"
  | "exportKeys"
  | "importKeys"
  | "trust"
> {
  const { disk, clock, home } = options;
  return {
    haltOf: async (from, reason) => {
      const located = await locateDesk(options, from);
      const { root } = located;
      const key = keyPath(home, await readDeskId(disk, root));
      await refuseForeignHome(options, located, key);
      await writeHaltFile(disk, haltFilePath(key), reason);
      // The halt is written first: it must not depend on the journal.
      const working = await recordedState(options, root).then(workingOrders, () => []);
      return { trading: "halted", reason, up: false, working };
    },
    rebuildOf: async (from, progress) => {
      const located = await locateDesk(options, from);
      const { root } = located;
      await refuseRunning(options, located);
      const gap = await findJournalGap(options, root);
      if (gap !== undefined) throw gapError(gap);
      const workspace = openWorkspace({ disk, root, clock, secretFiles: () => [] });
      return rebuild(workspace, upgraded((await scanOf(options, root)).events), progress);
    },
    protectKey: async (from, passphrase) => {
      const { root } = await locateDesk(options, from);
      const deskId = await readDeskId(disk, root);
      const path = keyPath(home, deskId);
      await checkKeyFiles(disk, path, userOf(options).uid);
      await upgradeKeys(disk, path, deskId);
      const { live } = await readPublicKeys(disk, path, deskId);
      if (live === undefined && (await namedKeys(options, root)).named.live !== undefined)
        throw new QocError("LIVE_KEY_LOST");
      await createLiveKey(options, path, { deskId, passphrase });
      return { path: `${path}.live`, locked: true };
    },
    ...keyTransport(options),
    trust: (path, from) => trustWorkspace(disk, resolve(from, path), userOf(options)),
  };
}

/**
 * A desk reads the halt file beside its own keys: with another HOME the file would halt nothing. A desk that runs here
 * and lost its key reads it, too. @throws DESK_ELSEWHERE, KEY_MISSING.
 */
async function refuseForeignHome(options: LocalServicesOptions, located: LocatedDesk, key: string): Promise<void> {
  if ((await options.disk.facts(key)) !== undefined) return;
  const found = await refuseElsewhere(options, located);
  if (found === undefined) throw new QocError("KEY_MISSING", { path: key });
}

/** Returns the desk's process, if it runs with the variables of this one. @throws DESK_ELSEWHERE. */
async function refuseElsewhere(
  { disk }: LocalServicesOptions,
  { root, paths }: LocatedDesk,
): Promise<DeskProcess | undefined> {
  const found = await findDeskProcess({ disk, root }, paths, nodeProcesses);
  if (found?.otherFolder === undefined) return found;
  throw new QocError("DESK_ELSEWHERE", { pid: found.pid, folder: found.otherFolder });
}

/** The keys that the journal names, and its head. @throws JOURNAL_CORRUPT. */
async function namedKeys(options: LocalServicesOptions, root: string): Promise<Omit<KeylessDesk, "deskId">> {
  const { state, take } = openReplay();
  const { head, corrupt } = await scanOf(options, root, { take });
  if (corrupt !== undefined) throw new QocError("JOURNAL_CORRUPT", { ...corrupt });
  return { head, named: { desk: state.keys.get("desk"), live: state.keys.get("live") } };
}

/** The path without links, also if the file does not exist yet. */
function newFileAt(path: string): string {
  try {
    return join(realpathSync(dirname(path)), basename(path));
  } catch {
    throw new QocError("NEW_FILE_REFUSED", { path, reason: "its folder does not exist" });
  }
}

interface LocatedKeys {
  readonly root: string;
  readonly deskId: string;
  /** The path of the desk key. */
  readonly path: string;
}

/** The keys of a desk, whose owner and modes are checked if they are there. `makesFolder`: for new ones. */
async function locateKeys(options: LocalServicesOptions, from: string, makesFolder: boolean): Promise<LocatedKeys> {
  const { disk, home } = options;
  const { root } = await locateDesk(options, from);
  const deskId = await deskIdOf({ disk, root });
  const path = keyPath(home, deskId);
  if (makesFolder) makeKeyFolder(path);
  await checkKeyFiles(disk, path, userOf(options).uid);
  return { root, deskId, path };
}

/**
 * Where new keys go. A desk that runs with another HOME has its keys there. @throws KEY_EXISTS, DESK_ELSEWHERE.
 */
async function lostKeys(options: LocalServicesOptions, from: string): Promise<LocatedKeys> {
  await refuseElsewhere(options, await locateDesk(options, from));
  const located = await locateKeys(options, from, true);
  await refuseKnownKeys(options.disk, located.path);
  return located;
}

/** The path of a new file for the keys. @throws NEW_FILE_REFUSED. */
async function exportTarget({ disk }: LocalServicesOptions, root: string, file: string): Promise<string> {
  const target = newFileAt(file);
  // Agents read files of the desk, and its history keeps each of them.
  if (isInside(root, target))
    throw new QocError("NEW_FILE_REFUSED", { path: target, reason: "keys stay outside the desk's folder" });
  if ((await disk.facts(target)) !== undefined)
    throw new QocError("NEW_FILE_REFUSED", { path: target, reason: "it exists already; name a new file" });
  return target;
}

/** Carries the keys of a desk to another machine. */
function keyTransport(
  options: LocalServicesOptions,
): Local<"checkNewKeys" | "newKeys" | "checkExport" | "exportKeys" | "checkImport" | "importKeys"> {
  const { disk } = options;
  return {
    checkExport: async (from, file) => {
      const { root } = await locateDesk(options, from);
      return { file: await exportTarget(options, root, resolve(from, file)) };
    },
    exportKeys: async (from, file, passphrase) => {
      const { root, deskId, path } = await locateKeys(options, from, false);
      const target = await exportTarget(options, root, resolve(from, file));
      await upgradeKeys(disk, path, deskId);
      await disk.create(target, await exportKeys(options, path, { deskId, passphrase }), 0o600);
      return {
        file: target,
        next: `copy the desk's folder and this file, then there: qoc keys import ${quoteForShell(file)}`,
      };
    },
    checkNewKeys: async (from) => {
      const { path } = await lostKeys(options, from);
      return { path };
    },
    newKeys: async (from) => {
      const { root, deskId, path } = await lostKeys(options, from);
      const { hasLive } = await replaceKeys(disk, path, { deskId, ...(await namedKeys(options, root)) });
      return {
        path,
        live: hasLive,
        next: "qoc up, then qoc resume; if the desk is read-only, resume with the --gap that the start prints",
      };
    },
    checkImport: async (from, file) => {
      const { deskId, path } = await locateKeys(options, from, false);
      const target = resolve(from, file);
      await readExport(disk, path, { deskId, file: target });
      return { file: target };
    },
    importKeys: async (from, file, passphrase) => {
      const { deskId, path } = await locateKeys(options, from, true);
      const { hasLive } = await importKeys(disk, path, { deskId, passphrase, file: resolve(from, file) });
      return { path, live: hasLive, next: "qoc up" };
    },
  };
}

/** For authors of connectors, and for a new connector of desk.toml; needs no desk that is up. */
function adapterServices(options: LocalServicesOptions): Local<"newConnector" | "certify" | "connect"> {
  const sandbox = processSandboxFinder(options.env["PATH"] ?? "", options.clock);
  return {
    newConnector: async ({ name, from }) =>
      newConnector({ ...options, root: await findWorkspace(options.disk, from, userOf(options)), name }),
    // The kit with its fake venues is a third of the program: the other commands, and a start, do not load it.
    certify: async (request, progress) => {
      const { certifyAdapter } = await import("./certify-adapter.ts");
      return certifyAdapter({ ...options, user: userOf(options), sandbox }, request, progress);
    },
    connect: async (request, progress) => {
      const { root } = await locateDesk(options, request.from);
      return connectVenue({ ...options, root, sandbox }, request, progress);
    },
  };
}

function scanOf(options: LocalServicesOptions, root: string, scan: ScanOptions = {}): Promise<JournalScan> {
  return scanJournal(options.disk, `${root}/${LAYOUT.journal}`, scan);
}

/** @throws LOCKED, also if the desk was started with other variables. */
async function refuseRunning(options: LocalServicesOptions, { root, paths }: LocatedDesk): Promise<void> {
  const found = await findDeskProcess({ ...options, root }, paths, nodeProcesses);
  if (found === undefined) return;
  const lock = found.otherFolder === undefined ? paths.lock : `${root}/${LAYOUT.lock}`;
  throw await lockedError(options.disk, lock, { pid: found.pid, root });
}
