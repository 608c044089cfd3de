/**
 * The ports of a connector in a child process. Messages of the host are received and sent on descriptor 3, egress
 * messages on descriptor 0. All are authenticated frames. Writes block until the kernel has the bytes. So everything
 * that was posted before the process ended reaches the host, and a slow desk slows this process down instead of filling
 * its memory. No stream object is used: an adapter could get hold of it.
 */
import { read, readSync, writeSync } from "node:fs";
import { createRequire } from "node:module";
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
  /** Call it when the worker is about to end, after the last message. */
  announceExit(): void;
}

const [EGRESS_FD, ERROR_FD, HOST_FD] = [0, 2, 3];
/** The most that the kernel keeps for this process at a time, or more: one read takes it. */
const BUFFER_BYTES = 256 * 1024;

/** Reads the key of the session, which follows the worker's code, and opens both ports. */
export function openPipePorts(): { readonly port: WorkerPort; readonly egress: EgressPort } {
  const key = readSessionKey();
  // Loaded here: a worker thread needs no frames.
  const { createHmac, createCipheriv, createSecretKey } = createRequire("/sandbox.cjs")("node:crypto") as FrameCrypto;
  const authenticator = (channel: FrameChannel): FrameAuthenticator =>
    frameAuthenticator({ createHmac, createCipheriv, createSecretKey }, key, channel);
  const post = blockingWriter(HOST_FD, authenticator("worker-to-host"));
  const port: WorkerPort = {
    post: (message) => post(message as object),
    onMessage: (listener) =>
      readFrames(HOST_FD, {
        authenticator: authenticator("host-to-worker"),
        headerBytesMax: WORKER_HEADER_BYTES,
        onMessage: listener,
      }),
    // Node waits for pending reads before it ends: the desk then closes both descriptors.
    announceExit: () => post({ e: "exit" }),
  };
  const egress: EgressPort = {
    post: blockingWriter(EGRESS_FD, authenticator("worker-to-egress")),
    onMessage: (listener) =>
      readFrames(EGRESS_FD, {
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
    const count = readSync(HOST_FD, key, at, key.byteLength - at, null);
    if (count === 0) process.exit(0);
    at += count;
  }
  return key;
}

/**
 * Reads until the host closes the pipe: then it is gone, and a connector does not outlive its desk. A read blocks a
 * thread of Node's pool. The process ends if a frame is not authentic.
 */
function readFrames(fd: number, options: ConstructorParameters<typeof FrameReader>[0]): void {
  const exit = process.exit.bind(process);
  const later = setImmediate;
  const frames = new FrameReader(options);
  const buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  const next = (): void =>
    read(fd, buffer, 0, BUFFER_BYTES, null, (error, count) => {
      if (error !== null || count === 0) {
        if (fd === HOST_FD) exit(0);
        return;
      }
      push(buffer.subarray(0, count));
      // Not at once: the next read wakes a thread, and the adapter has its answer before that.
      later(next);
    });
  const push = (chunk: Buffer): void => {
    try {
      frames.push(chunk);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      frames.close();
      writeSync(ERROR_FD, `Error: a message of the desk could not be read: ${error.message}\n`);
      exit(1);
    }
  };
  next();
}

function blockingWriter(fd: number, authenticator: FrameAuthenticator): (message: object) => void {
  const exit = process.exit.bind(process);
  const encode = frameEncoder(authenticator);
  return (message) => {
    const parts = encode(message);
    try {
      for (const part of parts) {
        let rest = part;
        while (rest.length > 0) rest = rest.subarray(writeSync(fd, rest));
      }
    } catch {
      exit(0);
    }
  };
}
