/** Binance's answers as the desk's types: examples of its documents, and what a wrong reading would cost. */
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { BINANCE } from "../../connectors/ccxt/binance/venue.ts";
import {
  eventFillOf,
  eventReportOf,
  marketOf,
  orderParams,
  refusalIn,
  reportOf,
} from "../../connectors/ccxt/binance/map.ts";
import type { TradingVenue } from "../../connectors/ccxt/venue.ts";
import { parseJson } from "../../connectors/exact-json.ts";
import type { Order } from "../../src/domain/sdk.ts";
import { type Reply, type SentRequest, openVenue } from "../support/ccxt-session.ts";

afterEach(() => vi.unstubAllGlobals());

const SYMBOL = {
  symbol: "BTCUSDT",
  status: "TRADING",
  baseAsset: "BTC",
  quoteAsset: "USDT",
  orderTypes: ["LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS_LIMIT"],
  isSpotTradingAllowed: true,
  filters: [
    { filterType: "PRICE_FILTER", minPrice: "0.01000000", maxPrice: "1000000.00000000", tickSize: "0.01000000" },
    { filterType: "LOT_SIZE", minQty: "0.00001000", maxQty: "9000.00000000", stepSize: "0.00001000" },
    { filterType: "NOTIONAL", minNotional: "5.00000000", applyMinToMarket: true },
  ],
};
const MARKET = marketOf(SYMBOL);

const ORDER: Order = {
  clientOrderId: "q0abcdefg00000abc",
  symbol: "BTC/USDT",
  side: "buy",
  quantity: 0.1,
  quantityText: "0.1",
  type: "limit",
  limitPrice: 100,
  limitPriceText: "100.00",
  timeInForce: "gtc",
};

function trading(reply: (request: SentRequest) => Reply | Promise<Reply>) {
  const { venue, sent } = openVenue(vi.stubGlobal.bind(vi), { profile: BINANCE, reply });
  return { venue: venue.trading as TradingVenue, sent };
}

it("the steps and minimums of a symbol are those of its filters, and a filter of zero is no rule", () => {
  expect(MARKET).toMatchObject({
    symbol: "BTC/USDT",
    id: "BTCUSDT",
    instrument: {
      ...{ tickSize: "0.01", lotSize: "0.00001", minQuantity: "0.00001", minNotional: "5", currency: "USDT" },
      ...{ orderTypes: ["market", "limit", "stop_limit"], timesInForce: ["gtc", "ioc", "fok"], tradable: true },
    },
  });
  const free = { ...SYMBOL, status: "BREAK", filters: [{ filterType: "PRICE_FILTER", tickSize: "0.00000000" }] };
  expect(marketOf(free).instrument).toEqual(expect.not.objectContaining({ tickSize: expect.anything() as unknown }));
  expect(marketOf(free).instrument.tradable).toBe(false);
});

it("the text of the parameters is the approved text, to the last digit", () => {
  const digits = fc.stringMatching(/^[1-9]\d{0,9}(\.\d{1,8})?$/);
  fc.assert(
    fc.property(digits, digits, (quantityText, limitPriceText) => {
      const params = orderParams({ ...ORDER, quantityText, limitPriceText }, MARKET);
      expect([params["quantity"], params["price"]]).toEqual([quantityText, limitPriceText]);
    }),
    { numRuns: 1_000 },
  );
  expect(orderParams(ORDER, MARKET)).toEqual({
    ...{ symbol: "BTCUSDT", side: "BUY", type: "LIMIT", quantity: "0.1", price: "100.00", timeInForce: "GTC" },
    ...{ newClientOrderId: ORDER.clientOrderId, newOrderRespType: "RESULT" },
  });
  const { limitPriceText: _, ...market } = { ...ORDER, type: "market" as const, timeInForce: "ioc" as const };
  // Binance refuses a market order with a time in force.
  expect(orderParams(market, MARKET)).not.toHaveProperty("timeInForce");
  expect(() => orderParams({ ...market, timeInForce: "fok" }, MARKET)).toThrow("filled whole or not at all");
});

it.each([
  [400, { code: -1013, msg: "Filter failure: PRICE_FILTER" }, "definite"],
  [400, { code: -2010, msg: "Account has insufficient balance for requested action." }, "definite"],
  [400, { code: -2010, msg: "Duplicate order sent." }, "unclear"],
  [400, { code: -1021, msg: "Timestamp for this request is outside of the recvWindow." }, "definite"],
  [401, { code: -2015, msg: "Invalid API-key, IP, or permissions for action." }, "keys"],
  [400, { code: -1022, msg: "Signature for this request is not valid." }, "keys"],
  [429, { code: -1003, msg: "Too many requests" }, "limit"],
  [418, { code: -1003, msg: "Way too many requests; IP banned" }, "limit"],
  [400, { code: -1007, msg: "Timeout waiting for response from backend server. Send status unknown" }, "unclear"],
  [400, { code: -1006, msg: "An unexpected response was received from the message bus." }, "unclear"],
  [503, { code: -1008, msg: "Server is currently overloaded" }, "unclear"],
  // A status of 500 or more says that the outcome is unknown, whatever the code.
  [500, { code: -2010, msg: "Account has insufficient balance" }, "unclear"],
  [400, { code: -9999, msg: "a code of the future" }, "unclear"],
])("%i %j is %s", (status, body, kind) => {
  expect(refusalIn(status, parseJson(JSON.stringify(body)))).toMatchObject({ kind });
});

it.each([
  [200, { code: -1, msg: "x" }],
  [403, "<html>"],
  [502, null],
])("%i %j is no word of Binance", (status, body) => {
  expect(refusalIn(status, body)).toBeUndefined();
});

describe("an execution report", () => {
  const report = (changes: string): Record<string, unknown> =>
    parseJson(`{"e":"executionReport","s":"ETHUSDT","c":"q1","S":"BUY","o":"LIMIT","q":"1.00000000","p":"0.10264410",
      "C":"","x":"NEW","X":"NEW","r":"NONE","i":4293153,"l":"0.00000000","z":"0.00000000","L":"0.00000000","n":"0",
      "N":null,"T":1499405658657,"t":-1,"Z":"0.00000000"${changes}}`) as Record<string, unknown>;

  it("of a trade is a fill with the exact ids, amounts and fee", () => {
    const trade = report(
      ',"x":"TRADE","X":"PARTIALLY_FILLED","i":9007199254740993,"t":9007199254740995,"l":"0.40000000","z":"0.40000000",' +
        '"L":"0.10264410","Z":"0.04105764","n":"0.00040000","N":"ETH"',
    );
    expect(eventFillOf(trade, "ETH/USDT")).toEqual({
      ...{ fillId: "9007199254740995", venueOrderId: "9007199254740993", clientOrderId: "q1", symbol: "ETH/USDT" },
      ...{ side: "buy", quantity: "0.40000000", price: "0.10264410", timestamp: 1499405658657 },
      ...{ fee: "0.00040000", feeCurrency: "ETH" },
    });
    expect(eventReportOf(trade, "ETH/USDT")).toMatchObject({ status: "partially_filled", averagePrice: "0.1026441" });
  });

  it("of a cancel is under the id of the order, not of the cancel", () => {
    const cancelled = report(',"x":"CANCELED","X":"CANCELED","c":"web_7","C":"q1"');
    expect(eventFillOf(cancelled, "ETH/USDT")).toBeUndefined();
    expect(eventReportOf(cancelled, "ETH/USDT")).toMatchObject({ clientOrderId: "q1", status: "cancelled" });
  });

  it.each([
    ["X", "HALTED"],
    ["S", "SHORT"],
    ["z", "many"],
  ])("with %s = %s is an error", (name, value) => {
    expect(() => eventReportOf(report(`,"${name}":"${value}"`), "ETH/USDT")).toThrow(new RegExp(value, "i"));
  });
});

it.each([
  ["PENDING_CANCEL", "open"],
  ["EXPIRED_IN_MATCH", "expired"],
  ["REJECTED", "rejected"],
])("an order that is %s is %s", (status, expected) => {
  const order = { symbol: "BTCUSDT", orderId: "1", clientOrderId: "q", status, executedQty: "0", origQty: "1" };
  const report = reportOf({ ...order, side: "SELL", price: "0.00", cummulativeQuoteQty: "0" }, "BTC/USDT");
  expect(report).toMatchObject({ status: expected, side: "sell" });
  expect(report).not.toHaveProperty("limitPrice");
});

describe("a request that moves money", () => {
  const time = { body: { serverTime: 1_700_000_000_000 } };
  const twin = { orderId: 7, clientOrderId: ORDER.clientOrderId, status: "NEW", executedQty: "0", origQty: "0.1" };

  it("after 'Duplicate order sent.' is acknowledged under the id of the order that is there", async () => {
    const { venue, sent } = trading(({ path, method }) => {
      if (path === "time") return time;
      if (method === "POST") return { status: 400, body: { code: -2010, msg: "Duplicate order sent." } };
      return { body: { ...twin, symbol: "BTCUSDT", side: "BUY", price: "100", cummulativeQuoteQty: "0" } };
    });
    expect(await venue.place(ORDER, MARKET)).toEqual({ venueOrderId: "7", status: "acknowledged" });
    expect(sent.at(-1)?.params).toEqual({ symbol: "BTCUSDT", origClientOrderId: ORDER.clientOrderId });
  });

  it.each([
    ["is refused", { status: 401, body: { code: -2015, msg: "Invalid API-key" } }],
    ["finds nothing", { status: 400, body: { code: -2013, msg: "Order does not exist." } }],
  ])("is unknown if the look-up after a duplicate %s", async (_name, answer) => {
    const { venue } = trading(({ path, method }) => {
      if (path === "time") return time;
      return method === "POST" ? { status: 400, body: { code: -2010, msg: "Duplicate order sent." } } : answer;
    });
    // Neither VenueRejection nor NotSent: the order is at Binance.
    await expect(venue.place(ORDER, MARKET)).rejects.toMatchObject({ name: "Error" });
  });

  it("is not repeated after an error of the clock, and the next one has the right time", async () => {
    const { venue, sent } = trading(({ path }) =>
      path === "time" ? time : { status: 400, body: { code: -1021, msg: "Timestamp for this request is outside" } },
    );
    await expect(venue.place(ORDER, MARKET)).rejects.toThrow("-1021");
    await expect(venue.openOrders()).rejects.toThrow("-1021");
    expect(sent.map(({ path }) => path)).toEqual(["time", "order", "time", "openOrders"]);
  });
});

describe("fills since a time", () => {
  const DAY = 86_400_000;
  const START = 1_700_000_000_000;
  /** A trade every hour, with ids that skip numbers. */
  const all = Array.from({ length: 2_600 }, (_, index) => ({
    ...{ symbol: "BTCUSDT", id: 5_000 + index * 3, orderId: 1, price: "1", qty: "1", commission: "0" },
    ...{ commissionAsset: "BNB", time: START + index * 3_600_000, isBuyer: true },
  }));
  /** Without an id, the venue answers with the newest trades of the time. */
  const venue = (trades: typeof all) =>
    trading(({ path, params }) => {
      if (path === "time") return { body: { serverTime: START } };
      const { fromId, startTime, endTime, limit } = params as Record<string, string | number>;
      if (params["symbol"] !== "BTCUSDT") return { body: [] };
      if (fromId !== undefined)
        return { body: trades.filter(({ id }) => id >= Number(fromId)).slice(0, Number(limit)) };
      if (startTime === undefined) return { body: trades.slice(-Number(limit)) };
      expect(Number(endTime) - Number(startTime)).toBeLessThan(DAY);
      const within = trades.filter(({ time }) => time >= Number(startTime) && time <= Number(endTime));
      return { body: within.slice(-Number(limit)) };
    });

  async function read(since: number, trades = all) {
    const symbols = ["ETH/USDT", "BTC/USDT"];
    const { venue: binance, sent } = venue(trades);
    const ids: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await binance.fills(since, cursor === undefined ? { symbols } : { symbols, cursor });
      ids.push(...page.fills.map(({ fillId }) => fillId));
      cursor = page.cursor;
    } while (cursor !== undefined);
    return { ids, requests: sent.filter(({ path }) => path === "myTrades").length };
  }

  it.each([
    ["within the newest page: one request for each symbol", 2_500, 2],
    ["before the newest page: searched by day, then read by id", 30, 6],
    ["before the first trade", -100, 10],
  ])("%s", async (_name, index, requests) => {
    const result = await read(START + index * 3_600_000);
    expect(result.ids).toEqual(all.slice(Math.max(0, index)).map(({ id }) => String(id)));
    expect(result.requests).toBeLessThanOrEqual(requests);
  });

  it("a day with more trades than an answer holds is read whole", async () => {
    const busy = all.map((trade, index) => ({ ...trade, time: START + index * 10_000 }));
    const { ids } = await read(START + 30 * 10_000, busy);
    expect(ids).toEqual(busy.slice(30).map(({ id }) => String(id)));
  });
});

describe("connect", () => {
  const account = { body: { uid: 354937868, canTrade: true, balances: [] } };
  const signIn = (restrictions: Reply, environment: "paper" | "live" = "live") => {
    const { venue } = openVenue(vi.stubGlobal.bind(vi), {
      profile: BINANCE,
      environment,
      reply: ({ path }) => {
        if (path === "time") return { body: { serverTime: 1_700_000_000_005 } };
        return path === "account" ? account : restrictions;
      },
    });
    return venue.signIn();
  };

  it("names the account, and what the key may do", async () => {
    const restrictions = { body: { enableWithdrawals: false, enableSpotAndMarginTrading: true } };
    expect(await signIn(restrictions)).toMatchObject({
      mode: "live",
      accountId: "354937868",
      venueTime: 1_700_000_000_005,
    });
    expect(await signIn({ status: 404, body: "" }, "paper")).toMatchObject({ mode: "paper" });
  });

  it.each([
    [{ body: { enableWithdrawals: true, enableSpotAndMarginTrading: true } }, "ConnectRefused", "may withdraw"],
    [{ body: { enableWithdrawals: false, enableSpotAndMarginTrading: false } }, "ConnectRefused", "may not trade"],
    [{ status: 401, body: { code: -2015, msg: "Invalid API-key" } }, "ConnectRefused", "refused the keys"],
    // What is not known is not taken for a yes.
    [{ body: {} }, "Error", "does not say"],
    [{ status: 500, body: "" }, "Error", "500"],
  ])("with %j is %s: %s", async (restrictions, name, words) => {
    await expect(signIn(restrictions)).rejects.toMatchObject({
      name,
      message: expect.stringContaining(words) as unknown,
    });
  });
});
