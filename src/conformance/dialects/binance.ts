/**
 * The wire format of Binance spot, as far as a connector uses it: REST API v3 with signed requests, and the user data
 * stream of the WebSocket API. Source: binance-spot-api-docs (rest-api.md, errors.md, user-data-stream.md).
 */
import type {
  FakeActivity,
  FakeFill,
  FakeInstrument,
  FakeOrder,
  RefusalReason,
  Secrets,
  StreamEvent,
  StreamReply,
  VenueOutcome,
  WireContext,
  WireMessage,
  WireResponse,
} from "../../domain/sdk-kit.ts";
import * as z from "zod";
import type { QuotingDialect } from "./dialect.ts";
import { BINANCE_QUOTES } from "./binance-quotes.ts";
import { decimal, text } from "../../domain/decimal.ts";
import { tryParseJson } from "../../lib/json.ts";
import {
  type BinanceFields,
  SYMBOLS,
  TYPES,
  idOf,
  parametersOf,
  readRequest,
  signatureOf,
  symbolOf,
} from "./binance-requests.ts";
import { COIN_TRAITS, cashOf, coinStatements } from "./coins.ts";
import { USUAL_STEPS } from "../venue/fake-venue-state.ts";

const STATUSES: Readonly<Record<string, string>> = {
  open: "NEW",
  partially_filled: "PARTIALLY_FILLED",
  filled: "FILLED",
  cancelled: "CANCELED",
  rejected: "REJECTED",
  expired: "EXPIRED",
};
const TRADES_MAX = 1_000;
const UNAUTHORIZED = { code: -2015, msg: "Invalid API-key, IP, or permissions for action." };

export function binanceDialect(): QuotingDialect {
  return {
    streamPath: "/ws-api/v3",
    traits: {
      ...COIN_TRAITS,
      insufficientFunds: "Account has insufficient balance for requested action.",
      symbols: SYMBOLS,
      currency: "USDT",
      steppedSymbols: [SYMBOLS[0], SYMBOLS[1]],
      statements: coinStatements("USDT"),
    },
    read: readRequest,
    write,
    errorBody,
    admits: () => true,
    converse,
    event,
    quotes: BINANCE_QUOTES,
  };
}

function errorBody(status: number): unknown {
  if (status === 401) return UNAUTHORIZED;
  if (status === 429) return { code: -1003, msg: "Too much request weight used; current limit is 6000." };
  return { code: -1000, msg: "An unknown error occurred while processing the request." };
}

function json(body: unknown): WireResponse {
  return { status: 200, text: bare(body), type: "application/json" };
}

/** Ids are numbers of 64 bits on this wire. They are written as text first, because a number would lose digits. */
function bare(body: unknown): string {
  return JSON.stringify(body).replace(/"(orderId|id|i|t)":"(\d+)"/g, '"$1":$2');
}

function write({ request, outcome, now }: WireContext): WireResponse {
  const { fields } = parametersOf(request);
  const late = clockError(fields, now);
  if (late !== undefined) return late;
  switch (outcome.kind) {
    case "time":
      return json({ serverTime: now });
    case "quote": {
      const { bid, ask, last } = outcome.quote;
      const prices = { bidPrice: bid ?? "0.00000000", askPrice: ask ?? "0.00000000", lastPrice: last };
      return json({
        symbol: idOf(outcome.symbol),
        ...prices,
        bidQty: "2",
        askQty: "3",
        openTime: now - 1,
        closeTime: now,
      });
    }
    case "account":
    case "positions":
      return json(accountBody(outcome));
    case "instrument":
      return json({ timezone: "UTC", serverTime: now, symbols: [symbolBody(outcome.symbol, outcome.steps)] });
    case "placed":
    case "order":
    case "cancelled":
      return json(orderBody(outcome.order, now));
    case "orders":
      return json(outcome.orders.map((order) => orderBody(order, now)));
    case "fills":
      return json(tradesBody(outcome.fills, fields));
    case "other":
      return otherResponse(fields, outcome, now);
    case "instruments":
      return REFUSALS["unknown-route"]("");
    default:
      return REFUSALS[outcome.reason](outcome.subject);
  }
}

/** Requests that are signed carry their time. */
function clockError({ timestamp, recvWindow = "5000" }: BinanceFields, now: number): WireResponse | undefined {
  if (timestamp === undefined) return undefined;
  const sent = Number(timestamp);
  if (sent < now + 1_000 && now - sent <= Number(recvWindow)) return undefined;
  return refuse(400, -1021, "Timestamp for this request is outside of the recvWindow.");
}

function accountBody({ account, positions }: Extract<VenueOutcome, { kind: "account" | "positions" }>) {
  const { free, held } = cashOf(account);
  const coins = positions.map(({ symbol = "", quantity }) => ({
    asset: symbol.split("/")[0],
    free: quantity,
    locked: "0.00000000",
  }));
  const balances = [{ asset: account["currency"], free, locked: held }, ...coins];
  return { canTrade: true, canWithdraw: true, canDeposit: true, accountType: "SPOT", balances, uid: 354937868 };
}

function symbolBody(symbol: string, { tick_size, lot_size }: FakeInstrument = USUAL_STEPS) {
  const [baseAsset, quoteAsset] = symbol.split("/");
  return {
    symbol: idOf(symbol),
    status: "TRADING",
    baseAsset,
    baseAssetPrecision: 8,
    quoteAsset,
    quotePrecision: 8,
    orderTypes: ["LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS", "STOP_LOSS_LIMIT"],
    isSpotTradingAllowed: true,
    filters: [
      { filterType: "PRICE_FILTER", minPrice: "0.00000000", maxPrice: "0.00000000", tickSize: tick_size },
      { filterType: "LOT_SIZE", minQty: lot_size, maxQty: "9000000000.00000000", stepSize: lot_size },
      { filterType: "MARKET_LOT_SIZE", minQty: "0.00000000", maxQty: "100.00000000", stepSize: "0.00000000" },
      { filterType: "NOTIONAL", minNotional: "0.00010000", applyMinToMarket: true, avgPriceMins: 5 },
    ],
  };
}

function orderBody(order: FakeOrder, now: number) {
  const { filled_quantity, average_price } = order;
  return {
    symbol: idOf(order.symbol),
    orderId: order.order_id,
    orderListId: -1,
    clientOrderId: order.client_order_id,
    price: order.limit_price ?? "0.00000000",
    origQty: order.quantity,
    executedQty: filled_quantity,
    cummulativeQuoteQty: text(decimal(filled_quantity).times(decimal(average_price ?? "0"))),
    status: STATUSES[order.status],
    timeInForce: order.time_in_force.toUpperCase(),
    type: typeOf(order),
    side: order.side.toUpperCase(),
    stopPrice: order.stop_price ?? "0.00000000",
    time: now,
    updateTime: now,
    transactTime: now,
    isWorking: true,
  };
}

function typeOf({ type }: FakeOrder): string | undefined {
  return Object.keys(TYPES).find((name) => TYPES[name] === type);
}

/** The newest trades, or those from an id on. */
function tradesBody(fills: readonly FakeFill[], { symbol, fromId, limit }: BinanceFields) {
  const max = Math.min(Number(limit ?? "500"), TRADES_MAX);
  const own = fills.filter((fill) => idOf(fill.symbol) === symbol);
  const from = fromId === undefined ? own : own.filter(({ fill_id }) => BigInt(fill_id) >= BigInt(fromId));
  return (fromId === undefined ? from.slice(-max) : from.slice(0, max)).map((fill) => ({
    symbol,
    id: fill.fill_id,
    orderId: fill.order_id,
    orderListId: -1,
    price: fill.price,
    qty: fill.quantity,
    quoteQty: text(decimal(fill.price).times(decimal(fill.quantity))),
    commission: fill.fee,
    commissionAsset: fill.fee_currency,
    time: fill.time,
    isBuyer: fill.side === "buy",
    isMaker: fill.liquidity === "maker",
    isBestMatch: true,
  }));
}

/** Three lists, each in its own form, over at most ninety days. */
function movedBody(list: string, activities: readonly FakeActivity[], fields: BinanceFields): WireResponse {
  const { startTime = "0", endTime = "0", offset = "0" } = fields;
  if (Number(endTime) - Number(startTime) >= 90 * 86_400_000)
    return refuse(400, -4047, "Time interval must be within 0-90 days");
  const [kind = ""] = Object.entries(MOVED).find(([, path]) => path === list) ?? [];
  const found = activities
    .filter((moved) => moved.kind === kind && moved.time >= Number(startTime) && moved.time <= Number(endTime))
    .toReversed();
  const text = (time: number): string => new Date(time).toISOString().slice(0, 19).replace("T", " ");
  const bodies = found.map(({ id, time, amount = "0", currency }) =>
    kind === "deposit"
      ? { id, amount, coin: currency, status: 1, insertTime: time, completeTime: time, txId: `tx-${id}` }
      : kind === "withdrawal"
        ? { id, amount: amount.slice(1), transactionFee: "0", coin: currency, status: 6, applyTime: text(time) }
        : { id: Number(id.slice(1)), tranId: 2_968_885_920, amount, asset: currency, divTime: time, enInfo: "Earn" },
  );
  return json(kind === "interest" ? { rows: bodies, total: bodies.length } : bodies.slice(Number(offset)));
}

const MOVED: Readonly<Record<string, string>> = {
  deposit: "capital/deposit/hisrec",
  withdrawal: "capital/withdraw/history",
  interest: "asset/assetDividend",
};

function otherResponse(
  fields: BinanceFields,
  { name, quotes, state }: Extract<VenueOutcome, { kind: "other" }>,
  now: number,
): WireResponse {
  const [, kind, subject = ""] = /^(\w+):?(.*)$/.exec(name) ?? [];
  if (kind === "restrictions")
    return json({ ipRestrict: true, enableWithdrawals: false, enableSpotAndMarginTrading: true });
  if (kind === "moved") return movedBody(subject, state.activities, fields);
  const symbols = Object.keys(quotes);
  if (kind === "symbols") return json({ serverTime: now, symbols: symbols.map((symbol) => symbolBody(symbol)) });
  if (kind === "prices") {
    const asked = z.array(z.string()).catch([]).parse(tryParseJson(subject));
    if (asked.some((id) => quotes[symbolOf(id)] === undefined)) return refuse(400, -1121, "Invalid symbol.");
    return json(asked.map((symbol) => ({ symbol, price: quotes[symbolOf(symbol)]?.last })));
  }
  if (quotes[symbolOf(subject)] === undefined) return refuse(400, -1121, "Invalid symbol.");
  const start = now - (now % 60_000) - 60_000;
  return json([[start, "99.5", "101.25", "99", "100.1", "1118", start + 59_999, "1", 65, "1", "1", "0"]]);
}

const REFUSALS: Readonly<Record<RefusalReason, (subject: string) => WireResponse>> = {
  unauthorized: () => ({ status: 401, body: UNAUTHORIZED }),
  "unknown-route": () => refuse(400, -1102, "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed."),
  "unknown-symbol": () => refuse(400, -1121, "Invalid symbol."),
  "unknown-order": () => refuse(400, -2013, "Order does not exist."),
  invalid: (words) => refuse(400, -1100, words),
  "insufficient-funds": () => refuse(400, -2010, "Account has insufficient balance for requested action."),
  "duplicate-id": () => refuse(400, -2010, "Duplicate order sent."),
  "not-open": () => refuse(400, -2011, "Unknown order sent."),
};

function refuse(status: number, code: number, msg: string): WireResponse {
  return { status, body: { code, msg } };
}

const subscription = z.looseObject({
  id: z.string(),
  method: z.literal("userDataStream.subscribe.signature"),
  params: z.strictObject({ apiKey: z.string(), timestamp: z.number(), signature: z.string() }),
});

function converse(message: string | undefined, secrets: Secrets): StreamReply {
  const parsed = subscription.safeParse(tryParseJson(message ?? ""));
  if (!parsed.success) return { send: [], state: "waiting" };
  const { id, params } = parsed.data;
  const signed = `apiKey=${params.apiKey}&timestamp=${params.timestamp}`;
  const isAuthorized = params.apiKey === secrets["api_key"] && params.signature === signatureOf(signed, secrets);
  const answer = isAuthorized
    ? { id, status: 200, result: { subscriptionId: 0 } }
    : { id, status: 401, error: UNAUTHORIZED };
  return { send: [{ text: JSON.stringify(answer) }], state: isAuthorized ? "signed-in" : "refused" };
}

/** An execution report. On a cancel, `c` is the id of the cancel and `C` the one of the order. */
function event({ kind, fill, order, now, sequence }: StreamEvent): WireMessage {
  const isCancel = order?.status === "cancelled" && kind === "order";
  const clientId = order?.client_order_id ?? fill?.client_order_id ?? "";
  const side = (order?.side ?? fill?.side ?? "buy").toUpperCase();
  const filled = order?.filled_quantity ?? fill?.quantity ?? "0";
  const status = STATUSES[order?.status ?? "open"];
  const body = {
    e: "executionReport",
    E: now,
    s: idOf(order?.symbol ?? fill?.symbol ?? ""),
    c: isCancel ? `cancel-${sequence}` : clientId,
    S: side,
    o: order === undefined ? "MARKET" : typeOf(order),
    f: order?.time_in_force.toUpperCase() ?? "GTC",
    q: order?.quantity ?? filled,
    p: order?.limit_price ?? "0.00000000",
    P: order?.stop_price ?? "0.00000000",
    C: isCancel ? clientId : "",
    x: kind === "fill" ? "TRADE" : status === "PARTIALLY_FILLED" || status === "FILLED" ? "NEW" : status,
    X: status,
    r: "NONE",
    i: order?.order_id ?? fill?.order_id,
    l: fill?.quantity ?? "0.00000000",
    z: filled,
    L: fill?.price ?? "0.00000000",
    n: fill?.fee ?? "0",
    N: fill?.fee_currency ?? null,
    T: fill?.time ?? now,
    t: fill?.fill_id ?? "-1",
    m: fill?.liquidity === "maker",
    Z: text(decimal(filled).times(decimal(order?.average_price ?? fill?.price ?? "0"))),
  };
  return { text: bare({ subscriptionId: 0, event: body }) };
}
