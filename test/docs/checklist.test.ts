/** The checklist of docs/agents.md lists every id once, each with an existing test that carries the id. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

function read(path: string): string {
  return readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), "utf8");
}

/** The number of ids of each letter: transport, scope, files, prompts, lifetime, launch. */
const COUNTS = { H: 8, S: 8, F: 8, P: 6, L: 6, A: 6 } as const;
const IDS = Object.entries(COUNTS).flatMap(([letter, count]) =>
  Array.from({ length: count }, (_, index) => `${letter}${index + 1}`),
);

const ROWS = [...read("docs/agents.md").matchAll(/^\| ([A-Z]\d) \| (.+) \| `(.+)` › (.+) \|$/gm)].map(
  ([, id = "", what = "", file = "", test = ""]) => ({
    ...{ id, what, file, test },
  }),
);

describe("the checklist", () => {
  it("the checklist has every id once, in order", () => {
    expect(ROWS.map(({ id }) => id)).toEqual(IDS);
  });

  it.each(ROWS)("$id names a test that exists and carries the id", ({ id, file, test }) => {
    expect(test.split(" ")).toContain(id);
    // A test's title is in quotes of any kind in its file.
    expect(['"', "'", "`"].some((quote) => read(file).includes(`${quote}${test}${quote}`))).toBe(true);
  });
});
