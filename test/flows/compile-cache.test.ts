/** What Node compiled is kept for the next command where only the operator can write: it is code that runs as them. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { requireBuild } from "../support/built.ts";
import { BIN } from "../support/qoc-json.ts";

requireBuild();

const NODES = [process.execPath, ...(process.env["QOC_NODES"] ?? "").split(":").filter((path) => path !== "")];

function help(node: string, home: string) {
  const env = { PATH: process.env["PATH"], HOME: home, TMPDIR: mkdtempSync(join(tmpdir(), "qoc-tmp-")) };
  const { status, stdout } = spawnSync(node, [BIN, "--help"], { env, encoding: "utf8" });
  return { status, stdout, shared: readdirSync(env.TMPDIR) };
}

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
