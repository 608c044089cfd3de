/**
 * The sources that the built program loads: `qoc --help` and completion must not load schemas or commands. The program
 * is bundled; `dist/sources.json` names the sources in each bundle.
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { COMMAND_FILES } from "../../src/commands/registry.ts";
import { requireBuild } from "../support/built.ts";
import { freePort } from "../support/free-port.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const HOOK =
  'export async function load(url, context, next) { process._rawDebug("LOAD " + url); return next(url, context); }';

/** The arguments of Node that run qoc with a loader hook, which prints the URL of each module. */
function hooked(args: readonly string[]): readonly string[] {
  const hook = JSON.stringify(`data:text/javascript,${encodeURIComponent(HOOK)}`);
  const register = `import { createRequire, register } from "node:module"; register(${hook});`;
  // The hook sees no CommonJS files, such as that of zod.
  const required = `process.on("exit", () => {
    for (const path of Object.keys(createRequire("/").cache)) process._rawDebug("LOAD file://" + path);
  });`;
  const argv = `process.argv = [process.execPath, "qoc", ...${JSON.stringify(args)}];`;
  const script = `${register}\n${required}\n${argv} await import(${JSON.stringify(`${ROOT}bin/qoc.mjs`)});`;
  return ["--input-type=module", "-e", script];
}

function loadedSources(...args: readonly string[]): readonly string[] {
  return sourcesOf(spawnSync(process.execPath, hooked(args), { encoding: "utf8", cwd: ROOT }).stderr);
}

interface Loaded {
  readonly up: readonly string[];
  readonly status: readonly string[];
  /** The number of files of `dist` that `qoc status` has loaded. */
  readonly statusFiles: number;
}

/** The sources that a new desk has loaded when it is up, and those of `qoc status` then. */
async function startedSources(): Promise<Loaded> {
  const home = mkdtempSync(join(tmpdir(), "qoc-load-"));
  const env = { ...process.env, HOME: home, XDG_RUNTIME_DIR: join(home, "run") };
  const [bin, desk] = [`${ROOT}bin/qoc.mjs`, join(home, "desk")];
  spawnSync(process.execPath, [bin, "init", desk], { env });
  const config = join(desk, "desk.toml");
  writeFileSync(config, readFileSync(config, "utf8").replace(/^port = \d+$/m, `port = ${await freePort()}`));
  const child = spawn(process.execPath, hooked(["up", "-C", desk]), { env, stdio: ["ignore", "pipe", "pipe"] });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const output = await new Promise<string>((resolve) => {
    let said = "";
    const take = (data: Buffer): void => {
      said += data.toString("utf8");
      if (said.includes(" is up")) resolve(said);
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    void ended.then(() => resolve(said));
  });
  const status = spawnSync(process.execPath, hooked(["status", "-C", desk]), { env, encoding: "utf8" });
  child.kill("SIGTERM");
  await ended;
  rmSync(home, { recursive: true });
  expect(output).toContain(" is up");
  expect(status).toMatchObject({ status: 0, stdout: expect.stringContaining("paper") });
  const statusFiles = bundlesOf(status.stderr).length;
  return { up: sourcesOf(output), status: sourcesOf(status.stderr), statusFiles };
}

function urlsOf(output: string): readonly string[] {
  return [...output.matchAll(/^LOAD (.*)$/gm)].map(([, url]) => url ?? "");
}

/** The bundles of `dist` whose URLs the hook has printed. */
function bundlesOf(output: string): readonly string[] {
  return urlsOf(output).filter((url) => url.startsWith(`${pathToFileURL(ROOT).href}dist/`));
}

function sourcesOf(output: string): readonly string[] {
  const unbundled = urlsOf(output).filter((url) => url.includes("/node_modules/"));
  const sources = JSON.parse(readFileSync(`${ROOT}dist/sources.json`, "utf8")) as Record<string, string[]>;
  const bundled = bundlesOf(output).flatMap((url) => {
    const file = relative(ROOT, fileURLToPath(url));
    const names = sources[file];
    if (names === undefined) throw new Error(`the build has not said which sources ${file} has`);
    return names;
  });
  return [...unbundled, ...bundled];
}

describe("the sources that are loaded", () => {
  beforeAll(requireBuild);

  it.each([
    ["qoc --help", ["--help"]],
    ["qoc orders --help", ["orders", "--help"]],
    ["qoc approve --help", ["approve", "--help"]],
    ["completion of a verb", ["complete", "--", "orders", "l"]],
    ["completion of an empty word", ["complete", "--", "orders", ""]],
  ] as const)("by %s contain neither zod nor the file of a command", (_name, args) => {
    const sources = loadedSources(...args);
    expect(sources).toContain("src/cli/main.ts");
    expect(sources.filter((source) => source.includes("node_modules/zod/"))).toEqual([]);
    const commandFiles = Object.keys(COMMAND_FILES).map((name) => `src/commands/${name.replaceAll(" ", "/")}.ts`);
    expect(sources.filter((source) => commandFiles.includes(source))).toEqual([]);
    const allowed = /^src\/commands\/(command-index|registry|command-entry|rendering\/.*)\.ts$/;
    expect(sources.filter((source) => source.startsWith("src/commands/") && !allowed.test(source))).toEqual([]);
  });

  it("by a command that imports a use case contain no zod", () => {
    const sources = loadedSources("orders", "propose", "--cancel", "20260705-001", "-C", "/");
    expect(sources).toContain("src/commands/orders/propose.ts");
    expect(sources.filter((source) => source.includes("node_modules/zod/"))).toEqual([]);
  });

  it("by qoc help orders contain no zod", () => {
    const sources = loadedSources("help", "orders");
    expect(sources).toContain("src/cli/help.ts");
    expect(sources.filter((source) => source.includes("node_modules/zod/"))).toEqual([]);
  });

  it("by a command that runs in the terminal contain zod, which parses its input", () => {
    const sources = loadedSources("trust", "/missing");
    expect(sources.some((source) => source.includes("node_modules/zod/"))).toBe(true);
  });

  it("by a start contain no command of agents and no parser of feeds, and by a question to it no zod", async () => {
    const { up, status, statusFiles } = await startedSources();
    expect(up).toContain("src/app/agent-endpoint.ts");
    const commands = ["orders/propose", "orders/list", "snapshot"].map((name) => `src/commands/${name}.ts`);
    expect(up.filter((source) => commands.includes(source) || source.includes("fast-xml-parser"))).toEqual([]);
    expect(status).toContain("src/commands/status.ts");
    expect(status.filter((source) => source.includes("node_modules/zod/"))).toEqual([]);
    // Two files with what most commands use, and one for each import of a module in them.
    expect(statusFiles).toBeLessThanOrEqual(8);
  });
});
