/** Adapters with one mistake each: every case that should detect the mistake fails with a useful reason. */
import { describe, expect, it } from "vitest";
import { CASES } from "../../../src/conformance/cases.ts";
import { applyMistake } from "./apply-mistake.ts";
import { FORM_VENUE_AMOUNTS } from "./form-venue-amounts.ts";
import { FORM_VENUE_MISTAKES } from "./form-venue-mistakes.ts";
import { FORM_VENUE_WIRE } from "./form-venue-wire.ts";
import { TEMPLATE_MISTAKES } from "./mistakes.ts";
import { FORM_VENUE, TEMPLATE, sourceOf, testMistakes } from "./test-mistakes.ts";

const ALL = [
  ...TEMPLATE_MISTAKES.map((mistake) => ({ ...mistake, folder: TEMPLATE })),
  ...[...FORM_VENUE_MISTAKES, ...FORM_VENUE_AMOUNTS, ...FORM_VENUE_WIRE].map((mistake) => ({
    ...mistake,
    folder: FORM_VENUE,
  })),
];

describe("the list of mistakes", () => {
  it("has at least 160 of them, with unique names, and every mistake has edits and existing cases", () => {
    const names = ALL.map(({ name }) => name);
    expect(names.length).toBeGreaterThanOrEqual(160);
    expect(names).toEqual([...new Set(names)]);
    const ids = CASES.map(({ id }) => id as string);
    expect(ALL.flatMap(({ caughtBy }) => caughtBy).filter((id) => !ids.includes(id))).toEqual([]);
    expect(ALL.filter(({ caughtBy, edits }) => caughtBy.length === 0 || edits.length === 0)).toEqual([]);
  });

  it("every case catches a mistake", () => {
    const catching = new Set(ALL.flatMap(({ caughtBy }) => caughtBy));
    expect(CASES.map(({ id }) => id as string).filter((id) => !catching.has(id))).toEqual([]);
  });

  it("every mistake applies to its adapter", () => {
    for (const { folder, ...mistake } of ALL)
      expect(applyMistake(sourceOf(folder), mistake), mistake.name).not.toBe(sourceOf(folder));
  });

  it("applyMistake throws if the text to find is missing or occurs twice", () => {
    const edit = (find: string) => () =>
      applyMistake("a b b", { name: "n", description: "d", edits: [[find, "x"]], caughtBy: [] });
    expect(edit("c")).toThrow('n: "c" occurs 0 times');
    expect(edit("b")).toThrow('n: "b" occurs 2 times');
    expect(edit("a")()).toBe("x b b");
  });
});

testMistakes(TEMPLATE, TEMPLATE_MISTAKES);
