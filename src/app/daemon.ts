/** `qoc up`: runs one desk with its sockets and its port until it is stopped. */
import { aborted } from "../lib/aborted.ts";
import { mkdirSync, watch } from "node:fs";
import { dirname } from "node:path";
import { invoke } from "../commands/invoke.ts";
import { commandRegistry } from "./command-registry.ts";
import { type ConfigNotice, deskNotices, noticeText } from "../trading/config-notices.ts";
import { workingLines } from "../commands/rendering/working-orders.ts";
import { createEventLog } from "../trading/event-log.ts";
import type { Recorded } from "../domain/event.ts";
import { workingOrders } from "../trading/working-orders.ts";
import { setTrading } from "../trading/decide.ts";
import type { Desk } from "../trading/desk.ts";
import { scanQuietly } from "../trading/scan-proposals.ts";
import { QocError, messageOf } from "../domain/error.ts";
import { Lifecycle } from "../lib/lifecycle.ts";
import { PROPOSAL_FOLDERS, keyPath, readDeskId } from "../workspace/layout.ts";
import { haltFilePath, readHaltFile } from "../workspace/halt-file.ts";
import { hostSigner } from "../trading/operator-keys.ts";
import { type SocketHandler, type SocketServer, createSocketServer } from "../cli/server.ts";
import { serveHttp } from "../http/server.ts";
import { type AgentServices, openAgentServices } from "./open-agent-services.ts";
import { type DeskOptions, type OpenDesk, openDesk } from "./open-desk.ts";

export interface UpFacts {
  readonly workspace: string;
  readonly path: string;
  readonly pid: number;
  readonly port: number;
  readonly socket: string;
  readonly readyMs: number;
  readonly trading: string;
  readonly config: readonly ConfigNotice[];
  readonly connectors: readonly {
    readonly name: string;
    readonly state: string;
    readonly mode: string;
    readonly isolation: string;
    readonly readyMs: number | null;
  }[];
}

/** Where a desk in the foreground reports. */
export interface DaemonScreen {
  ready(facts: UpFacts): void;
  /** One line for a person. */
  line(text: string): void;
}

const SCAN_MS = 2_000;
const WATCH_DELAY_MS = 50;
const FREE_SPACE_MS = 10_000;
const HALT_FILE_MS = 1_000;

/**
 * Runs the desk until `qoc down`, a signal or `signal` stops it; resolves with the facts that `ready` got. Names the
 * orders that still work at their venues when it stops.
 * @throws the error that kept the desk from starting, after everything that was opened is closed.
 */
export async function runDaemon(
  options: DeskOptions,
  screen: DaemonScreen,
  signal: AbortSignal,
  lifecycle = new Lifecycle(),
): Promise<UpFacts> {
  const stopping = new AbortController();
  signal.addEventListener("abort", () => stopping.abort(), { once: true });
  let facts: UpFacts;
  try {
    const opened = await openDaemon(options, lifecycle, { stopping, screen });
    ({ facts } = opened);
    screen.ready(facts);
    await aborted(stopping.signal);
    for (const line of workingLines(workingOrders(opened.open.desk.state))) screen.line(line);
  } catch (error) {
    stopping.abort();
    const closeFailure = await lifecycle.close().then(
      () => undefined,
      (failure: unknown) => failure,
    );
    if (closeFailure === undefined) throw error;
    const message = `${messageOf(error)}; then ${messageOf(closeFailure)}`;
    throw new AggregateError([error, closeFailure], message, { cause: error });
  }
  await lifecycle.close();
  return facts;
}

interface OpenedDaemon {
  readonly open: OpenDesk;
  readonly facts: UpFacts;
}

/** Opens the parts of the daemon in order. `lifecycle` holds what was opened. */
async function openDaemon(
  options: DeskOptions,
  lifecycle: Lifecycle,
  { stopping, screen }: { readonly stopping: AbortController; readonly screen: DaemonScreen },
): Promise<OpenedDaemon> {
  const started = performance.now();
  // First, so that it closes last: clients that wait for the desk to stop poll this socket.
  const socket = await lifecycle.open(
    "operator socket",
    () => createSocketServer(),
    (server) => server.close(),
  );
  const open = await openDesk(options, lifecycle);
  const { desk, config, fleet } = open;
  const agentSocket = await lifecycle.open(
    "agent socket",
    () => createSocketServer(),
    (server) => server.close(),
  );
  const agents = await openAgentServices(open, lifecycle, () => setImmediate(() => stopping.abort()));
  const status = (): Readonly<Record<string, unknown>> => ({
    name: config.workspace.name,
    up: true,
    version: desk.version,
  });
  await lifecycle.open(
    "port",
    () => serveHttp({ port: config.workspace.port, status, mcp: agents.endpoint.handle, log: desk.log }),
    (server) => server.close(),
  );
  await openWatches(open, lifecycle);
  open.onCommit(eventLogOf(open, screen));
  await lifecycle.open(
    "connector starts",
    () => fleet.start(),
    () => undefined,
  );
  await agents.runs.endInterrupted();
  await lifecycle.open(
    "addresses of the sockets",
    () => listenOnSockets({ options, open, agents, socket, agentSocket, stopping: stopping.signal }),
    () => undefined,
  );
  scanQuietly(desk);
  await lifecycle.open(
    "proposal watcher",
    () => watchProposals(open),
    (stop) => stop(),
  );
  await lifecycle.open(
    "desk.toml watcher",
    () => watchConfig(open),
    (stop) => stop(),
  );
  agents.scheduler.start();
  const facts = { ...upFacts(open, performance.now() - started), config: await deskNotices(desk) };
  return { open, facts };
}

/** One line an event, in the log and on the terminal of a desk in the foreground. */
function eventLogOf({ desk }: OpenDesk, screen: DaemonScreen): (recorded: Recorded) => void {
  return createEventLog({
    clock: desk.clock,
    state: desk.state,
    write: ({ level, message, fields }, { at }) => {
      desk.log[level](message, fields);
      screen.line(`${new Date(at).toTimeString().slice(0, 8)} ${message}`);
    },
  });
}

/** What the running desk looks at beside its connectors. */
async function openWatches(open: OpenDesk, lifecycle: Lifecycle): Promise<void> {
  await lifecycle.open(
    "current folder",
    () => leaveCurrentFolder(`${dirname(open.socket)}/empty`),
    (back) => back(),
  );
  await lifecycle.open(
    "free space check",
    () => watchFreeSpace(open),
    (stop) => stop(),
  );
  await lifecycle.open(
    "halt file",
    () => watchHaltFile(open),
    (stop) => stop(),
  );
}

interface DeskSockets {
  readonly options: DeskOptions;
  readonly open: OpenDesk;
  readonly agents: AgentServices;
  readonly socket: SocketServer;
  readonly agentSocket: SocketServer;
  readonly stopping: AbortSignal;
}

/** Each socket states the channel of its connections: the operator's is `cli`, the agents' is `mcp`. */
async function listenOnSockets(sockets: DeskSockets): Promise<void> {
  const { options, open, agents, socket, agentSocket, stopping } = sockets;
  const { log, clock, state } = open.desk;
  const desk = state.deskId === "" ? await readDeskId(options.disk, open.desk.workspace.root) : state.deskId;
  const sign = await hostSigner(options.disk, keyPath(open.home, desk));
  const { random } = options.ids;
  await agentSocket.listen({
    path: open.agentSocket,
    identity: { desk, operatorPem: undefined, sign, random },
    handle: agentCalls(agents, stopping),
    log,
    clock,
  });
  await socket.listen({
    path: open.socket,
    identity: { desk, operatorPem: open.operatorPem, sign, random },
    handle: operatorCalls(agents, stopping),
    log,
    clock,
  });
}

/** Answers the calls of the agents' socket, whose connections have an agent's commands only. */
function agentCalls({ endpoint }: AgentServices, stopping: AbortSignal): SocketHandler {
  return async (request, { progress, signal }, client) => {
    if (stopping.aborted) throw new QocError("DESK_DOWN");
    return endpoint.overSocket(request, client, { signal, progress });
  };
}

/** Answers the calls of the operator's socket. */
function operatorCalls({ services, refusals }: AgentServices, stopping: AbortSignal): SocketHandler {
  return async (request, { progress, value, signal }) => {
    // While the desk stops, the socket still listens: a client that waits for the end then knows that the lock is free.
    if (stopping.aborted) throw new QocError("DESK_DOWN");
    return invoke(
      await commandRegistry(),
      { command: request.command, input: request.input },
      {
        actor: "human",
        channel: "cli",
        desk: services,
        emit: value,
        progress,
        signal,
        canAsk: false,
        cwd: request.cwd,
      },
      refusals,
    );
  };
}

/** Relative paths of a library must not reach the operator's files. Returns a function that goes back. */
function leaveCurrentFolder(empty: string): () => void {
  const previous = process.cwd();
  mkdirSync(empty, { recursive: true, mode: 0o700 });
  process.chdir(empty);
  return () => process.chdir(previous);
}

function upFacts({ desk, config, socket, fleet }: OpenDesk, readyMs: number): Omit<UpFacts, "config"> {
  return {
    workspace: config.workspace.name,
    path: desk.workspace.root,
    pid: process.pid,
    port: config.workspace.port,
    socket,
    readyMs: Math.round(readyMs),
    trading: desk.state.trading.state,
    connectors: fleet.venues.status().map(({ name, state, mode, isolation, readyInMs }) => ({
      name,
      state,
      mode,
      isolation,
      readyMs: readyInMs === undefined ? null : Math.round(readyInMs),
    })),
  };
}

/**
 * Asks for the free space off the order path; the gate reads the last answer. Returns a function that stops the checks.
 */
async function watchFreeSpace({ desk }: OpenDesk): Promise<() => void> {
  let cancel: (() => void) | undefined;
  let isStopped = false;
  const check = async (): Promise<void> => {
    try {
      desk.market.freeBytes = await desk.workspace.freeBytes();
    } catch (error) {
      desk.market.freeBytes = undefined;
      desk.log.error(`free space is not known: ${messageOf(error)}`);
    }
    if (!isStopped) cancel = desk.clock.after(FREE_SPACE_MS, () => void check());
  };
  await check();
  return () => {
    isStopped = true;
    cancel?.();
  };
}

/**
 * Halts the desk if the operator wrote the halt file; the start waits for the first look. Returns a function that stops
 * the looks.
 */
async function watchHaltFile({ desk, home }: OpenDesk): Promise<() => void> {
  let cancel: (() => void) | undefined;
  let isStopped = false;
  const look = async (): Promise<void> => {
    await obeyHaltFile(desk, haltFilePath(keyPath(home, desk.state.deskId))).catch((error: unknown) =>
      desk.log.error(`the halt file: ${messageOf(error)}`),
    );
    if (!isStopped) cancel = desk.clock.after(HALT_FILE_MS, () => void look());
  };
  await look();
  return () => {
    isStopped = true;
    cancel?.();
  };
}

/** The file is removed when the halt is on disk, so that a resume counts. */
async function obeyHaltFile(desk: Desk, path: string): Promise<void> {
  const disk = desk.workspace.disk;
  const reason = await readHaltFile(disk, path);
  if (reason === undefined || desk.readOnly() !== undefined) return;
  if (desk.state.trading.state !== "halted")
    await setTrading(desk, { state: "halted", reason: reason || "halted by the halt file", actor: "human" });
  await disk.remove(path);
}

/**
 * Checks desk.toml after a file event, and every two seconds besides, and logs what it says that is not in force.
 * Returns a function that stops both.
 */
function watchConfig({ desk }: OpenDesk): () => void {
  let said = "";
  const check = async (): Promise<void> => {
    const texts = (await deskNotices(desk)).filter(({ kind }) => kind !== "no-guards").map(noticeText);
    const text = texts.join("; ");
    if (text !== said) desk.log.warn(text === "" ? "desk.toml is in force as it is on disk" : text);
    said = text;
  };
  return watchAndRepeat(desk, ["."], () => {
    check().catch((error: unknown) => desk.log.warn(`desk.toml: ${messageOf(error)}`));
  });
}

/**
 * Scans the proposal folders after a file event, and every two seconds besides. Returns a function that stops both.
 */
function watchProposals({ desk }: OpenDesk): () => void {
  return watchAndRepeat(desk, PROPOSAL_FOLDERS, () => scanQuietly(desk));
}

/**
 * Calls `check` shortly after a file event in one of the folders, and on a timer besides: watchers lose events, and a
 * system can run out of watches. Returns a function that stops both.
 */
function watchAndRepeat(
  desk: Pick<OpenDesk["desk"], "clock" | "log" | "workspace">,
  folders: readonly string[],
  check: () => void,
): () => void {
  let cancelSoon: (() => void) | undefined;
  let cancelNext: (() => void) | undefined;
  const checkSoon = (): void => {
    cancelSoon ??= desk.clock.after(WATCH_DELAY_MS, () => {
      cancelSoon = undefined;
      check();
    });
  };
  const watchers = folders.flatMap((folder) => {
    try {
      const watcher = watch(`${desk.workspace.root}/${folder}`, { persistent: false }, checkSoon);
      return [watcher.on("error", (error) => desk.log.debug(`watching ${folder}: ${error.message}`))];
    } catch (error) {
      desk.log.warn(`${folder} cannot be watched; it is checked every ${SCAN_MS / 1000} s: ${messageOf(error)}`);
      return [];
    }
  });
  const checkNext = (): void => {
    cancelNext = desk.clock.after(SCAN_MS, () => {
      check();
      checkNext();
    });
  };
  checkNext();
  return () => {
    cancelSoon?.();
    cancelNext?.();
    for (const watcher of watchers) watcher.close();
  };
}
