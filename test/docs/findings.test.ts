/** The tables of closed findings in docs/attacks.md name tests that are there, and edits that can be made. */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { MUTANTS } from "../mutants/mutants.ts";
import { splitSource } from "../support/source-text.ts";

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
const FINDING_COUNT = 19;

interface NamedTest {
  readonly path: string;
  readonly title: string;
}

/** The tests of a cell: a file, then the titles of its tests in quotation marks, and so on. */
function testsOf(cell: string): readonly NamedTest[] {
  return cell.split(/; (?=`)/).flatMap((part) => {
    const path = /^`(test\/[^`]+)`/.exec(part)?.[1] ?? "";
    const titles = [...part.matchAll(/(?:^|[\s,])(?:"([^"]+)"|'([^']+)')(?=,|$)/g)].map(([, a, b]) => a ?? b ?? "");
    return titles.length === 0 ? [{ path, title: "" }] : titles.map((title) => ({ path, title }));
  });
}

/** The quoted texts of a program. */
function textsOf(source: string): readonly string[] {
  const quoted = splitSource(source).code.matchAll(/"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'/g);
  return [...quoted].map(([, a, b]) => (a ?? b ?? "").replaceAll(/\\(["'\\])/g, "$1"));
}

const PLACEHOLDER = /%[sjdio]|\$\w+/;
/** A title with fewer letters of its own says little: then its first value must be in the file, too. */
const LETTERS_MIN = 10;

/** Whether a test of the file has this title: one of its texts, with the values of a table in its places. */
function hasTitle(source: string, title: string): boolean {
  return textsOf(source).some((text) => {
    if (text === title) return true;
    const parts = text.split(PLACEHOLDER);
    if (parts.length === 1) return false;
    const pattern = parts.map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)).join("(.*)");
    const values = new RegExp(`^${pattern}$`).exec(title)?.slice(1);
    if (values === undefined) return false;
    const first = (values[0] ?? "").replaceAll(/^"|"$/g, "");
    return parts.join("").replaceAll(/\W/g, "").length >= LETTERS_MIN || (first !== "" && source.includes(first));
  });
}

const SOURCES = new Map<string, string>();
function sourceOf(path: string): string {
  const known = SOURCES.get(path) ?? readFileSync(`${ROOT}${path}`, "utf8");
  SOURCES.set(path, known);
  return known;
}

describe("docs/attacks.md", () => {
  it("docs/attacks.md has a row for each finding of the reviews, and the rules since then", () => {
    expect(FINDINGS.map(([number]) => number)).toEqual(Array.from({ length: FINDING_COUNT }, (_, i) => String(i + 1)));
    expect(RULES).toHaveLength(11);
  });

  it.each([...FINDINGS.map((cells) => cells[3] ?? ""), ...RULES.map((cells) => cells[1] ?? "")].flatMap(testsOf))(
    "names a test that is there: $path $title",
    ({ path, title }) => {
      expect(existsSync(`${ROOT}${path}`), path).toBe(true);
      if (title !== "") expect(hasTitle(sourceOf(path), title), title).toBe(true);
    },
  );

  it("docs/attacks.md names each edit beside its finding and its test", () => {
    const named = FINDINGS.map(([number, , , tests = "", edits = ""]) => ({ number, tests, edits: edits.split(" ") }));
    expect(named.flatMap(({ edits }) => edits).toSorted()).toEqual(MUTANTS.map(({ name }) => name).toSorted());
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
