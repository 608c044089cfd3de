/** Which activities the desk takes: each kind with what it needs. */
import { describe, expect, it } from "vitest";
import { activitySchema, rateSchema, sessionSchema } from "../../src/protocol/schemas.ts";

const base = { id: "1", timestamp: 5 };
const usd = { currency: "USD" };

describe("an activity", () => {
  it.each([
    [{ ...base, kind: "deposit", amount: "10", ...usd }],
    [{ ...base, kind: "withdrawal", amount: -10, ...usd }],
    [{ ...base, kind: "fee", amount: "-0.5", ...usd, symbol: "A", note: "regulatory fee" }],
    [{ ...base, kind: "split", symbol: "A", ratio: ["7", 1] }],
    [{ ...base, kind: "rename", symbol: "FB", newSymbol: "META" }],
    [{ ...base, kind: "spinoff", symbol: "A", newSymbol: "B", quantity: "3", amount: "1.2", ...usd }],
  ])("%o is taken", (activity) => {
    expect(activitySchema.parse(activity)).toMatchObject({ id: "1", at: 5, kind: activity.kind });
  });

  it.each([
    ["a deposit without an amount", { ...base, kind: "deposit", ...usd }, "without an amount"],
    ["an amount without a currency", { ...base, kind: "deposit", amount: "1" }, "without a currency"],
    ["a deposit below zero", { ...base, kind: "deposit", amount: "-1", ...usd }, "below zero"],
    ["a withdrawal above zero", { ...base, kind: "withdrawal", amount: "1", ...usd }, "not below zero"],
    ["a split without a ratio", { ...base, kind: "split", symbol: "A" }, "without a ratio"],
    ["a split of nothing", { ...base, kind: "split", symbol: "A", ratio: ["0", "1"] }, "above zero"],
    ["a split without a symbol", { ...base, kind: "split", ratio: [7, 1] }, "without a symbol"],
    ["a rename to nothing", { ...base, kind: "rename", symbol: "A" }, "without newSymbol"],
    ["an unknown kind", { ...base, kind: "gift" }, "must be one of"],
    ["a description of two lines", { ...base, kind: "split", symbol: "A", ratio: [2, 1], note: "a\nb" }, "invisible"],
    [
      "an unknown member that changes a value",
      { ...base, kind: "fee", amount: "-1", ...usd, unit: "cents" },
      "changes",
    ],
  ])("%s is refused", (_name, activity, reason) => {
    const [issue] = activitySchema.safeParse(activity).error?.issues ?? [];
    expect(issue?.message).toContain(reason);
  });
});

it("a rate needs a pair and a price above zero, and a session its times", () => {
  expect(rateSchema.parse({ pair: "EUR/USD", rate: 1.08, timestamp: 5 })).toEqual({
    pair: "EUR/USD",
    rate: "1.08",
    at: 5,
  });
  expect(rateSchema.safeParse({ pair: "EURUSD", rate: "1", timestamp: 5 }).success).toBe(false);
  expect(rateSchema.safeParse({ pair: "EUR/USD", rate: "0", timestamp: 5 }).success).toBe(false);
  expect(sessionSchema.parse({ open: 1, close: "1970-01-01T00:00:00.002Z", kind: "core" })).toEqual({
    open: 1,
    close: 2,
    kind: "core",
  });
});
