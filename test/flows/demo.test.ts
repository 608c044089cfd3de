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

it("the demo prints its steps in 80 columns, measures itself, and its last hint runs as it is printed", async () => {
  const base = realpathSync(mkdtempSync(join(tmpdir(), "qoc-demo-test-")));
  const env = { PATH: process.env["PATH"], HOME: join(base, "home"), XDG_RUNTIME_DIR: join(base, "run") };
  for (const folder of [env.HOME, env.XDG_RUNTIME_DIR]) mkdirSync(folder, { mode: 0o700 });
  const dir = join(base, "a desk");
  const { stderr, stdout } = await run(process.execPath, ["bin/qoc.mjs", "demo", "--yes", "--path", dir], { env });
  const lines = stderr.split("\n");
  const steps = lines.filter((line) => /^\d+\. /.test(line)).map((line) => Number.parseInt(line, 10));
  expect(steps).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  expect(stderr).toMatch(/is rejected\.\n\n7\. Read the decisions[^\n]*\n +\S+ REJECTED buy \d+ SPX/);
  expect(stderr).toMatch(/^That took \d+\.\d s\./m);
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
}, 60_000);
