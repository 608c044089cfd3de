/** Alpaca's answers as the desk's types, and the desk's orders as Alpaca's. Pure: no request, no clock. */
import {
  type Account,
  type Bar,
  type Fill,
  type Instrument,
  type Numeric,
  type OrderReport,
  type Position,
  type Quote,
  type Rate,
  type Side,
  type UnreadableOrder,
} from "@qoc-app/sdk";
import { type Amount, ZERO, amount, parseAmount, quotient, textOf as amountText } from "../amount.ts";
import { naming } from "../words.ts";
import { assetOfCoin } from "../coin-asset.ts";
import { listedOrder } from "../listed-item.ts";
import { detailsOf, isStated, millis, millisOfEvent } from "./fields.ts";
import type {
  ActivityEvent,
  Feed,
  TradeUpdate,
  VenueAccount,
  VenueAsset,
  VenueBar,
  VenueOption,
  VenueOrder,
  VenuePosition,
  VenueQuote,
  VenueRate,
} from "./wire.ts";

/** Every status of Alpaca's documents, old ones too, but `replaced`, which another order continues. */
const STATUSES: Readonly<Record<string, OrderReport["status"]>> = {
  new: "open",
  accepted: "open",
  pending_new: "open",
  accepted_for_bidding: "open",
  held: "open",
  stopped: "open",
  suspended: "open",
  calculated: "open",
  done_for_day: "open",
  pending_cancel: "open",
  pending_replace: "open",
  pending_review: "open",
  partially_filled: "partially_filled",
  filled: "filled",
  canceled: "cancelled",
  expired: "expired",
  rejected: "rejected",
};

/** The pair of each crypto asset, by asset id: some of Alpaca's answers write BTC/USD as BTCUSD. */
export type CryptoPairs = ReadonlyMap<string, string>;

export interface NamedAsset {
  readonly symbol: string;
  readonly asset_id: string;
  readonly asset_class: string;
}

/** @throws Error for a coin that is not among the pairs: its name could be that of another instrument. */
export function symbolOf({ symbol, asset_id, asset_class }: NamedAsset, pairs: CryptoPairs): string {
  if (asset_class !== "crypto" || symbol.includes("/")) return symbol;
  const pair = pairs.get(asset_id);
  if (pair === undefined) throw new Error(`Alpaca names a coin ${symbol} that is not among its assets`);
  return pair;
}

export function isCrypto(symbol: string): boolean {
  return symbol.includes("/");
}

/** @throws Error for a member that is missing or empty. */
function textOf<T extends object>(body: T, name: keyof T & string): string {
  const value: unknown = body[name];
  if (typeof value !== "string" || value === "") throw new Error(`Alpaca's answer has no ${name}`);
  return value;
}

/** Options, short sales, and orders that trade on an uptick or a downtick alone, may have sides of their own. */
const SIDES: Readonly<Record<string, Side>> = {
  ...{ buy: "buy", buy_minus: "buy", buy_to_open: "buy", buy_to_close: "buy" },
  ...{ sell: "sell", sell_plus: "sell", sell_to_open: "sell", sell_to_close: "sell" },
  ...{ sell_short: "sell", sell_short_exempt: "sell" },
};

function sideOf(side: string): Side {
  const found = SIDES[side];
  if (found === undefined) throw new Error(`Alpaca sent ${JSON.stringify(side)} as a side`);
  return found;
}

/** Alpaca's document requires this id of no order. */
function clientIdOf({ client_order_id: clientOrderId }: VenueOrder): Pick<OrderReport, "clientOrderId"> {
  return isStated(clientOrderId) ? { clientOrderId } : {};
}

/** A status that the desk does not know is an error: it must not look open, and not ended either. @throws Error. */
export function reportOf(order: VenueOrder, pairs: CryptoPairs): OrderReport {
  return naming(`order ${order.id}`, () => statedReport(order, pairs));
}

function statedReport(order: VenueOrder, pairs: CryptoPairs): OrderReport {
  const status = STATUSES[textOf(order, "status")];
  if (status === undefined)
    throw new Error(`order ${order.id} is ${order.status} at Alpaca, which the connector does not know`);
  const report: OrderReport = {
    venueOrderId: textOf(order, "id"),
    ...clientIdOf(order),
    status,
    filledQuantity: filledOf(order, status),
  };
  // An order by an amount of money has no quantity.
  const quantity = isStated(order.qty) && !isZero(order.qty) ? order.qty : undefined;
  const terms = { averagePrice: order.filled_avg_price, quantity, limitPrice: order.limit_price };
  for (const [name, value] of Object.entries(terms)) if (isStated(value)) Object.assign(report, { [name]: value });
  // An order of several legs has neither symbol nor side.
  if (isStated(order.symbol)) report.symbol = symbolOf(order, pairs);
  if (isStated(order.side)) report.side = sideOf(order.side);
  if (isStated(order.updated_at)) report.updatedAt = millis(order.updated_at);
  return report;
}

/** An order of the list of open orders. */
export function openReportOf(order: VenueOrder, pairs: CryptoPairs): OrderReport | UnreadableOrder {
  const { id: venueOrderId, client_order_id: clientOrderId, symbol } = order;
  return listedOrder({ venueOrderId, clientOrderId, symbol }, () => reportOf(order, pairs));
}

/** An order that is open, and whose answer says of no fill, has none. @throws Error for any other without it. */
function filledOf(order: VenueOrder, status: OrderReport["status"]): string {
  const { filled_qty } = order as { readonly filled_qty?: unknown };
  return status === "open" && (filled_qty === undefined || filled_qty === null) ? "0" : textOf(order, "filled_qty");
}

/** An order with the state of the order that continues it. `earlier`: what was filled before it was replaced. */
export function continued(report: OrderReport, asked: VenueOrder, earlier: Amount): OrderReport {
  const total = (quantity: Numeric): string => amountText(earlier.plus(amount(String(quantity))));
  const { clientOrderId: _ofTheNextOne, ...state } = report;
  return {
    ...state,
    venueOrderId: asked.id,
    ...clientIdOf(asked),
    replacedBy: report.venueOrderId,
    filledQuantity: total(report.filledQuantity),
    ...(report.quantity !== undefined && { quantity: total(report.quantity) }),
  };
}

/** Events of the stream, and types of execution of an activity. Other events have an execution id, too. */
const FILLS = ["fill", "partial_fill"];

/** The fill of a message of `trade_updates`; undefined if the event is no fill. @throws Error. */
export function fillOfUpdate(update: TradeUpdate, pairs: CryptoPairs): Fill | undefined {
  if (!FILLS.includes(update.event)) return undefined;
  const { order } = update;
  return {
    fillId: textOf(update, "execution_id"),
    venueOrderId: textOf(order, "id"),
    ...clientIdOf(order),
    // An order of several legs has none: the fills of its legs are activities.
    symbol: textOf({ symbol: symbolOf(order, pairs) }, "symbol"),
    side: sideOf(order.side),
    quantity: textOf(update, "qty"),
    price: textOf(update, "price"),
    timestamp: millis(update.timestamp),
    ...settlement(update),
  };
}

/** Alpaca states the day alone. */
function settlement({ settle_date }: { readonly settle_date?: string | null }): Pick<Fill, "settlesAt"> {
  return isStated(settle_date) && /^\d{4}-\d\d-\d\d$/.test(settle_date) ? { settlesAt: millis(settle_date) } : {};
}

/** The fill of an activity event; undefined if the activity is no trade. @throws Error. */
export function fillOfActivity(event: ActivityEvent, pairs: CryptoPairs): Fill | undefined {
  if (event.activity_type !== "FILL") return undefined;
  // Alpaca's document does not say which amounts of a trade are in the other currency then.
  const { currency } = event;
  if (isStated(currency) && currency !== "USD")
    throw new Error(`Alpaca states a trade in ${currency}; this connector reads trades in USD alone`);
  const details = detailsOf(event);
  const symbol = textOf(details, "symbol");
  const asset_id = textOf(details, "asset_id");
  const known = pairs.get(asset_id);
  const fill: Fill = {
    fillId: textOf(event, "ref_id"),
    venueOrderId: textOf(details, "order_id"),
    symbol: known ?? symbol,
    side: sideOf(details["side"] ?? ""),
    quantity: textOf(event, "qty"),
    price: textOf(event, "price"),
    timestamp: millisOfEvent(event),
    ...settlement(event),
  };
  const clientOrderId = details["client_order_id"];
  if (isStated(clientOrderId)) fill.clientOrderId = clientOrderId;
  const type = textOf(details, "execution_type");
  if (type === "trade_bust") fill.busts = textOf(event, "previous_id");
  // The newest correction counts, and all of them can have the time of the trade.
  else if (type === "trade_correct")
    Object.assign(fill, { corrects: textOf(event, "previous_id"), timestamp: millis(event.at) });
  else if (!FILLS.includes(type))
    throw new Error(`Alpaca sent an execution of type ${type}, which the connector does not know`);
  // The commission of accounts that pay one. Zero is left out of most events.
  const { commission } = details;
  if (isStated(commission) && !isZero(commission)) {
    fill.fee = commission;
    fill.feeCurrency = "USD";
  }
  return fill;
}

/** The coin of a pair that is written without a slash: `BTC` of `BTCUSD`; undefined for another name. */
export function coinOf(symbol: string): string | undefined {
  return /^([A-Z0-9]{2,})(?:USD|USDC|USDT|BTC)$/.exec(symbol)?.[1];
}

/** What a trade is of, to find its pair; none for another activity. */
export function assetOfTrade(event: ActivityEvent): readonly NamedAsset[] {
  const { symbol = "", asset_id = "" } = detailsOf(event);
  // The event does not say whether it is a coin. A coin's name has its currency at the end.
  const asset_class = coinOf(symbol) === undefined ? "" : "crypto";
  return event.activity_type === "FILL" ? [{ symbol, asset_id, asset_class }] : [];
}

function isZero(amount: string): boolean {
  return /^-?0*\.?0*(?:[eE][+-]?\d+)?$/.test(amount);
}

/** With the price of a unit. That of a bond, for example, may be in percent of what it pays back. */
const PRICED_BY_UNIT = ["us_equity", "us_option", "crypto", "ipo"];

/** undefined if it cannot be computed. */
function ofUnit(value: string | null | undefined, quantity: string): string | undefined {
  const [whole, units] = [parseAmount(value), parseAmount(quantity)];
  if (whole === undefined || units === undefined || units.eq(ZERO)) return undefined;
  return amountText(quotient(whole, units).abs());
}

export function positionOf(position: VenuePosition, pairs: CryptoPairs): Position {
  const stated = textOf(position, "qty");
  const isShort = position.side === "short";
  // Alpaca writes the quantity of a short position with its sign. A long one with a sign is a contradiction.
  if (!isShort && stated.startsWith("-") && !isZero(stated))
    throw new Error(`Alpaca's position in ${position.symbol} is ${stated} and ${position.side}`);
  const quantity = isShort && !stated.startsWith("-") ? `-${stated}` : stated;
  const mapped: Position = { symbol: symbolOf(position, pairs), quantity, currency: "USD" };
  const { avg_entry_price, current_price, cost_basis, market_value } = position.usd ?? position;
  const [average, mark] = PRICED_BY_UNIT.includes(position.asset_class)
    ? [avg_entry_price, current_price]
    : [ofUnit(cost_basis, stated), ofUnit(market_value, stated)];
  if (isStated(average)) mapped.averagePrice = average;
  if (isStated(mark)) mapped.markPrice = mark;
  return mapped;
}

const BLOCKS = [
  ["account_blocked", "Alpaca has blocked this account"],
  ["trading_blocked", "Alpaca has blocked trading on this account"],
  ["trade_suspended_by_user", "trading is suspended in the settings of this account at Alpaca"],
] as const;

/** `equity` is the net asset value. `buying_power` is leveraged on a margin account. */
export function accountOf(account: VenueAccount): Account {
  const currency = textOf(account, "currency");
  const block = BLOCKS.find(([name]) => account[name]);
  const mapped: Account = {
    nav: textOf(account, "equity"),
    cash: textOf(account, "cash"),
    buyingPower: textOf(account, "buying_power"),
    currency,
    notice: block?.[1],
  };
  if (isStated(account.initial_margin)) mapped.marginUsed = account.initial_margin;
  return mapped;
}

export const EQUITY_TERMS = {
  orderTypes: ["market", "limit", "stop", "stop_limit"],
  timesInForce: ["day", "gtc", "ioc", "fok"],
  orderFlags: ["session", "positionIntent"],
} satisfies Pick<Instrument, "orderTypes" | "timesInForce" | "orderFlags">;
/** Stocks are priced in cents from one dollar on, and in hundredths of a cent below it. */
const STOCK_TICKS = [
  { from: "0", tickSize: "0.0001" },
  { from: "1", tickSize: "0.01" },
];
export const CRYPTO_TERMS = {
  orderTypes: ["market", "limit", "stop_limit"],
  timesInForce: ["gtc", "ioc"],
} satisfies Pick<Instrument, "orderTypes" | "timesInForce">;

/** Returns null for an asset of a class that the connector does not trade. */
export function instrumentOf(asset: VenueAsset): Instrument | null {
  const symbol = textOf(asset, "symbol");
  const tradable = asset.tradable === true && asset.status === "active";
  const common = { symbol, name: asset.name ?? symbol, tradable };
  if (asset.class === "crypto")
    return {
      ...common,
      ...CRYPTO_TERMS,
      asset: assetOfCoin(symbol.split("/")[0] ?? ""),
      currency: symbol.split("/")[1] ?? "",
      tickSize: textOf(asset, "price_increment"),
      lotSize: textOf(asset, "min_trade_increment"),
      ...(isStated(asset.min_order_size) && { minQuantity: asset.min_order_size }),
    };
  if (asset.class !== "us_equity") return null;
  return {
    ...common,
    ...EQUITY_TERMS,
    asset: { class: "us_equity", id: symbol },
    currency: "USD",
    ticks: STOCK_TICKS,
    lotSize: asset.fractionable ? "0.000000001" : "1",
    // A statement of Alpaca: an answer without it leaves the decision to Alpaca.
    ...(typeof asset.shortable === "boolean" && { shortable: asset.shortable }),
  };
}

/** A contract of an option is a number of shares, so that its value is that many times its price. */
export function optionOf(contract: VenueOption): Instrument {
  const symbol = textOf(contract, "symbol");
  return {
    symbol,
    name: contract.name ?? symbol,
    currency: "USD",
    multiplier: textOf(contract, "multiplier"),
    // Positions that were opened elsewhere are shown; the connector sends no orders in options.
    tradable: false,
  };
}

/** `AAPL250620C00100000`: underlying, date, call or put, strike. */
export function isOption(symbol: string): boolean {
  return /^[A-Z0-9.]{1,7}\d{6}[CP]\d{8}$/.test(symbol);
}

/** Of the free feed of all exchanges. */
const SIP_DELAY_MS = 15 * 60_000;
const FEED_NAMES = {
  iex: "IEX alone",
  sip: "all exchanges (SIP)",
  delayed_sip: "all exchanges, delayed",
  crypto: "Alpaca crypto",
} as const;

/** A side without a price is 0, as Alpaca sends it after hours. The desk takes no order on such a quote. */
export function quoteOf(symbol: string, quote: VenueQuote, feed: Feed | "crypto"): Quote {
  const mapped: Quote = {
    symbol,
    bid: textOf(quote, "bp"),
    ask: textOf(quote, "ap"),
    timestamp: millis(quote.t),
    feed: FEED_NAMES[feed],
  };
  if (isStated(quote.bs)) mapped.bidSize = quote.bs;
  if (isStated(quote.as)) mapped.askSize = quote.as;
  if (feed === "delayed_sip") mapped.delayedMs = SIP_DELAY_MS;
  if (feed === "iex") mapped.coverage = "partial";
  return mapped;
}

/** The middle of bid and ask, as Alpaca states it. */
export function rateOf(pair: string, rate: VenueRate): Rate {
  return { pair, rate: textOf(rate, "mp"), timestamp: millis(rate.t) };
}

export function barOf(symbol: string, bar: VenueBar): Bar {
  return {
    symbol,
    timestamp: millis(bar.t),
    open: textOf(bar, "o"),
    high: textOf(bar, "h"),
    low: textOf(bar, "l"),
    close: textOf(bar, "c"),
    ...(isStated(bar.v) && { volume: bar.v }),
  };
}

const UNITS: Readonly<Record<string, string>> = { m: "Min", h: "Hour", d: "Day", w: "Week" };

/** `5m` is `5Min`. @throws Error for a resolution that Alpaca lacks. */
export function timeframeOf(resolution: string): string {
  const [, count = "", unit = ""] = /^(\d+)([mhdw])$/.exec(resolution) ?? [];
  const name = UNITS[unit];
  if (name === undefined) throw new Error(`Alpaca has no bars of ${resolution}: use 1m to 59m, 1h to 23h, 1d or 1w`);
  return `${count}${name}`;
}
