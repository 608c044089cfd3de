/** The Unix socket of the desk, which only its user can open. */
import { once } from "node:events";
import { chmod, unlink } from "node:fs/promises";
import { type Server, type Socket, createServer } from "node:net";
import { QocError, messageOf } from "../domain/error.ts";
import type { Channel } from "../domain/event.ts";
import type { Log, Progress } from "../domain/ports.ts";
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

export interface RequestHandler {
  /** Sends one line of progress for a person. */
  readonly progress: Progress;
  /** Sends one value of a stream. Resolves when the caller can take more. */
  value(value: unknown): Promise<void>;
  /** Aborts when the caller closes the connection, or the server closes. */
  readonly signal: AbortSignal;
}

/** Handles one request and resolves with its result. A rejection is sent to the caller as an error. */
export type SocketHandler = (request: IpcRequest, reply: RequestHandler) => Promise<unknown>;

export interface SocketOptions {
  readonly path: string;
  readonly handle: SocketHandler;
  readonly log: Log;
}

export interface SocketServer {
  /**
   * Listens on `path`, mode 0600. Removes the file of a desk that crashed: the caller must have the workspace's lock.
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

/** `closeMs`: how long `close` waits for running calls and for callers that do not read. */
export function createSocketServer({
  closeMs = CLOSE_MS,
}: { readonly closeMs?: number | undefined } = {}): SocketServer {
  const callers = new Set<Socket>();
  const calls = new Set<Promise<void>>();
  const closing = new AbortController();
  let server: Server | undefined;
  return {
    listen: async (options) => {
      await removeStale(options.path);
      server = createServer((socket) => {
        callers.add(socket);
        socket.once("close", () => callers.delete(socket));
        serveCaller(socket, options, calls, closing.signal);
      });
      await listen(server, options.path);
      server.on("error", (error) => options.log.warn(`socket: ${messageOf(error)}`));
    },
    close: async () => {
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

function serveCaller(socket: Socket, options: SocketOptions, calls: Set<Promise<void>>, closing: AbortSignal): void {
  const disconnected = new AbortController();
  const disconnect = (): void => disconnected.abort(new QocError("INTERNAL", { message: "the caller disconnected" }));
  socket.once("close", disconnect);
  socket.once("end", disconnect);
  const signal = AbortSignal.any([disconnected.signal, closing]);
  socket.on("error", (error) => options.log.debug(`socket: ${messageOf(error)}`));
  const refuse = async (error: QocError): Promise<void> => {
    await writeLine(socket, failure(EMPTY_ID, error));
    socket.end();
  };
  readLines(
    socket,
    REQUEST_BYTES_MAX,
    (line) => {
      const parsed = parseRequest(line);
      const replied = parsed instanceof QocError ? refuse(parsed) : reply(socket, options, parsed, signal);
      const call = replied.finally(() => calls.delete(call));
      calls.add(call);
    },
    (size) => void refuse(tooLarge("a request line", size, REQUEST_BYTES_MAX)),
  );
}

async function reply(
  socket: Socket,
  options: SocketOptions,
  { id, request }: IdentifiedRequest,
  signal: AbortSignal,
): Promise<void> {
  const send = (message: Reply): Promise<void> => writeLine(socket, message);
  const handler: RequestHandler = {
    progress: { line: (line) => void send({ id, kind: "note", line }) },
    value: (value) => send({ id, kind: "value", value }),
    signal,
  };
  try {
    await send({ id, kind: "result", value: await options.handle(request, handler) });
  } catch (error) {
    if (!(error instanceof QocError)) options.log.error(`${request.command}: ${messageOf(error)}`);
    await send(failure(id, error));
  }
}

function failure(id: string, error: unknown): Reply {
  const qocError = error instanceof QocError ? error : new QocError("INTERNAL", { message: messageOf(error) });
  return { id, kind: "error", error: qocError.toJSON(), exit: qocError.exit, data: qocError.data };
}

interface IdentifiedRequest {
  readonly id: string;
  readonly request: IpcRequest;
}

/**
 * The channels that a client of the socket may name. `mcp` is the channel of `qoc mcp`: a request on it has the rights
 * of an agent. The channels `http` and `host` do not use the socket.
 */
const CHANNELS: readonly Channel[] = ["cli", "tty", "mcp"];

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
  const channel = CHANNELS.find((name) => name === json["channel"]);
  if (typeof id !== "string" || id.length > 100) return malformed("id must be text of at most 100 characters");
  if (typeof command !== "string") return malformed("command must be text");
  if (typeof cwd !== "string") return malformed("cwd must be text");
  if (channel === undefined) return malformed(`channel must be one of ${CHANNELS.join(", ")}`);
  const caller = channel === "mcp" ? parseCaller(json["caller"]) : undefined;
  if (caller === null)
    return malformed("caller must have token, connection, tool, client, era, toolUseId and isRefused");
  return { id, request: { command, input: input ?? {}, channel, cwd, caller } };
}

const CALLER_CHARS_MAX = 1_000;

/** Returns null if the value is not a caller. An invalid token must not count as an absent one. */
function parseCaller(json: unknown): McpCaller | undefined | null {
  if (json === undefined) return undefined;
  if (typeof json !== "object" || json === null) return null;
  const { token, connection, tool, client, era, toolUseId, isRefused } = json as Readonly<Record<string, unknown>>;
  const isText = (value: unknown): value is string => typeof value === "string" && value.length <= CALLER_CHARS_MAX;
  if (!isText(tool) || !isText(client) || !(toolUseId === null || isText(toolUseId))) return null;
  if (!(era === "legacy" || era === "modern") || !(token === undefined || isText(token))) return null;
  if (!(connection === undefined || isText(connection))) return null;
  if (!(isRefused === undefined || typeof isRefused === "boolean")) return null;
  return { tool, client, era, toolUseId, token, connection, isRefused };
}
