/** The desk's side of the command line: a Unix socket that only the user can open. */
import { once } from "node:events";
import { chmod, unlink } from "node:fs/promises";
import { type Server, type Socket, createServer } from "node:net";
import { QocError, messageOf } from "../domain/error.ts";
import type { Channel } from "../domain/event.ts";
import type { Log } from "../domain/ports.ts";
import {
  type McpCaller,
  EMPTY_ID,
  REQUEST_BYTES_MAX,
  type Reply,
  type Request,
  readLines,
  tooLarge,
  writeLine,
} from "./ipc-protocol.ts";

export interface RequestHandler {
  /** Progress, one line, for a person. */
  note(line: string): void;
  /** One value of a stream; resolves when the reader can take more. */
  value(value: unknown): Promise<void>;
  /** Aborts when the caller hangs up, or the server closes. */
  readonly signal: AbortSignal;
}

/** Answers one request; what it rejects with is sent to the caller as an error. */
export type SocketHandler = (request: Request, answering: RequestHandler) => Promise<unknown>;

export interface SocketOptions {
  readonly path: string;
  readonly handle: SocketHandler;
  readonly log: Log;
}

export interface SocketServer {
  /** Listens on `path`, mode 0600. Removes a file that a dead desk left there: the caller holds the workspace's lock. */
  listen(options: SocketOptions): Promise<void>;
  /**
   * Aborts the calls that run. Resolves when the last reply is out and every caller is gone or cut off: a caller that does not
   * read (a paused pager) must not keep the desk up. Resolves at once if the server never listened.
   */
  close(): Promise<void>;
}

/** Longer than a connector may take to answer, so that the last approval's receipt is sent. */
const CLOSE_MS = 10_000;

/** `closeMs`: how long closing waits for calls and for callers that do not read. */
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
 * Between bind and chmod the file would be open to the group, so it is born under a closed umask; bind happens inside the
 * call to listen, so the umask is back before anything else runs.
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
  const gone = new AbortController();
  const hangUp = (): void => gone.abort(new QocError("INTERNAL", { message: "the caller hung up" }));
  socket.once("close", hangUp);
  socket.once("end", hangUp);
  const signal = AbortSignal.any([gone.signal, closing]);
  socket.on("error", (error) => options.log.debug(`socket: ${messageOf(error)}`));
  const refuse = async (error: QocError): Promise<void> => {
    await writeLine(socket, failure(EMPTY_ID, error));
    socket.end();
  };
  readLines(
    socket,
    REQUEST_BYTES_MAX,
    (line) => {
      const read = parseRequest(line);
      const call = (read instanceof QocError ? refuse(read) : answer(socket, options, read, signal)).finally(() =>
        calls.delete(call),
      );
      calls.add(call);
    },
    (size) => void refuse(tooLarge("a request line", size, REQUEST_BYTES_MAX)),
  );
}

async function answer(
  socket: Socket,
  options: SocketOptions,
  { id, request }: Numbered,
  signal: AbortSignal,
): Promise<void> {
  const send = (reply: Reply): Promise<void> => writeLine(socket, reply);
  const answering: RequestHandler = {
    note: (line) => void send({ id, kind: "note", line }),
    value: (value) => send({ id, kind: "value", value }),
    signal,
  };
  try {
    await send({ id, kind: "result", value: await options.handle(request, answering) });
  } catch (error) {
    if (!(error instanceof QocError)) options.log.error(`${request.command}: ${messageOf(error)}`);
    await send(failure(id, error));
  }
}

function failure(id: string, error: unknown): Reply {
  const known = error instanceof QocError ? error : new QocError("INTERNAL", { message: messageOf(error) });
  return {
    id,
    kind: "error",
    error: known.toJSON(),
    exit: known.exit,
    ...(known.data === undefined ? {} : { data: known.data }),
  };
}

interface Numbered {
  readonly id: string;
  readonly request: Request;
}

/**
 * What a program may say of its channel here. `mcp` is the agent's door held open by `qoc mcp`: it takes power away and gives
 * none. `http` and `host` have no business here.
 */
const CHANNELS: readonly Channel[] = ["cli", "tty", "mcp"];

function parseRequest(line: string): Numbered | QocError {
  const malformed = (message: string): QocError => new QocError("INVALID_INPUT", { command: "socket", message });
  let said: Record<string, unknown>;
  try {
    said = JSON.parse(line) as Record<string, unknown>;
  } catch (error) {
    return malformed(`not a JSON line: ${messageOf(error)}`);
  }
  if (typeof said !== "object" || said === null) return malformed("a request is a JSON object");
  const { id, command, input, channel, cwd } = said;
  const known = CHANNELS.find((name) => name === channel);
  if (typeof id !== "string" || id.length > 100) return malformed("id: text of at most 100 characters");
  if (typeof command !== "string") return malformed("command: text");
  if (typeof cwd !== "string") return malformed("cwd: text");
  if (known === undefined) return malformed(`channel: one of ${CHANNELS.join(", ")}`);
  const caller = known === "mcp" ? callerIn(said["caller"]) : undefined;
  if (caller === null) return malformed("caller: token, connection, tool, client, era, toolUseId and isRefused");
  return {
    id,
    request: { command, input: input ?? {}, channel: known, cwd, ...(caller === undefined ? {} : { caller }) },
  };
}

const CALLER_CHARS_MAX = 1_000;

/** Null where it is no caller: a token that cannot be read must not pass for none. */
function callerIn(said: unknown): McpCaller | undefined | null {
  if (said === undefined) return undefined;
  if (typeof said !== "object" || said === null) return null;
  const { token, connection, tool, client, era, toolUseId, isRefused } = said as Readonly<Record<string, unknown>>;
  const isText = (value: unknown): value is string => typeof value === "string" && value.length <= CALLER_CHARS_MAX;
  if (!isText(tool) || !isText(client) || !(toolUseId === null || isText(toolUseId))) return null;
  if (!(era === "legacy" || era === "modern") || !(token === undefined || isText(token))) return null;
  if (!(connection === undefined || isText(connection))) return null;
  if (!(isRefused === undefined || typeof isRefused === "boolean")) return null;
  return {
    ...{ tool, client, era, toolUseId },
    ...(token === undefined ? {} : { token }),
    ...(connection === undefined ? {} : { connection }),
    ...(isRefused === undefined ? {} : { isRefused }),
  };
}
