/** Rates: the direction, the path, the age, pegs, and what guards leave out. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type DecimalText, decimal, rounded, text } from "../../../src/domain/decimal.ts";
import {
  type ExchangeRate,
  type RateOrigin,
  type RateTable,
  atLeast,
  atMost,
  converted,
  isFresh,
  isSameMoney,
  ratePath,
} from "../../../src/domain/account/exchange-rate.ts";

const MONDAY = Date.parse("2026-11-30T12:00:00Z");
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

function rate(pair: string, price: string | readonly [bid: string, ask: string], more: Partial<ExchangeRate> = {}) {
  const [base = "", quote = ""] = pair.split("/");
  const [bid, ask] = typeof price === "string" ? [price, price] : price;
  const amounts = { bid: bid as DecimalText, ask: ask as DecimalText };
  const origin: RateOrigin = "quote";
  return { base, quote, ...amounts, at: MONDAY, origin, source: "kraken", ...more };
}

const query = (from: string, to: string, use: "guards" | "display" = "guards", connector?: string) =>
  ({ from, to, now: MONDAY, use, connector }) as const;

function worth(table: Partial<RateTable>, amount: string, pair: string): string | undefined {
  const [from = "", to = ""] = pair.split("/");
  const path = ratePath({ rates: [], pegs: [], ...table }, query(from, to));
  return path && text(rounded(converted(decimal(amount), path), 8));
}

describe("an amount in another currency", () => {
  it.each<[string, Partial<RateTable>, string, string, string | undefined]>([
    ["by its rate", { rates: [rate("EUR/USD", "1.08")] }, "1000000", "EUR/USD", "1080000"],
    ["by the rate of the other direction", { rates: [rate("EUR/USD", "1.08")] }, "1080000", "USD/EUR", "1000000"],
    ["money that is held fetches the bid", { rates: [rate("EUR/USD", ["1.07", "1.09"])] }, "100", "EUR/USD", "107"],
    ["money that is owed costs the ask", { rates: [rate("EUR/USD", ["1.07", "1.09"])] }, "-100", "EUR/USD", "-109"],
    ["held, the other direction", { rates: [rate("USD/EUR", ["0.5", "0.8"])] }, "100", "EUR/USD", "125"],
    ["owed, the other direction", { rates: [rate("USD/EUR", ["0.5", "0.8"])] }, "-100", "EUR/USD", "-200"],
    ["over a third", { rates: [rate("EUR/USD", "1.2"), rate("GBP/USD", "1.5")] }, "100", "GBP/EUR", "125"],
    [
      "over a peg",
      { rates: [rate("BTC/USDT", "60000")], pegs: [{ base: "USDT", quote: "USD" }] },
      "2",
      "BTC/USD",
      "120000",
    ],
    ["without a rate", { rates: [rate("EUR/USD", "1.08")] }, "1", "JPY/USD", undefined],
    ["of the same currency", {}, "5", "usd/USD", "5"],
  ])("%s", (_, table, amount, pair, expected) => {
    expect(worth(table, amount, pair)).toBe(expected);
  });

  it("there and back is right to the cent for any rate and amount", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e9 }), fc.integer({ min: 1, max: 1e12 }), (price, cents) => {
        const rates = [rate("EUR/USD", text(decimal(String(price)).times(decimal("0.00001"))))];
        const amount = decimal(String(cents)).times(decimal("0.01"));
        const [there, back] = [query("EUR", "USD"), query("USD", "EUR")].map((pair) =>
          ratePath({ rates, pegs: [] }, pair),
        );
        if (there === undefined || back === undefined) throw new Error("no path");
        expect(text(rounded(converted(converted(amount, there), back), 6))).toBe(text(amount));
      }),
    );
  });
});

describe("the age of a rate", () => {
  const friday = Date.parse("2026-11-27T21:30:00Z");
  it.each<[string, Partial<ExchangeRate> & { pair?: string }, number, boolean]>([
    ["a currency, an hour old", { at: MONDAY - HOUR }, MONDAY, true],
    ["a currency, older", { at: MONDAY - HOUR - 1 }, MONDAY, false],
    ["a coin, five minutes old", { base: "BTC", at: MONDAY - 5 * MINUTE }, MONDAY, true],
    ["a coin, older", { base: "BTC", at: MONDAY - 5 * MINUTE - 1 }, MONDAY, false],
    ["the close of Friday on Sunday", { at: friday }, Date.parse("2026-11-29T22:30:00Z"), true],
    ["the close of Friday on Monday", { at: friday }, MONDAY, false],
    ["stated five days ago", { origin: "configuration", at: MONDAY - 120 * HOUR }, MONDAY, true],
    ["stated earlier", { origin: "configuration", at: MONDAY - 120 * HOUR - 1 }, MONDAY, false],
    ["stated for next week", { origin: "configuration", at: MONDAY + 48 * HOUR }, MONDAY, false],
  ])("%s", (_, more, now, expected) => {
    expect(isFresh({ ...rate("EUR/USD", "1"), ...more }, now)).toBe(expected);
  });

  it("guards use no old rate and no rate of a file; the display does", () => {
    const old = rate("EUR/USD", "1.08", { at: MONDAY - 2 * HOUR });
    const file = rate("EUR/USD", "1.07", { origin: "file" });
    for (const rates of [[old], [file]]) {
      expect(ratePath({ rates, pegs: [] }, query("EUR", "USD"))).toBeUndefined();
      expect(ratePath({ rates, pegs: [] }, query("EUR", "USD", "display"))?.rates).toEqual(rates);
    }
    expect(ratePath({ rates: [old, file], pegs: [] }, query("EUR", "USD", "display"))?.rates).toEqual([file]);
  });

  it("a venue's own rate counts for its own account alone", () => {
    const own = rate("EUR/USD", "9", { origin: "account", source: "ibkr" });
    expect(ratePath({ rates: [own], pegs: [] }, query("EUR", "USD", "guards", "other"))).toBeUndefined();
    const stated = rate("EUR/USD", "1.08", { origin: "configuration" });
    const table = { rates: [stated, own], pegs: [] };
    expect(ratePath(table, query("EUR", "USD", "guards", "ibkr"))?.rates).toEqual([own]);
    expect(ratePath(table, query("EUR", "USD", "guards", "other"))?.rates).toEqual([stated]);
  });
});

describe("guards count less than a rate says", () => {
  it.each<[string, Partial<RateTable>, string, string, string]>([
    ["1 % for a rate", { rates: [rate("EUR/USD", "1.08")] }, "EUR/USD", "1069.2", "1090.8"],
    ["0.5 % for a peg", { pegs: [{ base: "USDT", quote: "USD" }] }, "USDT/USD", "995", "1005"],
    ["nothing for the same currency", {}, "USD/USD", "1000", "1000"],
  ])("%s", (_, table, pair, least, most) => {
    const [from = "", to = ""] = pair.split("/");
    const path = ratePath({ rates: [], pegs: [], ...table }, query(from, to));
    if (path === undefined) throw new Error("no path");
    const thousand = decimal("1000");
    expect([text(atLeast(thousand, path)), text(atMost(thousand, path))]).toEqual([least, most]);
    expect(text(atLeast(decimal("-1000"), path))).toBe(`-${most}`);
  });
});

describe("a peg", () => {
  const pegs = [{ base: "USDT", quote: "USD" }];
  const isSame = (rates: readonly ExchangeRate[]) =>
    isSameMoney({ rates, pegs }, { from: "usd", to: "USDT", now: MONDAY });

  it("is the operator's statement: without one, two codes are two currencies", () => {
    expect(isSame([])).toBe(true);
    expect(isSameMoney({ rates: [], pegs: [] }, { from: "USD", to: "USDT", now: MONDAY })).toBe(false);
  });

  it("is off if a fresh rate of a venue differs by more than 1 %", () => {
    expect(isSame([rate("USDT/USD", "0.99")])).toBe(true);
    expect(isSame([rate("USDT/USD", "0.989")])).toBe(false);
    expect(isSame([rate("USD/USDT", "1.02")])).toBe(false);
    expect(isSame([rate("USDT/USD", "0.9", { at: MONDAY - HOUR })])).toBe(true);
    expect(ratePath({ rates: [], pegs }, query("USDT", "USD"))?.pegs).toHaveLength(1);
  });

  it("is off for the account alone whose own rate differs: a venue cannot block the orders at another one", () => {
    const rates = [rate("USDT/USD", "2", { origin: "account", source: "binance" })];
    const between = { from: "USD", to: "USDT", now: MONDAY };
    expect(isSameMoney({ rates, pegs }, { ...between, connector: "binance" })).toBe(false);
    expect(isSameMoney({ rates, pegs }, { ...between, connector: "kraken" })).toBe(true);
    expect(ratePath({ rates, pegs }, query("USDT", "USD", "guards", "kraken"))?.pegs).toHaveLength(1);
  });
});
