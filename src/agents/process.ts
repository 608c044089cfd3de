/**
 * One program in a process group of its own: its lines out, our lines in, and an end that it cannot refuse. Its group ends
 * with it. What it put into a group of its own ends with the sandbox, where there is one, and otherwise goes on; so does the
 * whole group without a sandbox where the desk itself is killed.
 */
import type { ChildProcess, SpawnOptions } from "node:child_process";
import { messageOf } from "../domain/error.ts";
import type { Clock } from "../domain/ports.ts";
import { LineSplitter } from "../lib/line-splitter.ts";

/** The parts of `node:child_process` and of the system that a run needs; lent, so that a test can lend others. */
export interface ProcessDeps {
  readonly spawn: (program: string, args: readonly string[], options: SpawnOptions) => ChildProcess;
  /** Signals a whole process group; one that is gone already is no error. */
  readonly killGroup: (group: number, signal: "SIGTERM" | "SIGKILL") => void;
  readonly clock: Clock;
}

export interface ProcessRequest {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly initialInput: string;
  /** More is written later, so standard input stays open. */
  readonly keepsInputOpen: boolean;
  readonly timeoutMs: number;
  /** How much of its time was gone before it started. */
  readonly elapsedMs?: number;
  onLine(text: string): void;
}

export interface ProcessEnd {
  /** Why the desk ended it; undefined: it ended by itself. */
  readonly stopReason: string | undefined;
  /** How it ended, in words. */
  readonly description: string;
  readonly isClean: boolean;
  /** The last it wrote to standard error. */
  readonly stderr: string;
}

export interface RunningProcess {
  send(text: string): void;
  stop(why: string): void;
  readonly ended: Promise<ProcessEnd>;
}

/** One line; a tool's whole answer may stand in it. */
const LINE_BYTES_MAX = 4 * 1024 * 1024;
const ERROR_CHARS = 4_000;
const FAULT_CHARS = 500;
/** From the polite signal to the other one. */
const GRACE_MS = 2_000;
/** After the end: for what is still in the pipes, where a stray process holds them open. */
const DRAIN_MS = 2_000;

export function timeoutMessage(timeoutMs: number): string {
  return `it took longer than ${timeoutMs / 1_000} s`;
}

export function startProcess(world: ProcessDeps, ask: ProcessRequest): RunningProcess {
  const [program = "", ...args] = ask.argv;
  const child = world.spawn(program, args, {
    env: ask.env,
    cwd: ask.cwd,
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
  });
  const kill = (signal: "SIGTERM" | "SIGKILL"): void => {
    if (child.pid !== undefined) world.killGroup(child.pid, signal);
  };
  let stopped: string | undefined;
  let forgetGrace: () => void = () => undefined;
  const stop = (why: string): void => {
    if (stopped !== undefined) return;
    stopped = why;
    kill("SIGTERM");
    forgetGrace = world.clock.after(GRACE_MS, () => kill("SIGKILL"));
  };
  const leftMs = Math.max(0, ask.timeoutMs - (ask.elapsedMs ?? 0));
  const forgetTimeout = world.clock.after(leftMs, () => stop(timeoutMessage(ask.timeoutMs)));
  const errors = lastOf(child);
  readLines(
    child,
    (text) => {
      // What it says after it was told to stop counts no more.
      if (stopped === undefined) heard(text, ask.onLine, stop);
    },
    stop,
  );
  // Writing to a program that is gone is no error of ours: its end is heard below.
  child.stdin?.on("error", () => undefined);
  child.stdin?.write(ask.initialInput);
  if (!ask.keepsInputOpen) child.stdin?.end();
  const over = ended(child, world.clock, () => kill("SIGKILL")).then(({ how, isClean }) => {
    forgetTimeout();
    forgetGrace();
    return { stopReason: stopped, description: how, isClean, stderr: errors() };
  });
  return { send: (text) => void child.stdin?.write(text), stop, ended: over };
}

/** Nobody stands above to catch what is thrown here: it would be the end of the desk. */
function heard(text: string, line: (text: string) => void, stop: (why: string) => void): void {
  try {
    line(text);
  } catch (error) {
    stop(`a line that it wrote could not be read: ${messageOf(error).slice(0, FAULT_CHARS)}`);
  }
}

function readLines(child: ChildProcess, line: (text: string) => void, stop: (why: string) => void): void {
  const splitter = new LineSplitter({
    maxBytes: LINE_BYTES_MAX,
    onLine: line,
    onTooLong: () => stop(`it wrote a line of more than ${LINE_BYTES_MAX} bytes`),
  });
  child.stdout?.on("data", (chunk: Buffer) => splitter.push(chunk));
  child.stdout?.on("end", () => splitter.end());
}

function lastOf(child: ChildProcess): () => string {
  let text = "";
  child.stderr?.setEncoding("utf8");
  let isCut = false;
  child.stderr?.on("data", (chunk: string) => {
    isCut ||= text.length + chunk.length > ERROR_CHARS;
    text = (text + chunk).slice(-ERROR_CHARS);
  });
  // Of a word that was cut nothing is kept: it may be half of a secret.
  return () => (isCut ? text.replace(/^\S*/, "") : text).trim();
}

/** Resolves once it is gone, its group with it, and everything it wrote was read. */
function ended(child: ChildProcess, clock: Clock, killGroup: () => void): Promise<{ how: string; isClean: boolean }> {
  return new Promise((resolve) => {
    child.once("error", (error) => resolve({ how: `it could not be started: ${error.message}`, isClean: false }));
    child.once("exit", (code, signal) => {
      killGroup();
      const how = signal === null ? `it ended with code ${code ?? 0}` : `it was ended by ${signal}`;
      const done = (): void => resolve({ how, isClean: code === 0 });
      const forget = clock.after(DRAIN_MS, () => {
        child.stdout?.destroy();
        child.stderr?.destroy();
        done();
      });
      child.once("close", () => {
        forget();
        done();
      });
    });
  });
}
