/** Members that would change a value and that the desk does not know make an answer an error. */
import { describe, expect, it } from "vitest";
import { barSchema, fillSchema, instrumentSchema, positionSchema, quoteSchema } from "../../src/protocol/schemas.ts";
import { parseFill } from "../../src/protocol/fill-schema.ts";

const quote = { symbol: "A", bid: "1", ask: "2", timestamp: 5 };
const position = { symbol: "A", quantity: "1" };
const fill = { fillId: "f", venueOrderId: "v", symbol: "A", side: "buy", quantity: "1", price: "2", timestamp: 5 };

describe("an answer with an unknown member", () => {
  it.each([
    ["a quote with a currency", quoteSchema, { ...quote, currency: "JPY" }, "currency"],
    ["a position with a multiplier", positionSchema, { ...position, multiplier: "50" }, "multiplier"],
    ["a fill with a contract size", fillSchema, { ...fill, contractSize: 10 }, "contractSize"],
    ["an instrument with a point value", instrumentSchema, { symbol: "A", pointValue: "50" }, "pointValue"],
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
    expect(parseFill({ ...fill, multiplier: "50" }).success).toBe(false);
    const bar = { symbol: "A", timestamp: 5, open: 1, high: 1, low: 1, close: 1 };
    expect(barSchema.safeParse({ ...bar, multiplier: 2 }).success).toBe(false);
  });
});
