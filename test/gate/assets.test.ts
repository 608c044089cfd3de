/** One asset in several instruments and at several venues is one position for max-position-nav. It only tightens. */
import { describe, expect, it } from "vitest";
import fc from "fast-check";
import { ask, guard, inputOf, quote } from "../support/gate-case.ts";
import { type JournalScenario, scenario, terms } from "../support/journal-scenario.ts";

const SYMBOL = "BTC/USDT";
/** The accounts are in dollars, and a tether is worth one. */
const exchange = {
  rates: [],
  pegs: [
    { base: "USDT", quote: "USD" },
    { base: "USDC", quote: "USD" },
  ],
};
const at100 = { quote: quote("100", "100", { symbol: SYMBOL }), exchange };
const wide = guard("max-position-nav", { max_pct: 20, scope: "desk" });

/** NAV 100,000 at each of three connectors; 20 % of the desk's NAV is 60,000. */
function desk(atCoinbase = "200"): JournalScenario {
  return scenario()
    .desk()
    .account("binance", { positions: [{ symbol: SYMBOL, quantity: "100", markPrice: "100" }] })
    .account("coinbase", { positions: [{ symbol: "BTC-USD", quantity: atCoinbase, markPrice: "100" }] })
    .account("wallet", { balances: [{ currency: "BTC", total: "150" }] });
}

function stated(tale: JournalScenario): JournalScenario {
  return tale.asset("binance", SYMBOL, "crypto:BTC").asset("coinbase", "BTC-USD", "crypto:btc");
}

function check(tale: JournalScenario, quantity: string, rule = wide) {
  return ask(tale, { connector: "binance", symbol: SYMBOL, quantity }, rule, at100);
}

describe("max-position-nav with scope = desk", () => {
  it("adds the asset at other venues, as an instrument and as a balance", () => {
    const tale = stated(desk());
    // 10,000 + 20,000 + 15,000 are held.
    expect(check(tale, "150").decision).toBe("allow");
    const blocked = check(tale, "150.1");
    expect([blocked.decision, blocked.actual]).toEqual(["block", "20.0033 %"]);
    expect(blocked.message).toContain("worst-case position in BTC/USDT with BTC-USD at coinbase, BTC at wallet of ");
  });

  it("counts a working order of another venue", () => {
    const order = { connector: "coinbase", symbol: "BTC-USD", quantity: "150", limitPrice: "100" } as const;
    const tale = stated(desk()).working("w", order);
    expect(check(tale, "1").decision).toBe("block");
  });

  it("says that the venue states no asset, and counts the same symbol alone", () => {
    const message = check(desk(), "500").message;
    expect(message).toContain("(the venue states no asset: elsewhere the same symbol counts)");
    expect(check(desk(), "500").decision).toBe("allow");
  });

  it("nets nothing: a short position elsewhere makes no room", () => {
    const tale = stated(desk("-200"));
    expect(check(tale, "350").decision).toBe("allow");
    expect(check(tale, "350.1").decision).toBe("block");
  });

  it("lets an order pass that reduces the position here, whatever is held elsewhere", () => {
    const sell = { connector: "binance", symbol: SYMBOL, side: "sell", quantity: "100" } as const;
    const tale = stated(desk("9000"));
    expect(ask(tale, sell, wide, at100).decision).toBe("allow");
  });
});

it("max-position-nav of one account adds the asset's other instruments there, and no other venue", () => {
  const rule = guard("max-position-nav", { max_pct: 20 });
  const positions = [
    { symbol: SYMBOL, quantity: "100", markPrice: "100" },
    { symbol: "BTC/USDC", quantity: "50", markPrice: "100" },
  ];
  const tale = stated(desk()).account("binance", { positions }).asset("binance", "BTC/USDC", "crypto:BTC");
  expect(check(tale, "50", rule).decision).toBe("allow");
  expect(check(tale, "50.1", rule).decision).toBe("block");
});

it("no stated asset lets an order pass that is blocked without it", () => {
  const units = fc.integer({ min: -300, max: 600 }).map(String);
  fc.assert(
    fc.property(
      units,
      units,
      fc.integer({ min: 1, max: 900 }),
      fc.constantFrom("buy", "sell"),
      (own, other, n, side) => {
        const held = (symbol: string, quantity: string) => ({ positions: [{ symbol, quantity, markPrice: "100" }] });
        const plain = (): JournalScenario =>
          scenario().desk().account("binance", held(SYMBOL, own)).account("coinbase", held("BTC-USD", other));
        const order = { connector: "binance", symbol: SYMBOL, quantity: String(n), side } as const;
        const [without, withAsset] = [plain(), stated(plain())].map((tale) => ask(tale, order, wide, at100).decision);
        if (without === "block") expect(withAsset).toBe("block");
      },
    ),
    { numRuns: 60 },
  );
});

it("an asset that a venue takes back is forgotten", () => {
  const tale = stated(desk()).event({
    ...{ type: "instrument.asset", connector: terms({ connector: "binance" }).connector, symbol: SYMBOL, asset: null },
  });
  expect(inputOf(tale, { symbol: SYMBOL }).state.assets.size).toBe(1);
  expect(check(tale, "500").decision).toBe("allow");
});
