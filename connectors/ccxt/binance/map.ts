/** Binance's answers as the desk's types, and the desk's orders as Binance's. Source: binance-spot-api-docs. Pure. */
import { type Bar, type Fill, type Instrument, NotSent, type Order, type OrderReport, type Quote } from "@qoc-app/sdk";
import { ZERO, amount, textOf as amountText } from "../../amount.ts";
import { oneLine } from "../../words.ts";
import type { Refusal } from "../client.ts";
import {
  type Body,
  amountIn,
  barIn,
  liquidityOf,
  listOf,
  millisIn,
  optionalAmountIn,
  optionalMillisIn,
  optionalTextIn,
  quantityIn,
  sideIn,
  stated,
  textIn,
} from "../fields.ts";
import type { Balance, BarRange, Market } from "../venue.ts";

const STATUSES: Readonly<Record<string, OrderReport["status"]>> = {
  NEW: "open",
  PENDING_NEW: "open",
  PENDING_CANCEL: "open",
  PARTIALLY_FILLED: "partially_filled",
  FILLED: "filled",
  CANCELED: "cancelled",
  REJECTED: "rejected",
  EXPIRED: "expired",
  EXPIRED_IN_MATCH: "expired",
};

const ORDER_TYPES = {
  market: "MARKET",
  limit: "LIMIT",
  stop: "STOP_LOSS",
  stop_limit: "STOP_LOSS_LIMIT",
} as const satisfies Record<Order["type"], string>;

/** The type of a limit order that must not take from the book. */
const POST_ONLY = "LIMIT_MAKER";

/** Of average prices, which are shown and never calculated with. */
const AVERAGE_DECIMALS = 12;

/** Errors of the request itself: it did not reach the matching engine, or the engine refused the order. */
const DEFINITE_CODES: ReadonlySet<string> = new Set([
  ...["-1002", "-1013", "-1014", "-1015", "-1020", "-1021", "-1022", "-2010", "-2011", "-2014", "-2015"],
  ...Array.from({ length: 42 }, (_, index) => String(-1100 - index)),
]);
const KEY_CODES: ReadonlySet<string> = new Set(["-1002", "-1022", "-2014", "-2015"]);
const LIMIT_CODES: ReadonlySet<string> = new Set(["-1003", "-1034"]);
export const CLOCK_CODE = "-1021";
export const NO_SUCH_ORDER = "-2013";
export const NO_SUCH_SYMBOL = "-1121";
/** An order with this client order id is open: it is this order, because the desk repeats no id. */
export const DUPLICATE_ORDER = /duplicate order sent/i;

/**
 * The error in an answer. With a status of 500 or more the outcome is unknown, whatever the code says: so is every code
 * that is not in the list.
 */
export function refusalIn(status: number, body: unknown): Refusal | undefined {
  if (status < 400 || typeof body !== "object" || body === null) return undefined;
  const { code, msg } = body as { code?: unknown; msg?: unknown };
  if (typeof code !== "string" || typeof msg !== "string") return undefined;
  const isLimited = status === 418 || status === 429 || LIMIT_CODES.has(code);
  if (status >= 500) return { code, words: msg, kind: "unclear" };
  if (isLimited) return { code, words: msg, kind: "limit" };
  if (DUPLICATE_ORDER.test(msg)) return { code, words: msg, kind: "unclear" };
  if (KEY_CODES.has(code)) return { code, words: msg, kind: "keys" };
  return { code, words: msg, kind: DEFINITE_CODES.has(code) ? "definite" : "unclear" };
}

function filterIn(symbol: Body, ...types: readonly string[]): Body | undefined {
  return listOf(symbol["filters"]).find((filter) => types.includes(String(filter["filterType"])));
}

/** A step or limit of zero is no rule. */
function rule(filter: Body | undefined, name: string): string | undefined {
  const value = filter?.[name];
  return typeof value === "string" && !amount(value).eq(ZERO) ? amountText(amount(value)) : undefined;
}

/** One symbol of `exchangeInfo`. */
export function marketOf(symbol: Body): Market {
  const [base, quote] = [textIn(symbol, "baseAsset"), textIn(symbol, "quoteAsset")];
  const { orderTypes } = symbol;
  if (!Array.isArray(orderTypes)) throw new Error("the answer has no orderTypes");
  const types = orderTypes as readonly string[];
  const lot = filterIn(symbol, "LOT_SIZE");
  const name = `${base}/${quote}`;
  const instrument: Instrument = {
    symbol: name,
    currency: quote,
    orderTypes: (Object.keys(ORDER_TYPES) as Order["type"][]).filter((type) => types.includes(ORDER_TYPES[type])),
    timesInForce: ["gtc", "ioc", "fok"],
    orderFlags: types.includes(POST_ONLY) ? ["postOnly"] : [],
    tradable: symbol["status"] === "TRADING" && symbol["isSpotTradingAllowed"] !== false,
  };
  const notional = filterIn(symbol, "NOTIONAL", "MIN_NOTIONAL");
  const steps = {
    tickSize: rule(filterIn(symbol, "PRICE_FILTER"), "tickSize"),
    lotSize: rule(lot, "stepSize"),
    marketLot: rule(filterIn(symbol, "MARKET_LOT_SIZE"), "stepSize"),
    minQuantity: rule(lot, "minQty"),
    maxQuantity: rule(lot, "maxQty"),
    minNotional: rule(notional, "minNotional"),
    maxNotional: rule(notional, "maxNotional"),
  };
  for (const [key, value] of Object.entries(steps))
    if (value !== undefined) Object.assign(instrument, { [key]: value });
  return { symbol: name, id: textIn(symbol, "symbol"), base, quote, instrument };
}

/** Binance's name of a symbol. */
export function idOf(symbol: string): string {
  return symbol.replace("/", "");
}

/** The 24-hour ticker: best prices, last price and the exchange's time, in one answer. */
export function quoteOf(symbol: string, ticker: Body): Quote {
  return {
    symbol,
    bid: amountIn(ticker, "bidPrice"),
    ask: amountIn(ticker, "askPrice"),
    timestamp: millisIn(ticker, "closeTime"),
    ...stated({
      bidSize: optionalAmountIn(ticker, "bidQty"),
      askSize: optionalAmountIn(ticker, "askQty"),
      last: optionalAmountIn(ticker, "lastPrice"),
    }),
  };
}

/** A message of the stream of 24-hour tickers: the ticker of its time. */
export function streamedQuoteOf(symbol: string, ticker: Body): Quote {
  return {
    symbol,
    bid: amountIn(ticker, "b"),
    ask: amountIn(ticker, "a"),
    timestamp: millisIn(ticker, "E"),
    ...stated({
      bidSize: optionalAmountIn(ticker, "B"),
      askSize: optionalAmountIn(ticker, "A"),
      last: optionalAmountIn(ticker, "c"),
    }),
  };
}

export function balancesOf(account: Body): readonly Balance[] {
  return listOf(account["balances"]).map((balance) => {
    const free = amountIn(balance, "free");
    const total = amountText(amount(free).plus(amount(amountIn(balance, "locked"))));
    return { asset: textIn(balance, "asset"), total, free };
  });
}

/** The parameters of an order. @throws NotSent for a market order that is to be filled whole or not at all. */
export function orderParams(order: Order, { id }: Market): Readonly<Record<string, string>> {
  const { limitPriceText, stopPriceText, type, timeInForce } = order;
  const params: Record<string, string> = {
    symbol: id,
    side: order.side.toUpperCase(),
    type: ORDER_TYPES[type],
    quantity: order.quantityText,
    newClientOrderId: order.clientOrderId,
    newOrderRespType: "RESULT",
  };
  if (limitPriceText !== undefined) params["price"] = limitPriceText;
  if (stopPriceText !== undefined) params["stopPrice"] = stopPriceText;
  if (order.postOnly === true) {
    if (type !== "limit" || timeInForce !== "gtc")
      throw new NotSent(`Binance takes post-only for limit orders with gtc, not ${type} with ${timeInForce}`);
    return { ...params, type: POST_ONLY };
  }
  // A market order has no time in force at Binance: what the book cannot fill at once expires.
  if (limitPriceText !== undefined) params["timeInForce"] = timeInForce.toUpperCase();
  else if (timeInForce === "fok")
    throw new NotSent(`Binance takes no ${type} order that is filled whole or not at all`);
  return params;
}

/** A status that the desk does not know is an error: it must not look open, and not ended either. */
function statusOf(status: string, filled: string): OrderReport["status"] {
  const found = STATUSES[status];
  if (found === undefined) throw new Error(`an order is ${status} at Binance, which the connector does not know`);
  return found === "open" && amount(filled).gt(ZERO) ? "partially_filled" : found;
}

interface Terms {
  readonly filled: string;
  /** What was paid for it. */
  readonly paid: string;
  readonly limit: string;
}

/** Binance sends a price of zero for a market order. */
function withTerms(report: OrderReport, { filled, paid, limit }: Terms): OrderReport {
  if (amount(filled).gt(ZERO) && amount(paid).gt(ZERO))
    report.averagePrice = amountText(amount(paid).div(amount(filled)).round(AVERAGE_DECIMALS));
  if (amount(limit).gt(ZERO)) report.limitPrice = limit;
  return report;
}

/** An order of the REST API. */
export function reportOf(order: Body, symbol: string): OrderReport {
  const filled = amountIn(order, "executedQty");
  const report: OrderReport = {
    venueOrderId: textIn(order, "orderId"),
    clientOrderId: textIn(order, "clientOrderId"),
    status: statusOf(textIn(order, "status"), filled),
    filledQuantity: filled,
    symbol,
    side: sideIn(order, "side"),
    ...stated({ quantity: quantityIn(order, "origQty"), updatedAt: optionalMillisIn(order, "updateTime") }),
  };
  return withTerms(report, { filled, paid: amountIn(order, "cummulativeQuoteQty"), limit: amountIn(order, "price") });
}

/** The client order id of an execution report: on a cancel, `c` is the id of the cancel. */
function clientIdIn(event: Body): string {
  const cancelled = optionalTextIn(event, "C");
  // Some hosts write the word for no id.
  return cancelled === undefined || cancelled === "null" ? textIn(event, "c") : cancelled;
}

/** An execution report of the stream. */
export function eventReportOf(event: Body, symbol: string): OrderReport {
  const filled = amountIn(event, "z");
  const report: OrderReport = {
    venueOrderId: textIn(event, "i"),
    clientOrderId: clientIdIn(event),
    status: statusOf(textIn(event, "X"), filled),
    filledQuantity: filled,
    symbol,
    side: sideIn(event, "S"),
    // The time of the transaction, which the REST API has as the time of the update.
    ...stated({ quantity: quantityIn(event, "q"), updatedAt: optionalMillisIn(event, "T") }),
  };
  const reason = optionalTextIn(event, "r");
  if (reason !== undefined && reason !== "NONE") report.reason = oneLine(reason);
  return withTerms(report, { filled, paid: amountIn(event, "Z"), limit: amountIn(event, "p") });
}

/** The id of a trade. Those of Smart Order Routing all have the id -1: each is an allocation, with an id of its own. */
function tradeIdIn(event: Body): string {
  const id = textIn(event, "t");
  return id === "-1" ? `allocation ${textIn(event, "a")}` : id;
}

/** The fill of an execution report; undefined if it reports none. */
export function eventFillOf(event: Body, symbol: string): Fill | undefined {
  if (event["x"] !== "TRADE") return undefined;
  const fill: Fill = {
    fillId: tradeIdIn(event),
    venueOrderId: textIn(event, "i"),
    clientOrderId: clientIdIn(event),
    symbol,
    side: sideIn(event, "S"),
    quantity: amountIn(event, "l"),
    price: amountIn(event, "L"),
    timestamp: millisIn(event, "T"),
    ...liquidityOf(event["m"]),
  };
  return { ...fill, ...feeOf(event, "n", "N") };
}

/** A trade of `myTrades`. */
export function fillOf(trade: Body, symbol: string): Fill {
  const isBuyer = trade["isBuyer"];
  if (typeof isBuyer !== "boolean") throw new Error("the answer has no isBuyer");
  return {
    fillId: textIn(trade, "id"),
    venueOrderId: textIn(trade, "orderId"),
    symbol,
    side: isBuyer ? "buy" : "sell",
    quantity: amountIn(trade, "qty"),
    price: amountIn(trade, "price"),
    timestamp: millisIn(trade, "time"),
    ...feeOf(trade, "commission", "commissionAsset"),
    ...liquidityOf(trade["isMaker"]),
  };
}

/** Nothing for a trade without a commission, which has no asset. @throws Error for a commission without its asset. */
function feeOf(trade: Body, name: string, asset: string): Pick<Fill, "fee" | "feeCurrency"> {
  const fee = amountIn(trade, name);
  const isFree = amount(fee).eq(ZERO) && optionalTextIn(trade, asset) === undefined;
  return isFree ? {} : { fee, feeCurrency: textIn(trade, asset) };
}

const INTERVALS = ["1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d", "3d", "1w"];

/** @throws Error for a resolution that Binance lacks. */
export function klineParams({ resolution, from, to }: BarRange, id: string): Readonly<Record<string, string>> {
  if (!INTERVALS.includes(resolution))
    throw new Error(`Binance has no bars of ${resolution}: use ${INTERVALS.join(", ")}`);
  const params: Record<string, string> = { symbol: id, interval: resolution, limit: "1000" };
  if (from !== undefined) params["startTime"] = String(from);
  if (to !== undefined) params["endTime"] = String(to);
  return params;
}

export function barOf(symbol: string, kline: readonly unknown[]): Bar {
  const [time, open, high, low, close, volume] = kline;
  return barIn({ open, high, low, close, volume }, symbol, millisIn({ time }, "time"));
}
