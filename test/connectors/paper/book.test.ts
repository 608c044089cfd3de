import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ZERO, amount } from "../../../connectors/amount.ts";
import { affordable, feeOn, applyTrade } from "../../../connectors/paper/book.ts";
import { LOT, type Side } from "../../../connectors/paper/market.ts";
import type { Holding } from "../../../connectors/paper/state.ts";

function cents(n: number) {
  return amount(String(n)).times(amount("0.01"));
}

describe("affordable", () => {
  it("returns the largest number of lots that the cash pays for including the fee", () => {
    const money = fc.integer({ min: -100, max: 100_000 });
    const price = fc.integer({ min: 1, max: 50_000 });
    const lots = fc.integer({ min: 1, max: 100_000 });
    fc.assert(
      fc.property(money, price, lots, fc.constantFrom("0", "1", "33.3", "100"), (m, p, w, b) => {
        const [sum, each, wanted, bps] = [cents(m), cents(p), amount(String(w)).times(LOT), amount(b)];
        const cost = (quantity: typeof sum) => quantity.times(each).plus(feeOn(quantity.times(each), bps));
        const bought = affordable({ cash: sum, price: each, most: wanted, lot: LOT }, bps);
        expect(bought.gte(ZERO) && bought.lte(wanted) && bought.mod(LOT).eq(ZERO)).toBe(true);
        if (bought.gt(ZERO)) expect(cost(bought).lte(sum)).toBe(true);
        // The fee's rounding may leave a cent unspent, never two.
        if (bought.lt(wanted)) expect(cost(bought.plus(LOT)).plus(cents(2)).gt(sum)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it("returns zero or a part if the cash is not enough for a lot at this price", () => {
    expect(String(affordable({ cash: cents(-5), price: cents(100), most: amount("1"), lot: LOT }, ZERO))).toBe("0");
    expect(String(affordable({ cash: cents(1), price: cents(100), most: amount("1"), lot: LOT }, amount("100")))).toBe(
      "0.009",
    );
  });
});

describe("a holding's average price", () => {
  const after = (...trades: [side: Side, quantity: string, price: string][]): readonly Holding[] => {
    let book = { cash: "0", holdings: [] as readonly Holding[], working: [] };
    for (const [side, quantity, price] of trades)
      book = applyTrade(book, { symbol: "X", side, quantity: amount(quantity), price: amount(price), fee: ZERO });
    return book.holdings;
  };
  it.each<[what: string, trades: Parameters<typeof after>, quantity: string | undefined, average: string | undefined]>([
    ["is the first price", [["buy", "2", "100"]], "2", "100"],
    [
      "blends what is added",
      [
        ["buy", "1", "100"],
        ["buy", "3", "200"],
      ],
      "4",
      "175",
    ],
    [
      "stays when some is sold",
      [
        ["buy", "4", "100"],
        ["sell", "1", "500"],
      ],
      "3",
      "100",
    ],
    [
      "ends with the holding",
      [
        ["buy", "4", "100"],
        ["sell", "4", "500"],
      ],
      undefined,
      undefined,
    ],
    [
      "starts anew when a sale turns it short",
      [
        ["buy", "4", "100"],
        ["sell", "6", "500"],
      ],
      "-2",
      "500",
    ],
    [
      "blends a short that grows",
      [
        ["sell", "1", "100"],
        ["sell", "1", "300"],
      ],
      "-2",
      "200",
    ],
    [
      "stays when some is covered",
      [
        ["sell", "3", "100"],
        ["buy", "1", "300"],
      ],
      "-2",
      "100",
    ],
    [
      "starts anew when a purchase turns it long",
      [
        ["sell", "1", "100"],
        ["buy", "3", "300"],
      ],
      "2",
      "300",
    ],
    [
      "is cut at eight places",
      [
        ["buy", "1", "1"],
        ["buy", "2", "2"],
      ],
      "3",
      "1.66666666",
    ],
  ])("%s", (_what, trades, quantity, averagePrice) => {
    expect(after(...trades)).toEqual(quantity === undefined ? [] : [{ symbol: "X", quantity, averagePrice }]);
  });
});
