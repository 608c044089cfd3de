/** Calls the running desk over its Unix socket. Each call has its own connection. */
import type { Progress } from "../domain/ports.ts";
import { type Socket, connect } from "node:net";
import { QocError, messageOf } from "../domain/error.ts";
import {
  EMPTY_ID,
  REQUEST_BYTES_MAX,
  type Reply,
  type IpcRequest,
  type WireError,
  readLines,
  tooLarge,
} from "./ipc-protocol.ts";
import { tryParseJson } from "../lib/json.ts";

/** A line of a reply may contain a whole research note or a long list of orders. */
const REPLY_BYTES_MAX = 64 * 1024 * 1024;
const CALL_ID = "1";
/** Error codes of `connect` if no desk listens: no file, a stale file, or a file that is not a socket. */
const CONNECTION_REFUSED_CODES = new Set(["ENOENT", "ECONNREFUSED", "ENOTSOCK"]);

export interface DaemonCall {
  readonly socketPath: string;
  readonly request: IpcRequest;
  readonly progress: Progress;
  /**
   * Called with each value of a stream. The next value is read after this resolves, so a slow reader slows the desk
   * down.
   */
  onValue(value: unknown): Promise<void>;
  readonly signal: AbortSignal;
  /** The error if the connection is lost between the request and the reply; `connectionLost(false)` by default. */
  readonly cutOff?: QocError | undefined;
}

/** An error that the desk sent. Message and hint are those of the desk. */
export class RemoteError extends Error {
  readonly code: string;
  readonly hint: string;
  readonly exit: number;
  readonly data: unknown;
  readonly #error: WireError;

  constructor(error: WireError, exit: number, data: unknown) {
    super(error.message);
    this.name = "RemoteError";
    this.code = error.code;
    this.hint = error.hint;
    this.exit = exit;
    this.data = data;
    this.#error = error;
  }

  toJSON(): WireError {
    return this.#error;
  }
}

/** The error of a call whose connection was lost before the reply. A call that only reads is retryable. */
export function connectionLost(readsOnly: boolean): QocError {
  const reason = `: connection lost before a reply${readsOnly ? "" : "; the operation may have completed"}`;
  return new QocError("DESK_DOWN", { reason }, { retryable: readsOnly });
}

/**
 * Returns true if no desk listened, so that no request was sent. A DESK_DOWN that the desk itself sent is a
 * RemoteError.
 */
export function isDeskDown(error: unknown): boolean {
  return error instanceof QocError && error.code === "DESK_DOWN" && error.details["reason"] === undefined;
}

/**
 * Sends one request and resolves with its result.
 * @throws QocError DESK_DOWN if no desk listens; TOO_LARGE before the request is sent; RemoteError if the desk replied
 * with an error; `cutOff`; the signal's reason if it aborts.
 */
export async function callDaemon(call: DaemonCall): Promise<unknown> {
  call.signal.throwIfAborted();
  const line = JSON.stringify({ id: CALL_ID, ...call.request });
  const size = Buffer.byteLength(line);
  // The desk would also refuse the line, but it closes the connection while the client still writes.
  if (size > REQUEST_BYTES_MAX) throw tooLarge("the request", size, REQUEST_BYTES_MAX);
  const socket = connect(call.socketPath);
  try {
    return await converse(socket, line, call);
  } finally {
    socket.destroy();
  }
}

function converse(socket: Socket, line: string, call: DaemonCall): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(call.signal.reason);
    call.signal.addEventListener("abort", abort, { once: true });
    /** Resolves after the last value was consumed. Values are consumed in order, and the result comes after them. */
    let consumed: Promise<void> = Promise.resolve();
    const afterValues = (action: () => void): void => void consumed.then(action, reject);
    const cutOff = call.cutOff ?? connectionLost(false);
    let isSent = false;
    socket.once("connect", () => {
      isSent = true;
      socket.write(`${line}\n`);
    });
    socket.once("error", (error: NodeJS.ErrnoException) =>
      afterValues(() => reject(isSent ? cutOff : connectError(error))),
    );
    socket.once("close", () => {
      call.signal.removeEventListener("abort", abort);
      afterValues(() => reject(cutOff));
    });
    const onLine = (json: string): void => {
      const reply = parseReply(json);
      if (reply === undefined)
        return afterValues(() => reject(new QocError("INTERNAL", { message: "the desk sent a malformed reply" })));
      switch (reply.kind) {
        case "note":
          return afterValues(() => call.progress.line(reply.line));
        case "value":
          socket.pause();
          consumed = consumed.then(() => call.onValue(reply.value)).finally(() => socket.resume());
          return afterValues(() => undefined);
        case "result":
          return afterValues(() => resolve(reply.value));
        case "error":
          return afterValues(() => reject(new RemoteError(reply.error, reply.exit, reply.data)));
      }
    };
    readLines(socket, REPLY_BYTES_MAX, onLine, (size) =>
      afterValues(() => reject(new QocError("TOO_LARGE", { what: "the reply", size, limit: REPLY_BYTES_MAX }))),
    );
  });
}

function connectError(error: NodeJS.ErrnoException): QocError {
  return CONNECTION_REFUSED_CODES.has(error.code ?? "")
    ? new QocError("DESK_DOWN", {}, { cause: error })
    : new QocError("INTERNAL", { message: `the desk's socket: ${messageOf(error)}` }, { cause: error });
}

/**
 * The desk is trusted (its socket belongs to the user, mode 0600), so only the frame is checked. An error without an id
 * belongs to a request that the desk could not parse; a connection has only one request.
 */
function parseReply(line: string): Reply | undefined {
  const reply = tryParseJson(line) as Partial<Reply> | null | undefined;
  const hasKind =
    reply?.kind === "note" || reply?.kind === "value" || reply?.kind === "result" || reply?.kind === "error";
  const hasId = reply?.id === CALL_ID || (reply?.kind === "error" && reply.id === EMPTY_ID);
  return hasKind && hasId ? (reply as Reply) : undefined;
}
