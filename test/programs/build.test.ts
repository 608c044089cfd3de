/** The program as other versions of Node build it: a clean installation builds with the Node that is there. */
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const SOURCES = [
  "bin",
  "build.mjs",
  "connectors",
  "package.json",
  "sandbox",
  "src",
  "tsconfig.build.json",
  "tsconfig.json",
];
/** Paths of binaries, separated by colons. */
const NODES = (process.env["QOC_NODES"] ?? "").split(":").filter((path) => path !== "");
if (NODES.length === 0)
  process.stderr.write("\nSKIPPED: the build with other versions of Node: QOC_NODES names none\n\n");

describe.skipIf(NODES.length === 0)("a copy of the source files", () => {
  it.each(NODES.length === 0 ? ["another version of Node"] : NODES)("is built and runs with %s", (node) => {
    const folder = mkdtempSync(join(tmpdir(), "qoc-build-"));
    for (const name of SOURCES) cpSync(join(ROOT, name), join(folder, name), { recursive: true });
    symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
    const run = (...args: readonly string[]): string =>
      execFileSync(node, [...args], {
        cwd: folder,
        encoding: "utf8",
        env: { PATH: process.env["PATH"], HOME: folder },
      });
    run("build.mjs");
    expect(run("bin/qoc.mjs", "--help")).toContain("usage: qoc <command>");
    // Its schema is made with zod, and its file is read with yaml.
    run("bin/qoc.mjs", "init", "desk");
    expect(JSON.parse(run("bin/qoc.mjs", "issues", "list", "-C", "desk", "--json"))).toHaveLength(1);
    rmSync(folder, { recursive: true });
  });
});
