/**
 * Runs a connector's worker in a child process: the same code and messages as in a thread, as authenticated frames over
 * pipes. Compared with a thread it has a clean environment and its own memory, and it can always be ended; inside
 * bubblewrap it is also alone.
 */
import { type ChildProcess, spawn } from "node:child_process";
import crypto from "node:crypto";
import type { Readable, Writable } from "node:stream";
import type { Clock, Ids } from "../domain/ports.ts";
import { authorFrames } from "../lib/author-frames.ts";
import type { NetworkPolicy } from "../protocol/egress-messages.ts";
import {
  type FrameAuthenticator,
  type FrameChannel,
  SESSION_KEY_BYTES,
  frameAuthenticator,
  frameEncoder,
} from "../protocol/frames.ts";
import type { Egress, ProcessConnection } from "./egress.ts";
import { readFrames } from "./frame-stream.ts";
import type { ProcessSandbox } from "./process-sandbox.ts";
import { RUNTIME_FLAGS, type Transport, createTransportEvents, permissionFlags, readOutput } from "./transport.ts";

export interface ProcessOptions {
  /** The worker's code, as for a thread. */
  readonly text: string;
  readonly memoryMb: number;
  /**
   * An empty folder, which only this user can enter. It must exist as long as the process runs. The path of a socket is
   * in it before.
   */
  readonly cwd: string;
  readonly clock: Clock;
  /** Makes the key of the session, and the name of the socket. */
  readonly ids: Ids;
  readonly sandbox: ProcessSandbox;
  /** Returns the resident memory of a process, MB; undefined if the system does not report it. */
  readonly residentMb: (pid: number) => Promise<number | undefined>;
  /** The process's network. */
  readonly egress: Egress;
  readonly network: NetworkPolicy;
  /** Called once, when the worker's code runs: undefined; or with the reason if the process ended before by itself. */
  readonly onStart?: ((failure: string | undefined) => void) | undefined;
}

/** One message. A result has up to 8 Mi characters, and JSON escapes some of them. */
const MESSAGE_BYTES_MAX = 16 * 1024 * 1024;
/** Allowed besides `memory_mb`, for Node itself and memory outside the heap. */
const NON_HEAP_MB = 192;
const MEMORY_CHECK_MS = 500;
const STDERR_CHARS_MAX = 4_000;

/** The name of a socket is no longer than that of the desk's own, whose length is checked. */
const SOCKET_NAME_BYTES = 2;

/**
 * Reads a length and that many bytes of code from descriptor 3, and runs the code. Short, because it is an argument.
 * Node opens its inspector at SIGUSR1, which every process of this user can send, unless there is a listener.
 */
const BOOT = `process.on("SIGUSR1",()=>{});const f=require("fs"),r=(n)=>{const b=Buffer.alloc(n);
for(let i=0;i<n;){const k=f.readSync(3,b,i,n-i,null);if(k===0)process.exit(0);i+=k}return b.toString()};
require("vm").runInThisContext("\\"use strict\\";(function(require,module,exports){"+r(Number(r(12)))+"\\n})")(require,module,exports)`;

interface ChildPipes {
  readonly child: ChildProcess;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Messages to the process. */
  readonly outgoing: Writable;
  /** Messages of the process. A failed write ends its own stream only, so that these are still read. */
  readonly incoming: Readable;
}

/**
 * Descriptor 0 is the network: Node makes the first three block, which the process needs. Descriptor 3 has the
 * messages to the process, 4 those of the process.
 * @throws Error if the process gets no pipes.
 */
function spawnChild(
  options: ProcessOptions,
  { socket }: ProcessConnection,
  onError: (error: Error) => void,
): ChildPipes {
  const { program, args, env, cwd } = options.sandbox.commandOf({
    args: [...permissionFlags(), ...RUNTIME_FLAGS, `--max-old-space-size=${options.memoryMb}`, "-e", BOOT],
    readable: [],
    // The time zone as in a thread: the sandbox has no file that names it.
    environment: { TZ: Intl.DateTimeFormat().resolvedOptions().timeZone },
    folder: options.cwd,
  });
  // Detached: Ctrl-C in the terminal must end only the desk, which then disconnects each connector.
  const child = spawn(program, args, { env, cwd, stdio: [socket, "pipe", "pipe", "pipe", "pipe"], detached: true });
  // The process has its own descriptor of it.
  socket.destroy();
  // If the process cannot be started, `child` emits an error and has no pipes.
  child.on("error", onError);
  if (!Array.isArray(child.stdio))
    throw new Error("its process could not be started: check the process limit of this machine (ulimit -u)");
  const pipes = child.stdio as readonly unknown[] as [null, Readable, Readable, Writable, Readable];
  const [, stdout, stderr, outgoing, incoming] = pipes;
  // Writing to a process that has ended fails; `exit` reports the end.
  for (const stream of [outgoing, incoming]) stream.on("error", () => undefined);
  return { child, stdout, stderr, outgoing, incoming };
}

/** @throws Error if the process cannot be started. */
export async function startProcess(options: ProcessOptions): Promise<Transport> {
  const { egress, network, ids, cwd } = options;
  // The key is known to the ends only: it is neither an argument nor a variable, which other processes can read.
  const sessionKey = Buffer.from(ids.random(SESSION_KEY_BYTES), "hex");
  const path = `${cwd}/${ids.random(SOCKET_NAME_BYTES)}`;
  const connection = await egress.connectProcess(network, { path, sessionKey });
  try {
    return runProcess(options, connection, sessionKey);
  } catch (error) {
    connection.close();
    throw error;
  }
}

function runProcess(options: ProcessOptions, connection: ProcessConnection, sessionKey: Buffer): Transport {
  let endReason = "";
  const { child, stdout, stderr, outgoing, incoming } = spawnChild(options, connection, (error) => {
    endReason ||= `its process could not be started: ${error.message}`;
  });
  const events = createTransportEvents();
  const code = Buffer.from(options.text);
  const authenticator = (channel: FrameChannel): FrameAuthenticator => frameAuthenticator(crypto, sessionKey, channel);
  outgoing.write(String(code.length).padStart(12, "0"));
  outgoing.write(code);
  outgoing.write(sessionKey);
  let isReported = false;
  const reportStart = (failure: string | undefined): void => {
    if (!isReported) options.onStart?.(failure);
    isReported = true;
  };
  const killFor = (reason: string): void => {
    endReason = reason;
    child.kill("SIGKILL");
  };
  readMessages(incoming, {
    authenticator: authenticator("worker-to-host"),
    onMessage: (message) => {
      reportStart(undefined);
      events.message(message);
    },
    onInvalid: killFor,
  });
  connection.onEnd(killFor);
  const errorOutput = captureOutput(stdout, stderr, events.output);
  const stopWatching = watchMemory(child, options, (residentMb) =>
    killFor(
      `its process used ${residentMb} MB of memory; the limit is ${options.memoryMb + NON_HEAP_MB} MB (memory_mb = ${options.memoryMb} plus ${NON_HEAP_MB}): use less memory or raise memory_mb in desk.toml`,
    ),
  );
  onceEnded(child, [incoming, stdout, stderr], (exitCode, signal) => {
    outgoing.destroy();
    stopWatching();
    connection.close();
    const ending = signal === null ? `ended with code ${exitCode ?? 0}` : `was ended by ${signal}`;
    const reason = endReason || errorOutput() || `its process ${ending}`;
    reportStart(signal === null ? reason : undefined);
    events.exit(reason);
  });
  const encode = frameEncoder(authenticator("host-to-worker"));
  return {
    post: (message) => {
      for (const part of encode(message as object)) outgoing.write(part);
    },
    ...events.subscriptions,
    kill: () =>
      new Promise((resolve) => {
        if (child.exitCode !== null || child.signalCode !== null) resolve();
        else child.once("exit", () => resolve());
        child.kill("SIGKILL");
      }),
    mute: () => {
      events.mute();
      outgoing.destroy();
      incoming.destroy();
    },
  };
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

interface MessageReading {
  readonly authenticator: FrameAuthenticator;
  readonly onMessage: (message: unknown) => void;
  readonly onInvalid: (reason: string) => void;
}

function readMessages(stream: Readable, { authenticator, onMessage, onInvalid }: MessageReading): void {
  readFrames(stream, {
    authenticator,
    headerBytesMax: MESSAGE_BYTES_MAX,
    onMessage: (message) => {
      // `mute` destroys the stream, possibly in the middle of a chunk.
      if (!stream.destroyed) onMessage(message);
    },
    onInvalid: (reason) => {
      stream.destroy();
      onInvalid(`a message could not be read: ${reason}`);
    },
  });
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

/** The last line that Node prints after an error. */
const VERSION_LINE = /\n+Node\.js v[\d.]+\s*$/;

/** The error message with the author's frames, without what Node prints before and after it. */
function errorMessageIn(output: string): string {
  const start = output.search(/^(FATAL ERROR: |Uncaught |\w*Error\b)/m);
  return authorFrames(output.slice(Math.max(0, start)).replace(VERSION_LINE, "")).trim();
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
