/** Members that would change a value and that the desk does not know make an answer an error. */
import { describe, expect, it } from "vitest";
import { barSchema, fillSchema, instrumentSchema, positionSchema, quoteSchema } from "../../src/protocol/schemas.ts";
import { unknownMembers } from "../../src/protocol/answer-shape.ts";
import { parseCanonicalFill } from "../../src/protocol/fill-schema.ts";

const quote = { symbol: "A", bid: "1", ask: "2", timestamp: 5 };
const position = { symbol: "A", quantity: "1" };
const fill = { fillId: "f", venueOrderId: "v", symbol: "A", side: "buy", quantity: "1", price: "2", timestamp: 5 };

describe("an answer with an unknown member", () => {
  it.each([
    ["a quote with a currency", quoteSchema, { ...quote, currency: "JPY" }, "currency"],
    ["a position with a multiplier", positionSchema, { ...position, multiplier: "50" }, "multiplier"],
    ["a fill with a contract size", fillSchema, { ...fill, contractSize: 10 }, "contractSize"],
    ["an instrument with a point value", instrumentSchema, { symbol: "A", pointValue: "50" }, "pointValue"],
    [
      "a fill with a currency of its fee in another spelling",
      fillSchema,
      { ...fill, fee_currency: "BNB" },
      "fee_currency",
    ],
    ["a fill with a commission", fillSchema, { ...fill, commission: "1.5" }, "commission"],
    ["a position with a side", positionSchema, { ...position, side: "short" }, "side"],
    ["a quote with a price magnifier", quoteSchema, { ...quote, priceMagnifier: 100 }, "priceMagnifier"],
  ])("%s is refused", (_, schema, value, member) => {
    const parsed = schema.safeParse(value);
    expect(parsed.success).toBe(false);
    expect(parsed.error?.issues[0]?.path).toEqual([member]);
  });

  it("drops members that change nothing, and reads those that it knows", () => {
    expect(quoteSchema.parse({ ...quote, exchange: "X", currency: null })).toEqual({
      symbol: "A",
      bid: "1",
      ask: "2",
      at: 5,
    });
    expect(positionSchema.parse({ ...position, currency: "JPY" })).toEqual({ ...position, currency: "JPY" });
    expect(instrumentSchema.parse({ symbol: "A", multiplier: 50 })).toEqual({ symbol: "A", multiplier: "50" });
    expect(parseCanonicalFill({ ...fill, multiplier: "50" })).toBeUndefined();
    expect(fillSchema.safeParse({ ...fill, multiplier: "50" }).success).toBe(false);
    const bar = { symbol: "A", timestamp: 5, open: 1, high: 1, low: 1, close: 1 };
    expect(barSchema.safeParse({ ...bar, multiplier: 2 }).success).toBe(false);
  });
});

it("names each member with a value that a shape drops", () => {
  const answer = [{ ...quote, exchange: "X", halted: false, note: null }, { ...quote, venue: "Y" }, 5, null];
  expect([...unknownMembers(answer, quoteSchema.members)]).toEqual(["exchange", "halted", "venue"]);
  expect([...unknownMembers({ ...fill, fee: "1", busts: "f0" }, fillSchema.members)]).toEqual([]);
});
