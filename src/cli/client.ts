/** Calls the running desk over one of its Unix sockets. Each call has its own connection, and its own handshake. */
import type { Progress } from "../domain/ports.ts";
import { type Socket, connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { QocError, messageOf } from "../domain/errors/error.ts";
import {
  type ClientCredentials,
  type ClientHandshake,
  HANDSHAKE_BYTES_MAX,
  HANDSHAKE_MS,
  clientHandshake,
  realSocketPath,
} from "./handshake.ts";
import {
  EMPTY_ID,
  REQUEST_BYTES_MAX,
  type Reply,
  type IpcRequest,
  type WireError,
  readLines,
  tooLarge,
  writeLine,
} from "./ipc-protocol.ts";
import { tryParseJson } from "../lib/json.ts";

/** A line of a reply may contain a whole research note or a long list of orders. */
const REPLY_BYTES_MAX = 64 * 1024 * 1024;
const CALL_ID = "1";
/** Error codes of `connect` if no desk listens: no file, a stale file, or a file that is not a socket. */
const CONNECTION_REFUSED_CODES = new Set(["ENOENT", "ECONNREFUSED", "ENOTSOCK"]);

/**
 * A desk under a flood of connections may take no further one, or close it before its proof. No request was sent then,
 * so the client connects again.
 */
const ATTEMPTS_MAX = 25;
const RETRY_MS = 20;
/** If the connection ends after the client's proof, the proof is probably wrong. */
const ATTEMPTS_WITH_PROOF_MAX = 2;
/** Error code of `connect` if too many connections wait at the socket. */
const QUEUE_FULL_CODE = "EAGAIN";

/** Where a desk listens, and what the client proves there. */
export interface DeskAddress {
  readonly socketPath: string;
  /**
   * Called once a desk has accepted the connection: without a desk no key is read.
   * @throws KEY_MISSING, KEY_INVALID, KEY_FILE_UNSAFE.
   */
  credentials(): Promise<ClientCredentials>;
}

export interface DaemonCall {
  readonly address: DeskAddress;
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
 * @throws QocError DESK_DOWN if no desk listens; DESK_NOT_PROVEN or PROOF_REFUSED before the request is sent, and
 * TOO_LARGE; RemoteError if the desk replied with an error; `cutOff`; the signal's reason if it aborts.
 */
export async function callDaemon(call: DaemonCall): Promise<unknown> {
  const line = JSON.stringify({ id: CALL_ID, ...call.request });
  const size = Buffer.byteLength(line);
  // The desk would also refuse the line, but it closes the connection while the client still writes.
  if (size > REQUEST_BYTES_MAX) throw tooLarge("the request", size, REQUEST_BYTES_MAX);
  for (let attempt = 1; ; attempt++) {
    call.signal.throwIfAborted();
    const socket = connect(call.address.socketPath);
    try {
      const lines = await shakeHands(socket, call);
      return await converse(socket, { line, lines, call });
    } catch (error) {
      if (!(error instanceof ClosedEarly)) throw error;
      if (attempt >= error.attemptsMax) throw error.asQocError(call.address.socketPath);
    } finally {
      socket.destroy();
    }
    await sleep(RETRY_MS);
  }
}

/** The desk closed the connection during the handshake, or did not take it. */
class ClosedEarly extends Error {
  readonly #wasProofSent: boolean;

  constructor(wasProofSent: boolean) {
    super("the connection was closed during the handshake");
    this.#wasProofSent = wasProofSent;
  }

  get attemptsMax(): number {
    return this.#wasProofSent ? ATTEMPTS_WITH_PROOF_MAX : ATTEMPTS_MAX;
  }

  asQocError(socket: string): QocError {
    return this.#wasProofSent
      ? new QocError("PROOF_REFUSED", { socket })
      : new QocError("DESK_DOWN", { reason: ": its socket takes no connection" }, { retryable: true });
  }
}

/** The lines of one connection. The receiver of the lines changes after the handshake. */
interface ConnectionLines {
  onLine: (line: string) => void;
  onTooLong: (size: number) => void;
  setMaxBytes(maxBytes: number): void;
}

function linesOf(socket: Socket): ConnectionLines {
  const splitter = readLines(
    socket,
    HANDSHAKE_BYTES_MAX,
    (line) => lines.onLine(line),
    (size) => lines.onTooLong(size),
  );
  const lines: ConnectionLines = {
    onLine: () => undefined,
    onTooLong: () => undefined,
    setMaxBytes: (maxBytes) => splitter.setMaxBytes(maxBytes),
  };
  return lines;
}

/** Resolves when both ends have proved their keys. */
async function shakeHands(socket: Socket, { address, signal }: DaemonCall): Promise<ConnectionLines> {
  const lines = linesOf(socket);
  const late = AbortSignal.timeout(HANDSHAKE_MS);
  const notProven = (reason: string): QocError =>
    new QocError("DESK_NOT_PROVEN", { socket: address.socketPath, reason });
  let stopWaiting = (): void => undefined;
  try {
    return await new Promise((resolve, reject) => {
      const abort = (): void => reject(signal.reason);
      const expire = (): void => reject(notProven("it did not answer; it may be a desk of an earlier version"));
      let isConnected = false;
      let handshake: ClientHandshake | undefined;
      const fail = (error: NodeJS.ErrnoException): void =>
        reject(
          isConnected || error.code === QUEUE_FULL_CODE
            ? new ClosedEarly(handshake !== undefined)
            : connectError(error),
        );
      const close = (): void => reject(new ClosedEarly(handshake !== undefined));
      const prove = async (challenge: string): Promise<void> => {
        handshake = clientHandshake(challenge, realSocketPath(address.socketPath), await address.credentials());
        if (handshake === undefined) throw notProven("its first line is not a challenge");
        await writeLine(socket, handshake.proof);
      };
      socket.once("connect", () => (isConnected = true));
      socket.on("error", fail);
      socket.once("close", close);
      signal.addEventListener("abort", abort, { once: true });
      late.addEventListener("abort", expire, { once: true });
      lines.onTooLong = () => reject(notProven("its first line is too long"));
      lines.onLine = (line) => {
        if (handshake === undefined) return void prove(line).catch(reject);
        if (handshake.isHost(line)) resolve(lines);
        else reject(notProven("its proof is wrong"));
      };
      stopWaiting = () => {
        socket.off("close", close);
        signal.removeEventListener("abort", abort);
        late.removeEventListener("abort", expire);
      };
    });
  } finally {
    stopWaiting();
  }
}

interface SentRequest {
  /** The request. */
  readonly line: string;
  readonly lines: ConnectionLines;
  readonly call: DaemonCall;
}

function converse(socket: Socket, { line, lines, call }: SentRequest): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(call.signal.reason);
    call.signal.addEventListener("abort", abort, { once: true });
    /** Resolves after the last value was consumed. Values are consumed in order, and the result comes after them. */
    let consumed: Promise<void> = Promise.resolve();
    const afterValues = (action: () => void): void => void consumed.then(action, reject);
    const cutOff = call.cutOff ?? connectionLost(false);
    socket.once("error", () => afterValues(() => reject(cutOff)));
    socket.once("close", () => {
      call.signal.removeEventListener("abort", abort);
      afterValues(() => reject(cutOff));
    });
    lines.onLine = (json) => {
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
    lines.onTooLong = (size) =>
      afterValues(() => reject(new QocError("TOO_LARGE", { what: "the reply", size, limit: REPLY_BYTES_MAX })));
    lines.setMaxBytes(REPLY_BYTES_MAX);
    if (socket.destroyed) return reject(new ClosedEarly(false));
    socket.write(`${line}\n`);
  });
}

function connectError(error: NodeJS.ErrnoException): QocError {
  return CONNECTION_REFUSED_CODES.has(error.code ?? "")
    ? new QocError("DESK_DOWN", {}, { cause: error })
    : new QocError("INTERNAL", { message: `the desk's socket: ${messageOf(error)}` }, { cause: error });
}

/**
 * The desk is trusted (it has proved its key), so only the frame is checked. An error without an id
 * belongs to a request that the desk could not parse; a connection has only one request.
 */
function parseReply(line: string): Reply | undefined {
  const reply = tryParseJson(line) as Partial<Reply> | null | undefined;
  const hasKind =
    reply?.kind === "note" || reply?.kind === "value" || reply?.kind === "result" || reply?.kind === "error";
  const hasId = reply?.id === CALL_ID || (reply?.kind === "error" && reply.id === EMPTY_ID);
  return hasKind && hasId ? (reply as Reply) : undefined;
}
