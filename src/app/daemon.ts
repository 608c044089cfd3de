/** `qoc up`: one desk behind its socket and its port, until it is told to stop. */
import { mkdirSync } from "node:fs";
import { watch } from "node:fs";
import { dirname } from "node:path";
import { invoke } from "../commands/invoke.ts";
import { COMMANDS } from "../commands/table.ts";
import { scanQuietly } from "../trading/scan-proposals.ts";
import { QocError, messageOf } from "../domain/error.ts";
import { LAYOUT } from "../workspace/layout.ts";
import { serveSocket } from "../cli/server.ts";
import { type HttpServer, serveHttp } from "../http/server.ts";
import { type DeskOptions, type OpenDesk, openDesk } from "./open-desk.ts";
import { type AgentServices, openAgentServices } from "./open-agent-services.ts";

export interface UpFacts {
  readonly workspace: string;
  readonly path: string;
  readonly pid: number;
  readonly port: number;
  readonly socket: string;
  readonly readyMs: number;
  readonly trading: string;
  readonly connectors: readonly {
    readonly name: string;
    readonly state: string;
    readonly mode: string;
    readonly isolation: string;
    readonly readyMs: number | null;
  }[];
}

const SCAN_MS = 2_000;
const FREE_MS = 10_000;

/** Resolves once stopped, by `down`, a signal or the abort; `ready` hears the facts first. @throws what opening throws. */
export async function runDaemon(
  options: DeskOptions,
  ready: (facts: UpFacts) => void,
  signal: AbortSignal,
): Promise<UpFacts> {
  const started = performance.now();
  const open = await openDesk(options);
  const stopping = new AbortController();
  signal.addEventListener("abort", () => stopping.abort(), { once: true });
  const opened: Opened = {};
  let up: UpFacts;
  try {
    up = await serve(open, opened, started, ready, stopping);
  } catch (error) {
    stopping.abort();
    // Why it did not start is what is told.
    await closeAll(open, opened).catch((failure: unknown) => open.desk.log.error(`closing: ${messageOf(failure)}`));
    throw error;
  }
  await closeAll(open, opened);
  return up;
}

/** What stands open besides the desk itself; each part keeps the process alive until it is closed. */
interface Opened {
  staffed?: AgentServices;
  http?: HttpServer;
  door?: { close(): Promise<void> };
  watching?: { close(): Promise<void> };
}

/** The socket last: who waits for the desk to go asks there. @throws the first failure, once every part had its turn. */
async function closeAll(open: OpenDesk, { watching, staffed, http, door }: Opened): Promise<void> {
  const failures: unknown[] = [];
  for (const part of [watching, staffed, http, open, door]) {
    await part?.close().catch((failure: unknown) => void failures.push(failure));
  }
  if (failures.length > 0) throw failures[0];
}

/** While it stops, the socket still listens: who waits for it to go knows that files and lock are settled once it has. */
function refuseWhileStopping(signal: AbortSignal): void {
  if (signal.aborted) throw new QocError("DESK_DOWN");
}

/** Opens one part after another, and waits to be told to stop. */
async function serve(
  open: OpenDesk,
  opened: Opened,
  started: number,
  ready: (facts: UpFacts) => void,
  stopping: AbortController,
): Promise<UpFacts> {
  const { desk, config, fleet, socket } = open;
  const staffed = await openAgentServices(open, () => setImmediate(() => stopping.abort()));
  opened.staffed = staffed;
  const { services, refused } = staffed;
  const facts = (): Readonly<Record<string, unknown>> => ({
    name: config.workspace.name,
    up: true,
    version: desk.version,
  });
  opened.http = await serveHttp(config.workspace.port, facts, staffed.door.handle, desk.log);
  // Relative paths of a library must not find the operator's files; nothing below uses the current folder.
  const empty = `${dirname(socket)}/empty`;
  mkdirSync(empty, { recursive: true, mode: 0o700 });
  process.chdir(empty);
  await watchDisk(open);
  await fleet.start();
  await staffed.runs.endInterrupted();
  opened.door = await serveSocket({
    path: socket,
    log: desk.log,
    handle: async (request, { note, value, signal }) => {
      refuseWhileStopping(stopping.signal);
      // Over the operator's own socket, but by the agent's door: it gets an agent's commands and no more.
      if (request.channel === "mcp") return staffed.door.overSocket(request, signal, note);
      return invoke(
        COMMANDS,
        { command: request.command, input: request.input },
        {
          actor: "human",
          channel: request.channel,
          desk: services,
          emit: value,
          note,
          signal,
          canAsk: false,
          cwd: request.cwd,
        },
        refused,
      );
    },
  });
  scanQuietly(desk);
  opened.watching = watchProposals(open, stopping.signal);
  const up = upFacts(open, performance.now() - started);
  ready(up);
  await new Promise<void>((resolve) => {
    if (stopping.signal.aborted) resolve();
    stopping.signal.addEventListener("abort", () => resolve(), { once: true });
  });
  return up;
}

function upFacts({ desk, config, socket, fleet }: OpenDesk, readyMs: number): UpFacts {
  return {
    workspace: config.workspace.name,
    path: desk.root,
    pid: process.pid,
    port: config.workspace.port,
    socket,
    readyMs: Math.round(readyMs),
    trading: desk.book.trading.state,
    connectors: fleet.venues.status().map(({ name, state, mode, isolation, readyInMs }) => ({
      name,
      state,
      mode,
      isolation,
      readyMs: readyInMs === undefined ? null : Math.round(readyInMs),
    })),
  };
}

/** Free space is asked for off the order path; the gate reads the last answer. */
async function watchDisk({ desk }: OpenDesk): Promise<void> {
  const ask = async (): Promise<void> => {
    try {
      desk.market.freeBytes = await desk.disk.free(desk.root);
    } catch (error) {
      desk.market.freeBytes = undefined;
      desk.log.error(`free space is not known: ${messageOf(error)}`);
    }
    desk.clock.after(FREE_MS, () => void ask());
  };
  await ask();
}

/** A file event hints, a rescan every two seconds makes sure: watchers lose events, and a system may have none left to give. */
function watchProposals({ desk }: OpenDesk, signal: AbortSignal): { close(): Promise<void> } {
  let cancel: (() => void) | undefined;
  const soon = (): void => {
    cancel ??= desk.clock.after(50, () => {
      cancel = undefined;
      scanQuietly(desk);
    });
  };
  const watchers = [LAYOUT.ordersPending, LAYOUT.ordersProposed].flatMap((folder) => {
    try {
      const watcher = watch(`${desk.root}/${folder}`, { signal, persistent: false }, soon);
      return [watcher.on("error", (error) => desk.log.debug(`watching ${folder}: ${error.message}`))];
    } catch (error) {
      desk.log.warn(`${folder} cannot be watched, it is looked at every ${SCAN_MS / 1000} s: ${messageOf(error)}`);
      return [];
    }
  });
  const again = (): void => {
    if (signal.aborted) return;
    scanQuietly(desk);
    desk.clock.after(SCAN_MS, again);
  };
  desk.clock.after(SCAN_MS, again);
  return {
    close: async () => {
      cancel?.();
      for (const watcher of watchers) watcher.close();
    },
  };
}
