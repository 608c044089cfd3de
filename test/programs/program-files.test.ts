/** Which files of the built program a start loads. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "../support/free-port.ts";

const BIN = fileURLToPath(new URL("../../bin/qoc.mjs", import.meta.url));
let home: string;
let env: NodeJS.ProcessEnv;

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), "qoc-files-"));
  env = { PATH: process.env["PATH"], HOME: home, XDG_RUNTIME_DIR: join(home, "run") };
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** The files under dist/src that processes have loaded, by what Node writes about the coverage of their code. */
function loadedFiles(folder: string): readonly string[] {
  const reports = readdirSync(folder).map((name) => readFileSync(join(folder, name), "utf8"));
  const urls = reports.flatMap((text) => (JSON.parse(text) as { result: { url: string }[] }).result);
  return [...new Set(urls.map(({ url }) => /\/dist\/src\/(.*)$/.exec(url)?.[1] ?? ""))].filter((path) => path !== "");
}

describe("the built program", () => {
  it("a start loads few files, and none of the build for short commands", async () => {
    const desk = join(home, "desk");
    execFileSync(process.execPath, [BIN, "init", desk], { env, stdio: "ignore" });
    const coverage = join(home, "coverage");
    const child = spawn(process.execPath, [BIN, "up", "--json", "--port", String(await freePort()), "-C", desk], {
      env: { ...env, NODE_V8_COVERAGE: coverage },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const ended = once(child, "exit");
    // --json prints when the connectors have started.
    await Promise.race([once(child.stdout, "data"), ended]);
    execFileSync(process.execPath, [BIN, "status", "-C", desk], { env, stdio: "ignore" });
    child.kill("SIGTERM");
    expect(await ended).toEqual([0, null]);
    const files = loadedFiles(coverage);
    expect(files).toContain("app/host.js");
    // Two copies of a class are two classes: `instanceof` does not know an error of the other build.
    expect(files.filter((path) => !/^(?:app\/host\.js|host\/.*|chunks\/\w+\.cjs)$/.test(path))).toEqual([]);
    // One file has the parts of a start; some only name those of its parts that an import() asks for.
    expect(files.length).toBeLessThan(25);
  });
});
