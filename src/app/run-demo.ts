/** Runs the demo script with a temporary folder, the real command line as child processes, and a terminal. */
import { execFile } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DemoScreen } from "../commands/command.ts";
import { type RunCli, runDemoScript } from "../cli/demo.ts";
import { wantsColour } from "../cli/io.ts";
import { createPrompter } from "../cli/prompts.ts";
import { tryParseJson } from "../lib/json.ts";

export interface DemoOptions {
  readonly bin: string;
  readonly env: Record<string, string | undefined>;
}

export async function runDemo(
  options: DemoOptions,
  request: { readonly yes: boolean; readonly path?: string | undefined },
  screen: DemoScreen,
  signal: AbortSignal,
): Promise<unknown> {
  const dir = request.path ?? join(mkdtempSync(join(tmpdir(), "qoc-demo-")), "desk");
  const prompter = createPrompter(process.stdin, process.stderr, { signal, hasColour: wantsColour(options.env, true) });
  return runDemoScript({
    dir,
    runCli: runQoc(options, dir, signal),
    print: (line) => screen.say(line),
    confirm: (question) => (request.yes || !screen.canAsk ? Promise.resolve(true) : prompter.confirm(question)),
    wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  });
}

function runQoc({ bin, env }: DemoOptions, dir: string, signal: AbortSignal): RunCli {
  return (args) =>
    new Promise((resolve) => {
      const where = args[0] === "init" ? [] : ["-C", dir];
      const environment = { ...env, NO_COLOR: "1" } as NodeJS.ProcessEnv;
      execFile(
        process.execPath,
        [bin, ...args, ...where, "--json"],
        { env: environment, signal, maxBuffer: 16 * 1024 * 1024 },
        (error, stdout, stderr) => {
          const code = error === null ? 0 : typeof error.code === "number" ? error.code : 1;
          resolve({
            code,
            json: tryParseJson(stdout),
            notes: stderr.split("\n").filter((line) => line !== ""),
            text: stderr || stdout,
          });
        },
      );
    });
}
