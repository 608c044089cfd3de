/** README's figures are those of the result that was kept last. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import kept from "../bench/kept.json" with { type: "json" };
import { keptTable, withKeptTable } from "../bench/kept-table.ts";

const README = readFileSync(new URL("../../README.md", import.meta.url), "utf8");

it("README's table is that of the kept result: `npm run bench -- ROW ... --keep` writes both", () => {
  expect(README).toContain(keptTable(kept.rows));
});

it("another result takes the place of the table alone", () => {
  const row = { n: 7, what: "w", ours: "o", base: "b", floor: "f", ratio: 2.345, target: "<= 2" };
  const text = withKeptTable(README, [row]);
  expect(text).toContain("|---|\n| 7 | w | o | b | f | 2.35 | <= 2 |\n\n");
  expect(withKeptTable(text, kept.rows)).toBe(README);
});
