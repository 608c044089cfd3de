/** What carries messages to and from one connector's life, whatever it runs in; and the level that is a worker thread. */
import type { Readable } from "node:stream";
import { MessageChannel, Worker } from "node:worker_threads";
import { LineSplitter } from "../lib/line-splitter.ts";

export interface Transport {
  post(message: unknown): void;
  /** Set before the first message: hears each in order. */
  onMessage(listener: (message: unknown) => void): void;
  /** A line the adapter or the runtime wrote to its standard streams. */
  onOutput(listener: (line: string) => void): void;
  /** Once, with why; every message that was posted has been heard by then. */
  onExit(listener: (reason: string) => void): void;
  /** Resolves when it is gone; stays open where it cannot be killed. */
  kill(): Promise<void>;
  /** No further message is heard, and none is taken from the port. */
  mute(): void;
}

/** Node 20 calls the flag experimental; it works per worker on each supported version, which tests pin. */
export function permissionFlag(): string {
  return process.allowedNodeEnvironmentFlags.has("--permission") ? "--permission" : "--experimental-permission";
}

/** A longer line is passed on in pieces of this size. */
const LINE_BYTES_MAX = 64 * 1024;

/** Calls `onLine` for each line of the stream that is not blank. Lines are whole, so that secret redaction sees whole tokens. */
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

/** Who listens to a transport: set once, silent until then and after `mute`. */
export function listeners() {
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
    on: {
      onMessage: (listener: (message: unknown) => void): void => void (onMessage = listener),
      onOutput: (listener: (line: string) => void): void => void (onOutput = listener),
      onExit: (listener: (reason: string) => void): void => void (onExit = listener),
    },
  };
}

export interface WorkerOptions {
  /** The worker's text. */
  readonly text: string;
  readonly name: string;
  readonly memoryMb: number;
}

export function startWorker({ text, name, memoryMb }: WorkerOptions): Transport {
  const { port1, port2 } = new MessageChannel();
  // In a function of its own: a script's variables would be globals of the adapter.
  const worker = new Worker(`(function (require, module, exports) {${text}\n})(require, module, exports)`, {
    eval: true,
    name: `qoc:${name}`,
    env: {},
    execArgv: [permissionFlag(), "--no-warnings", "--no-addons"],
    workerData: { port: port2 },
    transferList: [port2],
    stdin: false,
    stdout: true,
    stderr: true,
    resourceLimits: {
      maxOldGenerationSizeMb: memoryMb,
      maxYoungGenerationSizeMb: Math.max(16, Math.floor(memoryMb / 8)),
      stackSizeMb: 4,
    },
  });
  const heard = listeners();
  let reason = "";
  port1.on("message", heard.message);
  // What could not be read back whole is as good as a malformed message.
  port1.on("messageerror", () => heard.message(undefined));
  worker.on("error", (error: unknown) => {
    reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
  });
  // Messages posted before the end may still be under way at `exit`: the port closes by itself once it has handed over all.
  const drained = new Promise<void>((resolve) => port1.once("close", resolve));
  worker.once("exit", (code) => {
    void drained.then(() => heard.exit(reason === "" ? `its worker ended with code ${code}` : reason));
  });
  for (const stream of [worker.stdout, worker.stderr]) readOutput(stream, heard.output);
  return {
    post: (message) => port1.postMessage(message),
    ...heard.on,
    kill: async () => void (await worker.terminate()),
    mute: () => {
      heard.mute();
      port1.close();
    },
  };
}
