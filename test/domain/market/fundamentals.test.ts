/** Fundamentals as a venue gives them: numbers stay exact, words stay words, and nothing grows without bound. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readFundamentals } from "../../../src/domain/market/fundamentals.ts";

describe("fundamentals", () => {
  it.each<[string, Record<string, unknown>, Record<string, string>, readonly string[]]>([
    ["a number", { pe: 12.5 }, { pe: "12.5" }, []],
    ["an exact text", { cap: "3000000000000.000000001" }, { cap: "3000000000000.000000001" }, []],
    ["below zero", { eps: -0.1 }, { eps: "-0.1" }, []],
    ["nothing", { pe: null, pb: undefined, sector: "" }, {}, []],
    [
      "words that begin as a number",
      { fy: "2025 annual", when: "2026-01-29" },
      {},
      ["fy: 2025 annual", "when: 2026-01-29"],
    ],
    ["no number", { pe: Number.NaN, pb: Number.POSITIVE_INFINITY }, {}, ["pe: NaN", "pb: Infinity"]],
    ["a fact whose name is a sentence", { "buy it now": 1 }, {}, ["buy it now: 1"]],
    [
      "tables and lists inside",
      { a: { b: { c: 1, d: { e: 2 } } }, l: ["x", 2] },
      { "a.b.c": "1", "l.1": "2" },
      ["l.0: x"],
    ],
    ["names of JavaScript", { constructor: 1, ["__proto__x"]: 2 }, { constructor: "1", __proto__x: "2" }, []],
  ])("readFundamentals reads a response with %s", (_what, answer, numbers, words) => {
    const read = readFundamentals(answer);
    expect(read.numbers).toEqual(numbers);
    expect(read.words.map(({ name, text }) => `${name}: ${text}`)).toEqual(words);
  });

  it("readFundamentals limits the number of members and their depth", () => {
    const many = readFundamentals(Object.fromEntries(Array.from({ length: 1_000 }, (_, n) => [`n${n}`, n])));
    expect(Object.keys(many.numbers)).toHaveLength(300);
    expect(readFundamentals({ about: "x".repeat(10_000) }).words[0]?.text).toHaveLength(4_000);
  });

  it("readFundamentals returns decimals under plain names for any plain value", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (answer) => {
        for (const [name, value] of Object.entries(readFundamentals(answer).numbers)) {
          expect(name).toMatch(/^[\x21-\x7e]+$/);
          expect(value).toMatch(/^-?\d+(\.\d+)?$/);
        }
      }),
    );
  });
});
