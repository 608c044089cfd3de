/**
 * The ports of a connector in a child process. Messages of the host arrive on descriptor 3, messages to it are sent on
 * descriptor 4, and egress messages have descriptor 0. All are authenticated frames. Writes wait until the kernel has
 * the bytes. So everything that was posted before the process ended reaches the host, and a slow desk slows this
 * process down instead of filling its memory. No stream object is used: an adapter could get hold of it.
 */
import { readSync, writeSync } from "node:fs";
import { createRequire } from "node:module";
import type { Socket } from "node:net";
import { EGRESS_LIMITS, type EgressReply } from "../src/protocol/egress-messages.ts";
import {
  type FrameAuthenticator,
  type FrameChannel,
  type FrameCrypto,
  FrameError,
  FrameReader,
  SESSION_KEY_BYTES,
  WORKER_HEADER_BYTES,
  frameAuthenticator,
  frameEncoder,
} from "../src/protocol/frames.ts";
import type { EgressPort } from "./egress-link.ts";

export interface WorkerPort {
  post(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
}

/** What Node's sockets read and write with. Only the members that are used. */
interface NativePipe {
  /** Gets the bytes that were read, or undefined at the end. */
  onread: (bytes: ArrayBuffer | undefined) => void;
  readStart(): void;
}
type SocketClass = new (options: { fd: number; readable: false; writable: false }) => Socket;

const [EGRESS_FD, ERROR_FD, FROM_HOST_FD, TO_HOST_FD] = [0, 2, 3, 4];
/** The parts of a shorter message are joined. */
const JOINED_BYTES_MAX = 16 * 1024;
/** How long a write waits for the other end, which has not read for that long, before it tries again. */
const FULL_PIPE_MS = 1;

/** Reads the key of the session, which follows the worker's code, and opens both ports. */
export function openPipePorts(): { readonly port: WorkerPort; readonly egress: EgressPort } {
  const key = readSessionKey();
  // Loaded here: a worker thread needs no frames and no sockets.
  const load = createRequire("/sandbox.cjs");
  const crypto = load("node:crypto") as FrameCrypto;
  const { Socket } = load("node:net") as { readonly Socket: SocketClass };
  const authenticator = (channel: FrameChannel): FrameAuthenticator => frameAuthenticator(crypto, key, channel);
  const port: WorkerPort = {
    post: blockingWriter(TO_HOST_FD, authenticator("worker-to-host")) as (message: unknown) => void,
    onMessage: (listener) =>
      readFrames(FROM_HOST_FD, Socket, {
        authenticator: authenticator("host-to-worker"),
        headerBytesMax: WORKER_HEADER_BYTES,
        onMessage: listener,
      }),
  };
  const egress: EgressPort = {
    post: blockingWriter(EGRESS_FD, authenticator("worker-to-egress")),
    onMessage: (listener) =>
      readFrames(EGRESS_FD, Socket, {
        authenticator: authenticator("egress-to-worker"),
        headerBytesMax: EGRESS_LIMITS.frameHeaderBytes,
        onMessage: (reply) => listener(reply as EgressReply),
      }),
  };
  return { port, egress };
}

function readSessionKey(): Uint8Array {
  const key = Buffer.alloc(SESSION_KEY_BYTES);
  for (let at = 0; at < key.byteLength;) {
    const count = readSync(FROM_HOST_FD, key, at, key.byteLength - at, null);
    if (count === 0) process.exit(0);
    at += count;
  }
  return key;
}

/**
 * Reads until the host closes the pipe: then it is gone, and a connector does not outlive its desk. The process ends if
 * a frame is not authentic.
 */
function readFrames(fd: number, socketClass: SocketClass, options: ConstructorParameters<typeof FrameReader>[0]): void {
  const exit = process.exit.bind(process);
  const frames = new FrameReader(options);
  const pipe = nativePipe(fd, socketClass);
  pipe.onread = (bytes) => {
    try {
      if (bytes !== undefined) frames.push(new Uint8Array(bytes));
      else if (fd === FROM_HOST_FD) exit(0);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      frames.close();
      writeSync(ERROR_FD, `Error: a message of the desk could not be read: ${error.message}\n`);
      exit(1);
    }
  };
  pipe.readStart();
}

/**
 * The pipe alone, taken from its socket: of a stream's code the adapter can change parts, which are called with the
 * stream; this calls nothing but `onread`. A read by `fs` waits in a thread of Node's pool, from which the adapter has
 * its answer 0.1 ms later.
 */
function nativePipe(fd: number, socketClass: SocketClass): NativePipe {
  const socket = new socketClass({ fd, readable: false, writable: false }) as unknown as { _handle: NativePipe | null };
  const pipe = socket._handle;
  if (pipe === null) throw new Error(`descriptor ${fd} is no pipe`);
  socket._handle = null;
  return pipe;
}

function blockingWriter(fd: number, authenticator: FrameAuthenticator): (message: object) => void {
  const exit = process.exit.bind(process);
  const encode = frameEncoder(authenticator);
  const { wait } = Atomics;
  const never = new Int32Array(new SharedArrayBuffer(4));
  const write = (bytes: Uint8Array): number => {
    try {
      return writeSync(fd, bytes);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") exit(0);
      wait(never, 0, 0, FULL_PIPE_MS);
      return 0;
    }
  };
  return (message) => {
    const parts = encode(message);
    const size = parts.reduce((sum, part) => sum + part.byteLength, 0);
    // One write, so that the other end is woken once, for the whole of a short message.
    for (const part of size <= JOINED_BYTES_MAX ? [Buffer.concat(parts)] : parts)
      for (let rest = part; rest.length > 0;) rest = rest.subarray(write(rest));
  };
}
