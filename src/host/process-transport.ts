/**
 * Runs a connector's worker in a child process: the same code and messages as in a thread, as JSON lines over pipes.
 * Compared with a thread it has a clean environment and its own memory, and it can always be ended.
 */
import { type ChildProcess, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { messageOf } from "../domain/error.ts";
import type { Clock } from "../domain/ports.ts";
import { tryParseJson } from "../lib/json.ts";
import { LineSplitter } from "../lib/line-splitter.ts";
import { RateWindow } from "../lib/rate-window.ts";
import { FrameReader, encodeFrame } from "../protocol/egress-frames.ts";
import { EGRESS_LIMITS, type EgressReply } from "../protocol/egress-messages.ts";
import type { EgressConnection } from "./egress.ts";
import { type Transport, createTransportEvents, permissionFlag, readOutput } from "./transport.ts";

export interface ProcessOptions {
  /** The worker's code, as for a thread. */
  readonly text: string;
  readonly memoryMb: number;
  /** An empty folder. It must exist as long as the process runs. */
  readonly cwd: string;
  readonly clock: Clock;
  /** Returns the resident memory of a process, MB; undefined if the system does not report it. */
  readonly residentMb: (pid: number) => Promise<number | undefined>;
  /** The process's frames are passed on to its port. */
  readonly egress: EgressConnection;
}

/** One message. A result has up to 8 Mi characters, and JSON escapes some of them. */
const LINE_BYTES_MAX = 16 * 1024 * 1024;
/** Allowed besides `memory_mb`, for Node itself and memory outside the heap. */
const NON_HEAP_MB = 192;
const MEMORY_CHECK_MS = 500;
const STDERR_CHARS_MAX = 4_000;

/** Bytes of egress frames that a process may write each second. */
const EGRESS_BYTES_PER_SECOND = 256 * 1024 * 1024;
/**
 * The child's reads of its two input pipes each block a thread of Node's pool. Adapters keep the default number of
 * threads.
 */
const THREAD_POOL_SIZE = "6";

/**
 * Reads a length and that many bytes of code from standard input, and runs the code. Short, because it is an argument.
 */
const BOOT = `const f=require("fs"),r=(n)=>{const b=Buffer.alloc(n);
for(let i=0;i<n;){const k=f.readSync(0,b,i,n-i,null);if(k===0)process.exit(0);i+=k}return b.toString()};
require("vm").runInThisContext("\\"use strict\\";(function(require,module,exports){"+r(Number(r(12)))+"\\n})")(require,module,exports)`;

export function startProcess(options: ProcessOptions): Transport {
  const child = spawn(
    process.execPath,
    [permissionFlag(), "--no-warnings", "--no-addons", `--max-old-space-size=${options.memoryMb}`, "-e", BOOT],
    // Detached: Ctrl-C in the terminal must end only the desk, which then disconnects each connector.
    {
      env: { UV_THREADPOOL_SIZE: THREAD_POOL_SIZE },
      cwd: options.cwd,
      stdio: ["pipe", "pipe", "pipe", "pipe", "pipe", "pipe"],
      detached: true,
    },
  );
  // If the process cannot be started, `child` emits an error and has no pipes.
  let endReason = "";
  child.on("error", (error) => void (endReason ||= `its process could not be started: ${error.message}`));
  if (!Array.isArray(child.stdio))
    throw new Error("its process could not be started: check the process limit of this machine (ulimit -u)");
  const [stdin, stdout, stderr, messages, egressOutput, egressInput] = child.stdio as readonly unknown[] as [
    Writable,
    Readable,
    Readable,
    Readable,
    Readable,
    Writable,
  ];
  const events = createTransportEvents();
  const code = Buffer.from(options.text);
  // Writing to a process that has ended fails; `exit` reports the end.
  stdin.on("error", () => undefined);
  stdin.write(String(code.length).padStart(12, "0"));
  stdin.write(code);
  const killFor = (reason: string): void => {
    endReason = reason;
    child.kill("SIGKILL");
  };
  const endInput = (): void => {
    stdin.end();
    egressInput.end();
  };
  readMessages(messages, (message) => (isExit(message) ? endInput() : events.message(message)), killFor);
  relayEgress({ options, output: egressOutput, input: egressInput, onEnd: killFor });
  const errorOutput = captureOutput(stdout, stderr, events.output);
  const stopWatching = watchMemory(child, options, (residentMb) =>
    killFor(
      `its process used ${residentMb} MB of memory; the limit is ${options.memoryMb + NON_HEAP_MB} MB (memory_mb = ${options.memoryMb} plus ${NON_HEAP_MB}): use less memory or raise memory_mb in desk.toml`,
    ),
  );
  onceEnded(child, [messages, stdout, stderr], (exitCode, signal) => {
    stopWatching();
    options.egress.close();
    const ending = signal === null ? `ended with code ${exitCode ?? 0}` : `was ended by ${signal}`;
    events.exit(endReason || errorOutput() || `its process ${ending}`);
  });
  return {
    post: (message) => void stdin.write(`${JSON.stringify(message)}\n`),
    ...events.subscriptions,
    kill: () =>
      new Promise((resolve) => {
        if (child.exitCode !== null || child.signalCode !== null) resolve();
        else child.once("exit", () => resolve());
        child.kill("SIGKILL");
      }),
    mute: () => {
      events.mute();
      messages.destroy();
    },
  };
}

/** A worker announces its end: it waits for its input pipes to be closed. */
function isExit(message: unknown): boolean {
  return typeof message === "object" && message !== null && "e" in message && message.e === "exit";
}

interface EgressRelay {
  readonly options: ProcessOptions;
  readonly output: Readable;
  readonly input: Writable;
  /** Called if the process violates the protocol, or if the egress thread has ended the connection. */
  readonly onEnd: (reason: string) => void;
}

/** Passes egress messages between the process's pipes and its port. The egress thread checks their content. */
function relayEgress({ options: { egress, clock }, output, input, onEnd }: EgressRelay): void {
  const messageRate = new RateWindow({ clock, limit: EGRESS_LIMITS.messagesPerSecond, windowMs: 1_000 });
  const byteRate = new RateWindow({ clock, limit: EGRESS_BYTES_PER_SECOND, windowMs: 1_000 });
  const frames = new FrameReader((message) => {
    if (!messageRate.spend()) throw new Error(`more than ${EGRESS_LIMITS.messagesPerSecond} frames a second`);
    egress.port.postMessage(message, []);
  });
  for (const stream of [input, output]) stream.on("error", () => undefined);
  output.on("data", (chunk: Buffer) => {
    try {
      if (!byteRate.spend(chunk.byteLength)) throw new Error(`more than ${EGRESS_BYTES_PER_SECOND} bytes a second`);
      frames.push(chunk);
    } catch (error) {
      frames.close();
      onEnd(`it sent invalid egress frames: ${messageOf(error)}`);
    }
  });
  egress.port.on("message", (reply: EgressReply) => {
    for (const part of encodeFrame(reply)) input.write(part);
  });
  egress.onEnd(onEnd);
}

/** Calls `run` once, after the process has ended and all of its output was read. */
function onceEnded(
  child: ChildProcess,
  streams: readonly Readable[],
  run: (code: number | null, signal: string | null) => void,
): void {
  const closed = streams.map((stream) => new Promise<void>((resolve) => stream.once("close", resolve)));
  const ended = new Promise<[number | null, string | null]>((resolve) => {
    child.once("exit", (code, signal) => resolve([code, signal]));
    child.once("error", () => resolve([1, null]));
  });
  void Promise.all([ended, ...closed]).then(([[code, signal]]) => run(code, signal));
}

function readMessages(stream: Readable, onMessage: (message: unknown) => void, refuse: (reason: string) => void): void {
  const fail = (reason: string): void => {
    splitter.close();
    stream.destroy();
    refuse(reason);
  };
  const splitter = new LineSplitter({
    maxBytes: LINE_BYTES_MAX,
    onLine: (line) => {
      // `mute` destroys the stream, possibly in the middle of a chunk.
      if (stream.destroyed) return;
      const message = tryParseJson(line);
      if (message === undefined) fail(`it wrote a line of ${line.length} characters that is not JSON`);
      else onMessage(message);
    },
    onTooLong: () => fail(`it wrote a line of more than ${LINE_BYTES_MAX} bytes`),
  });
  stream.on("error", () => undefined);
  stream.on("data", (chunk: Buffer) => splitter.push(chunk));
}

/** Emits the output line by line. Returns a function that returns the error message at the end of stderr, or "". */
function captureOutput(stdout: Readable, stderr: Readable, onLine: (line: string) => void): () => string {
  let tail = "";
  for (const stream of [stdout, stderr]) {
    stream.on("error", () => undefined);
    readOutput(stream, onLine);
  }
  stderr.on("data", (chunk: string) => (tail = (tail + chunk).slice(-STDERR_CHARS_MAX)));
  // An incomplete first line is dropped: redaction could not recognize half of a secret.
  return () => errorMessageIn(tail.length < STDERR_CHARS_MAX ? tail : tail.slice(tail.indexOf("\n") + 1));
}

/** Returns the error message, without the code excerpts and statistics that Node prints before it. */
function errorMessageIn(output: string): string {
  const start = output.search(/^(FATAL ERROR: |Uncaught |\w*Error\b)/m);
  return output.slice(Math.max(0, start)).trim();
}

/** Checks the resident memory regularly. Node limits only the heap itself. Returns a function that stops the checks. */
function watchMemory(
  child: ChildProcess,
  options: ProcessOptions,
  onExceeded: (residentMb: number) => void,
): () => void {
  const { clock, residentMb, memoryMb } = options;
  let isStopped = false;
  let cancel: () => void = () => undefined;
  const check = async (): Promise<void> => {
    const resident = child.pid === undefined ? undefined : await residentMb(child.pid);
    if (isStopped) return;
    if (resident !== undefined && resident > memoryMb + NON_HEAP_MB) onExceeded(Math.round(resident));
    else cancel = clock.after(MEMORY_CHECK_MS, () => void check());
  };
  cancel = clock.after(MEMORY_CHECK_MS, () => void check());
  return () => {
    isStopped = true;
    cancel();
  };
}
