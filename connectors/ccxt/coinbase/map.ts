/** Coinbase's answers as the desk's types, and the desk's orders as Coinbase's. Source: docs.cdp.coinbase.com. Pure. */
import { type Bar, type Fill, type Instrument, NotSent, type Order, type OrderReport, type Quote } from "@qoc-app/sdk";
import { ZERO, amount, textOf as amountText } from "../../amount.ts";
import { oneLine } from "../../words.ts";
import type { Refusal } from "../client.ts";
import {
  type Body,
  amountIn,
  barIn,
  bodyOf,
  liquidityOf,
  listOf,
  millisIn,
  optionalAmountIn,
  optionalMillisIn,
  optionalTextIn,
  sideIn,
  stated,
  textIn,
} from "../fields.ts";
import type { Balance, BarRange, Market } from "../venue.ts";

const STATUSES: Readonly<Record<string, OrderReport["status"]>> = {
  PENDING: "open",
  QUEUED: "open",
  OPEN: "open",
  CANCEL_QUEUED: "open",
  EDIT_QUEUED: "open",
  FILLED: "filled",
  CANCELLED: "cancelled",
  EXPIRED: "expired",
  FAILED: "rejected",
};

/** Of quantities that are computed from an amount of money. */
const QUANTITY_DECIMALS = 12;
export const NOTHING_THERE = ["NOT_FOUND", "INVALID_ARGUMENT"];

/** The error in an answer whose status is no success. A refused order has status 200: `failureOf` reads it. */
export function refusalIn(status: number, body: unknown): Refusal | undefined {
  // The gateway answers so before it passes the request on.
  if (status === 401)
    return { code: "401", words: "the key, its signature or the time of the request is not valid", kind: "keys" };
  if (status < 400 || typeof body !== "object" || body === null) return undefined;
  const { error, message, error_details: details } = body as Body;
  if (typeof error !== "string") return undefined;
  const words = [message, details, error].find((text) => typeof text === "string" && text !== "") as string;
  const code = error;
  if (status >= 500) return { code, words, kind: "unclear" };
  if (status === 429) return { code, words, kind: "limit" };
  return { code, words, kind: status === 403 ? "keys" : "definite" };
}

/** Why an order was refused by an answer with status 200; undefined if it was accepted. */
export function failureOf(answer: Body): Refusal | undefined {
  if (answer["success"] === true) return undefined;
  const response = bodyOf(answer["error_response"] ?? {});
  const reasons = ["error", "preview_failure_reason", "new_order_failure_reason"].map((name) => response[name]);
  const known = reasons.filter((reason): reason is string => typeof reason === "string" && isReason(reason));
  const { message } = response;
  const words = typeof message === "string" && message !== "" ? message : (known[0] ?? "no reason");
  // Without a reason of its own, Coinbase does not say whether the order exists.
  return { code: known[0] ?? "unknown", words, kind: known.length > 0 ? "definite" : "unclear" };
}

function isReason(text: string): boolean {
  return text !== "" && !/^UNKNOWN|_UNKNOWN|UNSPECIFIED/.test(text);
}

/** The first of these members that states why an order ended. */
function reasonIn(order: Body, ...names: readonly string[]): string | undefined {
  return names.map((name) => optionalTextIn(order, name)).find((text) => text !== undefined && isReason(text));
}

/** The id becomes part of a path. @throws Error for a symbol that is no pair of two names. */
export function idOf(symbol: string): string {
  if (!isPair(symbol)) throw new Error(`Coinbase does not list ${symbol}`);
  return symbol.replace("/", "-");
}

export function isPair(symbol: string): boolean {
  return /^[A-Z0-9]+\/[A-Z0-9]+$/.test(symbol);
}

/** The id of a product that is no spot market, such as `BIT-26APR24-CDE`, stays as it is. */
export function symbolOf(id: string): string {
  return isSpot(id) ? id.replace("-", "/") : id;
}

/** The id of a spot market is two names. */
export function isSpot(id: string): boolean {
  return /^[A-Z0-9]+-[A-Z0-9]+$/.test(id);
}

/** A product; undefined if it is no spot market. */
export function marketOf(product: Body): Market | undefined {
  if (product["product_type"] !== "SPOT") return undefined;
  const id = textIn(product, "product_id");
  const [base, quote] = [textIn(product, "base_currency_id"), textIn(product, "quote_currency_id")];
  const isOff = ["is_disabled", "trading_disabled", "cancel_only", "view_only", "auction_mode"].some(
    (name) => product[name] === true,
  );
  const instrument: Instrument = {
    symbol: symbolOf(id),
    currency: quote,
    tickSize: amountIn(product, "price_increment"),
    lotSize: amountIn(product, "base_increment"),
    minQuantity: amountIn(product, "base_min_size"),
    minNotional: amountIn(product, "quote_min_size"),
    ...stated({ maxQuantity: largestIn(product, "base_max_size"), maxNotional: largestIn(product, "quote_max_size") }),
    orderTypes: product["limit_only"] === true ? ["limit"] : ["market", "limit"],
    timesInForce: ["gtc", "ioc", "fok"],
    orderFlags: ["postOnly"],
    tradable: !isOff,
  };
  return { symbol: symbolOf(id), id, base, quote, instrument };
}

/** undefined for a limit of 0, which limits nothing. */
function largestIn(product: Body, name: string): string | undefined {
  const size = optionalAmountIn(product, name);
  return size === undefined || amount(size).eq(ZERO) ? undefined : size;
}

/** The best prices of the book. A side without a price is 0. */
export function quoteOf(symbol: string, answer: Body): Quote {
  const book = bodyOf(answer["pricebook"]);
  if (book["product_id"] !== idOf(symbol)) throw new Error("the answer has the book of another product");
  const [bid, ask] = ["bids", "asks"].map((side) => listOf(book[side])[0]);
  const quote: Quote = {
    symbol,
    bid: bid === undefined ? "0" : amountIn(bid, "price"),
    ask: ask === undefined ? "0" : amountIn(ask, "price"),
    timestamp: millisIn(book, "time"),
  };
  if (bid !== undefined) quote.bidSize = amountIn(bid, "size");
  if (ask !== undefined) quote.askSize = amountIn(ask, "size");
  return quote;
}

/** A ticker of the stream, at the time of its message. A side without a price is 0. */
export function streamedQuoteOf(ticker: Body, message: Body): Quote {
  return {
    symbol: symbolOf(textIn(ticker, "product_id")),
    bid: optionalAmountIn(ticker, "best_bid") ?? "0",
    ask: optionalAmountIn(ticker, "best_ask") ?? "0",
    timestamp: millisIn(message, "timestamp"),
    ...stated({
      bidSize: optionalAmountIn(ticker, "best_bid_quantity"),
      askSize: optionalAmountIn(ticker, "best_ask_quantity"),
      last: optionalAmountIn(ticker, "price"),
    }),
  };
}

/** The wallets of one currency are one balance. */
export function balancesOf(accounts: readonly Body[]): readonly Balance[] {
  const balances = new Map<string, Balance>();
  for (const account of accounts) {
    // Money of futures cannot be spent on spot markets.
    const kind = `${optionalTextIn(account, "platform") ?? ""} ${optionalTextIn(account, "type") ?? ""}`;
    if (/_(?:CFM|INTX|PERP_FUTURES)/.test(kind)) continue;
    const asset = textIn(account, "currency");
    const free = amount(amountIn(bodyOf(account["available_balance"]), "value"));
    const { hold } = account;
    const held = hold === undefined || hold === null ? "0" : amountIn(bodyOf(hold), "value");
    const total = free.plus(amount(held));
    const sum = balances.get(asset) ?? { total: "0", free: "0" };
    balances.set(asset, {
      asset,
      total: amountText(amount(sum.total).plus(total)),
      free: amountText(amount(sum.free).plus(free)),
    });
  }
  return [...balances.values()];
}

/** The body of an order. @throws NotSent for terms that Coinbase lacks. */
export function orderBody(order: Order, { id }: Market): Readonly<Record<string, unknown>> {
  return {
    client_order_id: order.clientOrderId,
    product_id: id,
    side: order.side.toUpperCase(),
    order_configuration: configurationOf(order),
  };
}

function configurationOf(order: Order): object {
  const { type, timeInForce, quantityText: base_size, limitPriceText: limit_price, postOnly = false } = order;
  if (postOnly && (type !== "limit" || timeInForce !== "gtc"))
    throw new NotSent(`Coinbase takes post-only for limit orders with gtc, not ${type} with ${timeInForce}`);
  if (type === "market" && timeInForce !== "fok") return { market_market_ioc: { base_size } };
  if (type === "limit" && timeInForce === "gtc")
    return { limit_limit_gtc: { base_size, limit_price, post_only: postOnly } };
  if (type === "limit" && timeInForce === "ioc") return { sor_limit_ioc: { base_size, limit_price } };
  if (type === "limit" && timeInForce === "fok") return { limit_limit_fok: { base_size, limit_price } };
  throw new NotSent(`Coinbase takes no ${type} order with ${timeInForce}`);
}

/** A status that the desk does not know is an error: it must not look open, and not ended either. */
function statusOf(status: string, filled: string): OrderReport["status"] {
  const found = STATUSES[status];
  if (found === undefined) throw new Error(`an order is ${status} at Coinbase, which the connector does not know`);
  return found === "open" && amount(filled).gt(ZERO) ? "partially_filled" : found;
}

/** The terms of an order, of its one kind. Coinbase may list other kinds as null. */
function termsOf(order: Body): Body {
  const kinds = Object.values(bodyOf(order["order_configuration"] ?? {}));
  return bodyOf(kinds.find((kind) => kind !== null && kind !== undefined) ?? {});
}

/** An order that is open, and whose answer says of no fill, has none. @throws Error for any other without it. */
function filledOf(order: Body): string {
  const isOpen = STATUSES[textIn(order, "status")] === "open";
  return isOpen ? (optionalAmountIn(order, "filled_size") ?? "0") : amountIn(order, "filled_size");
}

/** An order of the REST API. An order by an amount of money has no quantity. */
export function reportOf(order: Body): OrderReport {
  const filled = filledOf(order);
  const terms = termsOf(order);
  const report: OrderReport = {
    venueOrderId: textIn(order, "order_id"),
    status: statusOf(textIn(order, "status"), filled),
    filledQuantity: filled,
    symbol: symbolOf(textIn(order, "product_id")),
    side: sideIn(order, "side"),
  };
  const [clientId, quantity] = [optionalTextIn(order, "client_order_id"), optionalAmountIn(terms, "base_size")];
  const [limit, average] = [optionalTextIn(terms, "limit_price"), optionalTextIn(order, "average_filled_price")];
  const reason = reasonIn(order, "reject_message", "cancel_message", "reject_reason");
  if (clientId !== undefined) report.clientOrderId = clientId;
  if (quantity !== undefined && amount(quantity).gt(ZERO)) report.quantity = quantity;
  if (limit !== undefined) report.limitPrice = limit;
  if (average !== undefined && amount(average).gt(ZERO)) report.averagePrice = average;
  if (reason !== undefined) report.reason = oneLine(reason);
  return report;
}

/**
 * An order of the stream, whose amounts are sums over its fills. `message` has the time of this state: an order itself
 * has that of its creation alone, here and in the REST API.
 */
export function eventReportOf(order: Body, message: Body): OrderReport {
  const filled = amountIn(order, "cumulative_quantity");
  const report: OrderReport = {
    venueOrderId: textIn(order, "order_id"),
    status: statusOf(textIn(order, "status"), filled),
    filledQuantity: filled,
    symbol: symbolOf(textIn(order, "product_id")),
    side: sideIn(order, "order_side"),
    ...stated({ updatedAt: optionalMillisIn(message, "timestamp") }),
  };
  const [clientId, average] = [optionalTextIn(order, "client_order_id"), optionalTextIn(order, "avg_price")];
  const [left, limit] = [optionalTextIn(order, "leaves_quantity"), optionalTextIn(order, "limit_price")];
  // What is left of an order that has ended is no part of its quantity any more.
  const isWorking = report.status === "open" || report.status === "partially_filled";
  if (left !== undefined && isWorking && amount(left).gt(ZERO))
    report.quantity = amountText(amount(filled).plus(amount(left)));
  if (limit !== undefined && amount(limit).gt(ZERO)) report.limitPrice = limit;
  // Coinbase writes the first name in either way.
  const reason = reasonIn(order, "reject_reason", "reject_Reason", "cancel_reason");
  if (clientId !== undefined) report.clientOrderId = clientId;
  if (average !== undefined && amount(average).gt(ZERO)) report.averagePrice = average;
  if (reason !== undefined) report.reason = oneLine(reason);
  return report;
}

/**
 * A fill, also if its type is not stated.
 * @throws Error for an entry that reverses or corrects another one: it does not say which.
 */
export function fillOf(fill: Body): Fill {
  const type = optionalTextIn(fill, "trade_type") ?? "FILL";
  if (type !== "FILL") throw new Error(`it is a ${type}, which does not say of which fill: compare the position`);
  const symbol = symbolOf(textIn(fill, "product_id"));
  const [size, price] = [amountIn(fill, "size"), amountIn(fill, "price")];
  const isMoney = fill["size_in_quote"] === true;
  return {
    fillId: textIn(fill, "entry_id"),
    venueOrderId: textIn(fill, "order_id"),
    symbol,
    side: sideIn(fill, "side"),
    quantity: isMoney ? amountText(amount(size).div(amount(price)).round(QUANTITY_DECIMALS)) : size,
    price,
    timestamp: millisIn(fill, "trade_time"),
    ...feeOf(fill, symbol),
    ...liquidityOf(MAKER[String(fill["liquidity_indicator"])]),
  };
}

/** In the currency of the price. A fill without a commission is passed on without a fee. */
function feeOf(fill: Body, symbol: string): Pick<Fill, "fee" | "feeCurrency"> {
  const fee = optionalAmountIn(fill, "commission");
  const [, quote] = symbol.split("/");
  return fee === undefined ? {} : { fee, ...stated({ feeCurrency: quote }) };
}

/** Coinbase's indicator of liquidity, and whether it is that of the maker. */
const MAKER: Readonly<Record<string, boolean>> = { MAKER: true, TAKER: false };

const GRANULARITIES: Readonly<Record<string, readonly [name: string, seconds: number]>> = {
  "1m": ["ONE_MINUTE", 60],
  "5m": ["FIVE_MINUTE", 300],
  "15m": ["FIFTEEN_MINUTE", 900],
  "30m": ["THIRTY_MINUTE", 1_800],
  "1h": ["ONE_HOUR", 3_600],
  "2h": ["TWO_HOUR", 7_200],
  "6h": ["SIX_HOUR", 21_600],
  "1d": ["ONE_DAY", 86_400],
};
const CANDLES_MAX = 300;

/** At most 300 candles up to the end. @throws Error for a resolution that Coinbase lacks. */
export function candleParams({ resolution, from, to }: BarRange, now: number): Readonly<Record<string, string>> {
  const [granularity, seconds] = GRANULARITIES[resolution] ?? [];
  if (granularity === undefined || seconds === undefined)
    throw new Error(`Coinbase has no bars of ${resolution}: use ${Object.keys(GRANULARITIES).join(", ")}`);
  const end = Math.floor((to ?? now) / 1_000);
  const start = Math.max(Math.floor((from ?? 0) / 1_000), end - CANDLES_MAX * seconds);
  return { granularity, start: String(start), end: String(end) };
}

export function barOf(symbol: string, candle: Body): Bar {
  return barIn(candle, symbol, Number(amountIn(candle, "start")) * 1_000);
}
