import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decimal } from "../../src/domain/decimal.ts";
import type { OrderTerms } from "../../src/domain/orders/order.ts";
import { STANDARD_COLLAR, tightestCollar, needsProtection, protectionPrice } from "../../src/gate/protection.ts";
import { guard, quote } from "../support/gate-case.ts";
import { amount } from "../support/journal-scenario.ts";

type Draft = Pick<OrderTerms, "type" | "side" | "stopPrice">;
function market(side: "buy" | "sell"): Draft {
  return { type: "market", side };
}
function stop(side: "buy" | "sell", price: string): Draft {
  return { type: "stop", side, stopPrice: amount(price) };
}
/** The protection price is set at half of the collar: 3 %. */
const six = decimal("6");

describe("protectionPrice", () => {
  it.each<[string, Draft, string, string, string | undefined, string | undefined]>([
    ["a market buy above the ask", market("buy"), "99", "100", undefined, "103"],
    ["a market sell below the bid", market("sell"), "100", "101", undefined, "97"],
    ["rounded up to the tick for a buy", market("buy"), "192.36", "192.4", "0.05", "198.2"],
    ["rounded down to the tick for a sell", market("sell"), "192.36", "192.4", "0.05", "186.55"],
    ["left where it stands on the tick", market("buy"), "99", "100", "0.5", "103"],
    ["a stop buy from its trigger", stop("buy", "110"), "99", "100", undefined, "113.3"],
    ["a stop buy from the ask, where the trigger is passed", stop("buy", "90"), "99", "100", undefined, "103"],
    ["a stop sell from its trigger", stop("sell", "90"), "99", "100", undefined, "87.3"],
    ["a stop sell from the bid, where the trigger is passed", stop("sell", "110"), "100", "101", undefined, "97"],
    ["a sale below zero", market("sell"), "-37.63", "-37.5", "0.01", "-38.76"],
    ["a purchase below zero", market("buy"), "-37.63", "-37.5", "0.01", "-36.37"],
    ["a sale at a spread around zero", market("sell"), "-0.5", "0.5", undefined, "-0.515"],
    ["never less than one tick", market("sell"), "0.01", "0.02", "0.01", "0.01"],
  ])("protectionPrice of %s", (_, terms, bid, ask, tick, expected) => {
    const instrument = tick === undefined ? undefined : { tickSize: amount(tick) };
    expect(protectionPrice(terms, quote(bid, ask), six, instrument)).toBe(expected);
  });

  it("protectionPrice is undefined for orders with a limit price", () => {
    expect(protectionPrice({ type: "limit", side: "buy" }, quote("99", "100"), six)).toBeUndefined();
    expect(
      protectionPrice({ type: "stop_limit", side: "buy", stopPrice: amount("1") }, quote("99", "100"), six),
    ).toBeUndefined();
    expect(needsProtection({ type: "market" }) && needsProtection({ type: "stop" })).toBe(true);
  });

  it.each([
    ["missing", undefined],
    ["without a bid", quote("0", "100")],
    ["without an ask", quote("100", "0")],
    ["crossed", quote("101", "100")],
  ])("protectionPrice is undefined if the quote is %s", (_, given) => {
    expect(protectionPrice(market("buy"), given, six)).toBeUndefined();
  });

  it("protectionPrice is undefined if it would not be above zero", () => {
    expect(protectionPrice(market("sell"), quote("100", "101"), decimal("200"))).toBeUndefined();
    expect(protectionPrice(market("sell"), quote("100", "101"), decimal("300"))).toBeUndefined();
  });

  it("protectionPrice is never better than the market and is on a tick", () => {
    const cents = fc.integer({ min: 1, max: 10_000_000 });
    fc.assert(
      fc.property(
        cents,
        cents,
        fc.integer({ min: 1, max: 500 }),
        fc.constantFrom("buy", "sell"),
        (a, b, tickCents, side) => {
          const [bid, ask] = [Math.min(a, b), Math.max(a, b)].map((price) => decimal(`${price}e-2`).toFixed()) as [
            string,
            string,
          ];
          const tick = decimal(`${tickCents}e-2`);
          const price = protectionPrice(market(side), quote(bid, ask), six, { tickSize: amount(tick.toFixed()) });
          if (price === undefined) return false;
          expect(decimal(price).mod(tick).toFixed()).toBe("0");
          const beyond = decimal(price).gte(decimal(ask).times(decimal("1.03")));
          const below = decimal(price).lte(decimal(bid).times(decimal("0.97"))) || decimal(price).eq(tick);
          return side === "buy" ? beyond : below;
        },
      ),
    );
  });
});

describe("collarOf", () => {
  it("collarOf returns the tightest enabled price-collar, else the default", () => {
    expect(tightestCollar([])).toBe(STANDARD_COLLAR);
    expect(tightestCollar([guard("price-collar", { max_pct: 1, enabled: false })])).toBe(STANDARD_COLLAR);
    expect(
      tightestCollar([
        guard("price-collar", { max_pct: 5 }),
        guard("no-short"),
        guard("price-collar", { max_pct: 2 }),
      ]).toFixed(),
    ).toBe("2");
  });
});
