/** `qoc up`: runs one desk with its sockets and its port until it is stopped. */
import type { ConfigNotice } from "../domain/status-view.ts";
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { invoke } from "../commands/invoke.ts";
import { commandRegistry } from "./command-registry.ts";
import { deskNotices } from "../trading/config/config-notices.ts";
import { workingLines } from "../commands/rendering/working-orders.ts";
import { createEventLog } from "../trading/projections/event-log.ts";
import type { Recorded } from "../domain/event.ts";
import { workingOrders } from "../trading/orders/working-orders.ts";
import { scanQuietly } from "../trading/orders/scan-proposals.ts";
import { QocError, messageOf } from "../domain/errors/error.ts";
import { aborted } from "../lib/aborted.ts";
import { Lifecycle } from "../lib/lifecycle.ts";
import { resolvesWithin } from "../lib/resolves-within.ts";
import { keyPath, readDeskId } from "../workspace/layout.ts";
import { hostSigner } from "../trading/keys/operator-keys.ts";
import { type SocketHandler, type SocketServer, createSocketServer } from "../cli/server.ts";
import { serveHttp } from "../http/server.ts";
import { type AgentServices, openAgentServices } from "./open-agent-services.ts";
import { watchConfig, watchFiles, watchFreeSpace, watchHaltFile, watchOrderFiles, watchProposals } from "./watches.ts";
import { type DeskOptions, type OpenDesk, openDesk } from "./open-desk.ts";
import { openPage } from "./open-page.ts";
import { namePortOwner } from "./port-owner.ts";

export interface UpFacts {
  readonly workspace: string;
  readonly path: string;
  readonly pid: number;
  readonly port: number;
  readonly socket: string;
  readonly readyMs: number;
  readonly trading: string;
  /** Why trading is halted or reducing. */
  readonly tradingReason?: string | undefined;
  /** Why the desk records nothing, and so trades nothing. */
  readonly readOnly?: string | undefined;
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
  /** The sockets answer. Connectors may still start. */
  answers(facts: UpFacts): void;
  /** The first attempt to start has ended for each connector, or took {@link SETTLE_MS}. */
  ready(facts: UpFacts): void;
  /** One line for a person. */
  line(text: string): void;
}

/** The longest time from the first answer of the sockets to `ready`. */
const SETTLE_MS = 15_000;

/**
 * Runs the desk until `qoc down`, a signal or `signal` stops it; resolves with the facts at that time. Names the orders
 * that still work at their venues when it stops.
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
  let answered: () => void = () => undefined;
  // What connectors load would make the first answer wait.
  const mayLoad = new Promise<void>((resolve) => (answered = resolve));
  try {
    const parts = { stopping, screen, mayLoad };
    const { open, agents, starting, facts: current } = await openDaemon(options, lifecycle, parts);
    screen.answers((facts = await current()));
    answered();
    scanQuietly(open.desk);
    await Promise.race([resolvesWithin(open.desk.clock, SETTLE_MS, starting), aborted(stopping.signal)]);
    facts = await current();
    if (!stopping.signal.aborted) {
      agents.scheduler.start();
      screen.ready(facts);
      void loadStopCommands(open);
      // The proposals that were not judged while their connectors started.
      scanQuietly(open.desk);
    }
    await aborted(stopping.signal);
    for (const line of workingLines(workingOrders(open.desk.state), false)) screen.line(line);
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
  screen.line("the desk is down");
  return facts;
}

/** What stops trading. */
const STOP_COMMANDS = ["halt", "cancel", "down"];

/** An update replaces the files of the program while the desk runs: these commands must not need one of them then. */
async function loadStopCommands({ desk }: OpenDesk): Promise<void> {
  try {
    const registry = await commandRegistry();
    await Promise.all(STOP_COMMANDS.map((name) => registry.load(name)));
  } catch (error) {
    desk.log.warn(`the files of the program were replaced while the desk started: ${messageOf(error)}`);
  }
}

interface OpenedDaemon {
  readonly open: OpenDesk;
  readonly agents: AgentServices;
  /** Resolves when the first attempt to start has ended for each connector. */
  readonly starting: Promise<void>;
  readonly facts: () => Promise<UpFacts>;
}

interface DaemonParts {
  readonly stopping: AbortController;
  readonly screen: DaemonScreen;
  /** Resolves when the connectors may load. */
  readonly mayLoad: Promise<void>;
}

/** Opens the parts of the daemon in order. `lifecycle` holds what was opened. */
async function openDaemon(
  options: DeskOptions,
  lifecycle: Lifecycle,
  { stopping, screen, mayLoad }: DaemonParts,
): Promise<OpenedDaemon> {
  const started = performance.now();
  // First, so that it closes last: clients that wait for the desk to stop poll this socket.
  const socket = await lifecycle.open(
    "operator socket",
    () => createSocketServer(),
    (server) => server.close(),
  );
  const open = await openDesk(options, lifecycle);
  const { desk, fleet } = open;
  const agentSocket = await lifecycle.open(
    "agent socket",
    () => createSocketServer(),
    (server) => server.close(),
  );
  const agents = await openAgentServices(open, lifecycle, () => setImmediate(() => stopping.abort()));
  await openPort(open, agents, lifecycle, stopping.signal);
  await openWatches(open, lifecycle);
  open.onCommit(eventLogOf(open, screen));
  // Not awaited: a venue that does not answer must not keep the operator from the desk.
  const { starting } = await lifecycle.open(
    "connector starts",
    () => ({ starting: fleet.start(mayLoad) }),
    () => undefined,
  );
  await agents.runs.endInterrupted();
  await lifecycle.open(
    "addresses of the sockets",
    () => listenOnSockets({ options, open, agents, socket, agentSocket, stopping: stopping.signal }),
    () => undefined,
  );
  await lifecycle.open(
    "proposal watcher",
    () => watchProposals(open),
    (stop) => stop(),
  );
  await lifecycle.open(
    "order files",
    () => watchOrderFiles(open),
    (stop) => stop(),
  );
  await lifecycle.open(
    "desk.toml watcher",
    () => watchConfig(open, (text) => screen.line(timedLine(desk.clock.now(), text))),
    (stop) => stop(),
  );
  const readyMs = performance.now() - started;
  const facts = async (): Promise<UpFacts> => ({ ...upFacts(open, readyMs), config: await deskNotices(desk) });
  return { open, agents, starting, facts };
}

/** The port for agents and for the page. */
async function openPort(
  open: OpenDesk,
  { endpoint, services, gate }: AgentServices,
  lifecycle: Lifecycle,
  stopping: AbortSignal,
): Promise<void> {
  const { desk, config } = open;
  const { port } = desk;
  const status = (): Readonly<Record<string, unknown>> => ({
    name: config.workspace.name,
    up: true,
    version: desk.version,
  });
  const page = openPage({ open, services, gate, port: () => port, stopping });
  await lifecycle.open(
    "port",
    () => serveHttp({ port, status, mcp: endpoint.handle, page: page.handle, log: desk.log }).catch(namePortOwner),
    (server) => server.close(),
  );
  await lifecycle.open(
    "page",
    () => page,
    (opened) => opened.stop(),
  );
}

/** One line an event, in the log and on the terminal of a desk in the foreground. */
function eventLogOf({ desk }: OpenDesk, screen: DaemonScreen): (recorded: Recorded) => void {
  return createEventLog({
    clock: desk.clock,
    state: desk.state,
    write: ({ level, message, fields }, { at }) => {
      desk.log[level](message, fields);
      screen.line(timedLine(at, message));
    },
  });
}

/** A line for the terminal, with the time of its clock. */
function timedLine(at: number, text: string): string {
  return `${new Date(at).toTimeString().slice(0, 8)} ${text}`;
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
    "file watcher",
    () => watchFiles(open),
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

/** Answers the calls of the operator's socket, before calls of agents that have not started. */
export function operatorCalls({ services, refusals, gate }: AgentServices, stopping: AbortSignal): SocketHandler {
  return async (request, { progress, value, signal }) => {
    // While the desk stops, the socket still listens: a client that waits for the end then knows that the lock is free.
    if (stopping.aborted) throw new QocError("DESK_DOWN");
    const { command, input, cwd } = request;
    const caller = { actor: "human", channel: "cli", canAsk: false, cwd } as const;
    const context = { ...caller, desk: services, emit: value, progress, signal };
    return gate.first(async () => invoke(await commandRegistry(), { command, input }, context, refusals));
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
    port: desk.port,
    socket,
    readyMs: Math.round(readyMs),
    trading: desk.state.trading.state,
    tradingReason: desk.state.trading.reason || undefined,
    readOnly: desk.readOnly(),
    connectors: fleet.venues.status().map(({ name, state, mode, isolation, readyInMs }) => ({
      name,
      state,
      mode,
      isolation,
      readyMs: readyInMs === undefined ? null : Math.round(readyInMs),
    })),
  };
}
