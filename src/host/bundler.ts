/**
 * Runs esbuild, whose program all connectors share. A file can end that program, for example by 20 million brackets, or
 * hold it, for example as a pipe: it is started again, and what others bundled beside it is bundled once more.
 */
import childProcess from "node:child_process";
import { setMaxListeners } from "node:events";
import type * as esbuild from "esbuild";
import { messageOf } from "../domain/errors/error.ts";
import { unlessAborted } from "../lib/aborted.ts";
import { SerialQueue } from "../lib/serial-queue.ts";

export type Bundler = Pick<typeof esbuild, "build" | "context">;

/** What every bundle of the host is: one text for the oldest Node, and its source map. */
export const ONE_TEXT = {
  bundle: true,
  write: false,
  format: "cjs",
  platform: "node",
  target: "node20",
  sourcemap: "external",
  // Only positions are mapped. Without the sources, the map of a large package is a third of the size.
  sourcesContent: false,
  outfile: "bundle.cjs",
  logLevel: "silent",
} as const satisfies esbuild.BuildOptions;

export function textsOf({ outputFiles }: Pick<esbuild.BuildResult<typeof ONE_TEXT>, "outputFiles">) {
  const output = (suffix: string): string => outputFiles.find(({ path }) => path.endsWith(suffix))?.text ?? "";
  return { code: output(".cjs"), map: output(".map") };
}

/** A large package takes half a minute; a pipe that no program writes to would never end. */
const BUNDLE_MS = 120_000;
/** Of the program's address space. It reads a device or a tsconfig.json of any size into memory. */
const MEMORY_KIB = 4 * 1024 * 1024;
/** macOS has no such limit, and its shell says so. */
const LIMITED = `ulimit -v ${MEMORY_KIB} 2>/dev/null; exec "$0" "$@"`;
/** Of what the program writes when it crashes: a Go stack, whose first line is the reason. */
const REASON_CHARS_MAX = 200;

/** esbuild has no code for it. */
const ENDED = /^The service (was stopped|is no longer running)/;

/** One process of the program. */
interface ProgramLife {
  readonly bundler: typeof esbuild;
  /** Aborts when the process is given up: esbuild settles no promise of a program that it stops. */
  readonly end: AbortController;
  /** It was given up because one bundle took too long. */
  isLate: boolean;
  /** The beginning of what it has written to stderr. */
  stderr: string;
}

let current: ProgramLife | undefined;
/** One at a time, so that a file which ends the program ends no other's second attempt. */
const secondAttempts = new SerialQueue();

/** esbuild passes the desk's stderr to its program, and has no option for it: only its call of `spawn` is changed. */
function startProgram(life: ProgramLife): void {
  const { spawn } = childProcess;
  const start = (command: string, args: readonly string[], options: childProcess.SpawnOptions) => {
    const limited = ["-c", LIMITED, command, ...args];
    const child = spawn("/bin/sh", limited, { ...options, stdio: ["pipe", "pipe", "pipe"] });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      life.stderr = (life.stderr + text).slice(0, REASON_CHARS_MAX);
    });
    (child.stderr as typeof child.stderr & { unref(): void }).unref();
    return child;
  };
  try {
    Object.assign(childProcess, { spawn: start });
    void life.bundler.initialize({});
  } finally {
    Object.assign(childProcess, { spawn });
  }
}

async function runningProgram(): Promise<ProgramLife> {
  const bundler = await import("esbuild");
  if (current === undefined) {
    current = { bundler, end: new AbortController(), isLate: false, stderr: "" };
    // Each bundle that is under way listens: Node warns of the eleventh as of a leak.
    setMaxListeners(0, current.end.signal);
    startProgram(current);
  }
  return current;
}

/** The first that notices it: another may have started the program again since. */
function giveUp(life: ProgramLife, isLate: boolean): void {
  if (life !== current) return;
  current = undefined;
  life.isLate = isLate;
  void life.bundler.stop();
  life.end.abort(new Error("the bundler was started again"));
}

/** Without a result if the program ended meanwhile. @throws Error if the work failed, or took too long. */
async function attempt<T>(
  work: (bundler: Bundler) => Promise<T>,
  limitMs: number,
): Promise<{ readonly result: T } | ProgramLife> {
  const life = await runningProgram();
  const late = AbortSignal.timeout(limitMs);
  try {
    return { result: await unlessAborted(late, unlessAborted(life.end.signal, work(life.bundler))) };
  } catch (error) {
    if (late.aborted) {
      giveUp(life, true);
      throw new Error(
        `bundling did not end within ${limitMs / 1000} s: a file that it imports, or a tsconfig.json or package.json ` +
          "in its folder or above, is a pipe, a device or too large",
        { cause: error },
      );
    }
    if (!life.end.signal.aborted && !ENDED.test(messageOf(error))) throw error;
    giveUp(life, false);
    return life;
  }
}

export async function withBundler<T>(work: (bundler: Bundler) => Promise<T>, limitMs = BUNDLE_MS): Promise<T> {
  let outcome = await attempt(work, limitMs);
  for (let crashes = 0; !("result" in outcome);) {
    if (!outcome.isLate) crashes += 1;
    if (crashes > 1) {
      const [line = ""] = outcome.stderr.split("\n");
      const reason = line === "" ? "" : ` (${line})`;
      throw new Error(`the bundler ended while it read these files: one is too deep or too large${reason}`);
    }
    const isAlone = crashes > 0;
    outcome = await (isAlone ? secondAttempts.run(() => attempt(work, limitMs)) : attempt(work, limitMs));
  }
  return outcome.result;
}
