import { describe, expect, it } from "vitest";
import { decimal } from "../../../src/domain/decimal.ts";
import { emptyDeskState } from "../../../src/domain/desk-state.ts";
import type { OrderTerms } from "../../../src/domain/orders/order.ts";
import { PositionRecord, openPosition } from "../../../src/domain/account/position.ts";
import type { VenueQuote } from "../../../src/domain/market/venue.ts";
import {
  type FiguresInput,
  bookChanges,
  priceDistances,
  realizedEstimate,
} from "../../../src/trading/orders/review-figures.ts";

const quote = { symbol: "SPX", bid: "2870", ask: "2880", at: 0 } as unknown as VenueQuote;
const base = { connector: "paper", mode: "paper", symbol: "SPX", quantity: "5", timeInForce: "day" };

/** 20 SPX at 2,800 on average, marked at 2,873.91; NAV 997,870 USD. */
function figures(terms: Record<string, string>, more: Partial<FiguresInput> = {}): FiguresInput {
  const state = emptyDeskState();
  const position = new PositionRecord("paper", "SPX");
  openPosition(position, decimal("20"), decimal("2800"));
  state.positions.set("paper/SPX", position);
  const account = { nav: "997870", cash: "940391.8", buyingPower: "940391.8", currency: "USD" };
  const held = new Map([["SPX", { symbol: "SPX", quantity: "20", markPrice: "2873.91" }]]);
  state.accounts.set("paper", { account, positions: held, nav: decimal("997870"), markedAt: 0 } as never);
  const input = { state, terms: { ...base, ...terms } as unknown as OrderTerms, quote, instrument: null };
  return { ...input, price: decimal("28700"), isForeign: false, ...more };
}
const weightOf = (input: FiguresInput) => bookChanges(input).find(({ unit }) => unit === "%");

describe("the weight in a review", () => {
  it.each([
    ["a far limit", { side: "buy", type: "limit", limitPrice: "28700", quantity: "1" }, "5.76", "6.05"],
    ["a low limit", { side: "buy", type: "limit", limitPrice: "2000" }, "5.76", "7.2"],
    ["a sale of all", { side: "sell", type: "market", quantity: "20" }, "5.76", "0"],
  ])("of %s is at the mark, not at the order's own price", (_, terms, before, after) => {
    expect(weightOf(figures(terms))).toEqual({ what: "SPX weight", before, after, unit: "%" });
  });

  it("is not available across currencies, and neither is the money after the order", () => {
    const changes = bookChanges(figures({ side: "buy", type: "market" }, { isForeign: true }));
    expect(changes.slice(1).map(({ after, unit }) => [after, unit])).toEqual([
      [null, "%"],
      [null, "USD"],
      [null, "USD"],
    ]);
  });
});

describe("the prices of an order", () => {
  it("are shown in percent of the side of the market that they trade with", () => {
    const buy = { side: "buy", type: "stop_limit", stopPrice: "2937.6", limitPrice: "2736" };
    expect(priceDistances(figures(buy)).map(({ what, percent, side }) => [what, side, percent])).toEqual([
      ["limit", "ask", "-5"],
      ["stop", "ask", "2"],
    ]);
    const sell = { side: "sell", type: "market", protectionPrice: "2783.9" };
    expect(priceDistances(figures(sell))).toEqual([
      { what: "protection price", price: "2783.9", side: "bid", market: "2870", percent: "-3" },
    ]);
    expect(priceDistances(figures(sell, { quote: undefined }))).toEqual([]);
  });
});

describe("the realized P&L of a review", () => {
  it.each([
    ["a market sale, at the bid", { side: "sell", type: "market" }, "350", "2870"],
    ["a limit below the bid, at the bid", { side: "sell", type: "limit", limitPrice: "2000" }, "350", "2870"],
    ["a limit above the market, at the limit", { side: "sell", type: "limit", limitPrice: "3000" }, "1000", "3000"],
    ["more than is held, of what is held", { side: "sell", type: "market", quantity: "50" }, "1400", "2870"],
  ])("of %s", (_, terms, amount, price) => {
    expect(realizedEstimate(figures(terms))).toEqual({ amount, price, unit: "USD" });
  });

  it("has the currency of the position if the venue lists no instrument", () => {
    const input = figures({ side: "sell", type: "market" });
    const held = { symbol: "SPX", quantity: "20", markPrice: "2873.91", currency: "EUR" };
    const account = input.state.accounts.get("paper" as never);
    input.state.accounts.set("paper" as never, { ...account, positions: new Map([["SPX", held]]) } as never);
    expect(realizedEstimate(input)?.unit).toBe("EUR");
  });

  it("of an order that closes nothing is absent", () => {
    expect(realizedEstimate(figures({ side: "buy", type: "market" }))).toBeNull();
  });
});
