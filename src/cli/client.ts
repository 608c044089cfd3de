/** Asks the running desk over its Unix socket: one call, one connection. */
import { type Socket, connect } from "node:net";
import { QocError, messageOf } from "../domain/error.ts";
import {
  EMPTY_ID,
  REQUEST_BYTES_MAX,
  type Reply,
  type Request,
  type WireError,
  readLines,
  tooLarge,
} from "./ipc-protocol.ts";
import { tryParseJson } from "../lib/json.ts";

/** An answer line may carry a whole research note or a long list of orders. */
const REPLY_BYTES_MAX = 64 * 1024 * 1024;
const CALL_ID = "1";
/** What a socket says where no desk listens: no file, a left-over file, or a path that is no socket. */
const CONNECTION_REFUSED_CODES = new Set(["ENOENT", "ECONNREFUSED", "ENOTSOCK"]);

export interface DaemonCall {
  readonly socketPath: string;
  readonly request: Request;
  onNote(line: string): void;
  /** One value of a stream. The next is read only after it resolves, so a slow pipe slows the desk's answer down. */
  onValue(value: unknown): Promise<void>;
  readonly signal: AbortSignal;
  /** What it means that the desk went away after it was asked and before it answered; `wentAway` where nothing is said. */
  readonly cutOff?: QocError;
}

/** An error the desk answered with, as it was sent: its words are the desk's, not made again here. */
export class RemoteError extends Error {
  readonly code: string;
  readonly hint: string;
  readonly exit: number;
  readonly data: unknown;
  readonly #sent: WireError;

  constructor(sent: WireError, exit: number, data: unknown) {
    super(sent.message);
    this.name = "RemoteError";
    this.code = sent.code;
    this.hint = sent.hint;
    this.exit = exit;
    this.data = data;
    this.#sent = sent;
  }

  toJSON(): WireError {
    return this.#sent;
  }
}

/** The desk was asked and ended before it answered. What only reads may be asked again; what else it had begun may be done. */
export function connectionLost(readsOnly: boolean): QocError {
  const reason = `: it went away before it answered${readsOnly ? "" : "; what it had begun may be done"}`;
  return new QocError("DESK_DOWN", { reason }, { retryable: readsOnly });
}

/** Nobody listened: nothing was asked, and nothing begun. What a desk itself says while it stops is another error. */
export function isDeskDown(error: unknown): boolean {
  return error instanceof QocError && error.code === "DESK_DOWN" && error.details["reason"] === undefined;
}

/**
 * Sends one command and resolves with its result.
 * @throws QocError DESK_DOWN where nobody listens; TOO_LARGE before anything is sent; RemoteError with what the desk answered;
 * `cutOff`; the signal's reason once aborted.
 */
export async function callDaemon(call: DaemonCall): Promise<unknown> {
  call.signal.throwIfAborted();
  const line = JSON.stringify({ id: CALL_ID, ...call.request });
  const size = Buffer.byteLength(line);
  // The desk would say so too, but hangs up on who is still writing.
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
    /** Values are handed on one after another; the result waits for the last of them. */
    let handed: Promise<void> = Promise.resolve();
    const finish = (act: () => void): void => void handed.then(act, reject);
    const cutOff = call.cutOff ?? connectionLost(false);
    let isAsked = false;
    socket.once("connect", () => {
      isAsked = true;
      socket.write(`${line}\n`);
    });
    socket.once("error", (error: NodeJS.ErrnoException) => finish(() => reject(isAsked ? cutOff : downOr(error))));
    socket.once("close", () => {
      call.signal.removeEventListener("abort", abort);
      finish(() => reject(cutOff));
    });
    const onLine = (answer: string): void => {
      const reply = parseReply(answer);
      if (reply === undefined)
        return finish(() => reject(new QocError("INTERNAL", { message: "the desk sent a malformed answer" })));
      switch (reply.kind) {
        case "note":
          return finish(() => call.onNote(reply.line));
        case "value":
          socket.pause();
          handed = handed.then(() => call.onValue(reply.value)).finally(() => socket.resume());
          return finish(() => undefined);
        case "result":
          return finish(() => resolve(reply.value));
        case "error":
          return finish(() => reject(new RemoteError(reply.error, reply.exit, reply.data)));
      }
    };
    readLines(socket, REPLY_BYTES_MAX, onLine, (size) =>
      finish(() => reject(new QocError("TOO_LARGE", { what: "the answer", size, limit: REPLY_BYTES_MAX }))),
    );
  });
}

function downOr(error: NodeJS.ErrnoException): QocError {
  return CONNECTION_REFUSED_CODES.has(error.code ?? "")
    ? new QocError("DESK_DOWN", {}, { cause: error })
    : new QocError("INTERNAL", { message: `the desk's socket: ${messageOf(error)}` }, { cause: error });
}

/**
 * The desk is trusted (its socket is the user's own, mode 0600), so only the frame is checked. An error without an id is of a
 * request that it could not read; a connection carries one.
 */
function parseReply(line: string): Reply | undefined {
  const reply = tryParseJson(line) as Partial<Reply> | null | undefined;
  const isKnown =
    reply?.kind === "note" || reply?.kind === "value" || reply?.kind === "result" || reply?.kind === "error";
  const isOurs = reply?.id === CALL_ID || (reply?.kind === "error" && reply.id === EMPTY_ID);
  return isKnown && isOurs ? (reply as Reply) : undefined;
}
