/** What Node compiled is kept for the next command where only the operator can write: it is code that runs as them. */
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { requireBuild } from "../support/built.ts";
import { BIN } from "../support/qoc-json.ts";

requireBuild();

const NODES = [process.execPath, ...(process.env["QOC_NODES"] ?? "").split(":").filter((path) => path !== "")];

function help(node: string, home: string, flags: readonly string[] = []) {
  const env = { PATH: process.env["PATH"], HOME: home, TMPDIR: mkdtempSync(join(tmpdir(), "qoc-tmp-")) };
  const { status, stdout, stderr } = spawnSync(node, [...flags, BIN, "--help"], { env, encoding: "utf8" });
  return { status, stdout, stderr, shared: readdirSync(env.TMPDIR) };
}

/** Prints the folder that Node would take, also with a Node that keeps nothing. */
const PRINTS_FOLDER = 'import m from "node:module"; m.enableCompileCache = (folder) => process.stderr.write(folder);';

/** Returns the folder that Node is asked to keep code in, or an empty text. */
function keptIn(home: string): string {
  mkdirSync(`${home}/.qoc/compile-cache`, { recursive: true, mode: 0o700 });
  return help(process.execPath, home, ["--import", `data:text/javascript,${PRINTS_FOLDER}`]).stderr;
}

it("code in a folder that others can write is not run", () => {
  const parent = mkdtempSync(join(tmpdir(), "qoc-home-"));
  const home = join(parent, "home");
  expect(keptIn(home)).toBe(`${home}/.qoc/compile-cache`);
  for (const folder of ["home", "home/.qoc", "home/.qoc/compile-cache"]) {
    chmodSync(join(parent, folder), 0o777);
    expect(keptIn(home)).toBe("");
    chmodSync(join(parent, folder), 0o700);
  }
});

describe.each(NODES)("with %s", (node) => {
  const version = spawnSync(node, ["-p", "process.versions.node"], { encoding: "utf8" }).stdout;
  const hasCache = Number(version.split(".")[0]) >= 22;

  it("the compiled code lies in a private folder beside the keys, and in no shared one", () => {
    const home = mkdtempSync(join(tmpdir(), "qoc-home-"));
    const { status, shared } = help(node, home);
    expect({ status, shared }).toEqual({ status: 0, shared: [] });
    expect(existsSync(`${home}/.qoc`)).toBe(hasCache);
    if (!hasCache) return;
    expect(readdirSync(`${home}/.qoc/compile-cache`).length).toBeGreaterThan(0);
    for (const folder of [".qoc", ".qoc/compile-cache"]) expect(statSync(`${home}/${folder}`).mode & 0o777).toBe(0o700);
  });

  it("a home that cannot be written changes nothing", () => {
    const home = join(mkdtempSync(join(tmpdir(), "qoc-home-")), "file");
    writeFileSync(home, "");
    expect(help(node, home)).toMatchObject({ status: 0, shared: [], stdout: expect.stringContaining("qoc") as string });
  });
});
