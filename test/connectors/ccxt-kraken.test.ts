/** Kraken's answers as the desk's types: examples of its documents, and what a wrong reading would cost. */
import { afterEach, describe, expect, it, vi } from "vitest";
import {
  balancesOf,
  eventFillOf,
  marketOf,
  orderParams,
  quoteOf,
  refusalIn,
  reportOf,
} from "../../connectors/ccxt/kraken/map.ts";
import { KRAKEN } from "../../connectors/ccxt/kraken/venue.ts";
import type { Market, TradingVenue } from "../../connectors/ccxt/venue.ts";
import { settingsOf } from "../../connectors/ccxt/settings.ts";
import { parseJson } from "../../connectors/exact-json.ts";
import type { Order } from "../../src/domain/sdk.ts";
import { type Reply, type SentRequest, openVenue } from "../support/ccxt-session.ts";

afterEach(() => vi.unstubAllGlobals());

const PAIR = {
  ...{ altname: "XBTUSD", wsname: "XBT/USD", base: "XXBT", quote: "ZUSD", lot_decimals: "8", pair_decimals: "1" },
  ...{ ordermin: "0.0001", costmin: "0.5", tick_size: "0.1", status: "online" },
};
const MARKET = marketOf("XXBTZUSD", PAIR) as Market;

const ORDER: Order = {
  ...{ clientOrderId: "q0abcdefg00000abc", symbol: "BTC/USD", side: "buy", quantity: 1.25, quantityText: "1.2500" },
  ...{ type: "limit", limitPrice: 27_500, limitPriceText: "27500.0", timeInForce: "gtc" },
};

it("a pair has the desk's symbol, and the steps that Kraken states", () => {
  expect(MARKET).toMatchObject({
    ...{ symbol: "BTC/USD", id: "XXBTZUSD", base: "BTC", quote: "USD" },
    instrument: { tickSize: "0.1", lotSize: "0.00000001", minQuantity: "0.0001", minNotional: "0.5", tradable: true },
  });
  expect(marketOf("XDGUSD", { ...PAIR, wsname: "XDG/USD" })?.symbol).toBe("DOGE/USD");
  expect(marketOf("XXBTZUSD.d", { ...PAIR, wsname: undefined })).toBeUndefined();
  expect(marketOf("XXBTZUSD", { ...PAIR, status: "cancel_only" })?.instrument.tradable).toBe(false);
});

it.each<[Partial<Order>, Record<string, string>]>([
  [{}, { ordertype: "limit", price: "27500.0", timeinforce: "GTC" }],
  [
    { type: "stop", stopPriceText: "26000.1" },
    { ordertype: "stop-loss", price: "26000.1" },
  ],
  [
    { type: "stop_limit", stopPriceText: "26000.1", limitPriceText: "25999", timeInForce: "ioc" },
    { ordertype: "stop-loss-limit", price: "26000.1", price2: "25999", timeinforce: "IOC" },
  ],
])("the parameters of %j have the approved text", (changes, expected) => {
  const { limitPriceText: _, ...priceless } = ORDER;
  const order = { ...("type" in changes ? priceless : ORDER), ...changes };
  const common = { pair: "XXBTZUSD", type: "buy", volume: "1.2500", cl_ord_id: ORDER.clientOrderId, oflags: "fciq" };
  expect(orderParams(order, MARKET)).toEqual({ ...common, ...expected });
});

it.each([
  ["EOrder:Insufficient funds", "definite"],
  ["EOrder:Invalid price:XXBTZUSD price can only be specified up to 1 decimals.", "definite"],
  ["EGeneral:Invalid arguments:volume", "definite"],
  ["EAPI:Invalid nonce", "definite"],
  ["EQuery:Unknown asset pair", "definite"],
  ["EService:Market in cancel_only mode", "definite"],
  ["EAPI:Invalid key", "keys"],
  ["EGeneral:Permission denied", "keys"],
  ["EAPI:Rate limit exceeded", "limit"],
  ["EOrder:Rate limit exceeded", "limit"],
  ["EGeneral:Temporary lockout", "limit"],
  // The order may be in the book.
  ["EService:Timeout", "unclear"],
  ["EService:Deadline elapsed", "unclear"],
  ["EService:Unavailable", "unclear"],
  ["EService:Busy", "unclear"],
  ["EGeneral:Internal error", "unclear"],
  ["EOrder:cl_ord_id already exists", "unclear"],
  ["ENew:an error of the future", "unclear"],
])("%s in an answer with status 200 is %s", (error, kind) => {
  expect(refusalIn(200, { error: [error] })).toMatchObject({ kind, words: error });
  // With a status of 500 or more nothing is definite.
  expect(refusalIn(520, { error: [error] })).toMatchObject({ kind: "unclear" });
});

it("an answer without an error is a success, and a warning is no error", () => {
  expect(refusalIn(200, { error: [], result: {} })).toBeUndefined();
  expect(refusalIn(200, { error: ["WGeneral:Deprecated"], result: {} })).toBeUndefined();
});

it("balances have the desk's names of coins, and what orders hold is not free", () => {
  const balances = {
    XXBT: { balance: "0.50", hold_trade: "0.1" },
    ZUSD: { balance: "25435.2100", hold_trade: "8249.7600" },
    "XBT.F": { balance: "1.0", hold_trade: "0" },
    "USD.F": { balance: "100.00" },
    "XBT.S": { balance: "2.0" },
    "AAPLx.T": { balance: "3.0", hold_trade: "1" },
    ADA: { balance: "0.00000000", hold_trade: "0" },
  };
  const assets = new Map([
    ["XXBT", "BTC"],
    ["ZUSD", "USD"],
  ]);
  expect(balancesOf(balances, assets)).toEqual([
    // What is in Kraken Rewards is spent as the coin or the currency itself.
    { asset: "BTC", total: "1.5", free: "1.4" },
    { asset: "USD", total: "25535.21", free: "17285.45" },
    // A coin that is staked has no market: it is held, and counts nothing.
    { asset: "XBT.S", total: "2", free: "2" },
    { asset: "AAPLx", total: "3", free: "2" },
  ]);
  // Credit can be spent, and is no money of the account.
  const credit = { ZUSD: { balance: "100", hold_trade: "10", credit: "50", credit_used: "20" } };
  expect(balancesOf(credit, assets)).toEqual([{ asset: "USD", total: "100", free: "120" }]);
  // Two names of one coin.
  const twice = { XXBT: { balance: "0.5", hold_trade: "0.1" }, XBT: { balance: "1e-8" } };
  expect(balancesOf(twice, assets)).toEqual([{ asset: "BTC", total: "0.50000001", free: "0.40000001" }]);
});

it("a quote has the best prices and sizes, and the time of the answer", () => {
  const ticker = { a: ["30300.10000", "1", "1.000"], b: ["30300.00000", "2", "2.500"], c: ["30303.2", "0.0006"] };
  expect(quoteOf("BTC/USD", ticker, 7)).toEqual({
    ...{ symbol: "BTC/USD", bid: "30300.00000", ask: "30300.10000", bidSize: "2.500", askSize: "1.000" },
    ...{ last: "30303.2", timestamp: 7, timeSource: "received" },
  });
  expect(() => quoteOf("BTC/USD", { ...ticker, b: [] }, 7)).toThrow("no b");
});

describe("an order", () => {
  const order = (changes: object) => ({
    ...{ status: "open", vol: "1.25", vol_exec: "0", price: "0.00000", cl_ord_id: "q1", reason: null },
    descr: { pair: "XBTUSD", type: "buy", ordertype: "limit", price: "27500.0", price2: "0" },
    ...changes,
  });

  it.each([
    [{}, "open"],
    [{ status: "pending" }, "open"],
    [{ vol_exec: "0.375" }, "partially_filled"],
    [{ status: "closed", vol_exec: "1.25", price: "27499.9" }, "filled"],
    // Closed with a rest: the rest was cancelled, and the order is not filled.
    [{ status: "closed", vol_exec: "0.375", price: "27499.9" }, "cancelled"],
    [{ status: "canceled", vol_exec: "0.375", price: "27499.9" }, "cancelled"],
    [{ status: "expired" }, "expired"],
  ])("%j is %s", (changes, status) => {
    const report = reportOf("OU22CG-KLAF2-FWUDD7", order(changes), "BTC/USD");
    expect(report).toMatchObject({ status, clientOrderId: "q1", side: "buy", quantity: "1.25", limitPrice: "27500.0" });
  });

  it("of a status of the future is an error", () => {
    expect(() => reportOf("O1", order({ status: "amended" }), "BTC/USD")).toThrow("amended");
  });
});

it("a trade of the stream keeps every digit of its numbers, and its fee", () => {
  const event = parseJson(`{"order_id":"OK4GJX-KSTLS-7DZZO5","exec_id":"TF3P6H-F7XXX","exec_type":"trade",
    "symbol":"BTC/USD","side":"sell","last_qty":0.00500000000000000001,"last_price":26500.0,"trade_id":365573,
    "timestamp":"2023-09-22T10:33:05.709950Z","order_status":"partially_filled","fees":[{"asset":"USD","qty":3.01}]}`);
  expect(eventFillOf(event as Record<string, unknown>)).toEqual({
    ...{ fillId: "TF3P6H-F7XXX", venueOrderId: "OK4GJX-KSTLS-7DZZO5", symbol: "BTC/USD", side: "sell" },
    ...{ quantity: "0.00500000000000000001", price: "26500.0", timestamp: Date.parse("2023-09-22T10:33:05.709Z") },
    ...{ fee: "3.01", feeCurrency: "USD" },
  });
});

function venue(reply: (request: SentRequest) => Reply | Promise<Reply>, environment: "live" | "paper" = "live") {
  const script = { profile: KRAKEN, environment, currency: "USD", reply };
  return openVenue(vi.stubGlobal.bind(vi), script);
}
const result = (value: unknown): Reply => ({ body: { error: [], result: value } });

it("a trade or an order in a pair that Kraken lists no longer hides no other", async () => {
  const trade = { ordertxid: "O", type: "buy", vol: "1", price: "2", time: 1_700_000_000.5, fee: "0.01", maker: true };
  const order = { status: "open", vol: "1", vol_exec: "0", price: "0", oflags: "fciq" };
  const { trading } = venue(({ path }) => {
    if (path === "AssetPairs") return result({ XXBTZUSD: PAIR });
    if (path === "OpenOrders")
      return result({ open: { "O-1": { ...order, descr: { pair: "GONEUSD", type: "buy", ordertype: "market" } } } });
    return result({
      count: 2,
      trades: { "T-2": { ...trade, pair: "GONEUSD" }, "T-1": { ...trade, pair: "XXBTZUSD" } },
    });
  }).venue as { trading: TradingVenue };
  const { fills } = await trading.fills(0, { symbols: [] });
  expect(fills).toMatchObject([
    { fillId: "T-1", symbol: "BTC/USD", fee: "0.01", feeCurrency: "USD", liquidity: "maker" },
    { fillId: "T-2", symbol: "GONEUSD", fee: "0.01" },
  ]);
  expect(await trading.openOrders()).toMatchObject([{ venueOrderId: "O-1", symbol: "GONEUSD", quantity: "1" }]);
});

describe("connect", () => {
  const signIn = (info: Reply) =>
    venue(({ path }) => {
      if (path === "Time") return result({ unixtime: 1_700_000_000 });
      return path === "AssetPairs" ? result({ XXBTZUSD: { ...PAIR, lot_decimals: 8 } }) : info;
    }).venue.signIn();

  it("names the account", async () => {
    const info = { permissions: ["query-funds", "modify-trades"], iban: "AA12 N84G ABCD EFGH" };
    expect(await signIn(result(info))).toMatchObject({
      mode: "live",
      accountId: info.iban,
      venueTime: 1_700_000_000_000,
    });
    expect(await signIn(result({ permissions: [] }))).toMatchObject({
      accountId: expect.stringMatching(/^Kraken key \w{12}$/) as unknown,
    });
  });

  it.each([
    [result({ permissions: ["query-funds", "withdraw-funds"] }), "ConnectRefused", "may withdraw"],
    [{ body: { error: ["EAPI:Invalid key"] } }, "ConnectRefused", "refused the keys"],
    [result({}), "Error", "does not say"],
    [{ body: { error: ["EService:Unavailable"] } }, "ExchangeError", "Unavailable"],
  ])("with %j is %s: %s", async (info, name, words) => {
    await expect(signIn(info)).rejects.toMatchObject({ name, message: expect.stringContaining(words) as unknown });
  });

  it("to paper is refused, and says what to do instead", () => {
    const refused = (): unknown => settingsOf({ environment: "paper" }, KRAKEN.facts);
    expect(refused).toThrow('Kraken has no environment "paper": Kraken has no test network');
  });
});

describe("an order at Kraken", () => {
  const placing = (reply: Reply, twin: Reply = result({ open: {}, closed: {} })) =>
    venue(({ path }) => (path === "AddOrder" ? reply : twin)).venue.trading as TradingVenue;

  it("is acknowledged by its transaction id alone", async () => {
    const ack = { venueOrderId: "OU22CG-KLAF2-FWUDD7", status: "acknowledged" };
    expect(await placing(result({ descr: {}, txid: ["OU22CG-KLAF2-FWUDD7"] })).place(ORDER, MARKET)).toEqual(ack);
    for (const txid of [undefined, [], ["A", "B"], [""]])
      await expect(placing(result({ descr: {}, txid })).place(ORDER, MARKET)).rejects.toMatchObject({ name: "Error" });
  });

  it("whose id exists and is not found is unknown", async () => {
    const trading = placing({ body: { error: ["EOrder:cl_ord_id already exists"] } });
    await expect(trading.place(ORDER, MARKET)).rejects.toMatchObject({ name: "Error" });
  });

  it("is sent after the requests before it were answered, so that its nonce is the highest", async () => {
    const answers: (() => void)[] = [];
    const { venue: kraken, sent } = venue(async () => {
      await new Promise<void>((resolve) => answers.push(resolve));
      return result({ txid: ["O1"], open: {} });
    });
    const trading = kraken.trading as TradingVenue;
    const work = [trading.openOrders(), trading.openOrders(), trading.place(ORDER, MARKET)];
    const answered: string[] = [];
    while (answered.length < 3) {
      await expect.poll(() => answers).toHaveLength(1);
      answered.push(sent.at(-1)?.path ?? "");
      answers.shift()?.();
    }
    await Promise.all(work);
    // The order passed the second list, which was waiting.
    expect(answered).toEqual(["OpenOrders", "AddOrder", "OpenOrders"]);
  });
});

describe("fills since a time", () => {
  const START = 1_700_000_000;
  /** One every second; the ids are those of the order in time. */
  const all = Array.from({ length: 137 }, (_, index) => ({ id: `T${index}`, time: START + index }));
  const trading = (marginOf: (id: string) => string = () => "0.00000") =>
    venue(({ path, params }) => {
      if (path === "AssetPairs") return result({ XXBTZUSD: { ...PAIR, lot_decimals: 8 } });
      expect(params["consolidate_taker"]).toBe("false");
      const { start = 0, end = Infinity, ofs = 0 } = params as Record<string, number>;
      const within = all.filter(({ time }) => time > start && time <= Number(end)).toReversed();
      const page = within.slice(ofs, ofs + 50).map(({ id, time }) => {
        const trade = { ordertxid: "O1", pair: "XXBTZUSD", time: time + 0.25, type: "buy", price: "1", vol: "1" };
        return [id, { ...trade, fee: "0.1", margin: marginOf(id) }];
      });
      return result({ trades: Object.fromEntries(page) as object, count: within.length });
    }).venue.trading as TradingVenue;

  async function idsFrom(index: number, kraken: TradingVenue): Promise<string[]> {
    const ids: string[] = [];
    let cursor: string | undefined;
    do {
      const since = (START + index) * 1_000;
      const page = await kraken.fills(since, cursor === undefined ? { symbols: [] } : { symbols: [], cursor });
      ids.push(...page.fills.map(({ fillId }) => fillId));
      cursor = page.cursor;
    } while (cursor !== undefined);
    return ids;
  }

  it.each([0, 36, 37, 87, 100, 136, 200])("from the %i. on are all there, once, the oldest first", async (index) => {
    expect(await idsFrom(index, trading())).toEqual(all.slice(index).map(({ id }) => id));
  });

  it("are those of what the account holds: trades on margin, which fill whole pages, are left out", async () => {
    const isSpot = (id: string): boolean => ["T3", "T90", "T136"].includes(id);
    const kraken = trading((id) => (isSpot(id) ? "0.00000" : "12.50000"));
    expect(await idsFrom(0, kraken)).toEqual(["T3", "T90", "T136"]);
  });
});
