/** SECURITY.md names tests that are there. */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PAGE = readFileSync(`${ROOT}SECURITY.md`, "utf8");
const SHELL = readFileSync(`${ROOT}test/programs/own-shell.test.ts`, "utf8");

describe("SECURITY.md", () => {
  it("SECURITY.md names files that exist", () => {
    const named = [...PAGE.matchAll(/`(test\/[^`]+)`/g)].map(([, path]) => path ?? "");
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter((path) => !existsSync(`${ROOT}${path}`))).toEqual([]);
  });

  it("SECURITY.md names a test in each row about an agent with a shell", () => {
    const section = PAGE.slice(PAGE.indexOf("### An agent that has a shell"), PAGE.indexOf("## The network"));
    // A row whose last cell is a file has its test there.
    const rows = section
      .split("\n")
      .filter((line) => line.startsWith("| ") && !line.startsWith("| without") && !line.endsWith("` |"));
    const names = rows.map((row) => /"([^"]+)" \|$/.exec(row)?.[1] ?? row);
    const tests = SHELL.split("\n").filter((line) => /^\s*((it.*|\]\))\()?"/.test(line));
    for (const name of names)
      expect(
        tests.filter((line) => line.includes(`"${name}`)),
        name,
      ).toHaveLength(1);
    expect(rows).toHaveLength(SHELL.match(/^  it[.(]/gm)?.length ?? 0);
  });
});
