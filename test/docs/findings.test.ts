/** The tables of closed findings in docs/attacks.md name tests that are there, and edits that can be made. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { MUTANTS } from "../mutants/mutants.ts";
import { hasTest, sourceOf, testsOf } from "../support/named-tests.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PAGE = readFileSync(`${ROOT}docs/attacks.md`, "utf8");
const SECTION = PAGE.slice(PAGE.indexOf("## What the first review found"));
const TABLE_ROWS = SECTION.split("\n")
  .filter((line) => line.startsWith("| ") && !/^\| (?:finding|rule) \|/.test(line))
  .map((line) =>
    line
      .split("|")
      .map((cell) => cell.trim())
      .slice(1, -1),
  );
const FINDINGS = TABLE_ROWS.filter((cells) => cells.length === 5);
const RULES = TABLE_ROWS.filter((cells) => cells.length === 2);
/** The first and last number of each series. */
const SERIES: readonly (readonly [first: number, last: number])[] = [
  [1, 49],
  [60, 63],
  [70, 72],
  [80, 86],
  [90, 94],
  [100, 102],
  [120, 128],
  [140, 142],
  [150, 154],
  [160, 171],
  [174, 194],
  [198, 202],
  [208, 210],
  [213, 214],
  [218, 229],
];

describe("docs/attacks.md", () => {
  it("docs/attacks.md has a row for each finding of the reviews, and the rules since then", () => {
    const numbers = SERIES.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, i) => first + i));
    expect(FINDINGS.map(([number]) => Number(number))).toEqual(numbers);
    expect(RULES).toHaveLength(11);
  });

  it.each([...FINDINGS.map((cells) => cells[3] ?? ""), ...RULES.map((cells) => cells[1] ?? "")].flatMap(testsOf))(
    "names a test that is there: $path $title",
    ({ path, title }) => {
      expect(hasTest({ path, title }), `${path} ${title}`).toBe(true);
    },
  );

  it("docs/attacks.md names each edit beside its finding and its test", () => {
    const named = FINDINGS.map(([number, , , tests = "", edits = ""]) => ({ number, tests, edits: edits.split(" ") }));
    // The edits c1 to c15 belong to no finding of a review: docs/performance.md.
    const ofFindings = MUTANTS.map(({ name }) => name).filter((name) => !name.startsWith("c"));
    expect(named.flatMap(({ edits }) => edits).toSorted()).toEqual(ofFindings.toSorted());
    for (const { number, tests, edits } of named)
      for (const { name, test, fails } of MUTANTS.filter((mutant) => edits.includes(mutant.name))) {
        expect(name).toMatch(new RegExp(`^${number}[a-z]$`));
        expect(testsOf(tests)).toContainEqual({ path: test, title: fails });
      }
  });
});

describe("the edits that take a rule away", () => {
  it.each(MUTANTS)("$name: the text that it replaces is in $file once", ({ file, search }) => {
    expect(sourceOf(file).split(search)).toHaveLength(2);
  });
});
