/**
 * Each map on answers that it was not written against: every member missing, empty, of another type, with an exponent,
 * or with an unknown word. The result is an error, or what the desk takes: never a number that the venue did not send.
 */
import { describe, expect, it } from "vitest";
import * as alpaca from "../../connectors/alpaca/map.ts";
import { parseJson } from "../../connectors/exact-json.ts";
import * as binance from "../../connectors/ccxt/binance/map.ts";
import * as coinbase from "../../connectors/ccxt/coinbase/map.ts";
import { type Body, listOf } from "../../connectors/ccxt/fields.ts";
import * as kraken from "../../connectors/ccxt/kraken/map.ts";
import {
  accountSchema,
  activitySchema,
  fillSchema,
  instrumentSchema,
  positionSchema,
  quoteSchema,
  reportSchema,
} from "../../src/protocol/schemas.ts";
import { activityOf } from "../../connectors/alpaca/activities.ts";

interface BondCase {
  readonly averagePrice: string;
  readonly markPrice?: string;
  readonly market_value?: string;
}

const TIME = "2026-05-10T14:01:04.650275123Z";
const PAIRS = new Map([["a-1", "BTC/USD"]]);
const BIG_ID = "9223372036854775807123";

const ALPACA_ORDER = {
  ...{ id: "o-1", client_order_id: "q1", status: "partially_filled", symbol: "BTCUSD", asset_id: "a-1" },
  ...{ asset_class: "crypto", side: "buy", qty: "0.5", filled_qty: "0.25", filled_avg_price: "0.00012345" },
  ...{ limit_price: "0.0002", replaced_by: null, submitted_at: TIME, updated_at: TIME },
};
const BINANCE_EVENT = {
  ...{ e: "executionReport", s: "BTCUSDT", c: "q1", C: "", S: "BUY", X: "PARTIALLY_FILLED", x: "TRADE", r: "NONE" },
  ...{ i: BIG_ID, t: BIG_ID, l: "0.1", L: "60000", T: "1760000000000", n: "0.0001", N: "BTC" },
  ...{ z: "0.1", q: "0.2", Z: "6000", p: "60000" },
};
const KRAKEN_ORDER = {
  ...{ status: "open", vol: "0.2", vol_exec: "0.1", price: "60000", cl_ord_id: "q1", reason: null, oflags: "fciq" },
  closetm: "1760000000.1234",
  descr: { type: "buy", ordertype: "limit", price: "60000" },
};
const COINBASE_ORDER = {
  ...{ order_id: "o", client_order_id: "q1", product_id: "BTC-USD", side: "BUY", status: "OPEN" },
  ...{ filled_size: "0.1", average_filled_price: "60000", reject_message: "", cancel_message: "" },
  order_configuration: { limit_limit_gtc: { base_size: "0.2", limit_price: "60000" } },
};

type Map = readonly [name: string, payload: Body, map: (payload: any) => unknown, schema: { safeParse: Function }];
const MAPS: readonly Map[] = [
  ["Alpaca: order", ALPACA_ORDER, (order) => alpaca.reportOf(order, PAIRS), reportSchema],
  [
    "Alpaca: update",
    { event: "fill", execution_id: "e", price: "0.00012345", qty: "0.25", timestamp: TIME, order: ALPACA_ORDER },
    (update) => alpaca.fillOfUpdate(update, PAIRS),
    fillSchema,
  ],
  [
    "Alpaca: fill activity",
    {
      ...{ activity_type: "FILL", event_id: "01", ref_id: "r", status: "executed", at: TIME, executed_at: TIME },
      ...{ price: "0.00012345", qty: "0.25" },
      details: {
        symbol: "BTC/USD",
        asset_id: "a-1",
        order_id: "o",
        side: "buy",
        execution_type: "fill",
        commission: "0",
      },
    },
    (event) => alpaca.fillOfActivity(event, PAIRS),
    fillSchema,
  ],
  [
    "Alpaca: activity",
    {
      ...{ activity_type: "MA", event_id: "01", ref_id: "r", status: "executed", at: TIME, executed_at: TIME },
      ...{ currency: "USD", net_amount: "12.5" },
      details: { acquiree_symbol: "OLD", acquirer_symbol: "NEW", acquirer_qty: "4" },
    },
    activityOf,
    activitySchema,
  ],
  [
    "Alpaca: position",
    {
      ...{ symbol: "BTCUSD", asset_id: "a-1", asset_class: "crypto", qty: "-0.5", side: "short" },
      ...{ avg_entry_price: "0.00012", current_price: "0.00013" },
    },
    (position) => alpaca.positionOf(position, PAIRS),
    positionSchema,
  ],
  [
    "Alpaca: account",
    { ...{ account_number: "PA1", currency: "USD", equity: "1.5", cash: "-1", buying_power: "0" } },
    alpaca.accountOf,
    accountSchema,
  ],
  [
    "Alpaca: quote",
    { bp: "0.00012", ap: "0", bs: "1", as: "0", t: TIME },
    (q) => alpaca.quoteOf("A", q, "iex"),
    quoteSchema,
  ],
  [
    "Alpaca: coin",
    {
      ...{ id: "a", symbol: "BTC/USD", class: "crypto", name: "Bitcoin", status: "active", tradable: true },
      ...{ fractionable: true, min_order_size: "0.0001", min_trade_increment: "0.0001", price_increment: "0.01" },
    },
    alpaca.instrumentOf,
    instrumentSchema,
  ],
  [
    "Alpaca: option",
    { symbol: "AAPL250620C00100000", name: "x", multiplier: "100" },
    alpaca.optionOf,
    instrumentSchema,
  ],
  [
    "Binance: order",
    {
      ...{ orderId: BIG_ID, clientOrderId: "q1", status: "PARTIALLY_FILLED", executedQty: "0.1", origQty: "0.2" },
      ...{ side: "BUY", price: "60000", cummulativeQuoteQty: "6000", updateTime: "1760000000123" },
    },
    (order) => binance.reportOf(order, "BTC/USDT"),
    reportSchema,
  ],
  ["Binance: execution report", BINANCE_EVENT, (event) => binance.eventReportOf(event, "BTC/USDT"), reportSchema],
  ["Binance: execution", BINANCE_EVENT, (event) => binance.eventFillOf(event, "BTC/USDT"), fillSchema],
  [
    "Binance: trade",
    {
      ...{ id: BIG_ID, orderId: BIG_ID, qty: "0.1", price: "60000", time: "1760000000000", isBuyer: true },
      ...{ commission: "0.0001", commissionAsset: "BNB" },
    },
    (trade) => binance.fillOf(trade, "BTC/USDT"),
    fillSchema,
  ],
  [
    "Binance: symbol",
    {
      ...{
        symbol: "BTCUSDT",
        baseAsset: "BTC",
        quoteAsset: "USDT",
        status: "TRADING",
        orderTypes: ["LIMIT", "MARKET"],
      },
      filters: [
        { filterType: "PRICE_FILTER", tickSize: "0.01" },
        { filterType: "LOT_SIZE", stepSize: "0.00001", minQty: "0.00001", maxQty: "9000" },
        { filterType: "MARKET_LOT_SIZE", stepSize: "0.00000000" },
        { filterType: "NOTIONAL", minNotional: "5", maxNotional: "9000000" },
      ],
    },
    (symbol) => binance.marketOf(symbol).instrument,
    instrumentSchema,
  ],
  ["Kraken: order", KRAKEN_ORDER, (order) => kraken.reportOf("O-1", order, "BTC/USD"), reportSchema],
  [
    "Kraken: trade",
    { ordertxid: "O-1", type: "sell", vol: "0.1", price: "60000", time: "1760000000.1234", fee: "0.1" },
    (trade) => kraken.fillOf("T-1", trade, "BTC/USD", "USD"),
    fillSchema,
  ],
  [
    "Kraken: execution",
    {
      ...{ exec_type: "trade", exec_id: "T", order_id: "O", symbol: "BTC/USD", side: "buy", last_qty: "0.1" },
      ...{ last_price: "60000", timestamp: TIME, cl_ord_id: "q1", fees: [{ asset: "USD", qty: "1" }] },
    },
    kraken.eventFillOf,
    fillSchema,
  ],
  [
    "Kraken: pair",
    {
      ...{ wsname: "XBT/USD", tick_size: "0.1", pair_decimals: "1", lot_decimals: "8", ordermin: "0.0001" },
      ...{ costmin: "0.5", status: "online" },
    },
    (pair) => kraken.marketOf("XXBTZUSD", pair)?.instrument,
    instrumentSchema,
  ],
  ["Coinbase: order", COINBASE_ORDER, coinbase.reportOf, reportSchema],
  [
    "Coinbase: order of the stream",
    {
      ...{ order_id: "o", client_order_id: "q1", product_id: "BTC-USD", order_side: "BUY", status: "OPEN" },
      ...{ cumulative_quantity: "0.1", leaves_quantity: "0.1", avg_price: "60000", limit_price: "60000" },
      // Of the message.
      timestamp: TIME,
    },
    (order) => coinbase.eventReportOf(order, order),
    reportSchema,
  ],
  [
    "Coinbase: fill",
    {
      ...{ entry_id: "e", order_id: "o", product_id: "BTC-USD", side: "BUY", price: "60000", size: "0.1" },
      ...{ commission: "1.14", trade_time: TIME, trade_type: "FILL", size_in_quote: false },
    },
    coinbase.fillOf,
    fillSchema,
  ],
  [
    "Coinbase: product",
    {
      ...{ product_id: "BTC-USD", base_currency_id: "BTC", quote_currency_id: "USD", price_increment: "0.01" },
      ...{ base_increment: "0.00000001", base_min_size: "0.0001", quote_min_size: "1", product_type: "SPOT" },
    },
    (product) => coinbase.marketOf(product)?.instrument,
    instrumentSchema,
  ],
];

const WRONG: readonly unknown[] = [undefined, null, "", "abc", "1e-7", "-0", BIG_ID, true, {}, [], [null]];

/** The payload with one member replaced, nested members included. */
function* edited(payload: Body): Generator<readonly [path: string, value: unknown, payload: Body]> {
  for (const [name, member] of Object.entries(payload)) {
    for (const value of WRONG) yield [name, value, { ...payload, [name]: value }];
    if (typeof member !== "object" || member === null || Array.isArray(member)) continue;
    for (const [path, value, inner] of edited(member as Body))
      yield [`${name}.${path}`, value, { ...payload, [name]: inner }];
  }
}

describe.each(MAPS)("%s", (_name, payload, map, schema) => {
  it("as it is, is what the desk takes", () => {
    expect(schema.safeParse(map(payload)).error).toBeUndefined();
  });

  it("with any member wrong, is an error, nothing, or what the desk takes", () => {
    for (const [path, value, wrong] of edited(payload)) {
      let mapped: unknown;
      try {
        mapped = map(wrong);
      } catch (error) {
        expect(error, `${path} = ${JSON.stringify(value)}`).toBeInstanceOf(Error);
        continue;
      }
      if (mapped === undefined || mapped === null) continue;
      const found = schema.safeParse(JSON.parse(JSON.stringify(mapped)));
      // The desk refuses it with the name of the member: no number is made up.
      const numbers = JSON.stringify(found.success ? found.data : {});
      expect(numbers, `${path} = ${JSON.stringify(value)}`).not.toMatch(/NaN|undefined|Infinity/);
    }
  });
});

describe("maker or taker, and the day of settlement", () => {
  const payloadOf = (name: string): Body => MAPS.find(([found]) => found === name)?.[1] ?? {};

  it.each<[string, object, (payload: any) => unknown, object]>([
    ["Binance: execution", { m: true }, (event) => binance.eventFillOf(event, "A/B"), { liquidity: "maker" }],
    ["Binance: execution", { m: false }, (event) => binance.eventFillOf(event, "A/B"), { liquidity: "taker" }],
    ["Binance: trade", { isMaker: true }, (trade) => binance.fillOf(trade, "A/B"), { liquidity: "maker" }],
    ["Kraken: trade", { maker: false }, (trade) => kraken.fillOf("T", trade, "A/B", "B"), { liquidity: "taker" }],
    ["Kraken: execution", { liquidity_ind: "m" }, kraken.eventFillOf, { liquidity: "maker" }],
    ["Coinbase: fill", { liquidity_indicator: "MAKER" }, coinbase.fillOf, { liquidity: "maker" }],
    ["Coinbase: fill", { liquidity_indicator: "TAKER" }, coinbase.fillOf, { liquidity: "taker" }],
    [
      "Alpaca: fill activity",
      { settle_date: "2026-05-11" },
      (event) => alpaca.fillOfActivity(event, PAIRS),
      { settlesAt: Date.parse("2026-05-11T00:00:00Z") },
    ],
    [
      "Alpaca: update",
      { settle_date: "2026-05-11" },
      (update) => alpaca.fillOfUpdate(update, PAIRS),
      { settlesAt: Date.parse("2026-05-11T00:00:00Z") },
    ],
  ])("%s with %j", (name, members, map, expected) => {
    expect(map({ ...payloadOf(name), ...members })).toMatchObject(expected);
  });

  it.each<[string, object, (payload: any) => unknown]>([
    ["Kraken: execution", { liquidity_ind: "x" }, kraken.eventFillOf],
    ["Coinbase: fill", { liquidity_indicator: "UNKNOWN_LIQUIDITY_INDICATOR" }, coinbase.fillOf],
    ["Binance: trade", { isMaker: "true" }, (trade) => binance.fillOf(trade, "A/B")],
    ["Alpaca: update", { settle_date: "soon" }, (update) => alpaca.fillOfUpdate(update, PAIRS)],
    ["Alpaca: update", { settle_date: null }, (update) => alpaca.fillOfUpdate(update, PAIRS)],
  ])("%s with %j says neither", (name, members, map) => {
    const fill = map({ ...payloadOf(name), ...members });
    expect(fill).toHaveProperty("fillId");
    expect(fill).not.toHaveProperty("liquidity");
    expect(fill).not.toHaveProperty("settlesAt");
  });
});

describe("the time of an order's state", () => {
  const payloadOf = (name: string): Body => MAPS.find(([found]) => found === name)?.[1] ?? {};
  const AT = Date.parse("2026-05-10T14:01:04.650Z");

  it.each<[string, string, string, (payload: any) => { updatedAt?: unknown }, number]>([
    ["Alpaca: order", "updated_at", TIME, (order) => alpaca.reportOf(order, PAIRS), AT],
    ["Binance: order", "updateTime", "1760000000123", (order) => binance.reportOf(order, "A/B"), 1_760_000_000_123],
    [
      "Binance: execution report",
      ...(["T", "1760000000123"] as const),
      (event) => binance.eventReportOf(event, "A/B"),
      1_760_000_000_123,
    ],
    ["Kraken: order", "closetm", "1760000000.1234", (order) => kraken.reportOf("O", order, "A/B"), 1_760_000_000_123],
    [
      "Coinbase: order of the stream",
      ...(["timestamp", TIME] as const),
      (order) => coinbase.eventReportOf(order, order),
      AT,
    ],
  ])("%s: is its %s, and is left out if the venue does not state it", (name, member, value, map, expected) => {
    expect(map({ ...payloadOf(name), [member]: value }).updatedAt).toBe(expected);
    const missing: readonly unknown[] = [undefined, null, ...(name.startsWith("Kraken") ? ["0"] : [""])];
    for (const none of missing) expect(map({ ...payloadOf(name), [member]: none })).not.toHaveProperty("updatedAt");
    if (name.startsWith("Binance"))
      for (const none of ["-1", "0"]) expect(map({ ...payloadOf(name), [member]: none }).updatedAt).toBeUndefined();
  });
});

describe("members that an answer may lack", () => {
  const payloadOf = (name: string): Body => MAPS.find(([found]) => found === name)?.[1] ?? {};
  const NONE = [undefined, null, ""];

  it.each<[string, string, (payload: any) => object, string]>([
    ["Alpaca: quote", "bs", (quote) => alpaca.quoteOf("A", quote, "iex"), "bidSize"],
    ["Alpaca: position", "avg_entry_price", (position) => alpaca.positionOf(position, PAIRS), "averagePrice"],
    ["Alpaca: position", "current_price", (position) => alpaca.positionOf(position, PAIRS), "markPrice"],
    ["Coinbase: fill", "commission", (fill) => coinbase.fillOf(fill) ?? {}, "fee"],
  ])("%s without %s keeps all others", (name, member, map, lacking) => {
    const whole = map(payloadOf(name));
    expect(whole).toHaveProperty(lacking);
    for (const value of NONE) {
      const { [lacking]: _, feeCurrency: __, ...others } = whole as Record<string, unknown>;
      const found = map({ ...payloadOf(name), [member]: value });
      expect(found).toMatchObject(others);
      expect(found).not.toHaveProperty(lacking);
    }
  });

  it("a bar of Alpaca without its volume, and a ticker of Binance without sizes, keep their prices", () => {
    expect(alpaca.barOf("A", { t: TIME, o: "1", h: "2", l: "1e-2", c: "1.5", v: null } as never)).toMatchObject({
      low: "1e-2",
      close: "1.5",
    });
    const ticker = { bidPrice: "1", askPrice: "2", bidQty: "", closeTime: "1760000000000" };
    expect(binance.quoteOf("A/B", ticker)).toEqual({ symbol: "A/B", bid: "1", ask: "2", timestamp: 1_760_000_000_000 });
  });

  it("an order of Alpaca that is open has no fill if none is stated, and any other one is an error", () => {
    const order = { ...ALPACA_ORDER, status: "accepted", filled_qty: null };
    expect(alpaca.reportOf(order as never, PAIRS).filledQuantity).toBe("0");
    expect(() => alpaca.reportOf({ ...order, status: "filled" } as never, PAIRS)).toThrow("filled_qty");
  });

  it("a short position of Alpaca without a sign is short, and its sale short is a sale", () => {
    const position = payloadOf("Alpaca: position");
    expect(alpaca.positionOf({ ...position, qty: "0.5" } as never, PAIRS).quantity).toBe("-0.5");
    expect(() => alpaca.positionOf({ ...position, side: "long" } as never, PAIRS)).toThrow("-0.5 and long");
    expect(alpaca.positionOf({ ...position, side: "long", qty: "-0" } as never, PAIRS).quantity).toBe("-0");
    const event = payloadOf("Alpaca: fill activity");
    const details = { ...(event["details"] as object), side: "sell_short", commission: "0.5" };
    expect(alpaca.fillOfActivity({ ...event, currency: null, details } as never, PAIRS)).toMatchObject({
      ...{ side: "sell", fee: "0.5", feeCurrency: "USD" },
    });
  });

  it("an order by an amount of money at Binance has no quantity, and its report is taken", () => {
    const event = { ...BINANCE_EVENT, q: "0.00000000", C: "null" };
    const report = binance.eventReportOf(event, "A/B");
    expect(report).not.toHaveProperty("quantity");
    // Some hosts write the word for no id.
    expect(report.clientOrderId).toBe("q1");
    expect(reportSchema.safeParse(report).success).toBe(true);
  });

  it("a trade of Binance without a commission has no asset of it, and a commission without one is an error", () => {
    const trade = { ...payloadOf("Binance: trade"), commission: "0.00000000", commissionAsset: null };
    expect(binance.fillOf(trade, "A/B")).not.toHaveProperty("fee");
    expect(() => binance.fillOf({ ...trade, commission: "0.1" }, "A/B")).toThrow("commissionAsset");
  });

  it("a trade of Kraken in a pair that it lists no longer has its fee in the currency of the price", () => {
    const fill = kraken.fillOf("T", payloadOf("Kraken: trade"), "GONEUSD", undefined);
    expect(fill).toMatchObject({ symbol: "GONEUSD", fee: "0.1" });
    expect(fill).not.toHaveProperty("feeCurrency");
  });

  it("a wallet of Coinbase that states no hold holds nothing", () => {
    const wallet = { currency: "USD", available_balance: { value: "10" }, hold: null };
    expect(coinbase.balancesOf([wallet])).toEqual([{ asset: "USD", total: "10", free: "10" }]);
  });
});

describe("members that a map was wrong about", () => {
  it("an order of Alpaca without side, symbol and prices is reported without them", () => {
    const { side: _side, symbol: _symbol, qty: _qty, ...rest } = ALPACA_ORDER;
    const order = { ...rest, limit_price: undefined, filled_avg_price: null };
    expect(alpaca.reportOf(order as never, PAIRS)).toEqual({
      ...{ venueOrderId: "o-1", clientOrderId: "q1", status: "partially_filled", filledQuantity: "0.25" },
      updatedAt: Date.parse("2026-05-10T14:01:04.650Z"),
    });
  });

  it.each<[string, string, BondCase]>([
    ["a bond at Alpaca, in percent", "treasury", { averagePrice: "987.5", markPrice: "991.25" }],
    ["a bond at Alpaca whose value is not stated", "corporate", { market_value: "", averagePrice: "987.5" }],
    ["a share at Alpaca", "us_equity", { averagePrice: "98.75", markPrice: "99.125" }],
  ])("the price of %s is that of a unit", (_name, asset_class, { averagePrice, markPrice, market_value }) => {
    const values = { cost_basis: "3950", market_value: market_value ?? "3965", current_price: "99.125" };
    const bond = { symbol: "912797XX0", asset_id: "b", asset_class, qty: "4", side: "long", avg_entry_price: "98.75" };
    const position = alpaca.positionOf({ ...bond, ...values }, new Map());
    expect([position.quantity, position.averagePrice, position.markPrice]).toEqual(["4", averagePrice, markPrice]);
    expect(positionSchema.safeParse(position).error).toBeUndefined();
  });

  it("an option at Alpaca is a hundred shares, and is not traded", () => {
    expect(alpaca.isOption("AAPL250620C00100000")).toBe(true);
    expect(["AAPL", "BRK.B", "BTC/USD", "AAPL250620X00100000"].map(alpaca.isOption)).toEqual([
      false,
      false,
      false,
      false,
    ]);
    const contract = { symbol: "AAPL250620C00100000", name: "AAPL Jun 20 2025 100 Call", multiplier: "100" };
    expect(alpaca.optionOf(contract)).toMatchObject({ multiplier: "100", tradable: false, currency: "USD" });
  });

  it("an order by money at Kraken has no quantity, and what it bought is its money by its price", () => {
    const order = { ...KRAKEN_ORDER, oflags: "fciq,viqc", vol: "6000", vol_exec: "3000", price: "60000" };
    const report = kraken.reportOf("O-1", order, "BTC/USD");
    expect([report.filledQuantity, report.quantity, report.status]).toEqual(["0.05", undefined, "partially_filled"]);
  });

  it("an order by money at Kraken whose answer says in coins what it bought is filled with that", () => {
    const bought = { vol: "80.00000000", vol_exec: "0.00131147", cost: "79.99967", price: "61000.0" };
    const order = { ...KRAKEN_ORDER, ...bought, status: "closed", oflags: "fciq,viqc" };
    const report = kraken.reportOf("O-1", order, "BTC/USD");
    expect([report.filledQuantity, report.quantity, report.status]).toEqual(["0.00131147", undefined, "filled"]);
  });

  it("a future at Coinbase is no spot market, and its wallet is no cash of it", () => {
    expect([coinbase.symbolOf("BTC-USD"), coinbase.symbolOf("BIT-26APR24-CDE")]).toEqual([
      "BTC/USD",
      "BIT-26APR24-CDE",
    ]);
    const money = (platform: string) => ({
      ...{ currency: "USD", available_balance: { value: "10" }, hold: { value: "1" }, platform },
    });
    const perpetuals = { ...money(""), type: "ACCOUNT_TYPE_PERP_FUTURES" };
    const accounts = [money("ACCOUNT_PLATFORM_CONSUMER"), money("ACCOUNT_PLATFORM_CFM_CONSUMER"), perpetuals];
    expect(coinbase.balancesOf(accounts)).toEqual([{ asset: "USD", total: "11", free: "10" }]);
  });

  it("a number without quotes keeps all of its digits, also with an exponent", () => {
    const [order] = listOf(
      (parseJson('{"o":[{"id":9223372036854775807,"p":1.2E-7,"q":0.30000000000000004}]}') as Body)["o"],
    );
    expect(order).toEqual({ id: "9223372036854775807", p: "1.2E-7", q: "0.30000000000000004" });
    expect(quoteSchema.safeParse({ symbol: "A", bid: "1.2E-7", ask: "2e-7", timestamp: 1 }).data).toMatchObject({
      bid: "0.00000012",
      ask: "0.0000002",
    });
  });
});
