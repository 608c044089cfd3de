/** parseCanonicalQuote returns exactly what the schema returns. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseCanonicalQuote } from "../../src/protocol/quote-schema.ts";
import { quoteSchema } from "../../src/protocol/schemas.ts";

const amount = fc.oneof(
  fc.double(),
  fc.double({ noNaN: true }).map(String),
  fc.integer({ min: -5, max: 1_000_000 }),
  fc.constantFrom("0", "-0", -0, "1.10", "01", ".5", "1e5", 1e-7, 1e21, 0.1, "-3.5", " 1", "", "9999999999999999999"),
  fc.constantFrom(
    "100.00",
    "99.50",
    "0.00",
    "-0.0",
    "10.",
    ".50",
    "1.0e2",
    `1.${"0".repeat(62)}`,
    `1.${"0".repeat(63)}`,
  ),
  fc.constantFrom("-37.630", "007.0", "1.2.0", " 1.0", "1.0 ", "1,0.0", "9".repeat(21) + ".0"),
  fc.constantFrom(undefined, null),
);
const time = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.constantFrom("2026-07-05T00:00:00Z", "now", 7_258_118_400_000, null),
);
const symbol = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 4 }),
  fc.constantFrom("BTC/USD", "", "a\nb", "x".repeat(129), "‮", 7),
);
const anyQuote = fc.record(
  {
    ...{ symbol, bid: amount, ask: amount, timestamp: time, asOf: time },
    ...{ last: amount, bidSize: amount, askSize: amount, more: fc.anything() },
    ...{ feed: fc.oneof(symbol, fc.constantFrom("iex", "x".repeat(41))), delayedMs: time },
    ...{ timeSource: fc.constantFrom("venue", "now", null), coverage: fc.constantFrom("partial", "none", null) },
  },
  { requiredKeys: ["symbol", "bid", "ask", "timestamp"] },
);
const price = fc.constantFrom("99.50", "90.00000000", "2938.13", "-37.63", "0", 100.5, 7);
const canonicalQuote = fc.record(
  {
    ...{ symbol: fc.constantFrom("SPX", "BTC/USD"), bid: price, ask: price, last: price },
    ...{ bidSize: price, askSize: price, timestamp: fc.nat(), asOf: fc.nat() },
    ...{ feed: fc.constantFrom("iex", "x".repeat(40)), delayedMs: fc.nat() },
    ...{ timeSource: fc.constantFrom("venue", "received"), coverage: fc.constantFrom("full", "partial") },
  },
  { requiredKeys: ["symbol", "bid", "ask", "timestamp"] },
);

describe("parseCanonicalQuote", () => {
  it("returns what the schema returns, or undefined", () => {
    let parsedCount = 0;
    fc.assert(
      fc.property(fc.oneof(anyQuote, canonicalQuote), (raw) => {
        const parsed = parseCanonicalQuote(raw);
        if (parsed === undefined) return;
        parsedCount += 1;
        expect(quoteSchema.safeParse(raw)).toEqual({ success: true, data: parsed });
      }),
      { numRuns: 5_000 },
    );
    expect(parsedCount).toBeGreaterThan(1_000);
  });

  it("reads what connectors stream without the schema", () => {
    const quote = { symbol: "BTC/USD", bid: "100.25", ask: 100.5, bidSize: "3", timestamp: 1_796_049_000_000 };
    expect(parseCanonicalQuote(quote)).toEqual({
      ...{ symbol: "BTC/USD", bid: "100.25", ask: "100.5", bidSize: "3", at: 1_796_049_000_000 },
    });
  });

  it.each([undefined, null, 1, "quote", [], {}])("returns undefined for %s", (raw) =>
    expect(parseCanonicalQuote(raw)).toBeUndefined(),
  );
});
