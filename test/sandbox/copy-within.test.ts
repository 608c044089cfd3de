import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { copyWithin, flatCopy } from "../../sandbox/copy-within.ts";

const member = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.double(),
  fc.boolean(),
  fc.constantFrom(undefined, null, -0, "", "\ud800", 1n, new Date(0), [], {}, () => 1, Symbol("x")),
);
const name = fc.oneof(fc.string(), fc.constantFrom("symbol", "bid", "__proto__", "toJSON", "0", "constructor"));

describe("a copy of a flat object", () => {
  it("is what its JSON is, or is left to JSON", () => {
    let copied = 0;
    fc.assert(
      fc.property(fc.array(fc.tuple(name, member), { maxLength: 6 }), (entries) => {
        const value = Object.fromEntries(entries) as unknown;
        const copy = flatCopy(value);
        if (copy === undefined) return;
        copied += 1;
        expect(JSON.stringify(copy)).toBe(JSON.stringify(value));
        expect(copy).toStrictEqual(JSON.parse(JSON.stringify(value)));
      }),
      { numRuns: 3_000 },
    );
    expect(copied).toBeGreaterThan(500);
  });

  it.each([
    ["a list", ["a"]],
    [
      "a class",
      new (class Quote {
        bid = "1";
      })(),
    ],
    ["a text", "a"],
    ["no number", { bid: Number.NaN }],
    ["JSON of its own", { toJSON: "a" }],
  ])("is left to JSON: %s", (_what, value) => {
    expect(flatCopy(value)).toBeUndefined();
  });

  it("has the limit of any other copy", () => {
    const quote = { symbol: "SPX", bid: "1".repeat(100) };
    expect(copyWithin(quote, 200, "quote")).toEqual({ value: quote, chars: expect.any(Number) });
    expect(() => copyWithin(quote, 100, "quote")).toThrow("quote is too large");
  });
});
