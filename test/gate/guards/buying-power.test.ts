import { describe, expect, it } from "vitest";
import { ask, guard, inputOf, quote } from "../../support/gate-case.ts";
import { type JournalScenario, amount, justOver, scenario } from "../../support/journal-scenario.ts";
import type { Capabilities } from "../../../src/domain/sdk.ts";
import type { GateInput } from "../../../src/gate/input.ts";

const rule = guard("buying-power");
function desk(buyingPower = "1000") {
  return scenario().desk().account("paper", { buyingPower });
}
const NETS: Capabilities = { buyingPowerNetsOpenOrders: true };
function connector(tale: JournalScenario, capabilities: Capabilities): Partial<GateInput> {
  return {
    connector: { ...inputOf(tale, {}).connector, capabilities },
  };
}
function holding(quantity: string, buyingPower = "0") {
  return scenario()
    .desk()
    .account("paper", { buyingPower, positions: [{ symbol: "AAPL", quantity, markPrice: "100" }] });
}

describe("buying-power", () => {
  it("buying-power passes an order that takes all of it, and nothing above", () => {
    expect(ask(desk(), { quantity: "10" }, rule).decision).toBe("allow");
    expect(ask(desk(), { quantity: justOver("10", 18) }, rule)).toMatchObject({
      decision: "block",
      code: "BUYING_POWER_EXCEEDED",
      limit: "1,000.00 USD",
      actual: "1,000.00 USD",
    });
  });

  it("buying-power counts a market buy at its protection price", () => {
    const order = { type: "market", protectionPrice: "103" } as const;
    expect(ask(desk("1030"), { ...order, quantity: "10" }, rule).decision).toBe("allow");
    expect(ask(desk("1029.99"), { ...order, quantity: "10" }, rule).decision).toBe("block");
  });

  it.each(["approved", "submitting", "unknown", "working"])(
    "buying-power reserves the cost of an order that is %s",
    (state) => {
      const tale = desk().proposed("a", { quantity: "6" }).approved("a");
      if (state !== "approved") tale.submitting("a");
      if (state === "unknown") tale.unknown("a");
      if (state === "working") tale.accepted("a");
      expect(ask(tale, { quantity: "4" }, rule).decision).toBe("allow");
      expect(ask(tale, { quantity: "4.01" }, rule).decision).toBe("block");
    },
  );

  it("buying-power does not count the order against itself", () => {
    expect(ask(desk().proposed("a", { quantity: "10" }).approved("a"), "a", rule).decision).toBe("allow");
  });

  it("frees what a rejected or cancelled order held, and another connector's never counts", () => {
    const tale = desk()
      .working("a", { quantity: "10" })
      .reported("a", "cancelled")
      .working("b", { connector: "other", quantity: "10" });
    expect(ask(tale, { quantity: "10" }, rule).decision).toBe("allow");
  });

  it("buying-power subtracts the cost of fills since the connector's last report", () => {
    const tale = desk().filled("a", { quantity: "6" });
    expect(ask(tale, { quantity: "4" }, rule).decision).toBe("allow");
    expect(ask(tale, { quantity: "4.01" }, rule).decision).toBe("block");
    const reported = tale.account("paper", {
      buyingPower: "400",
      positions: [{ symbol: "AAPL", quantity: "6", markPrice: "100" }],
    });
    expect(ask(reported, { quantity: "4" }, rule).decision).toBe("allow");
    expect(ask(reported, { quantity: "4.01" }, rule).decision).toBe("block");
  });

  it("counts a partly filled order's two parts once each", () => {
    const tale = desk().working("a", { quantity: "6" }).fill("a", { quantity: "2", price: "90" });
    expect(ask(tale, { quantity: "4.2" }, rule).decision).toBe("allow");
    expect(ask(tale, { quantity: "4.21" }, rule).decision).toBe("block");
  });

  it("does not count money from sales before the connector does", () => {
    const tale = scenario()
      .desk()
      .account("paper", { buyingPower: "0", positions: [{ symbol: "MSFT", quantity: "10", markPrice: "400" }] });
    tale.filled("s", { symbol: "MSFT", side: "sell", quantity: "10", limitPrice: "400" });
    expect(ask(tale, { quantity: "1" }, rule).decision).toBe("block");
  });

  it("takes nothing off for a sale of what was held, and no more than the growth for a lot that the mark half knows", () => {
    const held = [{ symbol: "MSFT", quantity: "10", markPrice: "400" }];
    const sold = scenario().desk().account("paper", { buyingPower: "1000", positions: held });
    sold.filled("s", { symbol: "MSFT", side: "sell", quantity: "10", limitPrice: "400" });
    expect(ask(sold, { quantity: "10" }, rule).decision).toBe("allow");
    const known = [{ symbol: "AAPL", quantity: "5", markPrice: "120" }];
    const half = desk().filled("b", { quantity: "10" }).account("paper", { buyingPower: "1000", positions: known });
    expect(ask(half, { quantity: "5" }, rule).decision).toBe("allow");
    expect(ask(half, { quantity: "5.01" }, rule).decision).toBe("block");
  });

  it("counts several short sales of one name at the dearest of their prices", () => {
    const tale = desk().working("s1", { symbol: "MSFT", side: "sell", quantity: "2", limitPrice: "100" });
    tale.working("s2", { symbol: "MSFT", side: "sell", quantity: "2", limitPrice: "50" });
    expect(ask(tale, { quantity: "6" }, rule).decision).toBe("allow");
    expect(ask(tale, { quantity: "6.01" }, rule).decision).toBe("block");
  });

  it("lets sales of what is held pass with no power at all, as far as no other sell claims it", () => {
    const held = () => holding("60");
    expect(ask(held(), { side: "sell", quantity: "60" }, rule).decision).toBe("allow");
    expect(ask(held(), { side: "sell", quantity: "61" }, rule).decision).toBe("block");
    const claimed = held().working("s", { side: "sell", quantity: "50" });
    expect(ask(claimed, { side: "sell", quantity: "10" }, rule).decision).toBe("allow");
    expect(ask(claimed, { side: "sell", quantity: "11" }, rule).decision).toBe("block");
  });

  it("asks power for the short part of a sale only", () => {
    const at100 = { quote: quote("100", "100") };
    const held = () => holding("60", "103");
    expect(ask(held(), { side: "sell", quantity: "61" }, rule, at100).decision).toBe("allow");
    expect(ask(held(), { side: "sell", quantity: "61.01" }, rule, at100).decision).toBe("block");
  });

  it("keeps power for short sales in flight, and for what went short since the last mark", () => {
    const tale = desk().working("s", { symbol: "MSFT", side: "sell", quantity: "6" });
    expect(ask(tale, { quantity: "4" }, rule).decision).toBe("allow");
    expect(ask(tale, { quantity: "4.01" }, rule).decision).toBe("block");
    const sold = desk().filled("s", { symbol: "MSFT", side: "sell", quantity: "6" });
    expect(ask(sold, { quantity: "4" }, rule).decision).toBe("allow");
    expect(ask(sold, { quantity: "4.01" }, rule).decision).toBe("block");
  });

  it("lets a short be bought back, as far as no other buy does", () => {
    const short = () => holding("-60");
    expect(ask(short(), { quantity: "60" }, rule).decision).toBe("allow");
    expect(ask(short(), { quantity: "61" }, rule).decision).toBe("block");
    expect(ask(short().working("b", { quantity: "10" }), { quantity: "51" }, rule).decision).toBe("block");
  });

  describe("if the connector nets open orders itself", () => {
    it("buying-power skips only orders that the venue had accepted before it reported the amount", () => {
      const acked = desk().working("a", { quantity: "6" }).account("paper", { buyingPower: "400" });
      expect(ask(acked, { quantity: "4" }, rule, connector(acked, NETS)).decision).toBe("allow");
      expect(ask(acked, { quantity: "4.01" }, rule, connector(acked, NETS)).decision).toBe("block");
      expect(ask(acked, { quantity: "1" }, rule).decision).toBe("block");
      const askedBefore = { ...connector(acked, NETS), buyingPowerSeq: 4 };
      expect(
        ask(acked, { quantity: "1" }, rule, askedBefore).decision,
        "acknowledged after the connector was asked",
      ).toBe("block");
      const ackedLater = desk().working("a", { quantity: "6" });
      expect(ask(ackedLater, { quantity: "4.01" }, rule, connector(ackedLater, NETS)).decision).toBe("block");
    });

    it.each(["approved", "submitting", "unknown"])("still keeps what an order that is %s may take", (state) => {
      const tale = desk().proposed("a", { quantity: "6" }).approved("a");
      if (state !== "approved") tale.submitting("a");
      if (state === "unknown") tale.unknown("a");
      tale.account("paper", { buyingPower: "1000" });
      expect(ask(tale, { quantity: "4.01" }, rule, connector(tale, NETS)).decision).toBe("block");
    });
  });

  it("takes the smaller of a fresh answer and the last mark", () => {
    const fresh = (buyingPower: string) => ({ buyingPower: amount(buyingPower) });
    expect(ask(desk("1000"), { quantity: "10.01" }, rule, fresh("5000")).decision).toBe("block");
    expect(ask(desk("1000"), { quantity: "5" }, rule, fresh("500")).decision).toBe("allow");
    expect(ask(desk("1000"), { quantity: "5.01" }, rule, fresh("500")).decision).toBe("block");
  });

  it("counts a fill that came in while the connector was being asked", () => {
    const tale = desk().working("a", { quantity: "6" });
    const asked = { buyingPower: amount("1000"), buyingPowerSeq: tale.state().seq };
    tale.fill("a");
    expect(ask(tale, { quantity: "4" }, rule, asked).decision).toBe("allow");
    expect(ask(tale, { quantity: "4.01" }, rule, asked).decision).toBe("block");
    const marked = tale.account("paper", { buyingPower: "1000" });
    expect(ask(marked, { quantity: "4.01" }, rule, asked).decision).toBe("block");
  });

  it("blocks without an account, a price, or a price of what is in flight", () => {
    expect(ask(scenario().desk(), {}, rule)).toMatchObject({ decision: "block", code: "BUYING_POWER_UNAVAILABLE" });
    expect(ask(scenario().desk(), { side: "sell" }, rule).decision).toBe("block");
    expect(
      ask(desk(), { type: "market", side: "sell", protectionPrice: "1" }, rule, { quote: undefined }).decision,
    ).toBe("block");
    const unpriced = desk().working("m", { symbol: "MSFT", type: "market", quantity: "1" });
    expect(ask(unpriced, { quantity: "1" }, rule)).toMatchObject({
      decision: "block",
      code: "BUYING_POWER_UNAVAILABLE",
    });
    expect(ask(scenario().desk().account("paper", { buyingPower: "-1" }), { quantity: "0.01" }, rule).decision).toBe(
      "block",
    );
  });
});

describe("buying-power of an order that is priced in a pegged currency", () => {
  const pegs = [{ base: "USDT", quote: "USD" }];
  const exchange = { rates: [], pegs };
  const order = { connector: "v", symbol: "BTC/USDT", limitPrice: "100" };
  const mark = (balances?: readonly { readonly currency: string; readonly total: string; readonly free?: string }[]) =>
    scenario()
      .desk()
      .account("v", { buyingPower: "300", ...(balances !== undefined && { balances }) });
  const check = (tale: JournalScenario, more: object, gate: Partial<GateInput> = {}) =>
    ask(tale, { ...order, ...more }, rule, { exchange, ...gate });

  it("is what is free of the account's balance in it, to the last digit, and the peg is named", () => {
    const tale = mark([{ currency: "USDT", total: "1200", free: "1000" }]);
    expect(check(tale, { quantity: "10" })).toMatchObject({
      ...{ decision: "allow", limit: "1,000.00 USDT", actual: "1,000.00 USDT" },
      message:
        "order needs 1,000.00 USDT; v has 1,000.00 USDT of buying power, in its balance of USDT, which counts by the " +
        "peg USDT=USD of [fx]",
    });
    expect(check(tale, { quantity: justOver("10", 18) })).toMatchObject({ code: "BUYING_POWER_EXCEEDED" });
    // The query of the buying power is about the account's own currency.
    expect(check(tale, { quantity: "10" }, { buyingPower: amount("0") }).decision).toBe("allow");
  });

  it("is never that balance and the account's own buying power together, either way", () => {
    const tale = mark([{ currency: "USDT", total: "100" }]);
    expect(check(tale, { quantity: "1" }).decision).toBe("allow");
    expect(check(tale, { quantity: "1.01" }).decision).toBe("block");
    expect(check(tale, { symbol: "BTC/USD", quantity: "3" }).decision).toBe("allow");
    expect(check(tale, { symbol: "BTC/USD", quantity: "3.01" }).decision).toBe("block");
  });

  it("is the account's own buying power if it states no balance in that currency", () => {
    for (const tale of [mark(), mark([{ currency: "EUR", total: "900" }])]) {
      expect(check(tale, { quantity: "3" })).toMatchObject({
        decision: "allow",
        message:
          "order needs 300.00 USD; v has 300.00 USD of buying power, which pays USDT by the peg USDT=USD of [fx]",
      });
      expect(check(tale, { quantity: "3.01" }).decision).toBe("block");
    }
  });

  it("is not reserved by orders that other money pays, nor spent by their fills", () => {
    const tale = mark([{ currency: "USDT", total: "1000", free: "1000" }])
      .working("a", { connector: "v", symbol: "ETH/USD", quantity: "2", limitPrice: "100" })
      .working("b", { connector: "v", symbol: "ETH/USDT", quantity: "4", limitPrice: "100" })
      .filled("c", { connector: "v", symbol: "SOL/USD", quantity: "1", limitPrice: "50" });
    expect(check(tale, { quantity: "6" }).decision).toBe("allow");
    expect(check(tale, { quantity: "6.01" }).message).toContain("after 400.00 USDT for orders in flight");
    expect(check(tale, { symbol: "BTC/USD", quantity: "0.5" }).decision).toBe("allow");
    expect(check(tale, { symbol: "BTC/USD", quantity: "0.51" }).decision).toBe("block");
  });

  it("does not count without the peg, or while a rate says otherwise", () => {
    const tale = mark([{ currency: "USDT", total: "1000" }]);
    expect(check(tale, { quantity: "1" }, { exchange: { rates: [], pegs: [] } }).message).toContain("no peg of [fx]");
    const rate = { base: "USDT", quote: "USD", bid: amount("0.9"), ask: amount("0.9"), at: tale.now } as const;
    const broken = { rates: [{ ...rate, origin: "account", source: "v" } as const], pegs };
    expect(check(tale, { quantity: "1" }, { exchange: broken })).toMatchObject({ decision: "block" });
  });
});
