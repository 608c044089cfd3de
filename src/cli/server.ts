/**
 * A Unix socket of the desk, which only its user can open. Nothing is answered and no request is read before both ends
 * have proved their keys.
 */
import { once } from "node:events";
import { chmod, unlink } from "node:fs/promises";
import { type Server, type Socket, createServer } from "node:net";
import { basename } from "node:path";
import { QocError, messageOf } from "../domain/errors/error.ts";
import { knownError } from "../domain/errors/known-error.ts";
import type { Clock, Log, Progress } from "../domain/ports.ts";
import { RateWindow } from "../lib/rate-window.ts";
import {
  HANDSHAKE_BYTES_MAX,
  HANDSHAKE_MS,
  type ProvenClient,
  type ServerIdentity,
  realSocketPath,
  serverHandshake,
} from "./handshake.ts";
import {
  type McpCaller,
  EMPTY_ID,
  REQUEST_BYTES_MAX,
  type Reply,
  type IpcRequest,
  readLines,
  tooLarge,
  writeLine,
} from "./ipc-protocol.ts";
import { SOCKET_POLL_MS, watchSocketFile } from "./socket-watch.ts";

export interface RequestHandler {
  /** Sends one line of progress for a person. */
  readonly progress: Progress;
  /** Sends one value of a stream. Resolves when the caller can take more. */
  value(value: unknown): Promise<void>;
  /** Aborts when the caller closes the connection, or the server closes. */
  readonly signal: AbortSignal;
}

/** Handles one request and resolves with its result. A rejection is sent to the caller as an error. */
export type SocketHandler = (request: IpcRequest, reply: RequestHandler, client: ProvenClient) => Promise<unknown>;

export interface SocketOptions {
  readonly path: string;
  readonly identity: ServerIdentity;
  readonly handle: SocketHandler;
  readonly clock: Clock;
  readonly log: Log;
}

export interface SocketServer {
  /**
   * Listens on `path`, mode 0600. Removes the file of a desk that crashed: the caller must have the workspace's lock.
   * Listens again if the file is removed or replaced; connections that are open go on.
   */
  listen(options: SocketOptions): Promise<void>;
  /**
   * Aborts the running calls. Resolves when the last reply is sent and every connection is closed. A caller that does
   * not read (a paused pager) is disconnected after `closeMs`. Resolves at once if the server never listened.
   */
  close(): Promise<void>;
}

/** Longer than a connector may take to reply, so that the last approval's receipt is sent. */
const CLOSE_MS = 10_000;
/**
 * Connections that have not sent a request yet. One more closes the oldest, so that a flood does not keep other clients
 * from the desk.
 */
const WAITING_MAX = 256;
const REFUSALS_LOGGED_A_MINUTE = 10;
/** Each has a file descriptor, and the journal and the connectors need some. One more closes the oldest. */
const CALLERS_MAX = 512;
/** Of replies that all callers together have not read. Beyond it the oldest of those who do not read is closed. */
const UNREAD_BYTES_MAX = 64 * 1024 * 1024;

interface ServerLimits {
  /** How long `close` waits for running calls and for callers that do not read. */
  readonly closeMs?: number | undefined;
  /** How long a connection may take until its first request. */
  readonly handshakeMs?: number | undefined;
  readonly callersMax?: number | undefined;
  readonly unreadBytesMax?: number | undefined;
}

export function createSocketServer(limits: ServerLimits = {}): SocketServer {
  const { closeMs = CLOSE_MS, handshakeMs = HANDSHAKE_MS } = limits;
  const callers = new Set<Socket>();
  const bound = (): void => boundCallers(callers, limits);
  const calls = new Set<Promise<void>>();
  const closing = new AbortController();
  let server: Server | undefined;
  let stopWatching: () => void = () => undefined;
  let reopening: Promise<void> | undefined;
  const open = async (options: SocketOptions): Promise<void> => {
    await removeStale(options.path);
    const path = realSocketPath(options.path);
    const waiting = waitingConnections({ ...options, path }, handshakeMs);
    server = createServer((socket) => {
      callers.add(socket);
      socket.once("close", () => callers.delete(socket));
      bound();
      serveCaller(socket, { ...options, path, waiting, calls, bound, closing: closing.signal });
    });
    await listen(server, options.path);
    server.on("error", (error) => options.log.warn(`socket: ${messageOf(error)}`));
    stopWatching = watchSocketFile(options.path, options.clock, () => (reopening = reopen(options)));
  };
  const reopen = async (options: SocketOptions): Promise<void> => {
    const { path, clock, log } = options;
    // Closing also removes the file that now has the address.
    if (server?.listening === true) server.close();
    try {
      await open(options);
      log.warn(`the file of the desk's socket was removed, replaced or changed; ${path} is open again`);
    } catch (error) {
      log.error(`the file of the desk's socket is gone, and ${path} cannot be opened again: ${messageOf(error)}`);
      stopWatching = clock.after(SOCKET_POLL_MS, () => (reopening = reopen(options)));
    }
  };
  return {
    listen: open,
    close: async () => {
      stopWatching();
      await reopening;
      stopWatching();
      if (server?.listening !== true) return;
      const closed = new Promise<void>((resolve) => server?.close(() => resolve()));
      closing.abort(new QocError("DESK_DOWN"));
      const late = AbortSignal.timeout(closeMs);
      const cutOff = (): void => callers.forEach((socket) => socket.destroy());
      late.addEventListener("abort", cutOff, { once: true });
      await Promise.race([Promise.allSettled(calls), once(late, "abort")]);
      for (const socket of callers) socket.destroySoon();
      await closed;
      late.removeEventListener("abort", cutOff);
    },
  };
}

/** An agent of this machine can open any number of connections, send any number of requests, and read no reply. */
function boundCallers(
  callers: Set<Socket>,
  { callersMax = CALLERS_MAX, unreadBytesMax = UNREAD_BYTES_MAX }: ServerLimits,
): void {
  let unread = 0;
  for (const { writableLength } of callers) unread += writableLength;
  for (const socket of callers) {
    if (callers.size <= callersMax && unread <= unreadBytesMax) return;
    if (callers.size <= callersMax && socket.writableLength === 0) continue;
    unread -= socket.writableLength;
    callers.delete(socket);
    socket.destroy();
  }
}

/**
 * Between bind and chmod the group could open the file, so the file is created under a restrictive umask. `listen`
 * binds synchronously, so the umask is restored before any other code runs.
 */
async function listen(server: Server, path: string): Promise<void> {
  const umask = process.umask(0o177);
  try {
    server.listen(path);
  } finally {
    process.umask(umask);
  }
  await once(server, "listening");
  await chmod(path, 0o600);
}

async function removeStale(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}

interface WaitingConnections {
  /** Closes the connection if it takes too long. Returns the function that ends the wait. */
  admit(socket: Socket): () => void;
  /** Closes the connection without an answer and logs the reason, a few times a minute. */
  refuse(socket: Socket, reason: string): void;
}

/** The connections that have not proved their key, or have not sent a request. */
function waitingConnections({ log, clock, path }: SocketOptions, handshakeMs: number): WaitingConnections {
  const waiting = new Set<Socket>();
  const logged = new RateWindow({ clock, limit: REFUSALS_LOGGED_A_MINUTE, windowMs: 60_000 });
  let unlogged = 0;
  const refuse = (socket: Socket, reason: string): void => {
    socket.destroy();
    if (!logged.spend()) return void (unlogged += 1);
    const others = unlogged === 0 ? "" : ` (${unlogged} more were refused before)`;
    unlogged = 0;
    log.warn(`${basename(path)}: a connection was refused: ${reason}${others}`);
  };
  return {
    refuse,
    admit: (socket) => {
      const [oldest] = waiting;
      if (waiting.size >= WAITING_MAX && oldest !== undefined) refuse(oldest, "too many connections without a request");
      waiting.add(socket);
      const late = AbortSignal.timeout(handshakeMs);
      const expire = (): void => refuse(socket, "it sent no request in time");
      const settle = (): void => {
        waiting.delete(socket);
        late.removeEventListener("abort", expire);
      };
      late.addEventListener("abort", expire, { once: true });
      socket.once("close", settle);
      return settle;
    },
  };
}

interface CallerOptions extends SocketOptions {
  readonly waiting: WaitingConnections;
  readonly calls: Set<Promise<void>>;
  /** Closes the callers who hold too much. */
  readonly bound: () => void;
  readonly closing: AbortSignal;
}

/** Reads the client's proof, and then its requests. */
function serveCaller(socket: Socket, options: CallerOptions): void {
  const { waiting, identity, path, log } = options;
  socket.on("error", (error) => log.debug(`socket: ${messageOf(error)}`));
  const settle = waiting.admit(socket);
  const handshake = serverHandshake(identity, path);
  let onRequest: ((line: string) => void) | undefined;
  const refuse = requestRefuser(socket);
  const lines = readLines(
    socket,
    HANDSHAKE_BYTES_MAX,
    (line) => {
      if (onRequest !== undefined) {
        settle();
        return onRequest(line);
      }
      const answer = handshake.answer(line);
      if (typeof answer === "string") {
        lines.close();
        return waiting.refuse(socket, answer);
      }
      onRequest = requestReader(socket, options, answer.client);
      lines.setMaxBytes(REQUEST_BYTES_MAX);
      void writeLine(socket, answer.proof);
    },
    (size) => {
      if (onRequest === undefined) waiting.refuse(socket, "its first line is too long");
      else void refuse(tooLarge("a request line", size, REQUEST_BYTES_MAX));
    },
  );
  void writeLine(socket, handshake.challenge);
}

function requestRefuser(socket: Socket): (error: QocError) => Promise<void> {
  return async (error) => {
    await writeLine(socket, failure(EMPTY_ID, error));
    socket.end();
  };
}

/** Returns the function that runs the request of one line. */
function requestReader(socket: Socket, options: CallerOptions, client: ProvenClient): (line: string) => void {
  const { calls, closing } = options;
  const disconnected = new AbortController();
  const disconnect = (): void => disconnected.abort(new QocError("INTERNAL", { message: "the caller disconnected" }));
  socket.once("close", disconnect);
  socket.once("end", disconnect);
  const signal = AbortSignal.any([disconnected.signal, closing]);
  const refuse = requestRefuser(socket);
  return (line) => {
    const parsed = parseRequest(line);
    const replied = parsed instanceof QocError ? refuse(parsed) : reply(socket, options, { ...parsed, client, signal });
    const call = replied.finally(() => calls.delete(call));
    calls.add(call);
  };
}

interface ClientRequest extends IdentifiedRequest {
  readonly client: ProvenClient;
  readonly signal: AbortSignal;
}

async function reply(
  socket: Socket,
  options: CallerOptions,
  { id, request, client, signal }: ClientRequest,
): Promise<void> {
  const send = (message: Reply): Promise<void> => {
    // Before it: what was written in this turn counts as unread.
    options.bound();
    return writeLine(socket, message);
  };
  const handler: RequestHandler = {
    progress: { line: (line) => void send({ id, kind: "note", line }) },
    value: (value) => send({ id, kind: "value", value }),
    signal,
  };
  try {
    await send({ id, kind: "result", value: await options.handle(request, handler, client) });
  } catch (error) {
    if (!(error instanceof QocError)) options.log.error(`${request.command}: ${messageOf(error)}`);
    await send(failure(id, error));
  }
}

function failure(id: string, error: unknown): Reply {
  const qocError = knownError(error);
  return { id, kind: "error", error: qocError.toJSON(), exit: qocError.exit, data: qocError.data };
}

interface IdentifiedRequest {
  readonly id: string;
  readonly request: IpcRequest;
}

function parseRequest(line: string): IdentifiedRequest | QocError {
  const malformed = (message: string): QocError => new QocError("INVALID_INPUT", { command: "socket", message });
  let json: Record<string, unknown>;
  try {
    json = JSON.parse(line) as Record<string, unknown>;
  } catch (error) {
    return malformed(`not a JSON line: ${messageOf(error)}`);
  }
  if (typeof json !== "object" || json === null) return malformed("a request must be a JSON object");
  const { id, command, input, cwd } = json;
  if (typeof id !== "string" || id.length > 100) return malformed("id must be text of at most 100 characters");
  if (typeof command !== "string") return malformed("command must be text");
  if (typeof cwd !== "string") return malformed("cwd must be text");
  const caller = parseCaller(json["caller"]);
  if (caller === null) return malformed("caller must have connection, tool, client, era, toolUseId and isRefused");
  return { id, request: { command, input: input ?? {}, cwd, caller } };
}

const CALLER_CHARS_MAX = 1_000;

/** Returns null if the value is not a caller. */
function parseCaller(json: unknown): McpCaller | undefined | null {
  if (json === undefined) return undefined;
  if (typeof json !== "object" || json === null) return null;
  const { connection, tool, client, era, toolUseId, isRefused } = json as Readonly<Record<string, unknown>>;
  const isText = (value: unknown): value is string => typeof value === "string" && value.length <= CALLER_CHARS_MAX;
  if (!isText(tool) || !isText(client) || !(toolUseId === null || isText(toolUseId))) return null;
  if (!(era === "legacy" || era === "modern")) return null;
  if (!(connection === undefined || isText(connection))) return null;
  if (!(isRefused === undefined || typeof isRefused === "boolean")) return null;
  return { tool, client, era, toolUseId, connection, isRefused };
}
