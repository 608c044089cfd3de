/** `qoc demo` as a user runs it: it ends with a filled order, says how long it took, and its last hint works. */
import { execFile, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, realpathSync } from "node:fs";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { beforeAll, expect, it } from "vitest";
import { widthOf } from "../../src/commands/rendering/terminal-text.ts";
import { requireBuild } from "../support/built.ts";

const run = promisify(execFile);
beforeAll(requireBuild);

/** A pause between two lines of the demo, in starts of a program on this machine as it is now. */
const PAUSE_STARTS = 25;
const PAUSE_MS = 5_000;

interface DemoOutput {
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
  /** The longest time without a line, ms. */
  readonly silence: number;
}

/** Runs the demo as a user at a terminal reads it: line after line. */
async function runDemo(args: readonly string[], env: NodeJS.ProcessEnv): Promise<DemoOutput> {
  const started = performance.now();
  const demo = spawn(process.execPath, ["bin/qoc.mjs", ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
  let [stdout, stderr, last, silence] = ["", "", started, 0];
  const heard = (): void => {
    const now = performance.now();
    [silence, last] = [Math.max(silence, now - last), now];
  };
  demo.stdout.on("data", (data) => ((stdout += String(data)), heard()));
  demo.stderr.on("data", (data) => ((stderr += String(data)), heard()));
  const [code] = (await once(demo, "close")) as [number];
  heard();
  expect(code, stderr).toBe(0);
  return { stdout, stderr, seconds: (last - started) / 1_000, silence };
}

it("the demo prints its steps in 80 columns without a long pause, measures itself, and its last hint runs as printed", async () => {
  const base = realpathSync(mkdtempSync(join(tmpdir(), "qoc-demo-test-")));
  const env = { PATH: process.env["PATH"], HOME: join(base, "home"), XDG_RUNTIME_DIR: join(base, "run") };
  for (const folder of [env.HOME, env.XDG_RUNTIME_DIR]) mkdirSync(folder, { mode: 0o700 });
  const dir = join(base, "a desk");
  const { stderr, stdout, seconds, silence } = await runDemo(["demo", "--yes", "--path", dir], env);
  const lines = stderr.split("\n");
  const steps = lines.filter((line) => /^\d+\. /.test(line)).map((line) => Number.parseInt(line, 10));
  expect(steps).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  expect(stderr).toMatch(/is rejected\.\n\n7\. Read the decisions[^\n]*\n +\S+ REJECTED buy \d+ SPX/);
  const printed = Number(/^That took (\d+\.\d) s\./m.exec(stderr)?.[1]);
  expect(printed).toBeGreaterThan(seconds / 2);
  expect(printed).toBeLessThanOrEqual(seconds + 0.1);
  const before = performance.now();
  await run(process.execPath, ["bin/qoc.mjs", "--version"], { env });
  expect(silence).toBeLessThan(Math.max(PAUSE_MS, PAUSE_STARTS * (performance.now() - before)));
  for (const line of lines.filter((text) => !text.includes(base))) expect(widthOf(line), line).toBeLessThanOrEqual(80);
  expect(stdout).toMatch(/^nav\t\d/m);
  const hint = lines.findLast((line) => line.startsWith("next: "))?.slice("next: ".length) ?? "";
  expect(existsSync(join(dir, "desk.toml"))).toBe(true);
  const desk = spawn("sh", ["-c", `exec ${hint}`], { env, cwd: base });
  let said = "";
  for await (const line of createInterface({ input: desk.stdout })) if ((said += line).includes("desk is up")) break;
  desk.kill("SIGTERM");
  await once(desk, "exit");
  expect(said).toContain("desk is up");
});
