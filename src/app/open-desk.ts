/** Opens one desk: lock, journal, state, connectors, projections. The only file that imports from every lower layer. */
import { mkdirSync, readFileSync, realpathSync } from "node:fs";
import type { Journal } from "../bus/journal.ts";
import { type Desk, createMarketCache, createProposalCache } from "../trading/desk.ts";
import { createFillBudgets } from "../trading/fills/fill-budget.ts";
import { type Projector, openProjector } from "../trading/projections/projector.ts";
import { type ConfigurationOptions, openConfiguration, startConfig } from "../trading/config/desk-config.ts";
import { messageOf } from "../domain/errors/error.ts";
import type { Lifecycle } from "../lib/lifecycle.ts";
import type { Recorded } from "../domain/event.ts";
import type { Clock, Disk, Ids } from "../domain/ports.ts";
import type { CustomGuard } from "../domain/config/guard-config.ts";
import { type GuardPool, openGuardPool } from "../host/guard-pool.ts";
import { type SecretStore, openSecretStore } from "../host/secrets.ts";
import type { DeskConfig } from "../workspace/config.ts";
import { diskOfRealFolders } from "../workspace/real-folders.ts";
import { type DeskWrites, recordDeskWrites } from "../workspace/desk-writes.ts";
import { type History, openHistory } from "../workspace/history.ts";
import { FOLDERS, LAYOUT, logFolder } from "../workspace/layout.ts";
import { type RuntimePaths, makeRuntimeFolder, runtimePaths } from "../workspace/runtime-folder.ts";
import { takeLock } from "../workspace/lock.ts";
import { type LogFile, openLogs } from "../workspace/logs.ts";
import { secretFilesOf } from "../workspace/files.ts";
import { openWorkspace } from "../workspace/workspace.ts";
import { openEgress } from "../host/egress.ts";
import { startGuardProcess } from "../host/guard-process.ts";
import type { ProcessSandbox } from "../host/process-sandbox.ts";
import { type Fleet, type FleetOptions, openFleet } from "./connector-fleet.ts";
import { processSandboxFinder } from "./find-process-sandbox.ts";
import { codeOf } from "./open-connectors.ts";
import { configReader } from "./config-reader.ts";
import { refreshAuthorTypes } from "./init.ts";
import { type OpenRecord, openRecord } from "./open-record.ts";
import { nodeProcesses } from "./processes.ts";
import { type ReplaceableGuards, replaceableGuards } from "./replaceable-guards.ts";

export interface DeskOptions {
  /** The workspace's folder. */
  readonly root: string;
  readonly packageRoot: string;
  readonly version: string;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly ids: Ids;
  /** The process environment: the desk removes its connectors' secrets from it. */
  readonly env: Record<string, string | undefined>;
  readonly home: string;
  /** Start with trading halted. */
  readonly halted?: boolean | undefined;
  /** The port of this start instead of that in desk.toml. */
  readonly port?: number | undefined;
}

export interface OpenDesk {
  /** The folder in which Qoc is installed. */
  readonly packageRoot: string;
  readonly desk: Desk;
  readonly config: DeskConfig;
  readonly logs: LogFile;
  readonly logDir: string;
  readonly projector: Projector;
  readonly fleet: Fleet;
  readonly socket: string;
  /** The agents' socket. */
  readonly agentSocket: string;
  /** The digests of the page sessions' halves. */
  readonly pageFile: string;
  /** The public half of the key that the operator's clients prove. */
  readonly operatorPem: string;
  readonly journal: Journal | undefined;
  /** The environment without the connectors' secrets. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** Calls the listener with each record once it is durable. Returns a function that removes the listener. */
  onCommit(listener: (recorded: Recorded) => void): () => void;
}

/**
 * Opens the desk in `options.root`. Every resource is registered in `lifecycle`; the caller closes it, also if this
 * rejects. A corrupt journal opens a desk that only reads.
 * @throws LOCKED, CONFIG_*, FORMAT_TOO_NEW.
 */
export async function openDesk(given: DeskOptions, lifecycle: Lifecycle): Promise<OpenDesk> {
  const root = realpathSync(given.root);
  const writes = recordDeskWrites(diskOfRealFolders(given.disk, root), root);
  const options = { ...given, root, disk: writes.disk };
  const { disk, ids, env, home } = options;
  const reader = configReader({ disk, root, home });
  const text = await reader.text();
  const found = await reader.read();
  const { workspace } = found.config;
  const user = { env, home, uid: process.getuid?.() ?? 0 };
  const paths = runtimePaths(root, user);
  makeRuntimeFolder(paths, user);
  await lifecycle.open(
    "lock",
    () => takeLock(disk, paths.lock, { root, nonce: ids.random(8), processes: nodeProcesses }),
    (lock) => lock.release(),
  );
  await disk.mkdir(`${root}/${LAYOUT.state}`);
  // The runtime folder depends on the environment: two terminals with different variables share only the workspace.
  await lifecycle.open(
    "workspace lock",
    () => takeLock(disk, `${root}/${LAYOUT.lock}`, { root, nonce: ids.random(8), processes: nodeProcesses }),
    (lock) => lock.release(),
  );
  for (const folder of FOLDERS) await disk.mkdir(`${root}/${folder}`);
  const secrets = openSecretStore(disk, env);
  const logDir = logFolder(root, home, workspace.logDir);
  const logs = await lifecycle.open(
    "logs",
    () => openLogs({ disk, dir: logDir, clock: options.clock, level: workspace.logLevel, redact: secrets.redact }),
    (opened) => opened.flush(),
  );
  // The desk starts without editor types: they serve authors, not trading.
  await refreshAuthorTypes(disk, root, options.packageRoot).catch((error: unknown) =>
    logs.warn(`types for editors: ${messageOf(error)}`),
  );
  const { currency } = found.config.account;
  const record = await openRecord({ ...options, currency }, logs, lifecycle);
  const start = startConfig(record.state, found, root);
  if (record.readOnly() === undefined) await Promise.all(start.events.map((event) => record.commit(event)));
  const parts = { options, config: start.config, found, text, reader, start, written: writes.take };
  return openTrading({ ...parts, paths, secrets, logs, logDir, record }, lifecycle);
}

interface DeskParts extends Pick<ConfigurationOptions, "found" | "text" | "reader" | "start"> {
  readonly options: DeskOptions;
  /** In force at the start. */
  readonly config: DeskConfig;
  readonly paths: RuntimePaths;
  readonly secrets: SecretStore;
  readonly logs: LogFile;
  readonly logDir: string;
  readonly record: OpenRecord;
  readonly written: DeskWrites["take"];
}

/** Opens the parts that work on the journal: history, connectors, custom guards, projections. */
async function openTrading(parts: DeskParts, lifecycle: Lifecycle): Promise<OpenDesk> {
  const { options, config, paths, logs, logDir, record } = parts;
  const { root, disk, clock, env, home } = options;
  const history = await lifecycle.open("history", () => openDeskHistory(parts), closeHistory);
  const workspace = openWorkspace({ disk, root, clock, secretFiles: () => secretFilesOf(config) });
  const egress = await lifecycle.open(
    "egress",
    () => openEgress(`${options.packageRoot}/dist/sandbox/egress-thread.cjs`),
    (opened) => opened.close(),
  );
  const sandbox = processSandboxFinder(env["PATH"] ?? "", clock);
  const guards = openCustomGuards(parts, sandbox);
  const fleet = openDeskFleet(parts, { bars: workspace.bars, egress, sandbox, moveGuards: () => guards.move() });
  const configuration = openConfiguration({
    ...parts,
    root,
    state: record.state,
    adapters: {
      seen: (name) => fleet.venues.facts(name)?.digest,
      read: (connector) => codeOf(options, connector),
    },
    onGuards: guards.replace,
    onConnectors: (connectors) => fleet.add(connectors),
  });
  const desk = createDesk(parts, { workspace, venues: fleet.venues, guards, history, configuration });
  const projector = await lifecycle.open(
    "projections",
    () => openProjector(desk),
    (opened) => opened.close(),
  );
  record.onCommit((recorded) => projector.take(recorded));
  await lifecycle.open(
    "custom guards",
    () => guards,
    (pool) => pool.close(),
  );
  await lifecycle.open(
    "connectors",
    () => fleet.attach(desk),
    async () => {
      await fleet.stop();
      await recordStop(desk);
    },
  );
  // Not awaited: the first order waits for the guards, the start does not.
  void (fleet.isLive ? guards.move() : guards.preload());
  return {
    packageRoot: options.packageRoot,
    desk,
    config,
    logs,
    logDir,
    projector,
    fleet,
    socket: paths.socket,
    agentSocket: paths.agentSocket,
    pageFile: `${paths.runtime}/pages.json`,
    operatorPem: record.operatorPem,
    journal: record.journal,
    env,
    home,
    onCommit: record.onCommit,
  };
}

function createDesk(
  { options, config, logs, record }: DeskParts,
  services: Pick<Desk, "workspace" | "venues" | "guards" | "history" | "configuration">,
): Desk {
  return {
    ...services,
    authority: record.authority,
    version: options.version,
    port: options.port ?? config.workspace.port,
    get config() {
      return services.configuration.inForce;
    },
    state: record.state,
    archive: record.archive,
    clock: options.clock,
    ids: options.ids,
    log: logs,
    market: createMarketCache(options.clock),
    fillBudgets: createFillBudgets(options.clock),
    proposals: createProposalCache(record.authors),
    publish: record.publish,
    commit: record.commit,
    readOnly: record.readOnly,
    record: record.record,
  };
}

type FleetServices = Pick<FleetOptions, "bars" | "egress" | "sandbox" | "moveGuards">;

function openDeskFleet({ options, config, paths, secrets, logs }: DeskParts, services: FleetServices): Fleet {
  const emptyDir = emptyFolder(paths);
  const workerText = readFileSync(`${options.packageRoot}/dist/sandbox/adapter-worker.cjs`, "utf8");
  const extraCertificates = options.env["NODE_EXTRA_CA_CERTS"] || undefined;
  return openFleet({ ...options, ...services, log: logs, secrets, config, workerText, emptyDir, extraCertificates });
}

function emptyFolder({ runtime }: RuntimePaths): string {
  const folder = `${runtime}/empty`;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return folder;
}

function openCustomGuards(
  { options, config, logs, paths }: DeskParts,
  sandbox: () => Promise<ProcessSandbox>,
): ReplaceableGuards {
  const processFile = `${options.packageRoot}/dist/sandbox/guard-process.cjs`;
  const open = (guards: readonly CustomGuard[]): GuardPool =>
    openGuardPool({
      startProcess: async (thread) =>
        startGuardProcess({
          ...thread,
          processFile,
          ids: options.ids,
          sandbox: await sandbox(),
          folder: emptyFolder(paths),
        }),
      guards: guards.filter((guard) => guard.enabled),
      workerFile: `${options.packageRoot}/dist/sandbox/guard-worker.cjs`,
      disk: options.disk,
      clock: options.clock,
      log: logs,
    });
  return replaceableGuards(
    open,
    config.guards.filter((guard) => guard.kind === "custom"),
  );
}

function closeHistory(history: History): Promise<void> {
  return history.close("the desk was stopped");
}

function openDeskHistory({ options, config, logs, record, written }: DeskParts): Promise<History> {
  const { root, disk, clock, env } = options;
  return openHistory({
    root,
    disk,
    clock,
    log: logs,
    enabled: config.workspace.historyEnabled,
    env,
    written,
    head: () => {
      const signed = record.signedHead();
      return signed === undefined ? undefined : JSON.stringify(signed);
    },
  });
}

/**
 * The last record of this run of the desk. A journal that cannot take the record must not keep the desk from stopping.
 */
async function recordStop(desk: Pick<Desk, "commit" | "log" | "readOnly">): Promise<void> {
  if (desk.readOnly() !== undefined) return;
  await desk.commit({ type: "desk.stopped" }).catch((error: unknown) => {
    desk.log.error(`the stop is not recorded: ${messageOf(error)}`);
  });
}
