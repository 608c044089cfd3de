/** The page of attacks names every attack at both levels, with outcomes that the tests expect. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { ATTACKS, type IsolationLevel, expectedOutcomes } from "../conformance/attacks/attacks.ts";

const PAGE = readFileSync(fileURLToPath(new URL("../../docs/attacks.md", import.meta.url)), "utf8");
const ROWS = PAGE.split("\n")
  .filter((line) => /^\| [A-G]\d\d \|/.test(line))
  .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|")))
  .map(([, id, title, level, outcome, alive, , lost, , secrets]) => ({
    id,
    title,
    level,
    outcome,
    alive,
    lost,
    secrets,
  }));

describe("docs/attacks.md", () => {
  it("docs/attacks.md lists each attack once at each level, under its own title", () => {
    const told = ROWS.map(({ id, level, title }) => `${id} ${level} ${title}`);
    expect(told.toSorted()).toEqual(
      ATTACKS.flatMap(({ id, title }) => [`${id} process ${title}`, `${id} worker ${title}`]).toSorted(),
    );
  });

  it.each(ROWS)("$id at the $level level ends as the tests expect", ({ id, level, outcome = "", lost, secrets }) => {
    const attack = ATTACKS.find((candidate) => candidate.id === id);
    const words = outcome.split(", ").map((word) => word.replace(/^\d+: /, ""));
    for (const word of words)
      expect(attack === undefined ? [] : expectedOutcomes(attack, level as IsolationLevel)).toContain(word);
    expect(secrets).toBe("none");
    expect(["0", "-"]).toContain(lost);
  });
});
