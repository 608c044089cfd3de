/** Messages of TWS as fields, server version 193. Source: the message layout of IBKR's own clients. */
import type { FakeFill, FakeInstrument, FakeOrder, FakeQuote, FakeSession } from "../../domain/sdk-kit.ts";
import { decimal, text } from "../../domain/decimal.ts";
import { remainingOf } from "../venue/fake-venue-state.ts";
import type { TwsFields } from "./frames.ts";

/** The contract of a symbol. */
export interface TwsContract {
  readonly conId: number;
  readonly symbol: string;
  readonly secType: string;
  readonly exchange: string;
  readonly currency: string;
}

/** Who placed an order, and the account that it is in. */
export interface TwsOrigin {
  readonly orderId: number;
  readonly clientId: number;
  readonly account: string;
}

/** How Java writes a number that is not set. */
const UNSET = "1.7976931348623157E308";
const TYPES: Readonly<Record<string, string>> = { market: "MKT", limit: "LMT", stop: "STP", stop_limit: "STP LMT" };
const STATUSES: Readonly<Record<string, string>> = {
  filled: "Filled",
  cancelled: "Cancelled",
  expired: "Cancelled",
  rejected: "Inactive",
};
/** Types of ticks: bid, ask and last price, live and 15 minutes late. */
const TICKS = { live: { bid: 1, ask: 2, last: 4 }, delayed: { bid: 66, ask: 67, last: 68 } } as const;

export function errorMessage(id: number, code: number, text: string): TwsFields {
  return [4, 2, id, code, text, ""];
}

export function currentTime(now: number): TwsFields {
  return [49, 1, Math.floor(now / 1000)];
}

const EASTERN = new Intl.DateTimeFormat("en-US", {
  timeZone: "America/New_York",
  hourCycle: "h23",
  year: "numeric",
  month: "2-digit",
  day: "2-digit",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});

/** `20261130 09:30:00 US/Eastern`: TWS states whole seconds of its own time zone. */
export function easternTime(ms: number): string {
  const parts = EASTERN.formatToParts(ms);
  const of = (type: string): string => parts.find((part) => part.type === type)?.value ?? "";
  return `${of("year")}${of("month")}${of("day")} ${of("hour")}:${of("minute")}:${of("second")} US/Eastern`;
}

/** Bid, ask and last price. A side without a price is -1, with a size of 0. */
export function ticks(id: number, { bid, ask, last }: FakeQuote, isDelayed: boolean): readonly TwsFields[] {
  const types = isDelayed ? TICKS.delayed : TICKS.live;
  const price = (type: number, value: string | null): TwsFields =>
    value === null ? [1, 6, id, type, -1, 0, 0] : [1, 6, id, type, value, 300, 1];
  return [price(types.bid, bid), price(types.ask, ask), price(types.last, last)];
}

function contractFields({ conId, symbol, secType, exchange, currency }: TwsContract): TwsFields {
  return [conId, symbol, secType, "", "0", "", "", exchange, currency, symbol, symbol];
}

function statusOf({ status, type }: FakeOrder): string {
  return STATUSES[status] ?? (type.startsWith("stop") ? "PreSubmitted" : "Submitted");
}

function blanks(count: number): readonly string[] {
  return Array.from({ length: count }, () => "");
}

/** Contract, terms and account, which open and completed orders begin with. */
function orderTerms(order: FakeOrder, contract: TwsContract, account: string): TwsFields {
  const { side, quantity, type, limit_price = "", stop_price = "", time_in_force, client_order_id } = order;
  const terms = [side === "buy" ? "BUY" : "SELL", quantity, TYPES[type] ?? type, limit_price, stop_price];
  return [...contractFields(contract), ...terms, time_in_force.toUpperCase(), "", account, "", 0, client_order_id];
}

/** From `outsideRth` to `exemptCode`. `isOpen`: an open order has one field more. */
function regularFields(isOpen: boolean): TwsFields {
  return [0, 0, 0, "", ...(isOpen ? [""] : []), ...blanks(3), "", "", "", "", "", 0, "", -1];
}

/** From the type of a delta-neutral order, which TWS calls `None`, to `solicited`. */
function strategyFields(isOpen: boolean): TwsFields {
  const deltaNeutral = isOpen ? ["None", "", 0, "", "", "", "?", 0, 0, ""] : ["None", "", 0, 0, 0, ""];
  const trail = isOpen ? ["", "", "", ""] : ["", ""];
  const legs = ["", 0, 0, 0, "", "", ""];
  const hedge = isOpen ? ["", 0] : [""];
  return ["", 0, ...deltaNeutral, 0, 0, ...trail, ...legs, ...hedge, "", "IB", 0, 0, "", 0];
}

export function openOrder(order: FakeOrder, contract: TwsContract, origin: TwsOrigin): TwsFields {
  const { orderId, clientId, account } = origin;
  const status = [0, statusOf(order), ...blanks(9), "", "", "", "", ""];
  const adjusted = ["None", ...blanks(6), 0];
  return [
    5,
    orderId,
    ...orderTerms(order, contract, account),
    clientId,
    order.order_id,
    ...regularFields(true),
    0,
    ...blanks(6),
    0,
    0,
    0,
    "",
    3,
    0,
    0,
    "",
    0,
    0,
    ...strategyFields(true),
    ...status,
    0,
    0,
    0,
    ...adjusted,
    ...["", "", "", ""],
    ...[0, 0, 0, 0, 0, "", 0],
    ...blanks(5),
    ...["", 0, "", 0, "", 2_147_483_647],
  ];
}

export function orderStatus(order: FakeOrder, { orderId, clientId }: Omit<TwsOrigin, "account">): TwsFields {
  const { filled_quantity, average_price, order_id } = order;
  const amounts = [filled_quantity, remainingOf(order), average_price ?? 0];
  return [3, orderId, statusOf(order), ...amounts, order_id, 0, average_price ?? 0, clientId, "", 0];
}

/** TWS says only in words why an order ended. */
const ENDINGS: Readonly<Record<string, string>> = {
  filled: "Filled",
  cancelled: "Cancelled by Trader",
  expired: "Cancelled: the order expired",
  rejected: "Rejected: margin",
};

export function completedOrder(
  order: FakeOrder,
  contract: TwsContract,
  { account, now }: { readonly account: string; readonly now: number },
): TwsFields {
  const end = [easternTime(now), ENDINGS[order.status] ?? ""];
  return [
    101,
    ...orderTerms(order, contract, account),
    order.order_id,
    ...regularFields(false),
    ...blanks(6),
    0,
    0,
    "",
    3,
    0,
    ...strategyFields(false),
    statusOf(order),
    ...[0, 0, 0, "", "", "", 0, 0, ""],
    order.filled_quantity,
    // TWS writes the largest numbers for a future that the order does not refer to, and for a parent that it has not.
    ...[2_147_483_647, 0, "Not an insider or substantial shareholder", 0, 0, "9223372036854775807"],
    ...end,
    ...blanks(5),
    ...["", 0],
  ];
}

/** `id` is -1 for an execution of now, and the id of the request for one of the list. */
export function execution(
  id: number,
  fill: FakeFill,
  {
    order,
    contract,
    origin,
  }: { readonly order: FakeOrder; readonly contract: TwsContract; readonly origin: TwsOrigin },
): TwsFields {
  const side = fill.side === "buy" ? "BOT" : "SLD";
  const { orderId, clientId, account } = origin;
  const made = [fill.fill_id, easternTime(fill.time), account, "NASDAQ", side, fill.quantity, fill.price];
  const total = [order.filled_quantity, order.average_price ?? 0];
  // Liquidity: 1 was added to the book, 2 was taken from it.
  const refs = [order.client_order_id, "", "", "", fill.liquidity === "maker" ? 1 : 2, 0];
  return [11, id, orderId, ...contractFields(contract), ...made, order.order_id, clientId, 0, ...total, ...refs];
}

export function commission({ fill_id, fee, fee_currency }: FakeFill): TwsFields {
  return [59, 1, fill_id, fee, fee_currency, UNSET, UNSET, ""];
}

const LIQUID_HOURS =
  "20261130:0930-20261130:1600;20261201:0930-20261201:1600;20261202:CLOSED;20261203:0930-20261203:1300";
const USUAL_HOURS = [LIQUID_HOURS.replaceAll("0930", "0400").replaceAll("1600", "2000"), LIQUID_HOURS] as const;

/** `20261130:0930-20261130:1600` */
function spanText({ open, close }: Pick<FakeSession, "open" | "close">): string {
  const at = (ms: number): string => {
    const [day = "", time = ""] = easternTime(ms).split(" ");
    return `${day}:${time.slice(0, 2)}${time.slice(3, 5)}`;
  };
  return `${at(open)}-${at(close)}`;
}

/** Sessions without a pause between them are one span of the trading hours. */
function hoursOf(sessions: readonly FakeSession[]): readonly [trading: string, liquid: string] {
  if (sessions.length === 0) return USUAL_HOURS;
  const spans: { open: number; close: number }[] = [];
  for (const { open, close } of sessions) {
    const last = spans.at(-1);
    if (last?.close === open) last.close = close;
    else spans.push({ open, close });
  }
  const core = sessions.filter(({ kind }) => kind === "core");
  return [spans.map(spanText).join(";"), core.map(spanText).join(";")];
}

export function contractData(
  id: number,
  contract: TwsContract,
  {
    steps,
    rule,
    sessions,
  }: { readonly steps: FakeInstrument; readonly rule: number; readonly sessions: readonly FakeSession[] },
): TwsFields {
  const { lot_size, tick_size } = steps;
  const { conId, symbol, secType, exchange, currency } = contract;
  const name = [symbol, secType, "", "", 0, "", exchange, currency, symbol, symbol, symbol, conId, tick_size, ""];
  const trading = ["ACTIVETIM,DAY,GTC,IOC,LMT,MKT,STP,STPLMT", "SMART,NASDAQ,NYSE", 1, 0];
  const about = [`${symbol} INC`, "NASDAQ", "", "Technology", "Computers", "Computers", "US/Eastern"];
  const rules = [1, "", "", `${rule},${rule},${rule}`, "", "COMMON", lot_size, lot_size, 100, 0];
  return [10, id, ...name, ...trading, ...about, ...hoursOf(sessions), "", 0, 0, ...rules];
}

export function marketRule(id: number, tickSize: string): TwsFields {
  return [93, id, 1, 0, tickSize];
}

const DAY_MS = 24 * 60 * 60 * 1000;
const BARS = 3;

/** Three bars that end now, at the last price: a day each, or an hour. */
export function bars(id: number, { last }: Pick<FakeQuote, "last">, { size, now }: { size: string; now: number }) {
  const isDaily = size === "1 day";
  const times = Array.from({ length: BARS }, (_, index) => now - (BARS - index) * (isDaily ? DAY_MS : DAY_MS / 24));
  const rows = times.flatMap((at) => {
    const time = isDaily ? new Date(at).toISOString().slice(0, 10).replaceAll("-", "") : Math.floor(at / 1000);
    return [time, last, last, last, last, 100, last, 10];
  });
  return [17, id, easternTime(times[0] ?? now), easternTime(now), BARS, ...rows] satisfies TwsFields;
}

/** What a search has found. */
export function symbolSamples(id: number, contracts: readonly TwsContract[]): TwsFields {
  const rows = contracts.flatMap(({ conId, symbol, secType, currency }) => [
    ...[conId, symbol, secType, "NASDAQ.NMS", currency],
    ...[0, `${symbol} INC`, ""],
  ]);
  return [79, id, contracts.length, ...rows];
}

/**
 * TWS states a key once for each currency, and in words for the sum of all: `BASE`. Their order is not fixed. `rates`:
 * by pair; TWS states no time of them.
 */
export function accountValues(
  account: string,
  {
    nav = "",
    cash = "",
    buying_power = "",
    currency = "",
    settled_cash = "",
    margin_used = "",
    unrealized_pnl = "",
  }: Readonly<Record<string, string>>,
  rates: ReadonlyMap<string, { readonly rate: string }>,
): readonly TwsFields[] {
  const others = [...rates].filter(([pair]) => pair.endsWith(`/${currency}`));
  const values: readonly (readonly [string, string, string])[] = [
    ["AccountReady", "true", ""],
    ["CashBalance", "1200.50", "CHF"],
    ["ExchangeRate", "1.15", "CHF"],
    ...others.map(([pair, { rate }]) => ["ExchangeRate", rate, pair.split("/")[0] ?? ""] as const),
    ["CashBalance", cash, currency],
    ["ExchangeRate", "1.00", currency],
    ["CashBalance", cash, "BASE"],
    ["ExchangeRate", "1.00", "BASE"],
    ["NetLiquidation", nav, currency],
    ["TotalCashValue", cash, currency],
    ["AvailableFunds", buying_power, currency],
    ["BuyingPower", `${buying_power}0`, currency],
    ["SettledCash", settled_cash, currency],
    ["InitMarginReq", margin_used, currency],
    ["UnrealizedPnL", "1.5", "CHF"],
    ["UnrealizedPnL", unrealized_pnl, currency],
    ["UnrealizedPnL", unrealized_pnl, "BASE"],
  ];
  return values.map(([key, value, valueCurrency]) => [6, 2, key, value, valueCurrency, account]);
}

export function portfolioValue(
  account: string,
  contract: TwsContract,
  { quantity = "", average_price = "", mark_price = "" }: Readonly<Record<string, string>>,
): TwsFields {
  const { conId, symbol, secType, currency } = contract;
  const value = text(decimal(quantity).times(decimal(mark_price)));
  const held = [quantity, mark_price, value, average_price, 0, 0, account];
  return [7, 8, conId, symbol, secType, "", 0, "", "", "NASDAQ", currency, symbol, symbol, ...held];
}
