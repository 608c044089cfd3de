/** Kraken's answers as the desk's types, and the desk's orders as Kraken's. Source: docs.kraken.com. Pure. */
import { type Bar, type Fill, type Instrument, NotSent, type Order, type OrderReport, type Quote } from "@qoc-app/sdk";
import { type Amount, ZERO, amount, textOf as amountText } from "../../amount.ts";
import { oneLine } from "../../words.ts";
import type { Refusal } from "../client.ts";
import {
  type Body,
  amountIn,
  barIn,
  bodyOf,
  liquidityOf,
  millisIn,
  optionalAmountIn,
  optionalMillisIn,
  optionalTextIn,
  sideIn,
  stated,
  textIn,
} from "../fields.ts";
import type { Balance, BarRange, Market } from "../venue.ts";

const ORDER_TYPES = {
  market: "market",
  limit: "limit",
  stop: "stop-loss",
  stop_limit: "stop-loss-limit",
} as const satisfies Record<Order["type"], string>;

/** Of quantities that are computed from an amount of money. */
const QUANTITY_DECIMALS = 12;

export const NO_SUCH_PAIR = "EQuery:Unknown asset pair";
export const NO_SUCH_ORDER = ["EOrder:Unknown order", "EOrder:Invalid order", "EGeneral:Invalid arguments:txid"];
/** An order with this client order id is open: it is this order, because the desk repeats no id. */
export const DUPLICATE_ORDER = /cl_ord_id.*(?:exist|duplicate|unique|in use)|duplicate.*cl_ord_id/i;

/** The request was not carried out: it was invalid, not allowed, or refused by the matching engine. */
const DEFINITE =
  /^(?:EOrder:|EGeneral:(?:Invalid arguments|Permission denied|Unknown method)|EAPI:|EQuery:|EFunding:|EService:Market in (?:cancel_only|post_only|limit_only) mode)/;
const KEYS = /^EAPI:Invalid (?:key|signature)|^EGeneral:Permission denied/;
const LIMITS = /^E(?:API|Order|General):(?:Rate limit exceeded|Temporary lockout|Too many requests)/;

/** Kraken answers 200 with a list of errors. With another status, or a warning alone, it says nothing definite. */
export function refusalIn(status: number, body: unknown): Refusal | undefined {
  if (typeof body !== "object" || body === null) return undefined;
  const { error } = body as { error?: unknown };
  if (!Array.isArray(error)) return undefined;
  const [first] = error.filter((one): one is string => typeof one === "string" && one.startsWith("E"));
  if (first === undefined) return undefined;
  const words = error.join("; ").slice(0, 300);
  if (status >= 500) return { code: first, words, kind: "unclear" };
  if (LIMITS.test(first)) return { code: first, words, kind: "limit" };
  if (DUPLICATE_ORDER.test(first)) return { code: first, words, kind: "unclear" };
  if (KEYS.test(first)) return { code: first, words, kind: "keys" };
  return { code: first, words, kind: DEFINITE.test(first) ? "definite" : "unclear" };
}

/** Kraken's older names of coins. */
export function coinOf(name: string): string {
  if (name === "XBT") return "BTC";
  return name === "XDG" ? "DOGE" : name;
}

/** @throws Error for what is no number of decimals. */
function step(decimals: string): string {
  if (!/^\d{1,2}$/.test(decimals)) throw new Error(`the answer has ${decimals} as a number of decimals`);
  return amountText(amount(`1e-${decimals}`));
}

/** One entry of `AssetPairs`; undefined for a pair of the dark pool, which has no name. */
export function marketOf(id: string, pair: Body): Market | undefined {
  const { wsname } = pair;
  if (typeof wsname !== "string") return undefined;
  const [base = "", quote = ""] = wsname.split("/").map(coinOf);
  const symbol = `${base}/${quote}`;
  const instrument: Instrument = {
    symbol,
    currency: quote,
    // A pair without a tick size of its own has the step of its decimals.
    tickSize: optionalAmountIn(pair, "tick_size") ?? step(textIn(pair, "pair_decimals")),
    lotSize: step(textIn(pair, "lot_decimals")),
    minQuantity: amountIn(pair, "ordermin"),
    orderTypes: ["market", "limit", "stop", "stop_limit"],
    timesInForce: ["gtc", "ioc"],
    orderFlags: ["postOnly"],
    tradable: (optionalTextIn(pair, "status") ?? "online") === "online",
  };
  const least = optionalAmountIn(pair, "costmin");
  if (least !== undefined) instrument.minNotional = least;
  return { symbol, id, base, quote, instrument };
}

function firstOf(ticker: Body, name: string, index = 0): string {
  const values = ticker[name];
  const value: unknown = Array.isArray(values) ? values[index] : undefined;
  return amountIn({ [name]: value }, name);
}

/** Kraken states no time of its quotes: they have the time of the answer. */
export function quoteOf(symbol: string, ticker: Body, timestamp: number): Quote {
  return {
    symbol,
    bid: firstOf(ticker, "b"),
    ask: firstOf(ticker, "a"),
    bidSize: firstOf(ticker, "b", 2),
    askSize: firstOf(ticker, "a", 2),
    last: firstOf(ticker, "c"),
    timestamp,
    timeSource: "received",
  };
}

/** A ticker of the stream; undefined for one without a time. */
export function streamedQuoteOf(ticker: Body): Quote | undefined {
  const timestamp = optionalMillisIn(ticker, "timestamp");
  if (timestamp === undefined) return undefined;
  return {
    symbol: textIn(ticker, "symbol"),
    bid: amountIn(ticker, "bid"),
    ask: amountIn(ticker, "ask"),
    bidSize: amountIn(ticker, "bid_qty"),
    askSize: amountIn(ticker, "ask_qty"),
    last: amountIn(ticker, "last"),
    timestamp,
  };
}

export function lastPriceOf(ticker: Body): string {
  return firstOf(ticker, "c");
}

/**
 * `assets`: the desk's name of each of Kraken's. Names such as `XBT.S` are coins that earn, and cannot be sold; an
 * order spends what is in Kraken Rewards, such as `XBT.F`, as any other balance, and what is tokenized, such as
 * `AAPLx.T`, under the name of its market.
 */
export function assetOf(name: string, assets: ReadonlyMap<string, string>): string {
  const spent = name.replace(/\.[FT]$/, "");
  return assets.get(name) ?? assets.get(spent) ?? coinOf(spent);
}

/**
 * Names of Kraken for one asset, such as `XXBT` and `XBT`, are one balance. What is free is as Kraken's document says:
 * with the credit of the account, and without what of it is used.
 */
export function balancesOf(balances: Body, assets: ReadonlyMap<string, string>): readonly Balance[] {
  const sums = new Map<string, Balance>();
  for (const [name, value] of Object.entries(balances)) {
    const balance = bodyOf(value);
    const asset = assetOf(name, assets);
    const { total, free } = sums.get(asset) ?? { total: "0", free: "0" };
    const part = (member: string): Amount => amount(optionalAmountIn(balance, member) ?? "0");
    const more = amount(amountIn(balance, "balance"));
    const spendable = more.plus(part("credit")).minus(part("credit_used")).minus(part("hold_trade"));
    sums.set(asset, {
      asset,
      total: amountText(amount(total).plus(more)),
      free: amountText(amount(free).plus(spendable)),
    });
  }
  return [...sums.values()].filter(({ total }) => !amount(total).eq(ZERO));
}

/** The parameters of an order. @throws NotSent for a time in force that Kraken lacks. */
export function orderParams(order: Order, { id }: Market): Readonly<Record<string, string>> {
  const { type, timeInForce, limitPriceText, stopPriceText } = order;
  if (timeInForce !== "gtc" && timeInForce !== "ioc") throw new NotSent(`Kraken takes gtc, ioc, not ${timeInForce}`);
  const params: Record<string, string> = {
    pair: id,
    type: order.side,
    ordertype: ORDER_TYPES[type],
    volume: order.quantityText,
    cl_ord_id: order.clientOrderId,
    // The fee is in the quote currency, so that it never changes the quantity that was bought.
    oflags: "fciq",
  };
  if (order.postOnly === true) {
    if (type !== "limit" || timeInForce !== "gtc")
      throw new NotSent(`Kraken takes post-only for limit orders with gtc, not ${type} with ${timeInForce}`);
    params["oflags"] = "fciq,post";
  }
  // A stop-limit order has its stop price as price, and its limit as price2.
  const prices = [stopPriceText, limitPriceText].filter((price) => price !== undefined);
  if (prices[0] !== undefined) params["price"] = prices[0];
  if (prices[1] !== undefined) params["price2"] = prices[1];
  if (limitPriceText !== undefined) params["timeinforce"] = timeInForce.toUpperCase();
  return params;
}

/** An order that is closed is filled only if all of it was executed; one by money, if anything was. */
function statusOf(status: string, { filled, total }: Volumes): OrderReport["status"] {
  const hasFills = amount(filled).gt(ZERO);
  const isFilled = total === undefined ? hasFills : amount(filled).gte(amount(total));
  switch (status) {
    case "pending":
    case "open":
    case "pending_new":
    case "new":
    case "partially_filled":
      return hasFills ? "partially_filled" : "open";
    case "closed":
    case "filled":
      return isFilled ? "filled" : "cancelled";
    case "canceled":
      return "cancelled";
    case "expired":
      return "expired";
    default:
      throw new Error(`an order is ${status} at Kraken, which the connector does not know`);
  }
}

/** In coins. */
interface Volumes {
  readonly filled: string;
  /** undefined for an order by an amount of money. */
  readonly total: string | undefined;
}

function volumesOf(order: Body): Volumes {
  const [filled, total] = [amountIn(order, "vol_exec"), amountIn(order, "vol")];
  const isByMoney = (optionalTextIn(order, "oflags") ?? "").split(",").includes("viqc");
  return isByMoney ? { filled: boughtFor(filled, order), total: undefined } : { filled, total };
}

/** An order of the REST API. */
export function reportOf(id: string, order: Body, symbol: string): OrderReport {
  const terms = bodyOf(order["descr"]);
  const volumes = volumesOf(order);
  const { filled, total } = volumes;
  const report: OrderReport = {
    venueOrderId: id,
    status: statusOf(textIn(order, "status"), volumes),
    filledQuantity: filled,
    symbol,
    side: sideIn(terms, "type"),
  };
  if (total !== undefined && amount(total).gt(ZERO)) report.quantity = total;
  const [clientId, reason] = [optionalTextIn(order, "cl_ord_id"), optionalTextIn(order, "reason")];
  const [average, limit] = [amountIn(order, "price"), limitOf(terms)];
  if (clientId !== undefined) report.clientOrderId = clientId;
  if (amount(average).gt(ZERO)) report.averagePrice = average;
  if (limit !== undefined) report.limitPrice = limit;
  if (reason !== undefined) report.reason = oneLine(reason);
  // Kraken states when an order ended, and not when an open one changed.
  const { closetm } = order;
  if (closetm !== undefined && closetm !== null && amount(amountIn(order, "closetm")).gt(ZERO))
    report.updatedAt = millisOfSeconds(order, "closetm");
  return report;
}

/**
 * What an order by an amount of money bought. Kraken's documents say that its volumes are money as well, and Kraken may
 * state in coins what was executed: the cost says which of both it is.
 */
function boughtFor(executed: string, order: Body): string {
  const [stated, average] = [amount(executed), amount(amountIn(order, "price"))];
  if (average.eq(ZERO)) return "0";
  const cost = amount(optionalAmountIn(order, "cost") ?? executed);
  const isInCoins = stated.times(average).minus(cost).abs().lt(stated.minus(cost).abs());
  return isInCoins ? executed : amountText(stated.div(average).round(QUANTITY_DECIMALS));
}

/** Orders of Kraken's page may have a limit relative to another price, such as `+1.5%`, which is no price. */
function limitOf(terms: Body): string | undefined {
  const type = textIn(terms, "ordertype");
  const isSecond = type === "stop-loss-limit" || type === "take-profit-limit";
  if (!isSecond && type !== "limit" && type !== "iceberg") return undefined;
  const name = isSecond ? "price2" : "price";
  return /^[-+#]|%$/.test(textIn(terms, name)) ? undefined : amountIn(terms, name);
}

/** Milliseconds of seconds with decimals. */
function millisOfSeconds(body: Body, name: string): number {
  return Math.round(Number(amountIn(body, name)) * 1_000);
}

/** A trade of `TradesHistory`. */
export function fillOf(id: string, trade: Body, symbol: string, quote: string | undefined): Fill {
  return {
    fillId: id,
    venueOrderId: textIn(trade, "ordertxid"),
    symbol,
    side: sideIn(trade, "type"),
    quantity: amountIn(trade, "vol"),
    price: amountIn(trade, "price"),
    timestamp: millisOfSeconds(trade, "time"),
    fee: amountIn(trade, "fee"),
    // Kraken states the fee in the currency of the price.
    ...stated({ feeCurrency: quote }),
    ...liquidityOf(trade["maker"]),
  };
}

/** Kraken's indicator of liquidity, and whether it is that of the maker. */
const MAKER: Readonly<Record<string, boolean>> = { m: true, t: false };

/** The fill of an execution; undefined if it reports none, and for one on margin, which moves no coin. */
export function eventFillOf(event: Body): Fill | undefined {
  if (event["exec_type"] !== "trade" || event["margin_borrow"] === true) return undefined;
  const fill: Fill = {
    fillId: textIn(event, "exec_id"),
    venueOrderId: textIn(event, "order_id"),
    symbol: textIn(event, "symbol"),
    side: sideIn(event, "side"),
    quantity: amountIn(event, "last_qty"),
    price: amountIn(event, "last_price"),
    timestamp: millisIn(event, "timestamp"),
    ...liquidityOf(MAKER[String(event["liquidity_ind"])]),
  };
  const clientId = optionalTextIn(event, "cl_ord_id");
  if (clientId !== undefined) fill.clientOrderId = clientId;
  const fees = event["fees"];
  if (Array.isArray(fees) && fees.length > 1) throw new Error("an execution has fees in several assets");
  if (Array.isArray(fees) && fees.length === 1) {
    const fee = bodyOf(fees[0]);
    fill.fee = amountIn(fee, "qty");
    fill.feeCurrency = coinOf(textIn(fee, "asset"));
  }
  return fill;
}

const INTERVALS: Readonly<Record<string, string>> = {
  ...{ "1m": "1", "5m": "5", "15m": "15", "30m": "30", "1h": "60", "4h": "240", "1d": "1440", "1w": "10080" },
};

/** @throws Error for a resolution that Kraken lacks. */
export function ohlcParams({ resolution, from }: BarRange, id: string): Readonly<Record<string, string>> {
  const interval = INTERVALS[resolution];
  if (interval === undefined)
    throw new Error(`Kraken has no bars of ${resolution}: use ${Object.keys(INTERVALS).join(", ")}`);
  const params = { pair: id, interval };
  return from === undefined ? params : { ...params, since: String(Math.floor(from / 1_000) - 1) };
}

export function barOf(symbol: string, entry: readonly unknown[]): Bar {
  const [time, open, high, low, close, , volume] = entry;
  return barIn({ open, high, low, close, volume }, symbol, millisOfSeconds({ time }, "time"));
}
