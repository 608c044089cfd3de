/**
 * The wire format of Alpaca, as far as a connector for stocks and crypto uses it: trading API v2, market data,
 * `trade_updates`, activity events and the calendar. Source: Alpaca's OpenAPI documents, versions 2.0.1 and 1.1.
 */
import type {
  FakeOrder,
  FakeQuote,
  RefusalReason,
  Secrets,
  StreamEvent,
  StreamReply,
  WireContext,
  WireRequest,
  WireResponse,
} from "../../domain/sdk-kit.ts";
import * as z from "zod";
import { activities, assetBody, isoTime, otherResponse } from "./alpaca-others.ts";
import { assetIdOf, readRequest } from "./alpaca-requests.ts";
import type { QuotingDialect } from "./dialect.ts";
import { ALPACA_QUOTES, pricesText } from "./alpaca-quotes.ts";
import { STATEMENTS, STOCK_TRAITS } from "./qoc.ts";
import { tryParseJson } from "../../lib/json.ts";

export const ALPACA_DIALECT: QuotingDialect = {
  streamPath: "/stream",
  traits: {
    insufficientFunds: "insufficient buying power",
    limitOrders: [
      { quantity: "0.1", limit: "49.07" },
      { quantity: "3", limit: "50" },
      { quantity: "1000.25", limit: "0.29" },
      { quantity: "0.0000001", limit: "48" },
      { quantity: "5.5", limit: "0.0012" },
    ],
    longest: { quantity: "1.000000001", limit: "0.1234" },
    hasFillFees: false,
    hasOneCurrency: true,
    // Alpaca lists the steps of coins alone.
    steppedSymbols: ["BTC/USD", "BTC/USD"],
    ...STOCK_TRAITS,
    statements: STATEMENTS,
  },
  read: readRequest,
  write,
  errorBody,
  admits: () => true,
  converse,
  event,
  quotes: ALPACA_QUOTES,
};

function errorBody(status: number): unknown {
  if (status === 401) return { code: 40110000, message: "access key verification failed" };
  if (status === 429) return { code: 42910000, message: "rate limit exceeded" };
  return { code: 50010000, message: "internal server error occurred" };
}

const STATUSES: Readonly<Record<string, string>> = { open: "new", cancelled: "canceled" };

function statusOf({ status }: Pick<FakeOrder, "status">): string {
  return STATUSES[status] ?? status;
}

function orderBody(order: FakeOrder, now: number) {
  const { symbol } = order;
  const at = isoTime(now);
  return {
    id: order.order_id,
    client_order_id: order.client_order_id,
    created_at: at,
    updated_at: at,
    submitted_at: at,
    filled_at: order.status === "filled" ? at : null,
    expired_at: null,
    canceled_at: null,
    failed_at: null,
    replaced_at: null,
    replaced_by: order.replaced_by ?? null,
    replaces: null,
    asset_id: assetIdOf(symbol),
    symbol,
    asset_class: symbol.includes("/") ? "crypto" : "us_equity",
    notional: null,
    qty: order.quantity,
    filled_qty: order.filled_quantity,
    filled_avg_price: order.average_price,
    order_class: "",
    order_type: order.type,
    type: order.type,
    side: order.side,
    time_in_force: order.time_in_force,
    limit_price: order.limit_price ?? null,
    stop_price: order.stop_price ?? null,
    status: statusOf(order),
    extended_hours: order.session === "extended",
    legs: null,
    trail_percent: null,
    trail_price: null,
    hwm: null,
    source: null,
    subtag: null,
  };
}

const ORDERS_PAGE = 50;
const ORDERS_PAGE_MAX = 500;

/** The newest first, unless the request asks for the oldest first. */
function pageOf(orders: readonly FakeOrder[], query: WireRequest["query"]): readonly FakeOrder[] {
  const count = Math.min(Number(query["limit"] ?? ORDERS_PAGE), ORDERS_PAGE_MAX);
  return (query["direction"] === "asc" ? orders : orders.toReversed()).slice(0, count);
}

function write({ request, outcome, now }: WireContext): WireResponse {
  switch (outcome.kind) {
    case "time": {
      const at = isoTime(now);
      return { status: 200, body: { timestamp: at, is_open: true, next_open: at, next_close: at } };
    }
    case "quote":
      return quoteResponse(outcome.symbol, outcome.quote, now);
    case "account":
      return { status: 200, body: accountBody(outcome.account) };
    case "positions":
      return { status: 200, body: outcome.positions.map(positionBody) };
    case "instrument":
      return { status: 200, body: assetBody(outcome.symbol, outcome.steps) };
    case "placed":
    case "order":
      return { status: 200, body: orderBody(outcome.order, now) };
    case "orders":
      return { status: 200, body: pageOf(outcome.orders, request.query).map((order) => orderBody(order, now)) };
    case "cancelled":
      return { status: 204 };
    case "fills":
      return activities(outcome, request.query);
    case "other":
      return otherResponse(request, outcome, now);
    case "instruments":
      return REFUSALS["unknown-route"]("");
    default:
      return REFUSALS[outcome.reason](outcome.subject);
  }
}

function quoteResponse(symbol: string, quote: FakeQuote, now: number): WireResponse {
  const prices = pricesText(quote, now);
  return symbol.includes("/")
    ? { status: 200, text: `{"quotes":{"${symbol}":{${prices}}}}` }
    : { status: 200, text: `{"symbol":"${symbol}","quote":{${prices},"ax":"V","bx":"V","c":["R"],"z":"C"}}` };
}

function accountBody({ nav, cash, buying_power, currency, margin_used }: Readonly<Record<string, string>>) {
  return {
    id: "1d9eed04-be39-4e01-9b84-a48ac5bbafcf",
    account_number: "PA3T0KIT0001",
    status: "ACTIVE",
    crypto_status: "ACTIVE",
    currency,
    equity: nav,
    portfolio_value: nav,
    cash,
    buying_power,
    regt_buying_power: buying_power,
    non_marginable_buying_power: buying_power,
    initial_margin: margin_used,
    multiplier: "1",
    shorting_enabled: true,
    trading_blocked: false,
    transfers_blocked: false,
    account_blocked: false,
    trade_suspended_by_user: false,
    created_at: "2023-01-01T18:20:20.272275Z",
  };
}

function positionBody({ symbol = "", quantity = "", average_price, mark_price }: Readonly<Record<string, string>>) {
  return {
    asset_id: assetIdOf(symbol),
    // Alpaca writes the pair BTC/USD without its slash here.
    symbol: symbol.replace("/", ""),
    asset_class: symbol.includes("/") ? "crypto" : "us_equity",
    exchange: symbol.includes("/") ? "CRYPTO" : "NASDAQ",
    qty: quantity,
    qty_available: quantity,
    side: quantity.startsWith("-") ? "short" : "long",
    avg_entry_price: average_price,
    current_price: mark_price,
  };
}

const REFUSALS: Readonly<Record<RefusalReason, (subject: string) => WireResponse>> = {
  unauthorized: () => ({ status: 401, body: { message: "unauthorized." } }),
  "unknown-route": () => refuse(404, 40410000, "endpoint not found"),
  "unknown-symbol": (symbol) => refuse(404, 40410000, `asset not found for ${symbol}`),
  "unknown-order": (id) => refuse(404, 40410000, `order not found for ${id}`),
  invalid: (words) => refuse(422, 42210000, words),
  "insufficient-funds": () => refuse(403, 40310000, "insufficient buying power"),
  "duplicate-id": () => refuse(422, 40010001, "client_order_id must be unique"),
  "not-open": (status) => refuse(422, 42210000, `order is already in "${STATUSES[status] ?? status}" state`),
};

function refuse(status: number, code: number, message: string): WireResponse {
  return { status, body: { code, message } };
}

const clientMessage = z.looseObject({
  action: z.string(),
  key: z.string().optional(),
  secret: z.string().optional(),
  data: z.looseObject({ streams: z.array(z.string()) }).optional(),
});

/** The paper host sends binary messages. */
function message(body: object): { readonly text: string; readonly isBinary: boolean } {
  return { text: JSON.stringify(body), isBinary: true };
}

function converse(text: string | undefined, secrets: Secrets): StreamReply {
  const parsed = clientMessage.safeParse(tryParseJson(text ?? ""));
  if (!parsed.success) return { send: [], state: "waiting" };
  const { action, key, secret, data } = parsed.data;
  if (action === "auth") {
    const isAuthorized = key === secrets["api_key"] && secret === secrets["api_secret"];
    const status = isAuthorized ? "authorized" : "unauthorized";
    const reply = message({ stream: "authorization", data: { action: "authenticate", status } });
    return { send: [reply], state: isAuthorized ? "waiting" : "refused" };
  }
  if (action !== "listen") return { send: [], state: "waiting" };
  const streams = data?.streams ?? [];
  return { send: [message({ stream: "listening", data: { streams } })], state: "signed-in" };
}

function event({ kind, fill, order, sequence, now }: StreamEvent) {
  const body = order === undefined ? {} : orderBody(order, now);
  const common = { event_id: `01M2TB1W7J21FPR8S4CT${String(sequence).padStart(6, "0")}`, at: isoTime(now) };
  const data =
    kind === "fill" && fill !== undefined
      ? {
          ...common,
          event: order?.status === "filled" ? "fill" : "partial_fill",
          execution_id: fill.fill_id,
          timestamp: isoTime(fill.time),
          price: fill.price,
          qty: fill.quantity,
          position_qty: fill.quantity,
          order: body,
        }
      : // An event that is no fill has an execution id, too.
        {
          ...common,
          event: order === undefined ? "new" : statusOf(order),
          execution_id: `e-${sequence}`,
          timestamp: isoTime(now),
          order: body,
        };
  // The live host sends text, the paper host binary messages: a connector must read both.
  return { text: JSON.stringify({ stream: "trade_updates", data }), isBinary: sequence % 2 === 0 };
}
