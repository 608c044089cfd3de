/** What carries messages to and from one connector's life, whatever it runs in. The worker level; a process fits the same shape. */
import { MessageChannel, Worker } from "node:worker_threads";

export interface Transport {
  post(message: unknown): void;
  /** Set before `start`: hears each message in order. */
  onMessage(listener: (message: unknown) => void): void;
  /** A line the adapter or the runtime wrote to its standard streams. */
  onOutput(listener: (line: string) => void): void;
  /** Once, with why; every message that was posted has been heard by then. */
  onExit(listener: (reason: string) => void): void;
  /** Resolves when it is gone; stays open where it cannot be killed. */
  kill(): Promise<void>;
  /** No further message is heard. */
  mute(): void;
}

export interface WorkerLimits {
  readonly memoryMb: number;
}

/** Node 20 calls the flag experimental; it works per worker on each supported version, which tests pin. */
const permissionFlag = (): string =>
  process.allowedNodeEnvironmentFlags.has("--permission") ? "--permission" : "--experimental-permission";

const OUTPUT_CHARS_MAX = 4_000;

export const startWorker = (text: string, name: string, limits: WorkerLimits): Transport => {
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
      maxOldGenerationSizeMb: limits.memoryMb,
      maxYoungGenerationSizeMb: Math.max(16, Math.floor(limits.memoryMb / 8)),
      stackSizeMb: 4,
    },
  });
  let onMessage: (message: unknown) => void = () => undefined;
  let onOutput: (line: string) => void = () => undefined;
  let onExit: (reason: string) => void = () => undefined;
  let reason = "";
  let isMuted = false;
  port1.on("message", (message: unknown) => {
    if (!isMuted) onMessage(message);
  });
  worker.on("error", (error: unknown) => {
    reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
  });
  // Messages posted before the end may still be under way at `exit`: the port closes by itself once it has handed over all.
  const drained = new Promise<void>((resolve) => port1.once("close", resolve));
  worker.once("exit", (code) => {
    void drained.then(() => onExit(reason === "" ? `its worker ended with code ${code}` : reason));
  });
  for (const stream of [worker.stdout, worker.stderr]) {
    stream.setEncoding("utf8");
    stream.on("data", (chunk: string) => {
      for (const line of chunk.split("\n")) if (line.trim() !== "") onOutput(line.slice(0, OUTPUT_CHARS_MAX));
    });
  }
  return {
    post: (message) => port1.postMessage(message),
    onMessage: (listener) => void (onMessage = listener),
    onOutput: (listener) => void (onOutput = listener),
    onExit: (listener) => void (onExit = listener),
    kill: async () => void (await worker.terminate()),
    mute: () => void (isMuted = true),
  };
};
