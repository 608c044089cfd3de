/**
 * One life of a connector in a process of its own: the same text and the same messages, one JSON line each, over pipes. What
 * this adds to a thread: a clean environment, memory that is not ours, and an end that cannot be refused.
 */
import { type ChildProcess, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import type { Clock } from "../domain/ports.ts";
import { type Transport, listeners, permissionFlag, readOutput } from "./transport.ts";
import { tryParseJson } from "../lib/json.ts";
import { LineSplitter } from "../lib/line-splitter.ts";

export interface ProcessOptions {
  /** The worker's text, as for a thread. */
  readonly text: string;
  readonly memoryMb: number;
  /** An empty folder that outlives the child. */
  readonly cwd: string;
  readonly clock: Clock;
  /** Memory that the process holds, MB; undefined where it cannot be known. */
  readonly residentMb: (pid: number) => Promise<number | undefined>;
}

/** One message; an answer may hold 8 Mi characters, some of them escaped. */
const LINE_BYTES_MAX = 16 * 1024 * 1024;
/** What Node itself and memory outside the heap may take besides `memory_mb`. */
const BESIDES_HEAP_MB = 192;
const MEMORY_EVERY_MS = 500;
const STDERR_CHARS = 4_000;

/** Reads a length and so many bytes of text from standard input, and runs them. Short, since it stands in the arguments. */
const BOOT = `const f=require("fs"),r=(n)=>{const b=Buffer.alloc(n);
for(let i=0;i<n;){const k=f.readSync(0,b,i,n-i,null);if(k===0)process.exit(0);i+=k}return b.toString()};
require("vm").runInThisContext("(function(require,module,exports){"+r(Number(r(12)))+"\\n})")(require,module,exports)`;

export function startProcess(options: ProcessOptions): Transport {
  const child = spawn(
    process.execPath,
    [permissionFlag(), "--no-warnings", "--no-addons", `--max-old-space-size=${options.memoryMb}`, "-e", BOOT],
    // Its own session: Ctrl-C at the terminal is for the desk, which then disconnects each connector.
    { env: {}, cwd: options.cwd, stdio: ["pipe", "pipe", "pipe", "pipe"], detached: true },
  );
  // A process that could not be made says so by an event, and has no pipes.
  let refusal = "";
  child.on("error", (error) => void (refusal ||= `its process could not be made: ${error.message}`));
  if (!Array.isArray(child.stdio))
    throw new Error("no process could be made for it: is a limit of this machine reached?");
  const [stdin, stdout, stderr, out] = child.stdio as readonly unknown[] as [Writable, Readable, Readable, Readable];
  const heard = listeners();
  const text = Buffer.from(options.text);
  // Writing to a child that is gone is no error of ours: its end is heard by `exit`.
  stdin.on("error", () => undefined);
  stdin.write(String(text.length).padStart(12, "0"));
  stdin.write(text);
  readLines(out, heard.message, (why) => {
    refusal = why;
    child.kill("SIGKILL");
  });
  const errors = keepOutput(stdout, stderr, heard.output);
  const stopWatching = watchMemory(child, options, (resident) => {
    refusal = `its process held ${resident} MB; memory_mb = ${options.memoryMb} and ${BESIDES_HEAP_MB} MB besides are allowed`;
    child.kill("SIGKILL");
  });
  whenOver(child, [out, stdout, stderr], (code, signal) => {
    stopWatching();
    const how = signal === null ? `ended with code ${code ?? 0}` : `was ended by ${signal}`;
    heard.exit(refusal !== "" ? refusal : errors() === "" ? `its process ${how}` : errors());
  });
  return {
    post: (message) => void stdin.write(`${JSON.stringify(message)}\n`),
    ...heard.on,
    kill: () =>
      new Promise((resolve) => {
        if (child.exitCode !== null || child.signalCode !== null) resolve();
        else child.once("exit", () => resolve());
        child.kill("SIGKILL");
      }),
    mute: () => {
      heard.mute();
      out.destroy();
    },
  };
}

/** Calls `run` once, after the process is gone and everything it wrote was read. */
function whenOver(
  child: ChildProcess,
  streams: readonly Readable[],
  run: (code: number | null, signal: string | null) => void,
): void {
  const read = streams.map((stream) => new Promise<void>((resolve) => stream.once("close", resolve)));
  const gone = new Promise<[number | null, string | null]>((resolve) => {
    child.once("exit", (code, signal) => resolve([code, signal]));
    child.once("error", () => resolve([1, null]));
  });
  void Promise.all([gone, ...read]).then(([[code, signal]]) => run(code, signal));
}

function readLines(stream: Readable, take: (message: unknown) => void, refuse: (why: string) => void): void {
  const fail = (reason: string): void => {
    splitter.close();
    stream.destroy();
    refuse(reason);
  };
  const splitter = new LineSplitter({
    maxBytes: LINE_BYTES_MAX,
    onLine: (line) => {
      // A muted transport has destroyed the stream in the middle of a chunk.
      if (stream.destroyed) return;
      const message = tryParseJson(line);
      if (message === undefined) fail(`it wrote a line of ${line.length} characters that is not JSON`);
      else take(message);
    },
    onTooLong: () => fail(`it wrote a line of more than ${LINE_BYTES_MAX} bytes`),
  });
  stream.on("error", () => undefined);
  stream.on("data", (chunk: Buffer) => splitter.push(chunk));
}

/** Passes on what it prints, line by line; answers with the end of what it printed as errors. */
function keepOutput(stdout: Readable, stderr: Readable, say: (line: string) => void): () => string {
  let tail = "";
  for (const stream of [stdout, stderr]) {
    stream.on("error", () => undefined);
    readOutput(stream, say);
  }
  stderr.on("data", (chunk: string) => (tail = (tail + chunk).slice(-STDERR_CHARS)));
  // The line that was cut is left out: what is looked for in it could stand there by half.
  return () => wordsOf(tail.length < STDERR_CHARS ? tail : tail.slice(tail.indexOf("\n") + 1));
}

/** What ended it, without the excerpts and statistics that the runtime prints before it says so. */
function wordsOf(printed: string): string {
  const at = printed.search(/^(FATAL ERROR: |Uncaught |\w*Error\b)/m);
  return printed.slice(Math.max(0, at)).trim();
}

/** The heap's limit is the child's own; memory outside the heap is watched from here. */
function watchMemory(child: ChildProcess, options: ProcessOptions, over: (resident: number) => void): () => void {
  const { clock, residentMb, memoryMb } = options;
  let isOver = false;
  let cancel: () => void = () => undefined;
  const look = async (): Promise<void> => {
    const resident = child.pid === undefined ? undefined : await residentMb(child.pid);
    if (isOver) return;
    if (resident !== undefined && resident > memoryMb + BESIDES_HEAP_MB) over(Math.round(resident));
    else cancel = clock.after(MEMORY_EVERY_MS, () => void look());
  };
  cancel = clock.after(MEMORY_EVERY_MS, () => void look());
  return () => {
    isOver = true;
    cancel();
  };
}
