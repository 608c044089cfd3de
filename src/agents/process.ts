/**
 * Runs one program in its own process group, with a time limit, and kills the whole group at the end. A process that
 * leaves the group is ended by the sandbox; without a sandbox it goes on, and so does the group if the desk itself is
 * killed.
 */
import type { ChildProcess, SpawnOptions } from "node:child_process";
import { Readable, Writable } from "node:stream";
import { messageOf } from "../domain/errors/error.ts";
import type { Clock } from "../domain/ports.ts";
import { LineSplitter } from "../lib/line-splitter.ts";
import { FILTER_FD, INFO_FD, KEY_FILTER } from "./bubblewrap.ts";

export interface ProcessDeps {
  readonly spawn: (program: string, args: readonly string[], options: SpawnOptions) => ChildProcess;
  /** Signals a whole process group; does nothing if the group has ended. */
  readonly killGroup: (group: number, signal: "SIGTERM" | "SIGKILL") => void;
  /** Ends a sandbox, by its first process; resolves once all of its processes have ended. */
  readonly endSandbox: (init: number) => Promise<void>;
  readonly clock: Clock;
}

export interface ProcessRequest {
  readonly argv: readonly string[];
  /** Whether `argv` is of `bubblewrapArgs`: bubblewrap then states its first process. */
  readonly isSandboxed?: boolean | undefined;
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly initialInput: string;
  /** Whether standard input stays open after `initialInput`. */
  readonly keepsInputOpen: boolean;
  readonly timeoutMs: number;
  /** The part of `timeoutMs` that had passed before the start. */
  readonly elapsedMs?: number;
  /** Called for each line of standard output until the process is stopped. */
  onLine(line: string): void;
}

export interface ProcessEnd {
  /** Why the desk stopped the process; undefined if it ended by itself. */
  readonly stopReason: string | undefined;
  /** How the process ended, for people: `exited with code 1`. */
  readonly description: string;
  /** Exit code 0. */
  readonly isClean: boolean;
  /** The end of standard error. */
  readonly stderr: string;
}

export interface RunningProcess {
  send(text: string): void;
  stop(reason: string): void;
  /** Resolves once the process and its group have ended and their output was read. */
  readonly ended: Promise<ProcessEnd>;
}

/** A line may hold the whole answer of a tool. */
const LINE_BYTES_MAX = 4 * 1024 * 1024;
/** What a program may leave unread of what the desk sends while it runs. */
const UNREAD_BYTES_MAX = 8 * 1024 * 1024;
const STDERR_CHARS = 4_000;
const MESSAGE_CHARS = 500;
/** Between SIGTERM and SIGKILL. */
const GRACE_MS = 2_000;
/** After the exit, for output that is still in the pipes: a stray child may hold them open. */
const DRAIN_MS = 2_000;

export function timeoutMessage(timeoutMs: number): string {
  return `took longer than ${timeoutMs / 1_000} s`;
}

export function startProcess(deps: ProcessDeps, request: ProcessRequest): RunningProcess {
  const { spawn, killGroup, clock } = deps;
  const [program = "", ...args] = request.argv;
  const child = spawn(program, args, {
    env: request.env,
    cwd: request.cwd,
    stdio: ["pipe", "pipe", "pipe", ...(request.isSandboxed === true ? (["pipe", "pipe"] as const) : [])],
    detached: true,
  });
  const kill = (signal: "SIGTERM" | "SIGKILL"): void => {
    if (child.pid !== undefined) killGroup(child.pid, signal);
  };
  let stopReason: string | undefined;
  let cancelKill: () => void = () => undefined;
  const stop = (reason: string): void => {
    if (stopReason !== undefined) return;
    stopReason = reason;
    kill("SIGTERM");
    cancelKill = clock.after(GRACE_MS, () => kill("SIGKILL"));
  };
  const remainingMs = Math.max(0, request.timeoutMs - (request.elapsedMs ?? 0));
  const cancelTimeout = clock.after(remainingMs, () => stop(timeoutMessage(request.timeoutMs)));
  const stderr = collectStderr(child);
  const init = readInit(child);
  const filter = child.stdio[FILTER_FD];
  // Writing fails if bubblewrap has ended; `waitForExit` reports that.
  if (filter instanceof Writable) filter.on("error", () => undefined).end(KEY_FILTER);
  const onLine = (line: string): void => {
    if (stopReason !== undefined) return;
    try {
      request.onLine(line);
    } catch (error) {
      // This runs in an event handler: a thrown error would crash the desk.
      stop(`wrote a line that could not be processed: ${messageOf(error).slice(0, MESSAGE_CHARS)}`);
    }
  };
  readLines(child, onLine, stop);
  // Writing fails if the program has ended; `waitForExit` reports that.
  child.stdin?.on("error", () => undefined);
  child.stdin?.write(request.initialInput);
  if (!request.keepsInputOpen) child.stdin?.end();
  const killAll = async (): Promise<void> => {
    kill("SIGKILL");
    const first = await init;
    // A program can keep bubblewrap's first process from ending with the others: it runs as the same user.
    if (first !== undefined) await deps.endSandbox(first);
  };
  const ended = waitForExit(child, clock, killAll).then(({ description, isClean }) => {
    cancelTimeout();
    cancelKill();
    return { stopReason, description, isClean, stderr: stderr() };
  });
  const send = (text: string): void => {
    if (stopReason !== undefined) return;
    if ((child.stdin?.writableLength ?? 0) > UNREAD_BYTES_MAX) stop("does not read what the desk sends");
    else child.stdin?.write(text);
  };
  return { send, stop, ended };
}

function readLines(child: ChildProcess, onLine: (line: string) => void, stop: (reason: string) => void): void {
  const splitter = new LineSplitter({
    maxBytes: LINE_BYTES_MAX,
    onLine,
    onTooLong: () => stop(`wrote a line of more than ${LINE_BYTES_MAX} bytes`),
  });
  child.stdout?.on("data", (chunk: Buffer) => splitter.push(chunk));
  child.stdout?.on("end", () => splitter.end());
}

const INFO_CHARS_MAX = 4_000;

/** The first process of the sandbox, as bubblewrap states it before it starts the program; undefined without one. */
function readInit(child: ChildProcess): Promise<number | undefined> {
  const info = child.stdio[INFO_FD];
  if (!(info instanceof Readable)) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    let text = "";
    info.setEncoding("utf8");
    info.on("data", (chunk: string) => {
      text = (text + chunk).slice(0, INFO_CHARS_MAX);
      const id = /"child-pid": *([0-9]+)[^0-9]/.exec(text)?.[1];
      if (id !== undefined) resolve(Number(id));
    });
    info.on("error", () => resolve(undefined));
    info.once("close", () => resolve(undefined));
  });
}

/** Returns a function for the end of standard error. */
function collectStderr(child: ChildProcess): () => string {
  let text = "";
  let isTruncated = false;
  child.stderr?.setEncoding("utf8");
  child.stderr?.on("data", (chunk: string) => {
    isTruncated ||= text.length + chunk.length > STDERR_CHARS;
    text = (text + chunk).slice(-STDERR_CHARS);
  });
  // A word that was cut is dropped: it may be a part of a secret that redaction would not recognise.
  return () => (isTruncated ? text.replace(/^\S*/, "") : text).trim();
}

/** Kills all processes at the exit, and resolves once they have ended and the output was read. */
function waitForExit(
  child: ChildProcess,
  clock: Clock,
  killAll: () => Promise<void>,
): Promise<Pick<ProcessEnd, "description" | "isClean">> {
  return new Promise((resolve) => {
    child.once("error", (error) => resolve({ description: `could not be started: ${error.message}`, isClean: false }));
    child.once("exit", (code, signal) => {
      const killed = killAll();
      const description = signal === null ? `exited with code ${code ?? 0}` : `was killed by ${signal}`;
      const finish = (): void => void killed.finally(() => resolve({ description, isClean: code === 0 }));
      const cancelDrain = clock.after(DRAIN_MS, () => {
        child.stdout?.destroy();
        child.stderr?.destroy();
        child.stdio[INFO_FD]?.destroy();
        finish();
      });
      child.once("close", () => {
        cancelDrain();
        finish();
      });
    });
  });
}
