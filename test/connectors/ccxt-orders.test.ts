/** What the ccxt connector does for every exchange: checks of orders, balances as an account, the queue of requests. */
import { describe, expect, it, vi } from "vitest";
import { CallQueue } from "../../connectors/ccxt/call-queue.ts";
import { ExchangeClock } from "../../connectors/ccxt/clock.ts";
import { checkOrder } from "../../connectors/ccxt/check-order.ts";
import { accountOf, coinsOf, positionsOf } from "../../connectors/ccxt/holdings.ts";
import { settingsOf } from "../../connectors/ccxt/settings.ts";
import { BINANCE } from "../../connectors/ccxt/binance/venue.ts";
import type { Market } from "../../connectors/ccxt/venue.ts";
import type { Order } from "../../src/domain/sdk.ts";
import { builtInType } from "../../src/workspace/built-in-types.ts";

const MARKET: Market = {
  ...{ symbol: "BTC/USDT", id: "BTCUSDT", base: "BTC", quote: "USDT" },
  instrument: {
    ...{ symbol: "BTC/USDT", currency: "USDT", tickSize: "0.01", lotSize: "0.00001", minQuantity: "0.0001" },
    ...{ minNotional: "5", orderTypes: ["market", "limit"], timesInForce: ["gtc", "ioc"], tradable: true },
  },
};
const ORDER: Order = {
  ...{ clientOrderId: "q1", symbol: "BTC/USDT", side: "buy", quantity: 1, quantityText: "1", type: "limit" },
  ...{ limitPrice: 100, limitPriceText: "100", timeInForce: "gtc" },
};

describe("an order", () => {
  const check = (order: Partial<Order>, market: Partial<Market> = {}) =>
    checkOrder({ ...ORDER, ...order }, { name: "Binance", market: { ...MARKET, ...market }, currency: "USDT" });

  it("on every step is sent", () => {
    expect(() => check({ quantityText: "0.12345", limitPriceText: "12345.67" })).not.toThrow();
    expect(() => check({ quantityText: "1.00000000000", limitPriceText: "100.0000" })).not.toThrow();
  });

  it.each<[Partial<Order>, string]>([
    [{ quantityText: "0.10000001" }, "0.10000001 is not a multiple of 0.00001"],
    [{ limitPriceText: "12345.678" }, "12345.678 is not a multiple of 0.01"],
    [{ stopPriceText: "1.001" }, "1.001 is not a multiple of 0.01"],
    [{ quantityText: "0.00005" }, "below the minimum of 0.0001"],
    [{ quantityText: "0.01", limitPriceText: "499.99" }, "worth less than the minimum of 5"],
    [{ type: "stop" }, "takes market, limit orders, not stop"],
    [{ timeInForce: "day" }, "takes gtc, ioc, not day"],
  ])("%j is not sent, and the reason has the numbers", (order, words) => {
    expect(() => check(order)).toThrow(
      expect.objectContaining({ name: "NotSent", message: expect.stringContaining(words) as unknown }) as Error,
    );
  });

  it("is refused if its market is closed, or is paid in another currency than the account's", () => {
    expect(() => check({}, { instrument: { ...MARKET.instrument, tradable: false } })).toThrow("not open for trading");
    expect(() => check({}, { symbol: "BTC/EUR", quote: "EUR" })).toThrow("trades against USDT");
  });
});

it("balances are cash, coins at their last price, and a notice of coins without one", () => {
  const balances = [
    { asset: "USDT", total: "1000.50", free: "900.25" },
    { asset: "BTC", total: "0.12345678", free: "0.1" },
    { asset: "OLD", total: "7", free: "7" },
    { asset: "ETH", total: "0.00", free: "0" },
  ];
  // Without a trade, a market has a last price of 0.
  const prices = new Map([
    ["BTC/USDT", "60000.01"],
    ["OLD/USDT", "0.00"],
  ]);
  expect(accountOf(balances, "USDT", prices)).toEqual({
    ...{ nav: "8407.9080345678", cash: "1000.50", buyingPower: "900.25", currency: "USDT" },
    notice: "not in the NAV, for lack of a price in USDT: OLD",
  });
  expect(positionsOf(coinsOf(balances, "USDT"), "USDT", prices)).toEqual([
    { symbol: "BTC/USDT", quantity: "0.12345678", currency: "USDT", markPrice: "60000.01" },
    { symbol: "OLD/USDT", quantity: "7", currency: "USDT" },
  ]);
  expect(accountOf([], "USDT", prices)).toMatchObject({ nav: "0", cash: "0", buyingPower: "0" });
});

it.each([
  [{}, 'environment = "paper" or environment = "live"'],
  [{ environment: "live", feed: "x" }, "feed is not an option of ccxt"],
  [{ environment: "live", currency: "usd" }, "currency"],
  [{ environment: "live", venue: "https://evil.example" }, "a fake venue on this machine"],
  [{ environment: "live", network: "demo" }, 'no network "demo" with environment = "live"'],
  [{ environment: "paper", network: "other" }, 'no network "other"'],
])("the options %j are refused", (options, words) => {
  expect(() => settingsOf(options, BINANCE.facts)).toThrow(words);
});

it("the demo of Binance is a paper environment with hosts of its own, in the connector as in desk.toml", () => {
  const options = { environment: "paper", network: "demo" };
  const { origins, environment } = settingsOf(options, BINANCE.facts);
  expect(environment).toBe("paper");
  const hosts = Object.values(origins ?? {}).map((origin: string) => new URL(origin).hostname);
  expect(hosts).toEqual(["demo-api.binance.com", "demo-ws-api.binance.com", "demo-stream.binance.com"]);
  const type = builtInType({ type: "ccxt" });
  expect(type?.hosts({ exchange: "binance", ...options })).toEqual(hosts);
  expect(type?.hosts({ exchange: "binance", environment: "paper" })).toContain("testnet.binance.vision");
  expect(type?.problem("network", "demo", { exchange: "binance", ...options })).toBeUndefined();
  expect(type?.problem("network", "demo", { exchange: "binance", environment: "live" })).toContain("demo");
  expect(type?.problem("network", "demo", { exchange: "kraken", environment: "paper" })).toContain("demo");
});

it("requests of a queue are sent one after another, and orders pass reads that wait", async () => {
  const queue = new CallQueue();
  const log: string[] = [];
  const request = (name: string) => async () => {
    log.push(`${name} begins`);
    await Promise.resolve();
    log.push(`${name} ends`);
    if (name === "b") throw new Error("b failed");
    return name;
  };
  const [a, b, c, order] = ["a", "b", "c"]
    .map((name) => queue.run(request(name), false))
    .concat(queue.run(request("order"), true));
  await expect(b).rejects.toThrow("b failed");
  expect(await Promise.all([a, c, order])).toEqual(["a", "c", "order"]);
  expect(log.filter((line) => line.endsWith("begins")).map((line) => line.split(" ")[0])).toEqual([
    "a",
    "order",
    "b",
    "c",
  ]);
  expect(log.every((line, index) => line.endsWith(index % 2 === 0 ? "begins" : "ends"))).toBe(true);
});

it("the exchange's clock is read once an hour, and after the exchange refused a time", async () => {
  vi.useFakeTimers({ now: 1_000_000 });
  try {
    const ask = vi.fn(async () => Date.now() - 5_000);
    const clock = new ExchangeClock(ask);
    expect([await clock.read(), clock.timeAt(), clock.timeAt(900_000)]).toEqual([995_000, 995_000, 895_000]);
    vi.advanceTimersByTime(3_600_000);
    await clock.refresh();
    expect(ask).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(1);
    await clock.refresh();
    expect(ask).toHaveBeenCalledTimes(2);
    clock.expire();
    await clock.refresh();
    expect(ask).toHaveBeenCalledTimes(3);
  } finally {
    vi.useRealTimers();
  }
});
