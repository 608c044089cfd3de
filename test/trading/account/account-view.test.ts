/** The book for output: each amount has its currency, and only enabled connectors count. */
import { describe, expect, it } from "vitest";
import { accountView } from "../../../src/trading/account/account-view.ts";
import type { ExchangeRate } from "../../../src/domain/account/exchange-rate.ts";
import type { DeskConfig } from "../../../src/workspace/config.ts";
import type { FxConfig } from "../../../src/workspace/fx-config.ts";
import { fakeClock } from "../../support/fake-clock.ts";
import { type JournalScenario, amount, scenario } from "../../support/journal-scenario.ts";

type Settings = readonly (readonly [name: string, enabled?: boolean])[];

interface Money {
  readonly currency?: string;
  readonly fx?: Partial<FxConfig>;
  readonly fileRates?: readonly ExchangeRate[];
}

function viewOf(tale: JournalScenario, connectors: Settings, { currency = "USD", fx, fileRates }: Money = {}) {
  const config = {
    account: { currency, navMethod: "live" },
    fx: { via: [], pegs: [], rates: [], ...fx },
    connectors: connectors.map(([name, enabled = true]) => ({ name, enabled, orders: true })),
  } as unknown as DeskConfig;
  return accountView({ config, state: tale.state(), clock: fakeClock(tale.now) }, { fileRates });
}
const held = [{ symbol: "SPX", quantity: "3", averagePrice: "100", markPrice: "110" }];

describe("a connector that desk.toml no longer enables", () => {
  const renamed = scenario()
    .desk()
    .account("paper", { nav: "1000000", positions: held })
    .account("main", { nav: "1000000", positions: held });

  it.each<[string, Settings, string]>([
    ["renamed", [["main"]], "removed"],
    ["disabled", [["main"], ["paper", false]], "disabled"],
  ])("%s: counts in no sum, and its position says so", (_, connectors, standing) => {
    const view = viewOf(renamed, connectors);
    expect([view.nav, view.cash, view.buyingPower]).toEqual(["1000000", "1000000", "1000000"]);
    expect(view.accounts.map(({ connector }) => connector)).toEqual(["main"]);
    expect(view.profit).toEqual([{ currency: "USD", realized: "0", unrealized: "30", incomplete: [] }]);
    expect(view.positions.map((position) => [position.connector, position.standing])).toEqual([
      ["paper", standing],
      ["main", "enabled"],
    ]);
  });
});

describe("currencies", () => {
  const mixed = scenario()
    .desk()
    .account("euro", { nav: "1000", currency: "EUR" })
    .account("yen", { nav: "1000000", currency: "JPY" })
    .account("tether", { nav: "7", currency: "USDT" });
  const all: Settings = [["euro"], ["yen"], ["tether"]];

  it("adds up one currency only and shows the others by themselves", () => {
    const view = viewOf(mixed, all, { currency: "EUR" });
    expect([view.nav, view.currency]).toEqual(["1000", "EUR"]);
    expect(view.accounts.map(({ nav, currency, isInSum }) => [nav, currency, isInSum])).toEqual([
      ["1000", "EUR", true],
      ["1000000", "JPY", false],
      ["7", "USDT", false],
    ]);
  });

  it("has no sum if no account is in the desk's currency and they differ", () => {
    expect(viewOf(mixed, all)).toMatchObject({ nav: null, cash: null, dayPnl: null, currency: "USD" });
  });

  it("does not relabel dollars: the sum names the currency of the only account", () => {
    expect(viewOf(scenario().desk().account("paper", { nav: "5" }), [["paper"]], { currency: "EUR" })).toMatchObject({
      nav: "5",
      currency: "USD",
    });
  });

  it("a position has its own currency, and profit is added up by currency", () => {
    const tale = scenario()
      .desk()
      .account("paper", {
        positions: [
          ...held,
          { symbol: "7203", quantity: "2", averagePrice: "3000", markPrice: "3100", currency: "JPY" },
        ],
      });
    const view = viewOf(tale, [["paper"]]);
    expect(view.positions.map(({ value, currency }) => [value, currency])).toEqual([
      ["330", "USD"],
      ["6200", "JPY"],
    ]);
    expect(view.profit).toEqual([
      { currency: "USD", realized: "0", unrealized: "30", incomplete: [] },
      { currency: "JPY", realized: "0", unrealized: "200", incomplete: [] },
    ]);
  });
});

describe("exchange rates", () => {
  const both = scenario()
    .desk()
    .account("dollars", { nav: "1000000.10", cash: "400000.10" })
    .account("euros", { nav: "1000000", cash: "250000.05", currency: "EUR" });
  const all: Settings = [["dollars"], ["euros"]];
  const stated = (price: string, at: number): ExchangeRate => ({
    ...{ base: "EUR", quote: "USD", bid: amount(price), ask: amount(price), at },
    ...{ origin: "configuration", source: "desk.toml" },
  });

  it.each(["dollars first", "euros first"])("the sums are right to the cent, %s", (order) => {
    const settings = order === "dollars first" ? all : all.toReversed();
    const view = viewOf(both, settings, { fx: { rates: [stated("1.0837", both.now)] } });
    expect(view).toMatchObject({ nav: "2083700.1", cash: "670925.154185", currency: "USD" });
    expect(view.accounts.map(({ navInSum, isInSum }) => [navInSum, isInSum])).toEqual([
      ["1000000.1", true],
      ["1083700", true],
    ]);
    expect(view.rates).toMatchObject([{ pair: "EUR/USD", rate: "1.0837", source: "desk.toml", isStale: false }]);
  });

  it("the sums are in the desk's currency, though no account has it", () => {
    const euros = scenario().desk().account("euros", { nav: "100", currency: "EUR" });
    const settings: Settings = [["euros"]];
    expect(viewOf(euros, settings, { fx: { rates: [stated("1.08", euros.now)] } })).toMatchObject({
      nav: "108",
      currency: "USD",
    });
    expect(viewOf(euros, settings)).toMatchObject({ nav: "100", currency: "EUR" });
  });

  it("an old rate and one of a file are shown as such, and never taken for a fresh one", () => {
    const old = viewOf(both, all, { fx: { rates: [stated("1.08", both.now - 6 * 86_400_000)] } });
    expect(old).toMatchObject({ nav: "2080000.1", rates: [{ isStale: true, isForDisplay: false }] });
    const file = { ...stated("1.07", both.now), origin: "file", source: "research/fx/ecb.csv" } as const;
    expect(viewOf(both, all, { fileRates: [file] })).toMatchObject({
      nav: "2070000.1",
      rates: [{ source: "research/fx/ecb.csv", isForDisplay: true }],
    });
  });

  it("a missing rate is missing and not zero: the account stays out of the sums", () => {
    const view = viewOf(both, all);
    expect(view).toMatchObject({ nav: "1000000.1", rates: [] });
    expect(view.accounts[1]).toMatchObject({ nav: "1000000", navInSum: null, isInSum: false });
  });
});

it("what closed positions earned stays in the sums", () => {
  const tale = scenario().desk().account("paper").filled("a", {}, "100").filled("b", { side: "sell" }, "112");
  const view = viewOf(tale, [["paper"]]);
  expect([view.positions, view.profit]).toEqual([
    [],
    [{ currency: "USD", realized: "120", unrealized: "0", incomplete: [] }],
  ]);
});

it("fees are listed by currency, and a balance of unknown cost is named", () => {
  const tale = scenario()
    .desk()
    .account("paper", { positions: [{ symbol: "ETH", quantity: "2", markPrice: "3000" }] })
    .working("a")
    .fill("a", { fee: "0.5" })
    .working("b")
    .fill("b", { fee: "0.25", feeCurrency: "EUR" });
  const view = viewOf(tale, [["paper"]]);
  expect(view.fees).toEqual([
    { amount: "0.5", currency: "USD" },
    { amount: "0.25", currency: "EUR" },
  ]);
  expect(view.positions[0]).toMatchObject({ symbol: "ETH", averagePrice: null, unrealizedPnl: null, value: "6000" });
  expect(view.profit[0]?.incomplete).toEqual(["paper/ETH", "paper/AAPL"]);
});

it("profit that is known of no position is not known, and not zero", () => {
  const held = scenario()
    .desk()
    .account("paper", { positions: [{ symbol: "ETH", quantity: "2", markPrice: "3000" }] });
  expect(viewOf(held, [["paper"]]).profit).toEqual([
    { currency: "USD", realized: "0", unrealized: null, incomplete: ["paper/ETH"] },
  ]);
  const sold = held.filled("a", { side: "sell", symbol: "ETH", quantity: "1" }, "3100");
  expect(viewOf(sold, [["paper"]]).profit).toMatchObject([{ realized: null, unrealized: null }]);
});

describe("exposure of one asset", () => {
  const rates = (at: number): readonly ExchangeRate[] => [
    {
      base: "EUR",
      quote: "USD",
      bid: amount("1.1"),
      ask: amount("1.1"),
      at,
      origin: "configuration",
      source: "desk.toml",
    },
  ];
  const tale = scenario()
    .desk()
    .account("binance", { positions: [{ symbol: "BTC/USDT", quantity: "1.5", markPrice: "60000" }], currency: "USD" })
    .account("bourse", { positions: [{ symbol: "BTC-EUR", quantity: "0.25", markPrice: "54000" }], currency: "EUR" })
    .account("wallet", { balances: [{ currency: "BTC", total: "0.1", free: "0.04" }] })
    .asset("binance", "BTC/USDT", "crypto:BTC")
    .asset("bourse", "BTC-EUR", "crypto:BTC");
  const all: Settings = [["binance"], ["bourse"], ["wallet"]];

  it("adds up instruments and balances over venues, and says where each part is", () => {
    const view = viewOf(tale, all, { fx: { rates: rates(tale.now) } });
    // 1.5 × 60,000 + 0.25 × 54,000 × 1.10; there is no rate of the balance.
    expect(view.exposures).toEqual([
      {
        ...{ asset: "BTC", class: "crypto", mode: "unstated", quantity: "1.85", value: "104850", isComplete: false },
        places: [
          { connector: "binance", symbol: "BTC/USDT", quantity: "1.5", value: "90000" },
          { connector: "bourse", symbol: "BTC-EUR", quantity: "0.25", value: "14850" },
          { connector: "wallet", symbol: null, quantity: "0.1", value: null },
        ],
      },
    ]);
    expect(view.accounts[2]?.balances).toEqual([{ amount: "0.1", currency: "BTC", buyingPower: "0.04" }]);
  });

  it("leaves out connectors that are not enabled, and keeps paper and live apart", () => {
    expect(viewOf(tale, [["binance"], ["bourse", false], ["wallet", false]]).exposures).toMatchObject([
      { quantity: "1.5", places: [{ connector: "binance" }], isComplete: true },
    ]);
    const both = viewOf(tale.connector("binance", "ready", "live").connector("wallet", "ready", "paper"), all);
    expect(both.exposures.map(({ mode, quantity }) => [mode, quantity])).toEqual([
      ["live", "1.5"],
      ["unstated", "0.25"],
      ["paper", "0.1"],
    ]);
  });
});
