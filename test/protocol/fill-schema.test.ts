/** parseCanonicalFill returns exactly what the schema returns. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseCanonicalFill } from "../../src/protocol/fill-schema.ts";
import { fillSchema } from "../../src/protocol/schemas.ts";

const amount = fc.oneof(
  fc.double({ noNaN: true }).map(String),
  fc.integer({ min: -5, max: 1_000_000 }).map(String),
  fc.constantFrom(
    "0",
    "-0",
    "1.10",
    "01",
    ".5",
    "1e5",
    "1.",
    "",
    " 1",
    "100",
    "0.001",
    "-3.5",
    "9999999999999999999",
    "1_000",
  ),
  fc.double(),
  fc.constant(undefined),
);
const name = fc.oneof(
  fc.string({ maxLength: 6 }),
  fc.string({ unit: "grapheme", maxLength: 4 }),
  fc.constantFrom("F1", "", "a\nb", "x".repeat(129), "‮"),
  fc.integer(),
);
const fill = fc.record(
  {
    fillId: name,
    venueOrderId: name,
    clientOrderId: fc.option(name),
    symbol: name,
    side: fc.constantFrom("buy", "sell", "hold"),
    quantity: amount,
    price: amount,
    timestamp: fc.oneof(
      fc.integer(),
      fc.double(),
      fc.constantFrom("2026-07-05T00:00:00Z", "now", 0, 7_258_118_400_000),
    ),
    fee: fc.option(amount),
    feeCurrency: fc.option(name, { nil: undefined }),
    liquidity: fc.constantFrom("maker", "taker", "both", "", undefined),
    settlesAt: fc.oneof(fc.integer(), fc.constantFrom("2026-07-06", "2026-07-05T00:00:00Z", undefined)),
    busts: name,
    corrects: name,
    more: fc.anything(),
  },
  { requiredKeys: ["fillId", "venueOrderId", "symbol", "side", "quantity", "price", "timestamp"] },
);
/** A fill in canonical form, so that the property does not test refusals only. */
const canonicalFill = fc.record({
  fillId: fc.constant("F1"),
  venueOrderId: fc.constant("V1"),
  symbol: fc.constantFrom("SPX", "BRK.B"),
  side: fc.constantFrom("buy", "sell"),
  quantity: fc.constantFrom("1", "0.5", "100"),
  price: fc.constantFrom("2938.13", "-37.63", "0", "100"),
  timestamp: fc.integer({ min: 0, max: 7_258_118_399_999 }),
  liquidity: fc.constantFrom("maker", "taker"),
  settlesAt: fc.integer({ min: 0, max: 7_258_118_399_999 }),
});

describe("parseCanonicalFill", () => {
  it("returns what the schema returns, or undefined", () => {
    let parsedCount = 0;
    fc.assert(
      fc.property(fc.oneof(fill, canonicalFill), (raw) => {
        const parsed = parseCanonicalFill(raw);
        if (parsed === undefined) return;
        parsedCount += 1;
        expect(fillSchema.safeParse(raw)).toEqual({ success: true, data: parsed });
      }),
      { numRuns: 5_000 },
    );
    expect(parsedCount).toBeGreaterThan(1_000);
  });

  it.each([undefined, null, 1, "fill", [], {}])("returns undefined for %s", (raw) =>
    expect(parseCanonicalFill(raw)).toBeUndefined(),
  );
});
