/** Coinbase's answers as the desk's types: payloads as Coinbase sends them, and what a wrong reading would cost. */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it, vi } from "vitest";
import {
  balancesOf,
  barOf,
  eventReportOf,
  failureOf,
  fillOf,
  marketOf,
  orderBody,
  quoteOf,
  refusalIn,
  reportOf,
} from "../../connectors/ccxt/coinbase/map.ts";
import { COINBASE } from "../../connectors/ccxt/coinbase/venue.ts";
import { type Body, bodyOf, listOf } from "../../connectors/ccxt/fields.ts";
import type { Market, TradingVenue } from "../../connectors/ccxt/venue.ts";
import { parseJson } from "../../connectors/exact-json.ts";
import type { Order } from "../../src/domain/sdk.ts";
import { type Reply, type SentRequest, openVenue } from "../support/ccxt-session.ts";

afterEach(() => vi.unstubAllGlobals());

const FOLDER = fileURLToPath(new URL("../../../shared/data/coinbase/", import.meta.url));
const HAS_PAYLOADS = existsSync(FOLDER);
if (!HAS_PAYLOADS) process.stderr.write(`\nSKIPPED: the payloads of Coinbase are not at ${FOLDER}\n\n`);

function payload(name: string): Body {
  return bodyOf(parseJson(readFileSync(`${FOLDER}${name}.json`, "utf8")));
}

describe.skipIf(!HAS_PAYLOADS)("payloads of Coinbase", () => {
  it("accounts are balances, with what is on hold", () => {
    expect(balancesOf(listOf(payload("http_accounts")["accounts"]))).toEqual([
      { asset: "BTC", total: "1.23956789", free: "1.23456789" },
      { asset: "USD", total: "10450.5", free: "10000.5" },
    ]);
  });

  it("a product is a market with its steps, and a future is no market", () => {
    expect(marketOf(payload("http_product"))).toMatchObject({
      ...{ symbol: "BTC/USD", id: "BTC-USD", base: "BTC", quote: "USD" },
      instrument: {
        ...{ tickSize: "0.01", lotSize: "0.00000001", minQuantity: "0.00000001", minNotional: "1", currency: "USD" },
        ...{ maxQuantity: "3400", maxNotional: "150000000" },
        ...{ orderTypes: ["market", "limit"], timesInForce: ["gtc", "ioc", "fok"], tradable: true },
      },
    });
    const products = listOf(payload("http_products")["products"]).map((product) => marketOf(product)?.symbol);
    expect(products).toEqual(["BTC/USD", "BTC/USDC"]);
    expect(listOf(payload("http_products_future")["products"]).map(marketOf)).toEqual([undefined, undefined]);
  });

  it("a book is a quote with the time of the book", () => {
    expect(quoteOf("BTC/USD", payload("http_product_book"))).toEqual({
      ...{ symbol: "BTC/USD", bid: "68923.66", ask: "68923.67", bidSize: "0.17189468", askSize: "0.16987193" },
      timestamp: Date.parse("2026-04-07T00:28:59.662Z"),
    });
    expect(() => quoteOf("ETH/USD", payload("http_product_book"))).toThrow("another product");
  });

  it("orders are reported with their terms; an order by money has no quantity", () => {
    const [open, filled] = listOf(payload("http_orders_list")["orders"]).map(reportOf);
    expect(open).toEqual({
      ...{ venueOrderId: "0000-000000-000001", clientOrderId: "11111-000000-000001", status: "open" },
      ...{ filledQuantity: "0", symbol: "BTC/USD", side: "buy", quantity: "0.01", limitPrice: "45000.00" },
    });
    expect(filled).toEqual({
      ...{ venueOrderId: "0000-000000-000002", clientOrderId: "11111-000000-000002", status: "filled" },
      ...{ filledQuantity: "0.0325", averagePrice: "3076.92", symbol: "ETH/USD", side: "sell" },
    });
    expect(reportOf(bodyOf(payload("http_order")["order"]))).toMatchObject({ status: "partially_filled" });
  });

  it("fills have their entry's id, and a commission in the currency of the price", () => {
    expect(listOf(payload("http_fills")["fills"]).map(fillOf)).toEqual([
      {
        ...{ fillId: "22222-2222222-22222222", venueOrderId: "0000-000000-000000", symbol: "BTC/USD", side: "buy" },
        ...{ quantity: "0.005", price: "45123.45", fee: "1.14", feeCurrency: "USD", liquidity: "maker" },
        timestamp: Date.parse("2024-01-15T10:30:00Z"),
      },
      {
        ...{ fillId: "22222-2222222-22222223", venueOrderId: "0000-000000-000002", symbol: "ETH/USD", side: "sell" },
        ...{ quantity: "0.0325", price: "3076.92", fee: "0.50", feeCurrency: "USD", liquidity: "taker" },
        timestamp: Date.parse("2024-01-15T10:05:00Z"),
      },
    ]);
  });

  it("an order of the stream is reported, and candles are bars", () => {
    const message = payload("ws_user");
    const [event] = listOf(message["events"]);
    expect(listOf(event?.["orders"]).map((order) => eventReportOf(order, message))).toEqual([
      {
        ...{ venueOrderId: "a1b2c3d4-e5f6-7890-abcd-ef1234567890", clientOrderId: "11111-000000-000001" },
        ...{ status: "open", filledQuantity: "0", symbol: "BTC/USD", side: "buy", quantity: "0.001" },
        updatedAt: Date.parse("2026-04-07T14:30:06Z"),
      },
    ]);
    expect(barOf("BTC/USD", listOf(payload("http_candles")["candles"])[0] ?? {})).toEqual({
      ...{ symbol: "BTC/USD", timestamp: 1_712_192_400_000, open: "66312.4", high: "66331.99", low: "66055.14" },
      ...{ close: "66181.6", volume: "355.82896243" },
    });
  });
});

const FILL = {
  ...{ entry_id: "e", order_id: "o", product_id: "BTC-USD", side: "BUY", price: "50000", size: "100" },
  ...{ commission: "0", trade_time: "2024-01-15T10:30:00Z", trade_type: "FILL", size_in_quote: true },
};

it("a fill that is stated in money has the quantity that it bought", () => {
  expect(fillOf(FILL)).toMatchObject({ quantity: "0.002", price: "50000" });
});

it.each(["REVERSAL", "CORRECTION", "SYNTHETIC"])("an entry of the type %s cannot be read as a fill", (trade_type) => {
  expect(() => fillOf({ ...FILL, trade_type })).toThrow(`it is a ${trade_type}`);
});

it.each([
  ["EXPIRED", "expired"],
  ["FAILED", "rejected"],
  ["CANCELLED", "cancelled"],
  ["CANCEL_QUEUED", "open"],
])("an order that is %s is %s", (status, expected) => {
  const order = { order_id: "o", product_id: "BTC-USD", order_side: "SELL", cumulative_quantity: "0", status };
  expect(eventReportOf(order, {})).toMatchObject({ status: expected });
  expect(() => eventReportOf({ ...order, status: "UNKNOWN_ORDER_STATUS" }, {})).toThrow("UNKNOWN_ORDER_STATUS");
});

const MARKET = { symbol: "BTC/USD", id: "BTC-USD", base: "BTC", quote: "USD", instrument: {} } as unknown as Market;
const ORDER: Order = {
  ...{ clientOrderId: "q0abcdefg00000abc", symbol: "BTC/USD", side: "buy", quantity: 0.001, quantityText: "0.00100" },
  ...{ type: "limit", limitPrice: 10_000, limitPriceText: "10000.10", timeInForce: "gtc" },
};

it.each<[Partial<Order>, object]>([
  [{}, { limit_limit_gtc: { base_size: "0.00100", limit_price: "10000.10", post_only: false } }],
  [{ timeInForce: "ioc" }, { sor_limit_ioc: { base_size: "0.00100", limit_price: "10000.10" } }],
  [{ timeInForce: "fok" }, { limit_limit_fok: { base_size: "0.00100", limit_price: "10000.10" } }],
  [{ type: "market", timeInForce: "ioc" }, { market_market_ioc: { base_size: "0.00100" } }],
])("the body of %j has the approved text", (changes, order_configuration) => {
  expect(orderBody({ ...ORDER, ...changes }, MARKET)).toEqual({
    ...{ client_order_id: ORDER.clientOrderId, product_id: "BTC-USD", side: "BUY" },
    order_configuration,
  });
  expect(() => orderBody({ ...ORDER, type: "stop" }, MARKET)).toThrow("takes no stop order");
});

it.each([
  [{ error: "INSUFFICIENT_FUND", message: "Insufficient balance" }, "definite", "Insufficient balance"],
  [
    { error: "UNKNOWN_FAILURE_REASON", preview_failure_reason: "PREVIEW_INVALID_PRICE_PRECISION" },
    "definite",
    "PREVIEW_INVALID_PRICE_PRECISION",
  ],
  // Coinbase does not say whether the order exists.
  [
    { error: "UNKNOWN_FAILURE_REASON", message: "", preview_failure_reason: "UNKNOWN_PREVIEW_FAILURE_REASON" },
    "unclear",
    "no reason",
  ],
  [{}, "unclear", "no reason"],
])("a refusal in a 200 with %j is %s", (error_response, kind, words) => {
  expect(failureOf({ success: false, error_response })).toMatchObject({ kind, words });
  expect(failureOf({ success: true })).toBeUndefined();
});

it.each([
  [400, { error: "INVALID_ARGUMENT", message: "bad" }, "definite"],
  [403, { error: "PERMISSION_DENIED", message: "Missing required scopes" }, "keys"],
  [429, { error: "RESOURCE_EXHAUSTED", message: "" }, "limit"],
  [500, { error: "INTERNAL" }, "unclear"],
  [503, { error: "unavailable" }, "unclear"],
  [401, undefined, "keys"],
])("status %i with %j is %s", (status, body, kind) => {
  expect(refusalIn(status, body)).toMatchObject({ kind });
});

it("a page of a proxy is no word of Coinbase", () => {
  expect(refusalIn(403, undefined)).toBeUndefined();
  expect(refusalIn(502, undefined)).toBeUndefined();
});

const time = { body: { epochMillis: "1700000000000" } };

function venue(reply: (request: SentRequest) => Reply | Promise<Reply>) {
  const script = { profile: COINBASE, environment: "live" as const, currency: "USD" };
  return openVenue(vi.stubGlobal.bind(vi), {
    ...script,
    reply: (request) => (request.path === "brokerage/time" ? time : reply(request)),
  });
}

it("a symbol that is no pair is not listed, and never becomes part of an address", async () => {
  const { venue: coinbase, sent } = venue(() => ({ body: {} }));
  for (const symbol of ["NO-SUCH", "a/../../brokerage/accounts", "BTC/USD?x=1", "../..", ""]) {
    expect(await coinbase.market(symbol)).toBeNull();
    await expect(coinbase.quote(symbol)).rejects.toThrow("does not list");
  }
  expect(sent).toEqual([]);
});

describe("connect", () => {
  const signIn = (key: Reply) => venue(() => key).venue.signIn();

  it("names the portfolio", async () => {
    const key = { can_view: true, can_trade: true, can_transfer: false, portfolio_uuid: "p-1" };
    expect(await signIn({ body: key })).toMatchObject({ mode: "live", accountId: "p-1", venueTime: 1_700_000_000_000 });
  });

  it.each([
    [{ body: { can_trade: true, can_transfer: true } }, "ConnectRefused", "may withdraw"],
    [{ body: { can_trade: false, can_transfer: false } }, "ConnectRefused", "may not trade"],
    [{ status: 401, body: "Unauthorized" }, "ConnectRefused", "refused the keys"],
    [{ body: {} }, "Error", "does not say"],
  ])("with %j is %s: %s", async (key, name, words) => {
    await expect(signIn(key)).rejects.toMatchObject({ name, message: expect.stringContaining(words) as unknown });
  });
});

it("an order whose answer was lost is looked for over every page since its submission", async () => {
  const order = (id: string) => ({
    ...{ order_id: `o-${id}`, client_order_id: id, product_id: "BTC-USD", side: "BUY", status: "OPEN" },
    ...{ filled_size: "0", order_configuration: { limit_limit_gtc: { base_size: "1", limit_price: "1" } } },
  });
  const { venue: coinbase, sent } = venue(({ params }) =>
    params["cursor"] === undefined
      ? { body: { orders: [order("q1")], has_next: true, cursor: "next" } }
      : { body: { orders: [order("q2")], has_next: false, cursor: "" } },
  );
  const trading = coinbase.trading as TradingVenue;
  const submittedAt = Date.parse("2026-01-02T03:04:05Z");
  expect(await trading.order({ clientOrderId: "q2", submittedAt })).toMatchObject({ venueOrderId: "o-q2" });
  expect(await trading.order({ clientOrderId: "q3", submittedAt })).toBeNull();
  const starts = sent.flatMap(({ params }) => (typeof params["start_date"] === "string" ? [params["start_date"]] : []));
  expect(starts.every((start) => Date.parse(start) < submittedAt)).toBe(true);
});

it("a burst of sums is read with one request, and each fill is emitted once", async () => {
  const fills = ["1", "2", "3"].map((entry_id) => ({ ...FILL, entry_id, size: "1", size_in_quote: false }));
  const { venue: coinbase, sent } = venue(() => ({ body: { fills: fills.toReversed(), cursor: "" } }));
  const trading = coinbase.trading as TradingVenue;
  const order = { order_id: "o", product_id: "BTC-USD", order_side: "BUY", status: "OPEN" };
  const emitted: string[] = [];
  for (const cumulative_quantity of ["2", "1", "3", "3"]) {
    const events = [{ orders: [{ ...order, cumulative_quantity }] }];
    const step = await trading.read({ channel: "user", events });
    if (step.kind === "events") emitted.push(...step.fills.map(({ fillId }) => fillId));
  }
  expect(emitted).toEqual(["1", "2", "3"]);
  expect(sent.filter(({ path }) => path.endsWith("fills"))).toHaveLength(1);
});

describe("open orders that are on their way into the book or out of it", () => {
  const order = (order_id: string, status: string) => ({
    ...{ order_id, client_order_id: `c-${order_id}`, product_id: "BTC-USD", side: "BUY", status, filled_size: "0" },
    order_configuration: { limit_limit_gtc: { base_size: "1", limit_price: "1" } },
  });
  function open(lists: { open: readonly object[]; others: readonly object[] }) {
    const { venue: coinbase, sent } = venue(({ params }) => {
      const statuses = params["order_status"] as readonly string[];
      // Coinbase refuses OPEN beside another status.
      if (statuses.includes("OPEN") && statuses.length > 1) return { status: 400, body: { error: "INVALID_ARGUMENT" } };
      return { body: { orders: statuses[0] === "OPEN" ? lists.open : lists.others, has_next: false } };
    });
    const asked = (): number => sent.filter(({ path }) => path.endsWith("batch")).length;
    return { trading: coinbase.trading as TradingVenue, asked };
  }
  const event = (order_id: string, status: string) => ({
    channel: "user",
    events: [{ orders: [{ order_id, status, product_id: "BTC-USD", order_side: "BUY", cumulative_quantity: "0" }] }],
  });

  it("are listed, and an order that is in both lists once, as it is in the book", async () => {
    const both = [order("1", "PENDING"), order("2", "QUEUED"), order("3", "CANCEL_QUEUED"), order("4", "EDIT_QUEUED")];
    const { trading } = open({ open: [order("1", "OPEN"), order("5", "OPEN")], others: both });
    const found = (await trading.openOrders()).map(({ venueOrderId, status }) => `${venueOrderId} ${status}`);
    expect(found.toSorted()).toEqual(["1 open", "2 open", "3 open", "4 open", "5 open"]);
  });

  it("are asked for after the stream began, and while there are some: otherwise for the book alone", async () => {
    const lists = { open: [order("1", "OPEN")], others: [] as object[] };
    const { trading, asked } = open(lists);
    const requests = async (): Promise<number> => {
      const before = asked();
      await trading.openOrders();
      return asked() - before;
    };
    expect([await requests(), await requests()]).toEqual([2, 1]);
    await trading.read(event("7", "QUEUED"));
    lists.others = [order("7", "QUEUED")];
    expect([await requests(), await requests()]).toEqual([2, 2]);
    await trading.read(event("7", "OPEN"));
    expect(await requests()).toBe(1);
    await trading.subscription();
    lists.others = [];
    expect([await requests(), await requests()]).toEqual([2, 1]);
  });
});
