/**
 * The ports of a connector in a child process. Messages of the host are JSON lines, received on standard input and
 * sent on descriptor 3; egress messages are frames, sent on descriptor 4 and received on descriptor 5. Writes block
 * until the kernel has the bytes. So everything that was posted before the process ended reaches the host, and a slow
 * host slows this process down instead of filling its memory. No stream object is used: an adapter could get hold of
 * it.
 */
import { read, writeSync } from "node:fs";
import { LineSplitter } from "../src/lib/line-splitter.ts";
import { FrameReader, encodeFrame } from "../src/protocol/egress-frames.ts";
import type { EgressReply } from "../src/protocol/egress-messages.ts";
import type { EgressPort } from "./egress-link.ts";

export interface WorkerPort {
  post(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
  /** Call it when the worker is about to end, after the last message. */
  announceExit(): void;
}

const [INPUT_FD, OUTPUT_FD, EGRESS_OUTPUT_FD, EGRESS_INPUT_FD] = [0, 3, 4, 5];
const BUFFER_BYTES = 64 * 1024;

/**
 * Calls `onChunk` with each chunk; it must not keep the chunk. A read blocks a thread of Node's pool until the host
 * sends or closes the pipe.
 */
function pump(fd: number, onChunk: (chunk: Uint8Array) => void, onEnd: () => void): void {
  const buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  const next = (): void =>
    read(fd, buffer, 0, BUFFER_BYTES, null, (error, count) => {
      if (error !== null || count === 0) {
        onEnd();
        return;
      }
      onChunk(Buffer.from(buffer.subarray(0, count)));
      next();
    });
  next();
}

export function openPipePort(): WorkerPort {
  const exit = process.exit.bind(process);
  const write = blockingWriter(OUTPUT_FD);
  const post = (message: unknown): void => write(Buffer.from(`${JSON.stringify(message)}\n`));
  return {
    post,
    onMessage: (listener) => {
      const splitter = new LineSplitter({
        maxBytes: Number.POSITIVE_INFINITY,
        onLine: (line) => listener(JSON.parse(line)),
      });
      // The host is gone: a connector does not outlive its desk.
      pump(
        INPUT_FD,
        (chunk) => splitter.push(chunk),
        () => exit(0),
      );
    },
    // Node waits for pending reads before it ends: the host then closes both input pipes.
    announceExit: () => post({ e: "exit" }),
  };
}

export function openPipeEgress(): EgressPort {
  const write = blockingWriter(EGRESS_OUTPUT_FD);
  return {
    post: (message) => encodeFrame(message).forEach(write),
    onMessage: (listener) => {
      const frames = new FrameReader((reply) => listener(reply as EgressReply));
      pump(
        EGRESS_INPUT_FD,
        (chunk) => frames.push(chunk),
        () => undefined,
      );
    },
  };
}

function blockingWriter(fd: number): (bytes: Uint8Array) => void {
  const exit = process.exit.bind(process);
  return (bytes) => {
    let rest = bytes;
    try {
      while (rest.length > 0) rest = rest.subarray(writeSync(fd, rest));
    } catch {
      exit(0);
    }
  };
}
