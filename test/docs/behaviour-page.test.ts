/** docs/behaviour.md names a test for each behaviour. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { hasTest, testsOf } from "../support/named-tests.ts";

const PAGE = readFileSync(fileURLToPath(new URL("../../docs/behaviour.md", import.meta.url)), "utf8");
const ROWS = PAGE.split("\n")
  .filter((line) => line.startsWith("| ") && !line.startsWith("| behaviour |"))
  .map((line) => line.slice(2, -2).split(" | "))
  .map(([behaviour = "", tests = "", ...more]) => ({ behaviour, tests, more }));

describe("docs/behaviour.md", () => {
  it("docs/behaviour.md has rows of a behaviour and its tests, each behaviour once", () => {
    expect(ROWS.length).toBeGreaterThan(100);
    expect(ROWS.filter(({ tests, more }) => !tests.startsWith("`test/") || more.length > 0)).toEqual([]);
    const named = ROWS.map(({ behaviour }) => behaviour);
    expect(named).toEqual([...new Set(named)]);
  });

  it.each(ROWS)("$behaviour: its tests are there", ({ tests }) => {
    expect(testsOf(tests).filter((test) => !hasTest(test))).toEqual([]);
  });
});
