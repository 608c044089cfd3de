import { describe, expect, it } from "vitest";
import { ask, guard } from "../../support/gate-case.ts";
import { justOver, scenario } from "../../support/journal-scenario.ts";

function desk() {
  return scenario().desk().account("paper");
}
function holding(quantity: string) {
  return scenario()
    .desk()
    .account("paper", { positions: [{ symbol: "AAPL", quantity, markPrice: "100" }] });
}

describe("max-order-notional", () => {
  const rule = guard("max-order-notional", { max_notional: "2500.50" });

  it("is inclusive and exact", () => {
    expect(ask(desk(), { quantity: "1", limitPrice: "2500.50" }, rule)).toMatchObject({
      decision: "allow",
      limit: "2,500.50 USD",
    });
    expect(ask(desk(), { quantity: "1", limitPrice: justOver("2500.5", 20) }, rule)).toMatchObject({
      decision: "block",
      code: "MAX_ORDER_NOTIONAL_EXCEEDED",
    });
  });

  it("does not lose what a float would: 0.1 × 3 is 0.3", () => {
    const small = guard("max-order-notional", { max_notional: "0.3" });
    expect(ask(desk(), { quantity: "3", limitPrice: "0.1" }, small).decision).toBe("allow");
    expect(0.1 * 3 <= 0.3).toBe(false);
  });

  it("blocks without a price", () => {
    const order = { side: "sell", type: "market", protectionPrice: "97" } as const;
    expect(ask(holding("0"), order, rule, { quote: undefined }).code).toBe("MAX_ORDER_NOTIONAL_UNAVAILABLE");
  });
});

describe("max-order-quantity", () => {
  const rule = guard("max-order-quantity", { max_quantity: 100 });

  it.each([
    ["100", "allow"],
    ["100.00", "allow"],
    [justOver("100", 30), "block"],
  ])("%s: %s", (quantity, decision) => {
    expect(ask(desk(), { quantity }, rule).decision).toBe(decision);
  });

  it("says both figures", () => {
    expect(ask(desk(), { quantity: "150" }, rule)).toMatchObject({
      code: "MAX_ORDER_QUANTITY_EXCEEDED",
      message: "order is for 150 AAPL (limit 100)",
      limit: "100",
      actual: "150",
    });
  });
});

describe("max-open-orders", () => {
  const rule = guard("max-open-orders", { max: 2 });

  it("counts this order among those in flight, once", () => {
    const one = desk().working("a");
    expect(ask(one, { symbol: "MSFT" }, rule).decision).toBe("allow");
    const two = desk().working("a").proposed("b").approved("b");
    expect(ask(two, { symbol: "MSFT" }, rule)).toMatchObject({
      decision: "block",
      code: "MAX_OPEN_ORDERS_EXCEEDED",
      actual: "3",
    });
    expect(ask(two, "b", rule).decision).toBe("allow");
  });

  it("does not count proposals and ended orders", () => {
    const tale = desk().filled("a").working("b").reported("b", "expired").proposed("c").working("d");
    expect(ask(tale, { symbol: "MSFT" }, rule).decision).toBe("allow");
  });
});

describe("no-short", () => {
  const rule = guard("no-short");

  it.each([
    ["60", "allow"],
    [justOver("60", 18), "block"],
    ["100", "block"],
  ])("sells %s of 60: %s", (quantity, decision) => {
    expect(ask(holding("60"), { side: "sell", quantity }, rule).decision).toBe(decision);
  });

  it("sees that two sells, each covered alone, are not both covered", () => {
    const tale = holding("60").proposed("a", { side: "sell", quantity: "40" }).approved("a");
    expect(ask(tale, { side: "sell", quantity: "20" }, rule).decision).toBe("allow");
    expect(ask(tale, { side: "sell", quantity: "21" }, rule)).toMatchObject({
      code: "SHORT_SALE",
      limit: "20",
      actual: "21",
    });
  });

  it("does not count buys that have not filled", () => {
    expect(ask(desk().working("b", { quantity: "60" }), { side: "sell", quantity: "1" }, rule).decision).toBe("block");
  });

  it("takes the smaller of the fills' position and the venue's last mark", () => {
    const soldSince = holding("60").filled("s", { side: "sell", quantity: "60" });
    expect(ask(soldSince, { side: "sell", quantity: "1" }, rule).decision).toBe("block");
    const boughtSince = desk().filled("b", { quantity: "60" });
    expect(ask(boughtSince, { side: "sell", quantity: "1" }, rule).decision).toBe("block");
    const marked = boughtSince.account("paper", { positions: [{ symbol: "AAPL", quantity: "60" }] });
    expect(ask(marked, { side: "sell", quantity: "60" }, rule).decision).toBe("allow");
  });

  it("lets buys pass, and blocks sells of a connector that has reported nothing", () => {
    expect(ask(scenario().desk(), {}, rule).decision).toBe("allow");
    expect(ask(scenario().desk(), { side: "sell" }, rule)).toMatchObject({
      decision: "block",
      code: "NO_SHORT_UNAVAILABLE",
    });
    expect(ask(holding("-10"), { side: "sell", quantity: "1" }, rule).decision).toBe("block");
  });
});
