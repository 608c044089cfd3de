/**
 * Entry point of the process of custom guards: runs their thread, and gives it the tasks that the desk sends on
 * standard input. Replies go to standard output. Both are authenticated frames; the key comes first.
 */
import crypto from "node:crypto";
import { type GuardThread, startGuardThread } from "../host/guard-thread.ts";
import {
  FrameReader,
  SESSION_KEY_BYTES,
  WORKER_HEADER_BYTES,
  frameAuthenticator,
  frameEncoder,
} from "../protocol/frames.ts";
import type { GuardProcessReply, GuardProcessRequest } from "../protocol/guard-messages.ts";
import { systemClock } from "./system.ts";

let keyBytes = Buffer.alloc(0);
let frames: FrameReader | undefined;
let thread: GuardThread | undefined;
let send: (reply: GuardProcessReply) => void = () => undefined;

function openSession(key: Uint8Array): FrameReader {
  const encode = frameEncoder(frameAuthenticator(crypto, key, "worker-to-host"));
  send = (reply) => encode(reply).forEach((part) => void process.stdout.write(part));
  return new FrameReader({
    authenticator: frameAuthenticator(crypto, key, "host-to-worker"),
    headerBytesMax: WORKER_HEADER_BYTES,
    onMessage: (message) => void handle(message as GuardProcessRequest),
  });
}

async function handle(request: GuardProcessRequest): Promise<void> {
  if (request.type === "load") {
    const { workerFile, piscinaFile, sources } = request;
    const onLost = (reason: string): void => send({ type: "warning", reason: reason.slice(0, 1_000) });
    thread = startGuardThread({ workerFile, piscinaFile, sources, clock: systemClock, onLost });
    send({ type: "ready" });
    return;
  }
  const { id, guards, subject, timeoutMs } = request;
  const reply = (await thread?.request({ guards, subject, timeoutMs })) ?? { events: [], problem: "has no thread" };
  send({ type: "result", id, events: reply.events, problem: reply.problem?.slice(0, 1_000) });
}

// Node opens its inspector at this signal.
process.on("SIGUSR1", () => undefined);
process.stdin.on("data", (chunk: Buffer) => {
  if (frames !== undefined) {
    frames.push(chunk);
    return;
  }
  keyBytes = Buffer.concat([keyBytes, chunk]);
  if (keyBytes.byteLength < SESSION_KEY_BYTES) return;
  frames = openSession(keyBytes.subarray(0, SESSION_KEY_BYTES));
  frames.push(keyBytes.subarray(SESSION_KEY_BYTES));
});
// The desk is gone.
process.stdin.on("end", () => process.exit(0));
