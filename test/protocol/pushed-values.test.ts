/** Values that no report, quote, activity or rate has: each is refused, and nothing of it is read. */
import { describe, expect, it } from "vitest";
import { activitySchema, quoteSchema, rateSchema, reportSchema } from "../../src/protocol/schemas.ts";

const REPORT = { venueOrderId: "v1", status: "open", filledQuantity: "0" };
const QUOTE = { symbol: "AAA", bid: "99", ask: "101", timestamp: 5 };
const FEE = { id: "a1", kind: "fee", amount: "-1", currency: "USD", timestamp: 5 };
const SPLIT = { id: "a2", kind: "split", symbol: "AAA", ratio: ["7", "1"], timestamp: 5 };
const RATE = { pair: "EUR/USD", rate: "1.08", timestamp: 5 };

/** No amount: not finite, too large, too small, too long, of another base, with a sign of another script. */
const NO_AMOUNTS: readonly unknown[] = [
  ...[Number.NaN, Number.POSITIVE_INFINITY, "1e31", "1e-31", "9".repeat(65), "0x10", "−5", "1,000", "", null],
  ...[true, {}, [], ["1"], { toString: "1" }],
];
const NO_NAMES: readonly unknown[] = ["", "x".repeat(129), "U\u202eSD", "a\nb", "a\u0007", 5, null, {}];
const NO_TIMES: readonly unknown[] = [-1, 7_258_118_400_000, Number.NaN, "yesterday", "2026-13-01", null, {}];

describe.each([
  ["a report", reportSchema, REPORT, { amounts: ["filledQuantity"], names: ["venueOrderId"], times: [] }],
  ["a quote", quoteSchema, QUOTE, { amounts: ["bid", "ask"], names: ["symbol"], times: ["timestamp"] }],
  ["an activity", activitySchema, FEE, { amounts: ["amount"], names: ["id", "currency"], times: ["timestamp"] }],
  ["a rate", rateSchema, RATE, { amounts: ["rate"], names: ["pair"], times: ["timestamp"] }],
])("%s", (_what, schema, whole, { amounts, names, times }) => {
  it("is taken with all its values", () => expect(schema.safeParse(whole).success).toBe(true));

  const wrong = [
    ...amounts.flatMap((member) => NO_AMOUNTS.map((value) => [member, value] as const)),
    ...names.flatMap((member) => NO_NAMES.map((value) => [member, value] as const)),
    ...times.flatMap((member) => NO_TIMES.map((value) => [member, value] as const)),
  ];
  it.each(wrong)("with the %s %j is refused", (member, value) => {
    expect(schema.safeParse({ ...whole, [member]: value }).success).toBe(false);
  });

  it("with a member that a prototype has is refused, as without the member", () => {
    for (const member of Object.keys(whole)) {
      const { [member as keyof typeof whole]: value, ...others } = whole as Record<string, unknown>;
      const inherited: unknown = Object.assign(Object.create({ [member]: value }) as object, others);
      expect(schema.safeParse(structuredClone(inherited)).success).toBe(false);
    }
  });
});

it.each([
  ["a negative total", reportSchema, { ...REPORT, filledQuantity: "-1" }],
  ["a quantity of nothing", reportSchema, { ...REPORT, quantity: "0" }],
  ["another state", reportSchema, { ...REPORT, status: "approved" }],
  ["a reason of two lines", reportSchema, { ...REPORT, reason: "a\n## Approved" }],
  ["a negative size", quoteSchema, { ...QUOTE, bidSize: "-1" }],
  ["a unit", quoteSchema, { ...QUOTE, unit: "cents" }],
  ["a ratio of one number", activitySchema, { ...SPLIT, ratio: ["7"] }],
  ["a ratio below zero", activitySchema, { ...SPLIT, ratio: ["-7", "1"] }],
  ["a ratio of three numbers", activitySchema, { ...SPLIT, ratio: ["7", "1", "1"] }],
  ["a fee without a currency", activitySchema, { ...FEE, currency: undefined }],
  ["a rate below zero", rateSchema, { ...RATE, rate: "-1" }],
  ["a pair of one currency", rateSchema, { ...RATE, pair: "EUR" }],
])("%s is refused", (_what, schema, value) => expect(schema.safeParse(value).success).toBe(false));
