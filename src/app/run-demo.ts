/** Runs the demo script with a temporary folder, the real command line in this process, and a terminal. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { join } from "node:path";
import type { DemoScreen } from "../commands/command.ts";
import { type CliLine, runDemoScript } from "../cli/demo.ts";
import { type Io, wantsColour } from "../cli/io.ts";
import { createPrompter } from "../cli/prompts.ts";
import type { Clock, Disk } from "../domain/ports.ts";
import { tryParseJson } from "../lib/json.ts";
import { quoteForShell } from "../lib/shell.ts";
import { LAYOUT } from "../workspace/layout.ts";
import { findProgram } from "./find-program.ts";

/** Runs one command line on these streams. Returns the exit code. */
export type RunLine = (argv: readonly string[], io: Io) => Promise<number>;

export interface DemoOptions {
  readonly bin: string;
  readonly env: Record<string, string | undefined>;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly runLine: RunLine;
}

export async function runDemo(
  options: DemoOptions,
  request: { readonly yes: boolean; readonly path?: string | undefined },
  screen: DemoScreen,
  signal: AbortSignal,
): Promise<unknown> {
  const { disk, clock, runLine, env } = options;
  const dir = request.path ?? join(mkdtempSync(join(tmpdir(), "qoc-demo-")), "desk");
  const prompter = createPrompter(process.stdin, process.stderr, { signal, hasColour: wantsColour(env, true) });
  return runDemoScript({
    dir,
    runCli: (args, onLine) => runQoc(runLine, args[0] === "init" ? args : [...args, "-C", dir], onLine),
    print: (line) => screen.say(line),
    ask: (question) => (request.yes || !screen.canAsk ? Promise.resolve(undefined) : prompter.text(question)),
    // A timer of the clock would not keep the process running.
    wait: (ms) => sleep(ms, undefined, { signal }),
    seconds: () => clock.monotonic() / 1000,
    speedUp: async (barSeconds) => {
      const path = `${dir}/${LAYOUT.config}`;
      const text = await disk.readText(path);
      await disk.writeAtomic(path, text.replace(/^( *bar_seconds = )\d+/m, `$1${barSeconds}`));
    },
    qoc: await typedName(options),
  });
}

/** `qoc` if the shell finds this program under that name; else the words that start it. */
async function typedName({ bin, env }: DemoOptions): Promise<string> {
  const found = await findProgram("qoc", env["PATH"] ?? "");
  return found?.real === bin ? "qoc" : `node ${quoteForShell(bin)}`;
}

/** With `onLine` the lines for a person are passed on as they come; without it the value is read as JSON. */
async function runQoc(
  runLine: RunLine,
  args: readonly string[],
  onLine?: (line: string) => void,
): Promise<Awaited<ReturnType<CliLine>>> {
  let [out, err] = ["", ""];
  const io: Io = {
    out: async (text) => void (out += text),
    err: (text) => {
      err += text;
      for (const line of text.split("\n")) if (line !== "") onLine?.(line);
    },
    stdinText: () => Promise.resolve(""),
    fdText: () => Promise.resolve(""),
    prompter: () => {
      throw new Error("no prompt is shown in a line of the demo");
    },
    isTty: { in: false, out: false, err: false },
    columns: 80,
    rows: 24,
    colour: { out: false, err: false },
  };
  const code = await runLine(onLine === undefined ? [...args, "--json"] : args, io);
  return { code, json: onLine === undefined ? tryParseJson(out) : undefined, text: err || out };
}
