/** Carries messages between the host and one connector's worker, and implements the worker thread level. */
import type { Readable } from "node:stream";
import { MessageChannel, Worker } from "node:worker_threads";
import { authorFrames } from "../lib/author-frames.ts";
import { LineSplitter } from "../lib/line-splitter.ts";
import { thrownStack } from "../lib/thrown-text.ts";
import type { EgressConnection } from "./egress.ts";
import { readThreadErrors } from "./thread-errors.ts";

export interface Transport {
  post(message: unknown): void;
  /** Receives every message in order. Set it before the first message. */
  onMessage(listener: (message: unknown) => void): void;
  /** Receives each line that the adapter or the runtime wrote to stdout or stderr. */
  onOutput(listener: (line: string) => void): void;
  /** Called once, with the reason, after the last message was delivered. */
  onExit(listener: (reason: string) => void): void;
  /** Resolves when the worker is gone; never, if it cannot be ended. */
  kill(): Promise<void>;
  /** Drops further messages of the worker. */
  mute(): void;
}

const NO_SQLITE = "--no-experimental-sqlite";

/**
 * The rights of a thread or process: Node's permission model, and no SQLite, which Node 22 brought and the model does
 * not cover. Node 20 calls the model experimental. Both work for workers on each supported version; tests check this.
 */
export function permissionFlags(
  known: Pick<ReadonlySet<string>, "has"> = process.allowedNodeEnvironmentFlags,
): readonly string[] {
  const model = known.has("--permission") ? "--permission" : "--experimental-permission";
  return known.has(NO_SQLITE) ? [model, NO_SQLITE] : [model];
}

/**
 * Of a thread or process. Node keeps the id of a timer as a member of it, and ends the whole process where the ids of
 * the calls in progress do not fit, unless the last flag is there: an adapter can change them.
 */
export const RUNTIME_FLAGS = ["--no-warnings", "--no-addons", "--no-force-async-hooks-checks"] as const;

const STACK_CHARS_MAX = 8_000;
/** A longer line is passed on in parts of this size. */
const LINE_BYTES_MAX = 64 * 1024;

/**
 * Calls `onLine` for each line of the stream that is not blank. Lines are whole, so that redaction sees whole values.
 */
export function readOutput(stream: Readable, onLine: (line: string) => void): void {
  const splitter = new LineSplitter({
    maxBytes: LINE_BYTES_MAX,
    onLine: (line) => {
      if (line.trim() !== "") onLine(line);
    },
  });
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => splitter.push(chunk));
  stream.once("end", () => splitter.end());
}

/** Holds the listeners of a transport. Messages without a listener, and messages after `mute`, are dropped. */
export function createTransportEvents() {
  let onMessage: (message: unknown) => void = () => undefined;
  let onOutput: (line: string) => void = () => undefined;
  let onExit: (reason: string) => void = () => undefined;
  let isMuted = false;
  return {
    message: (message: unknown): void => {
      if (!isMuted) onMessage(message);
    },
    output: (line: string): void => onOutput(line),
    exit: (reason: string): void => onExit(reason),
    mute: (): void => void (isMuted = true),
    subscriptions: {
      onMessage: (listener: (message: unknown) => void): void => void (onMessage = listener),
      onOutput: (listener: (line: string) => void): void => void (onOutput = listener),
      onExit: (listener: (reason: string) => void): void => void (onExit = listener),
    },
  };
}

/** The stack of an error that ended the thread; undefined for any other message. */
function uncaughtIn(message: unknown): string | undefined {
  const { e, stack } = Object(message) as { readonly e?: unknown; readonly stack?: unknown };
  return e === "uncaught" && typeof stack === "string" ? stack.slice(0, STACK_CHARS_MAX) : undefined;
}

export interface WorkerOptions {
  /** The worker's code. */
  readonly text: string;
  readonly name: string;
  readonly memoryMb: number;
  /** Its port is transferred to the worker. */
  readonly egress: EgressConnection;
}

export function startWorker({ text, name, memoryMb, egress }: WorkerOptions): Transport {
  readThreadErrors();
  const { port1, port2 } = new MessageChannel();
  // Wrapped in a function: variables of a script would be globals of the adapter.
  // Strict, so that a function of the adapter cannot read its caller.
  const worker = new Worker(
    `"use strict";(function (require, module, exports) {${text}\n})(require, module, exports)`,
    {
      eval: true,
      name: `qoc:${name}`,
      env: {},
      execArgv: [...permissionFlags(), ...RUNTIME_FLAGS],
      workerData: { port: port2, egress: egress.port },
      transferList: [port2, egress.port],
      stdin: false,
      stdout: true,
      stderr: true,
      resourceLimits: {
        maxOldGenerationSizeMb: memoryMb,
        maxYoungGenerationSizeMb: Math.max(16, Math.floor(memoryMb / 8)),
        stackSizeMb: 4,
      },
    },
  );
  const events = createTransportEvents();
  let reason = "";
  egress.onEnd((why) => {
    if (reason === "") reason = why;
    void worker.terminate();
  });
  port1.on("message", (message: unknown) => {
    const thrown = uncaughtIn(message);
    if (thrown === undefined) events.message(message);
    else reason = authorFrames(thrown);
  });
  // A message that cannot be deserialized is handled like a malformed message.
  port1.on("messageerror", () => events.message(undefined));
  worker.on("error", (error: unknown) => {
    reason = authorFrames(thrownStack(error));
  });
  // Messages that were posted before `exit` may still be in transit: the port closes after it has delivered all of
  // them.
  const drained = new Promise<void>((resolve) => port1.once("close", resolve));
  worker.once("exit", (code) => {
    egress.close();
    void drained.then(() => events.exit(reason === "" ? `its worker ended with code ${code}` : reason));
  });
  for (const stream of [worker.stdout, worker.stderr]) readOutput(stream, events.output);
  return {
    post: (message) => port1.postMessage(message),
    ...events.subscriptions,
    kill: async () => void (await worker.terminate()),
    mute: () => {
      events.mute();
      port1.close();
    },
  };
}
