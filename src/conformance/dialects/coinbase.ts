/**
 * The wire format of Coinbase Advanced Trade, as far as a connector uses it: the REST API with signed tokens and
 * refusals in a 200, and the channel `user` with sums instead of fills. Source: docs.cdp.coinbase.com.
 */
import type {
  FakeActivity,
  FakeFill,
  FakeInstrument,
  FakeOrder,
  FakeQuote,
  Secrets,
  StreamEvent,
  StreamReply,
  VenueOutcome,
  WireContext,
  WireMessage,
  WireRequest,
  WireResponse,
} from "../../domain/sdk-kit.ts";
import * as z from "zod";
import type { QuotingDialect } from "./dialect.ts";
import { COINBASE_QUOTES } from "./coinbase-quotes.ts";
import { tryParseJson } from "../../lib/json.ts";
import { COIN_TRAITS, cashOf, coinStatements } from "./coins.ts";
import { SYMBOLS, bearerOf, claimsOf, idOf, isCurrent, readRequest } from "./coinbase-requests.ts";
import { USUAL_STEPS, remainingOf } from "../venue/fake-venue-state.ts";

const PAGE = 100;
/** Less than a client may ask for, so that it must read several pages. */
const TRANSACTIONS_PAGE = 1;
type Query = WireRequest["query"];
const PORTFOLIO = "a1b2c3d4-0000-4000-8000-000000000001";
const STATUSES: Readonly<Record<string, string>> = {
  open: "OPEN",
  partially_filled: "OPEN",
  filled: "FILLED",
  cancelled: "CANCELLED",
  rejected: "FAILED",
  expired: "EXPIRED",
};
const CONFIGURATIONS: Readonly<Record<string, string>> = {
  gtc: "limit_limit_gtc",
  fok: "limit_limit_fok",
  ioc: "sor_limit_ioc",
};

export function coinbaseDialect(): QuotingDialect {
  return {
    streamPath: "/",
    traits: {
      ...COIN_TRAITS,
      insufficientFunds: "Insufficient balance in source account",
      symbols: SYMBOLS,
      currency: "USD",
      steppedSymbols: [SYMBOLS[0], SYMBOLS[1]],
      statesQuoteTime: true,
      statements: coinStatements("USD"),
      // Commissions are in the currency of the price.
      hasFeeCurrencies: false,
    },
    read: readRequest,
    write,
    errorBody,
    admits: () => true,
    converse,
    event,
    quotes: COINBASE_QUOTES,
  };
}

function errorBody(status: number): unknown {
  const error = status === 429 ? "RESOURCE_EXHAUSTED" : status === 401 ? "UNAUTHENTICATED" : "INTERNAL";
  return { error, error_details: "", message: "" };
}

function ok(body: unknown): WireResponse {
  return { status: 200, body };
}

function refuse(status: number, error: string, message: string): WireResponse {
  return { status, body: { error, error_details: message, message } };
}

function write({ request, outcome, now }: WireContext): WireResponse {
  const token = bearerOf(request).split(".")[1];
  const claims = z
    .looseObject({ nbf: z.number(), exp: z.number() })
    .safeParse(tryParseJson(Buffer.from(token ?? "", "base64url").toString("utf8")));
  if (claims.success && !isCurrent(claims.data, now)) return refuse(401, "UNAUTHENTICATED", "token has expired");
  switch (outcome.kind) {
    case "time":
      return ok({
        iso: new Date(now).toISOString(),
        epochSeconds: String(Math.floor(now / 1_000)),
        epochMillis: String(now),
      });
    case "quote":
      return ok(bookBody(outcome.symbol, outcome.quote, now));
    case "account":
    case "positions":
      return ok({ accounts: accountsBody(outcome, now), has_next: false, cursor: "", size: 1 });
    case "instrument":
      return ok(productBody(outcome.symbol, outcome.steps, "100"));
    case "placed":
      return ok(placedBody(outcome.order));
    case "order":
      return ok({ order: orderBody(outcome.order, now) });
    case "orders":
      return ok({ orders: ordersBody(request, outcome.orders, now), has_next: false, cursor: "" });
    case "cancelled":
      return ok({ results: [{ success: true, failure_reason: "", order_id: outcome.order.order_id }] });
    case "fills":
      return ok(fillsBody(outcome.fills, request));
    case "other":
      return otherResponse(request, outcome, now);
    case "instruments":
      return refusalResponse(request, { kind: "refused", reason: "unknown-route", subject: "" });
    default:
      return refusalResponse(request, outcome);
  }
}

/** Those of the statuses that the request names. */
function ordersBody({ query }: WireRequest, orders: readonly FakeOrder[], now: number) {
  const statuses = query["order_status"]?.split(",");
  const listed = orders.filter(({ status }) => statuses?.includes(STATUSES[status] ?? "") ?? true);
  return listed.map((order) => orderBody(order, now));
}

function bookBody(symbol: string, { bid, ask, last, time }: FakeQuote, now: number) {
  const side = (price: string | null) => (price === null ? [] : [{ price, size: "1.5" }]);
  const at = new Date(time ?? now).toISOString();
  return { pricebook: { product_id: idOf(symbol), bids: side(bid), asks: side(ask), time: at }, last };
}

function accountsBody({ account, positions }: Extract<VenueOutcome, { kind: "account" | "positions" }>, now: number) {
  const cash = cashOf(account);
  const updated_at = new Date(now).toISOString();
  const wallet = (currency: string, free: string, held: string) => ({
    uuid: `wallet-${currency}`,
    name: `${currency} Wallet`,
    currency,
    available_balance: { value: free, currency },
    hold: { value: held, currency },
    active: true,
    ready: true,
    updated_at,
    retail_portfolio_id: PORTFOLIO,
  });
  const coins = positions.map(({ symbol = "", quantity = "0" }) => wallet(symbol.split("/")[0] ?? "", quantity, "0"));
  // The wallet of bitcoin is there before and after its coins.
  const hasBitcoin = coins.some(({ currency }) => currency === "BTC");
  return [wallet("USD", cash.free, cash.held), ...(hasBitcoin ? [] : [wallet("BTC", "0", "0")]), ...coins];
}

function productBody(symbol: string, { tick_size, lot_size }: FakeInstrument = USUAL_STEPS, price: string) {
  const [base, quote] = symbol.split("/");
  return {
    product_id: idOf(symbol),
    price,
    base_increment: lot_size,
    quote_increment: tick_size,
    price_increment: tick_size,
    quote_min_size: "0.0001",
    base_min_size: lot_size,
    status: "online",
    is_disabled: false,
    trading_disabled: false,
    cancel_only: false,
    limit_only: false,
    view_only: false,
    auction_mode: false,
    product_type: "SPOT",
    quote_currency_id: quote,
    base_currency_id: base,
  };
}

/** A refused order has the status of a success. */
function placedBody({ order_id, client_order_id, symbol, side, status }: FakeOrder) {
  if (status === "rejected") return failure("INVALID_LIMIT_PRICE", "Invalid limit price");
  const product_id = idOf(symbol);
  return { success: true, success_response: { order_id, product_id, side: side.toUpperCase(), client_order_id } };
}

function failure(error: string, message: string) {
  const preview_failure_reason = `PREVIEW_${error}`;
  return { success: false, error_response: { error, message, error_details: "", preview_failure_reason } };
}

function orderBody(order: FakeOrder, now: number) {
  const { quantity: base_size, limit_price, filled_quantity, average_price } = order;
  const name = order.type === "market" ? "market_market_ioc" : (CONFIGURATIONS[order.time_in_force] ?? "sor_limit_ioc");
  const terms = order.type === "market" ? { base_size } : { base_size, limit_price };
  return {
    order_id: order.order_id,
    product_id: idOf(order.symbol),
    user_id: "user",
    order_configuration: { [name]: terms },
    side: order.side.toUpperCase(),
    client_order_id: order.client_order_id,
    status: STATUSES[order.status],
    created_time: new Date(now).toISOString(),
    filled_size: filled_quantity,
    average_filled_price: average_price ?? "0",
    reject_message: "",
    cancel_message: "",
    product_type: "SPOT",
  };
}

/** A page of fills, the newest first. The cursor is the place of the next page. */
function fillsBody(fills: readonly FakeFill[], { query }: WireRequest) {
  const { order_ids, cursor = "0" } = query;
  const own = fills.filter(({ order_id }) => order_ids === undefined || order_id === order_ids).toReversed();
  const end = Number(cursor) + PAGE;
  const page = own.slice(Number(cursor), end).map((fill) => ({
    entry_id: fill.fill_id,
    trade_id: `trade-${fill.fill_id}`,
    order_id: fill.order_id,
    trade_time: new Date(fill.time).toISOString(),
    trade_type: "FILL",
    price: fill.price,
    size: fill.quantity,
    commission: fill.fee,
    product_id: idOf(fill.symbol),
    sequence_timestamp: new Date(fill.time).toISOString(),
    liquidity_indicator: fill.liquidity === "maker" ? "MAKER" : "TAKER",
    size_in_quote: false,
    side: fill.side.toUpperCase(),
  }));
  return { fills: page, cursor: end < own.length ? String(end) : "" };
}

const TRANSACTION_TYPES: Readonly<Record<string, string>> = {
  deposit: "fiat_deposit",
  withdrawal: "send",
  interest: "interest",
};

/** A page of the transactions of a wallet, the newest first, and those of trades between them. */
function transactionsBody(currency: string, activities: readonly FakeActivity[], { starting_after }: Query) {
  const own = activities.filter((activity) => activity.currency === currency).toReversed();
  const start = own.findIndex(({ id }) => id === starting_after) + 1;
  const page = own.slice(start, start + TRANSACTIONS_PAGE);
  const data = page.map(({ id, kind, time, amount = "0" }) => ({
    id,
    type: TRANSACTION_TYPES[kind],
    status: "completed",
    amount: { amount, currency },
    native_amount: { amount, currency: "USD" },
    description: null,
    created_at: new Date(time).toISOString().replace(".000Z", "Z"),
    resource: "transaction",
  }));
  const hasMore = start + TRANSACTIONS_PAGE < own.length;
  return { pagination: { next_starting_after: hasMore ? page.at(-1)?.id : null, order: "desc" }, data };
}

function otherResponse(
  { query }: WireRequest,
  { name, quotes, state }: Extract<VenueOutcome, { kind: "other" }>,
  now: number,
): WireResponse {
  const [kind, subject = ""] = name.split(":");
  if (kind === "transactions") return ok(transactionsBody(subject, state.activities, query));
  if (kind === "key")
    return ok({
      can_view: true,
      can_trade: true,
      can_transfer: false,
      portfolio_uuid: PORTFOLIO,
      portfolio_type: "DEFAULT",
    });
  if (kind === "products") {
    const asked = subject === "" ? undefined : subject.split(",");
    const listed = Object.entries(quotes).filter(([symbol]) => asked === undefined || asked.includes(idOf(symbol)));
    return ok({ products: listed.map(([symbol, { last }]) => productBody(symbol, undefined, last)) });
  }
  if (quotes[subject] === undefined) return refuse(404, "NOT_FOUND", "valid product_id is required");
  const start = String(Math.floor(now / 60_000) * 60 - 60);
  return ok({ candles: [{ start, low: "99", high: "101.25", open: "99.5", close: "100.1", volume: "1118" }] });
}

function refusalResponse(
  { path }: WireRequest,
  { reason, subject, order }: Extract<VenueOutcome, { kind: "refused" }>,
): WireResponse {
  if (path.endsWith("/batch_cancel"))
    return ok({ results: [{ success: false, failure_reason: "UNKNOWN_CANCEL_ORDER", order_id: subject }] });
  switch (reason) {
    case "unauthorized":
      return { status: 401, text: "Unauthorized\n", type: "text/plain" };
    case "insufficient-funds":
      return ok(failure("INSUFFICIENT_FUND", "Insufficient balance in source account"));
    case "duplicate-id":
      // Coinbase returns the order that has the id.
      return order === undefined ? refuse(400, "INVALID_ARGUMENT", "client_order_id") : ok(placedBody(order));
    case "unknown-symbol":
    case "unknown-order":
      return refuse(404, "NOT_FOUND", `${subject} not found`);
    default:
      return refuse(400, "INVALID_ARGUMENT", subject);
  }
}

const subscription = z.looseObject({
  type: z.literal("subscribe"),
  channel: z.enum(["user", "heartbeats"]),
  jwt: z.string(),
});

function converse(message: string | undefined, secrets: Secrets): StreamReply {
  const parsed = subscription.safeParse(tryParseJson(message ?? ""));
  if (!parsed.success) return { send: [], state: "waiting" };
  const { channel, jwt } = parsed.data;
  if (claimsOf(jwt, secrets) === undefined)
    return { send: [{ text: JSON.stringify({ type: "error", message: "authentication failure" }) }], state: "refused" };
  const events = [{ subscriptions: { [channel]: [channel] } }];
  const reply = { channel: "subscriptions", timestamp: new Date(0).toISOString(), sequence_num: 0, events };
  return { send: [{ text: JSON.stringify(reply) }], state: channel === "user" ? "signed-in" : "waiting" };
}

/** Sums over the fills of the order; never a fill. */
function event({ order, fill, sequence, now }: StreamEvent): WireMessage {
  const orders =
    order === undefined
      ? []
      : [
          {
            order_id: order.order_id,
            client_order_id: order.client_order_id,
            cumulative_quantity: order.filled_quantity,
            leaves_quantity: remainingOf(order),
            avg_price: order.average_price ?? "0",
            total_fees: fill?.fee ?? "0",
            status: STATUSES[order.status],
            product_id: idOf(order.symbol),
            order_side: order.side.toUpperCase(),
            order_type: order.type === "market" ? "Market" : "Limit",
            cancel_reason: "",
            reject_reason: "",
          },
        ];
  const timestamp = new Date(now).toISOString();
  const body = {
    channel: "user",
    client_id: "",
    timestamp,
    sequence_num: sequence,
    events: [{ type: "update", orders }],
  };
  return { text: JSON.stringify(body) };
}
