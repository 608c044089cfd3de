/** A coin whose market the exchange removes while the connector runs: the account is read without its price. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { BINANCE } from "../../connectors/ccxt/binance/venue.ts";
import { reportOf as krakenReportOf } from "../../connectors/ccxt/kraken/map.ts";
import { KRAKEN } from "../../connectors/ccxt/kraken/venue.ts";
import { PairRates } from "../../connectors/ccxt/pair-rates.ts";
import { readOnlyProfile } from "../../connectors/ccxt/read-only.ts";
import type { Exchange } from "../../connectors/ccxt/ccxt.ts";
import type { Market, Venue } from "../../connectors/ccxt/venue.ts";
import { type Reply, type SentRequest, openVenue } from "../support/ccxt-session.ts";

afterEach(() => vi.unstubAllGlobals());

/** What the exchange lists now. */
let listed: string[];

const kraken = {
  pair: (base: string) => ({
    ...{ altname: `${base}USD`, wsname: `${base}/USD`, base, quote: "ZUSD", lot_decimals: "8", pair_decimals: "1" },
    ...{ ordermin: "0.0001", costmin: "0.5", tick_size: "0.1", status: "online" },
  }),
  reply({ path, params }: SentRequest): Reply {
    if (path === "AssetPairs")
      return { body: { error: [], result: Object.fromEntries(listed.map((base) => [`${base}USD`, this.pair(base)])) } };
    const ids = String(params["pair"]).split(",");
    if (ids.some((id) => !listed.includes(id.replace(/USD$/, ""))))
      return { body: { error: ["EQuery:Unknown asset pair"] } };
    return { body: { error: [], result: Object.fromEntries(ids.map((id) => [id, { c: ["2.5", "1"] }])) } };
  },
};

const binance = {
  market: (base: string) => ({
    ...{ symbol: `${base}USD`, baseAsset: base, quoteAsset: "USD", status: "TRADING" },
    ...{ orderTypes: ["LIMIT", "MARKET"], filters: [] },
  }),
  reply({ path, params }: SentRequest): Reply {
    const ids =
      path === "exchangeInfo" ? [String(params["symbol"])] : (JSON.parse(String(params["symbols"])) as string[]);
    const bases = ids.map((id) => id.replace(/USD$/, ""));
    if (bases.some((base) => !listed.includes(base)))
      return { status: 400, body: { code: -1121, msg: "Invalid symbol." } };
    if (path === "exchangeInfo") return { body: { symbols: bases.map((base) => this.market(base)) } };
    return { body: ids.map((symbol) => ({ symbol, price: "2.5" })) };
  },
};

describe.each([
  ["Kraken", KRAKEN, kraken],
  ["Binance", BINANCE, binance],
] as const)("%s", (_name, profile, exchange) => {
  it("prices the coins that it still lists, and those that it lists again", async () => {
    listed = ["AAA", "BBB", "CCC"];
    const reply = (request: SentRequest): Reply => exchange.reply(request);
    const { venue } = openVenue(vi.stubGlobal, { profile, currency: "USD", reply });
    const prices = async (opened: Venue): Promise<Record<string, string>> =>
      Object.fromEntries(await opened.prices(["AAA/USD", "BBB/USD", "CCC/USD"]));
    vi.useFakeTimers({ toFake: ["Date"] });
    expect(await prices(venue)).toEqual({ "AAA/USD": "2.5", "BBB/USD": "2.5", "CCC/USD": "2.5" });
    listed = ["AAA", "CCC"];
    expect(await prices(venue)).toEqual({ "AAA/USD": "2.5", "CCC/USD": "2.5" });
    expect(await prices(venue)).toEqual({ "AAA/USD": "2.5", "CCC/USD": "2.5" });
    listed = ["AAA", "BBB", "CCC"];
    vi.setSystemTime(Date.now() + 25 * 3_600_000);
    expect(await prices(venue)).toEqual({ "AAA/USD": "2.5", "BBB/USD": "2.5", "CCC/USD": "2.5" });
    vi.useRealTimers();
  });
});

it("the trades of a symbol that Binance lists no longer hide no trades of another one", async () => {
  const trade = { id: 7, orderId: 8, price: "2.5", qty: "3", commission: "0", time: 1_800_000_000_000, isBuyer: true };
  const { venue } = openVenue(vi.stubGlobal, {
    profile: BINANCE,
    reply: ({ path, params }) => {
      if (path === "time") return { body: { serverTime: 1_800_000_000_000 } };
      if (params["symbol"] === "AAAUSDT") return { status: 400, body: { code: -1121, msg: "Invalid symbol." } };
      return { body: [trade] };
    },
  });
  const symbols = ["AAA/USDT", "BBB/USDT"];
  const first = await venue.trading?.fills(0, { symbols });
  expect(first).toEqual({ fills: [], cursor: "BBB/USDT" });
  const second = await venue.trading?.fills(0, { symbols, cursor: first?.cursor ?? "" });
  expect(second?.fills).toMatchObject([{ fillId: "7", symbol: "BBB/USDT", quantity: "3" }]);
});

it.each([
  ["limit", { price: "+1.5%" }],
  ["stop-loss-limit", { price: "27000", price2: "-2%" }],
  ["take-profit-limit", { price: "27000", price2: "#0.5" }],
])(
  "a %s order of Kraken whose limit is relative has no limit price, and is no order that cannot be read",
  (type, prices) => {
    const descr = { pair: "XBTUSD", type: "buy", ordertype: type, ...prices };
    const order = { status: "open", vol: "1", vol_exec: "0", price: "0", descr };
    const report = krakenReportOf("O1", order, "BTC/USD");
    expect(report).toMatchObject({ quantity: "1", status: "open" });
    expect(report).not.toHaveProperty("limitPrice");
  },
);

it("an exchange that is only read prices the coins that it still lists, and a failure of a listed one is an error", async () => {
  const market = (symbol: string) => ({ symbol, base: symbol, quote: "USD", spot: true });
  const listOf = () => Object.fromEntries(listed.map((base) => [`${base}/USD`, market(`${base}/USD`)]));
  let isBroken = false;
  let lists = 0;
  listed = ["AAA", "BBB", "CCC"];
  const exchange = {
    markets: listOf(),
    loadMarkets: (isAgain?: boolean) => {
      if (isAgain === true) [exchange.markets, lists] = [listOf(), lists + 1];
      return Promise.resolve();
    },
    fetchTicker: (symbol: string) =>
      listed.includes(symbol.replace("/USD", "")) && !isBroken
        ? Promise.resolve({ last: "2.5" })
        : Promise.reject(new Error(`no ticker of ${symbol}`)),
  };
  const settings = { environment: "live", currency: "USD", origins: undefined } as const;
  const logger = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const session = { exchange: exchange as unknown as Exchange, settings, key: "k", secret: "s", logger };
  const venue = readOnlyProfile("any").open(session);
  const prices = async () => Object.fromEntries(await venue.prices(["AAA/USD", "BBB/USD", "CCC/USD"]));
  listed = ["CCC"];
  expect(await prices()).toEqual({ "CCC/USD": "2.5" });
  isBroken = true;
  await expect(prices()).rejects.toThrow("no ticker of CCC/USD");
  expect(lists).toBe(1);
});

it("a rate that cannot be read hides no other, and is looked up again", async () => {
  listed = ["USDT/USD", "EUR/USD"];
  const asked: string[] = [];
  const rates = new PairRates({
    market: (symbol) => Promise.resolve(asked.push(symbol) > 0 && listed.includes(symbol) ? ({} as Market) : null),
    quote: (symbol) =>
      listed.includes(symbol)
        ? Promise.resolve({ symbol, bid: "1", ask: "1", timestamp: 5 })
        : Promise.reject(new Error(`no quote of ${symbol}`)),
  });
  vi.useFakeTimers({ toFake: ["Date"] });
  expect(await rates.read(["USDT/USD", "EUR/USD"])).toHaveLength(2);
  listed = ["EUR/USD"];
  vi.setSystemTime(Date.now() + 180_000);
  expect(await rates.read(["USDT/USD", "EUR/USD"])).toMatchObject([{ pair: "EUR/USD" }]);
  expect(await rates.read(["USDT/USD", "EUR/USD"])).toMatchObject([{ pair: "EUR/USD" }]);
  vi.useRealTimers();
  expect(asked).toEqual(["USDT/USD", "EUR/USD", "USDT/USD"]);
});
