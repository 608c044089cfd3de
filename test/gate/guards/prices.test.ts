import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MONO, ask, guard, quote } from "../../support/gate-case.ts";
import { type TermsDraft, amount, justOver, justUnder, scenario } from "../../support/journal-scenario.ts";

function desk() {
  return scenario()
    .desk()
    .account("paper", { positions: [{ symbol: "AAPL", quantity: "1000", markPrice: "100" }] });
}

describe("price-collar", () => {
  const rule = guard("price-collar", { max_pct: 3 });
  const book = (bid: string, ask: string, last?: string) => ({
    quote: quote(bid, ask, last === undefined ? {} : { last }),
  });

  it.each<[string, TermsDraft, "allow" | "block"]>([
    ["a buy at the edge above the ask", { limitPrice: "103" }, "allow"],
    ["a buy just past it", { limitPrice: justOver("103", 18) }, "block"],
    ["a buy far below", { limitPrice: "1" }, "allow"],
    ["a sell at the edge below the bid", { side: "sell", limitPrice: "97" }, "allow"],
    ["a sell just past it", { side: "sell", limitPrice: justUnder("97", 18) }, "block"],
    ["a sell far above", { side: "sell", limitPrice: "1000" }, "allow"],
    [
      "a stop-limit buy, measured from its trigger",
      { type: "stop_limit", stopPrice: "110", limitPrice: "113.3" },
      "allow",
    ],
    ["a stop-limit buy past that", { type: "stop_limit", stopPrice: "110", limitPrice: "113.31" }, "block"],
    [
      "a stop-limit buy whose trigger is passed already",
      { type: "stop_limit", stopPrice: "90", limitPrice: "103" },
      "allow",
    ],
    [
      "a stop-limit buy whose trigger is passed, past the ask",
      { type: "stop_limit", stopPrice: "90", limitPrice: "103.01" },
      "block",
    ],
    [
      "a stop-limit sell, measured from its trigger",
      { side: "sell", type: "stop_limit", stopPrice: "90", limitPrice: "87.3" },
      "allow",
    ],
    [
      "a stop-limit sell past that",
      { side: "sell", type: "stop_limit", stopPrice: "90", limitPrice: "87.29" },
      "block",
    ],
  ])("%s", (_, order, decision) => {
    expect(ask(desk(), order, rule, book("100", "100")).decision).toBe(decision);
  });

  it("allows a protection price that was rounded to a coarse tick, and says how far it is", () => {
    const order = { type: "market", protectionPrice: "105" } as const;
    const coarse = { ...book("100", "100"), instrument: { symbol: "AAPL", tickSize: amount("5") } };
    expect(ask(desk(), order, rule, coarse)).toMatchObject({
      decision: "allow",
      message: "the market is at 100; the protection price 105 is 5 % away (limit 3 %)",
    });
    expect(ask(desk(), { ...order, protectionPrice: "105.01" }, rule, coarse).decision).toBe("block");
  });

  it("says how far through the book it is", () => {
    expect(ask(desk(), { limitPrice: "110" }, rule, book("99", "100"))).toMatchObject({
      code: "PRICE_COLLAR_EXCEEDED",
      message: "limit 110 is 10 % above the ask 100 (limit 3 %)",
      limit: "3 %",
      actual: "10 %",
    });
  });

  it("price-collar requires the last price to agree if the spread is wider than 5 % of the mid price", () => {
    const order = { limitPrice: "102.5" };
    expect(ask(desk(), order, rule, book("97.5", "102.5")).decision).toBe("allow"); // exactly 5 %
    expect(ask(desk(), order, rule, book("97.49", "102.5")).code).toBe("PRICE_COLLAR_UNAVAILABLE");
    expect(ask(desk(), order, rule, book("97.49", "102.5", "0")).decision).toBe("block");
    expect(ask(desk(), order, rule, book("97.49", "102.5", "100")).decision).toBe("allow");
    expect(ask(desk(), order, rule, book("97.49", "102.5", "99")).code).toBe("PRICE_COLLAR_EXCEEDED");
    expect(ask(desk(), { side: "sell", limitPrice: "90" }, rule, book("90", "110", "100")).decision).toBe("block");
    expect(ask(desk(), { limitPrice: "120" }, rule, book("90", "110", "200")).decision).toBe("block");
  });

  it.each([
    ["no bid", "0", "100"],
    ["no ask", "100", "0"],
    ["crossed", "101", "100"],
    ["empty", "0", "0"],
  ])("price-collar blocks if the book is %s", (_, bid, askPrice) => {
    expect(ask(desk(), { limitPrice: "1" }, rule, book(bid, askPrice)).code).toBe("PRICE_COLLAR_UNAVAILABLE");
  });

  it("blocks without a quote, and with one of another symbol", () => {
    expect(ask(desk(), {}, rule, { quote: undefined }).code).toBe("PRICE_COLLAR_UNAVAILABLE");
    expect(ask(desk(), {}, rule, { quote: quote("100", "100", { symbol: "MSFT" }) }).code).toBe(
      "PRICE_COLLAR_UNAVAILABLE",
    );
  });

  it.each<[string, TermsDraft, "allow" | "block"]>([
    ["a market buy while the ask is at its protection price", { type: "market", protectionPrice: "100" }, "allow"],
    ["a market buy once the ask is past it", { type: "market", protectionPrice: "99.99" }, "block"],
    ["a market sell while the bid is at it", { type: "market", side: "sell", protectionPrice: "100" }, "allow"],
    ["a market sell once the bid is past it", { type: "market", side: "sell", protectionPrice: "100.01" }, "block"],
    ["a market order without one", { type: "market" }, "block"],
    ["a stop whose trigger is within it", { type: "stop", stopPrice: "110", protectionPrice: "113.3" }, "allow"],
    ["a market buy whose protection price is at the limit", { type: "market", protectionPrice: "103" }, "allow"],
    ["a market buy that the market left behind", { type: "market", protectionPrice: "103.01" }, "block"],
    ["a market sell that the market left behind", { type: "market", side: "sell", protectionPrice: "96.9" }, "block"],
    ["a stop that the market left behind", { type: "stop", stopPrice: "110", protectionPrice: "113.4" }, "block"],
  ])("%s", (_, order, decision) => {
    expect(ask(desk(), order, rule, book("100", "100")).decision).toBe(decision);
  });

  it("allows a protection price that was rounded to a coarse tick, and says how far it is", () => {
    const order = { type: "market", protectionPrice: "105" } as const;
    const coarse = { ...book("100", "100"), instrument: { symbol: "AAPL", tickSize: amount("5") } };
    expect(ask(desk(), order, rule, coarse)).toMatchObject({
      decision: "allow",
      message: "the market is at 100; the protection price 105 is 5 % away (limit 3 %)",
    });
    expect(ask(desk(), { ...order, protectionPrice: "105.01" }, rule, coarse).decision).toBe("block");
  });
});

describe("price-collar of market and stop orders on a wide book", () => {
  const rule = guard("price-collar", { max_pct: 3 });
  const wide = (last?: string) => ({ quote: quote("1", "199", last === undefined ? {} : { last }) });

  it.each<[string, TermsDraft]>([
    ["market buy", { type: "market", protectionPrice: "204" }],
    ["market sell", { type: "market", side: "sell", protectionPrice: "0.98" }],
    ["stop buy", { type: "stop", stopPrice: "100", protectionPrice: "204" }],
    ["limit buy at the ask", { limitPrice: "199" }],
  ])("blocks a %s on a book of 1/199 without a last price, and with a last price far from its price", (_, order) => {
    expect(ask(desk(), order, rule, wide()).code).toBe("PRICE_COLLAR_UNAVAILABLE");
    expect(ask(desk(), order, rule, wide("0")).code).toBe("PRICE_COLLAR_UNAVAILABLE");
    expect(ask(desk(), order, rule, wide("100")).code).toBe("PRICE_COLLAR_EXCEEDED");
  });

  it("passes a market order whose price agrees with the last price", () => {
    const buy = { type: "market", protectionPrice: "104" } as const;
    const book = (last: string) => ({ quote: quote("90", "102", { last }) });
    expect(ask(desk(), buy, rule, book("100"))).toMatchObject({ decision: "allow" });
    expect(ask(desk(), buy, rule, book("99"))).toMatchObject({
      decision: "block",
      message: "market price 102 is 3.03 % above the last price 99 (limit 3 %)",
    });
  });

  it("decides on a market order as on the limit order at its price", () => {
    const cents = (low: number, high: number) => fc.integer({ min: low, max: high }).map((n) => amount(`${n}e-2`));
    fc.assert(
      fc.property(cents(100, 9_999), cents(10_000, 19_900), fc.option(cents(100, 20_000)), (bid, askPrice, last) => {
        const book = { quote: quote(bid, askPrice, last === null ? {} : { last }) };
        const market = ask(desk(), { type: "market", protectionPrice: askPrice }, rule, book);
        const limit = ask(desk(), { limitPrice: askPrice }, rule, book);
        expect([market.decision, market.code]).toEqual([limit.decision, limit.code]);
      }),
    );
  });
});

describe("quote-freshness", () => {
  const rule = guard("quote-freshness", { max_age_s: 15 });
  const venueNow = Date.UTC(2026, 6, 6, 14);
  /** Ages in ms: since it was received, and by the venue's stamp. */
  const aged = (received: number, stamped: number, more: object = {}) =>
    ask(desk(), {}, rule, {
      venueNow,
      quote: quote("100", "100", { at: venueNow - stamped, receivedMono: MONO - received }),
      ...more,
    });

  it.each([
    [0, 0, "OK"],
    [15_000, 15_000, "OK"],
    [15_001, 0, "QUOTE_STALE"],
    [0, 15_001, "QUOTE_STALE"],
    [0, -2000, "OK"],
    [0, -2001, "QUOTE_FROM_FUTURE"],
    [-1, 0, "QUOTE_FRESHNESS_UNAVAILABLE"],
  ])("received %d ms ago, stamped %d ms ago: %s", (received, stamped, code) => {
    expect(aged(received, stamped).code).toBe(code);
  });

  it.each([
    ["a quiet market: the venue says that it is still valid", 3_600_000, 1_000, "OK"],
    ["an older word than the quote", 1_000, 3_600_000, "OK"],
    ["an old word too", 3_600_000, 15_001, "QUOTE_STALE"],
    ["a word of the future", 3_600_000, -2_001, "QUOTE_FROM_FUTURE"],
    ["a quote of the future", -2_001, 1_000, "QUOTE_FROM_FUTURE"],
    ["an invalid time", 0, Number.NaN, "QUOTE_FRESHNESS_UNAVAILABLE"],
  ])("%s", (_, stamped, confirmed, code) => {
    const at = { at: venueNow - stamped, asOf: venueNow - confirmed, receivedMono: MONO };
    const check = ask(desk(), {}, rule, { venueNow, quote: quote("100", "100", at) });
    expect(check.code).toBe(code);
    if (stamped > confirmed && code === "OK")
      expect(check.message).toContain("the venue's word that it is still valid");
  });

  it("is not fooled by a wall clock that steps, since receipt is by the monotonic one", () => {
    expect(aged(20_000, 0, { hostNow: 0 }).code).toBe("QUOTE_STALE");
    expect(aged(1000, 0, { hostNow: venueNow + 1e9 }).code).toBe("OK");
  });

  it("sees through a sleep that the monotonic clock did not count, by the venue's stamp", () => {
    expect(aged(100, 8 * 3_600_000)).toMatchObject({ code: "QUOTE_STALE", actual: "8 h" });
  });

  it("measures a replayed quote against the replayed time", () => {
    const then = Date.UTC(2019, 9, 10);
    expect(ask(desk(), {}, rule, { venueNow: then, quote: quote("100", "100", { at: then }) }).code).toBe("OK");
    expect(ask(desk(), {}, rule, { venueNow: then, quote: quote("100", "100", { at: venueNow }) }).code).toBe(
      "QUOTE_FROM_FUTURE",
    );
  });

  it("quote-freshness blocks without a quote and with invalid times", () => {
    expect(ask(desk(), {}, rule, { quote: undefined }).code).toBe("QUOTE_FRESHNESS_UNAVAILABLE");
    expect(aged(Number.NaN, 0).code).toBe("QUOTE_FRESHNESS_UNAVAILABLE");
    expect(aged(0, Number.NaN).code).toBe("QUOTE_FRESHNESS_UNAVAILABLE");
  });
});
