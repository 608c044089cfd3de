import { describe, expect, it } from "vitest";
import { decimal } from "../../src/domain/decimal.ts";
import type { OrderId } from "../../src/domain/ids.ts";
import {
  exposureOf,
  shortOpeningQuantity,
  strictlyReducing,
  valuationPrice,
  worstLong,
  worstShort,
} from "../../src/gate/exposure.ts";
import { orderPrice, reservedPrice } from "../../src/gate/valuation.ts";
import { inputOf, quote } from "../support/gate-case.ts";
import { type JournalScenario, type TermsDraft, scenario, terms } from "../support/journal-scenario.ts";

function holding(quantity: string) {
  return scenario()
    .desk()
    .account("paper", { positions: [{ symbol: "AAPL", quantity, markPrice: "100" }] });
}
function exposure(tale: JournalScenario, except?: string) {
  return exposureOf(tale.state(), "paper", "AAPL", except as OrderId | undefined);
}
function figures(tale: JournalScenario, except?: string) {
  const { low, high, buys, sells } = exposure(tale, except);
  return [low, high, buys, sells].map((value) => value.toFixed());
}

describe("exposureOf", () => {
  it("exposureOf adds up the open quantity of orders in flight by side, without the order under evaluation", () => {
    const tale = holding("60")
      .working("b1", { quantity: "10" })
      .fill("b1", { quantity: "4" })
      .proposed("b2", { quantity: "5" })
      .approved("b2")
      .working("s1", { side: "sell", quantity: "7" })
      .working("m", { symbol: "MSFT", quantity: "100" })
      .working("o", { connector: "other", quantity: "100" })
      .proposed("p", { quantity: "100" });
    expect(figures(tale)).toEqual(["60", "64", "11", "7"]);
    expect(figures(tale, "b2")).toEqual(["60", "64", "6", "7"]);
  });

  it("exposureOf keeps both the position by fills and the venue's, because either may lag", () => {
    expect(figures(holding("60").filled("s", { side: "sell", quantity: "80" }))).toEqual(["-20", "60", "0", "0"]);
    expect(exposure(scenario().desk()).marked).toBe(false);
  });

  it("exposureOf counts an overfilled order as zero", () => {
    const tale = holding("0")
      .working("b", { quantity: "10" })
      .fill("b", { quantity: "9" })
      .fill("b", { quantity: "9" });
    expect(figures(tale)).toEqual(["0", "18", "0", "0"]);
  });

  it("exposureOf takes each side at its worst", () => {
    const tale = holding("60").working("b", { quantity: "10" }).working("s", { side: "sell", quantity: "100" });
    expect(worstLong(exposure(tale)).toFixed()).toBe("70");
    expect(worstShort(exposure(tale)).toFixed()).toBe("40");
    expect(worstLong(exposure(holding("-60"))).toFixed()).toBe("0");
    expect(worstShort(exposure(tale), decimal("5")).toFixed()).toBe("45");
  });
});

describe("strictlyReducing", () => {
  const short = () => holding("-60");
  const selling = holding("60").working("s", { side: "sell", quantity: "50" });
  it.each<[string, JournalScenario, TermsDraft, boolean]>([
    ["a sell of a long", holding("60"), { side: "sell", quantity: "60" }, true],
    ["a sell of more than the long", holding("60"), { side: "sell", quantity: "100" }, false],
    ["a buy on top of a long", holding("60"), { quantity: "1" }, false],
    ["a buy against a short", short(), { quantity: "60" }, true],
    ["a buy past a short", short(), { quantity: "60.000001" }, false],
    ["a sell on top of a short", short(), { side: "sell", quantity: "1" }, false],
    ["anything from flat", holding("0"), { side: "sell", quantity: "1" }, false],
    ["a sell beside another sell that leaves room", selling, { side: "sell", quantity: "10" }, true],
    ["a sell beside one that does not", selling, { side: "sell", quantity: "11" }, false],
    [
      "a sell against a buy that has not filled",
      holding("0").working("b", { quantity: "60" }),
      { side: "sell", quantity: "1" },
      false,
    ],
    [
      "a sell of what only the fills know",
      scenario().desk().filled("b", { quantity: "60" }),
      { side: "sell", quantity: "1" },
      false,
    ],
    ["a sell of nothing", holding("60"), { side: "sell", quantity: "0" }, false],
  ])("strictlyReducing with %s: %#", (_, tale, order, expected) => {
    expect(strictlyReducing(terms(order), exposure(tale))).toBe(expected);
  });
});

describe("orderPrice", () => {
  const book = quote("98", "100");
  const price = (draft: TermsDraft, isShort = false, given: typeof book | undefined = book) => {
    const found = orderPrice(terms(draft), given, isShort);
    return "value" in found ? found.value.toFixed() : undefined;
  };

  it.each<[string, TermsDraft, boolean, string]>([
    ["limit buy: its limit", { limitPrice: "90" }, false, "90"],
    ["market buy: its protection price", { type: "market", protectionPrice: "103" }, false, "103"],
    ["market buy without one: ask × 1.05", { type: "market" }, false, "105"],
    [
      "stop buy: the worst of trigger, protection and ask",
      { type: "stop", stopPrice: "110", protectionPrice: "113" },
      false,
      "113",
    ],
    ["stop buy without protection: trigger × 1.05", { type: "stop", stopPrice: "110" }, false, "115.5"],
    ["stop buy below the market: ask × 1.05", { type: "stop", stopPrice: "90" }, false, "105"],
    ["stop-limit buy: its limit", { type: "stop_limit", stopPrice: "110", limitPrice: "111" }, false, "111"],
    ["limit sell of a long: the bid, if that is better", { side: "sell", limitPrice: "90" }, false, "98"],
    ["limit sell of a long: its limit", { side: "sell", limitPrice: "120" }, false, "120"],
    ["market sell of a long: the bid", { side: "sell", type: "market", protectionPrice: "95" }, false, "98"],
    ["market sell short: ask × 1.03", { side: "sell", type: "market", protectionPrice: "95" }, true, "103"],
    ["limit sell short: the worse of both", { side: "sell", limitPrice: "120" }, true, "120"],
  ])("orderPrice of %s", (_, draft, isShort, expected) => {
    expect(price(draft, isShort)).toBe(expected);
  });

  it("orderPrice is missing if no price is known", () => {
    const none = quote("0", "0");
    expect(price({ type: "market" }, false, none)).toBeUndefined();
    expect(price({ type: "market", side: "sell", protectionPrice: "95" }, true, none)).toBeUndefined();
    expect(orderPrice(terms({ type: "market" }), undefined, false)).toHaveProperty("missing");
  });

  it("an order in flight is priced by its own terms and the mark", () => {
    expect(reservedPrice(terms({ limitPrice: "90" }), "100")?.toFixed()).toBe("90");
    expect(reservedPrice(terms({ side: "sell", limitPrice: "90" }), "100")?.toFixed()).toBe("100");
    expect(reservedPrice(terms({ type: "market" }), undefined)).toBeUndefined();
  });

  it("valuationPrice is the price of the gate, or undefined", () => {
    const tale = holding("60");
    expect(valuationPrice(inputOf(tale, { side: "sell", limitPrice: "90", quantity: "60" }))?.toFixed()).toBe("99.99");
    expect(valuationPrice(inputOf(tale, { side: "sell", limitPrice: "90", quantity: "61" }))?.toFixed()).toBe(
      "103.0103",
    );
    expect(valuationPrice(inputOf(tale, { type: "market" }, { quote: undefined }))).toBeUndefined();
    expect(shortOpeningQuantity(terms({ side: "sell", quantity: "61" }), exposure(tale)).toFixed()).toBe("1");
  });
});
