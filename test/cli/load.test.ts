/**
 * The sources that the built program loads: `qoc --help` and completion must not load schemas or commands. The program
 * is bundled; comments in each bundle name the sources in it.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { COMMAND_FILES } from "../../src/commands/registry.ts";
import { requireBuild } from "../support/built.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const HOOK =
  'export async function load(url, context, next) { process._rawDebug("LOAD " + url); return next(url, context); }';

/** Runs qoc with a loader hook that prints the URL of each module. Returns the sources in the bundles of `dist`. */
function loadedSources(...args: readonly string[]): readonly string[] {
  const hook = JSON.stringify(`data:text/javascript,${encodeURIComponent(HOOK)}`);
  const register = `import { register } from "node:module"; register(${hook});`;
  const argv = `process.argv = [process.execPath, "qoc", ...${JSON.stringify(args)}];`;
  const script = `${register}\n${argv} await import(${JSON.stringify(`${ROOT}bin/qoc.mjs`)});`;
  const output = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
    encoding: "utf8",
    cwd: ROOT,
  }).stderr;
  const urls = [...output.matchAll(/^LOAD (.*)$/gm)].map(([, url]) => url ?? "");
  const unbundled = urls.filter((url) => url.includes("/node_modules/"));
  const bundles = urls.filter((url) => url.startsWith("file:") && url.includes("/dist/"));
  return [...unbundled, ...bundles.flatMap((url) => sourcesIn(readFileSync(fileURLToPath(url), "utf8")))];
}

function sourcesIn(bundle: string): readonly string[] {
  return [...bundle.matchAll(/^\/\/ ((?:src|node_modules)\/\S+)$/gm)].map(([, path]) => path ?? "");
}

describe("the sources that are loaded", () => {
  beforeAll(requireBuild);

  it.each([
    ["qoc --help", ["--help"]],
    ["qoc help orders", ["help", "orders"]],
    ["qoc orders --help", ["orders", "--help"]],
    ["qoc approve --help", ["approve", "--help"]],
    ["completion of a verb", ["complete", "--", "orders", "l"]],
    ["completion of an empty word", ["complete", "--", "orders", ""]],
  ] as const)("by %s contain neither zod nor the file of a command", { timeout: 60_000 }, (_name, args) => {
    const sources = loadedSources(...args);
    expect(sources).toContain("src/cli/main.ts");
    expect(sources.filter((source) => source.includes("node_modules/zod/"))).toEqual([]);
    const commandFiles = Object.keys(COMMAND_FILES).map((name) => `src/commands/${name.replaceAll(" ", "/")}.ts`);
    expect(sources.filter((source) => commandFiles.includes(source))).toEqual([]);
    const allowed = /^src\/commands\/(command-index|registry|command-entry|rendering\/.*)\.ts$/;
    expect(sources.filter((source) => source.startsWith("src/commands/") && !allowed.test(source))).toEqual([]);
  });

  it("by a command contain its own file and zod", { timeout: 60_000 }, () => {
    const sources = loadedSources("orders", "list", "-C", "/");
    expect(sources).toContain("src/commands/orders/list.ts");
    expect(sources.some((source) => source.includes("node_modules/zod/"))).toBe(true);
  });
});
