/** What the built program loads: the first answer of `qoc --help` and of completion must not wait for schemas or commands. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const isBuilt = existsSync(`${ROOT}dist/src/commands/index.json`);

/** Runs qoc with a loader hook that prints the URL of every module to standard error. */
function loadedModules(...args: readonly string[]): readonly string[] {
  const hook = `export async function load(url, context, next) { process._rawDebug("LOAD " + url); return next(url, context); }`;
  const register = `import { register } from "node:module"; register("data:text/javascript,${encodeURIComponent(hook)}");`;
  const program = `process.argv = [process.execPath, "qoc", ...${JSON.stringify(args)}]; await import(${JSON.stringify(`${ROOT}bin/qoc.mjs`)});`;
  const script = `${register}\n${program}`;
  const output = execFileSync("sh", ["-c", 'exec "$0" --input-type=module -e "$1" 2>&1', process.execPath, script], {
    encoding: "utf8",
    cwd: ROOT,
  });
  return [...output.matchAll(/^LOAD (.*)$/gm)].map(([, url]) => url ?? "");
}

describe.skipIf(!isBuilt)("the modules that are loaded", () => {
  it.each([
    ["qoc --help", ["--help"]],
    ["qoc help orders", ["help", "orders"]],
    ["qoc orders --help", ["orders", "--help"]],
    ["qoc approve --help", ["approve", "--help"]],
    ["completion of words", ["complete", "--", "orders", "l"]],
  ] as const)("by %s contain neither zod nor the file of a command", { timeout: 60_000 }, (_name, args) => {
    const modules = loadedModules(...args);
    expect(modules.some((url) => url.includes("/dist/src/cli/main.js"))).toBe(true);
    expect(modules.filter((url) => url.includes("/node_modules/zod/"))).toEqual([]);
    const allowed = /\/dist\/src\/commands\/(command-index|registry|command-entry|rendering\/.*)\.js$/;
    expect(modules.filter((url) => url.includes("/dist/src/commands/") && !allowed.test(url))).toEqual([]);
  });
});
