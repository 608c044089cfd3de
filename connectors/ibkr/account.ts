/** The account: its amounts in each currency, and its positions. Pure. */
import type { Account, Position, Rate } from "@qoc-app/sdk";
import { ZERO, amount, max, quotient, textOf } from "../amount.ts";
import { naming } from "../words.ts";
import { NUMBER, type TwsNumber, divided, isStated, isUnset, plain, withoutCommas } from "./amounts.ts";
import { multiplierOf } from "./contracts.ts";
import type { AccountRow } from "./rows.ts";

/** TWS states the sum over all currencies under this word, besides the amount of each currency. */
const ALL = "BASE";

/** An amount of the account, which some TWS write with commas and Java with an exponent; undefined if it is not set. */
function amountIn(value: string): string | undefined {
  const text = withoutCommas(value.trim());
  if (!NUMBER.test(text) || isUnset(text)) return undefined;
  return /[eE]/.test(text) ? plain(text) : text;
}

export interface AccountValues {
  /** The currency that the account is kept in. */
  readonly currency: string;
  readonly nav: string;
  readonly cash: string;
  readonly availableFunds: string;
  /** Members that TWS does not always state. */
  readonly stated: Pick<Account, "settledCash" | "marginUsed" | "unrealizedPnl">;
  /** The price of a unit of each other currency in that currency. */
  readonly rates: ReadonlyMap<string, string>;
}

/** @throws Error if TWS is starting, or if an amount is missing: nothing is taken for 0. */
export function accountValues(rows: readonly AccountRow[]): AccountValues {
  const values = rows.filter((row) => row.kind === "value");
  const of = (key: string) => values.filter((row) => row.key === key && row.currency !== ALL);
  if (of("AccountReady").some(({ value }) => value === "false"))
    throw new Error("the gateway is reading the account from IBKR: its amounts are not complete");
  const rates = new Map(of("ExchangeRate").map(({ value, currency }) => [currency, value]));
  const currency = baseOf(of("NetLiquidation"), rates);
  const amount = (key: string): string => {
    const found = of(key).find((row) => row.currency === currency)?.value;
    const read = found === undefined ? undefined : amountIn(found);
    if (read === undefined) throw new Error(`the gateway does not state ${key} of the account`);
    return read;
  };
  rates.delete(currency);
  return {
    currency,
    nav: amount("NetLiquidation"),
    cash: amount("TotalCashValue"),
    availableFunds: amount("AvailableFunds"),
    stated: statedOf(values, currency),
    rates,
  };
}

type ValueRow = Extract<AccountRow, { kind: "value" }>;

/** TWS states a P&L in each currency, and the sum of all in the account's own currency as that of `BASE`. */
function statedOf(values: readonly ValueRow[], currency: string): AccountValues["stated"] {
  const find = (key: string, of: string): string | undefined =>
    amountIn(values.find((row) => row.key === key && row.currency === of)?.value ?? "");
  const members = {
    settledCash: find("SettledCash", currency),
    marginUsed: find("InitMarginReq", currency),
    unrealizedPnl: find("UnrealizedPnL", ALL),
  };
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

/** The account's own currency is the one whose rate is 1, if TWS states its NAV in several. */
function baseOf(navs: readonly { readonly currency: string }[], rates: ReadonlyMap<string, string>): string {
  const [only] = navs;
  const base = navs.length > 1 ? navs.find(({ currency }) => Number(rates.get(currency)) === 1) : only;
  if (base === undefined || base.currency === "")
    throw new Error("the gateway does not state the currency of the account");
  return base.currency;
}

/** Available funds are not leveraged, as `BuyingPower` of TWS is. Below 0 nothing can be spent. */
export function accountFrom({ currency, nav, cash, availableFunds, stated }: AccountValues): Account {
  return { nav, cash, buyingPower: availableFunds.startsWith("-") ? "0" : availableFunds, currency, ...stated };
}

/** The rates of those pairs whose second currency is the account's. */
export function ratesFrom({ currency, rates }: AccountValues, pairs: readonly string[], at: number): Rate[] {
  return pairs.flatMap((pair) => {
    const [base = "", quote = ""] = pair.split("/");
    const rate = quote === currency ? amountIn(rates.get(base) ?? "") : undefined;
    return rate === undefined || Number(rate) <= 0 ? [] : [{ pair, rate, timestamp: at }];
  });
}

type HeldRow = Extract<AccountRow, { kind: "position" }>;

export function positionRows(rows: readonly AccountRow[]): readonly HeldRow[] {
  return rows
    .filter((row) => row.kind === "position")
    .filter(({ quantity }) => quantity === undefined || Number(quantity) !== 0);
}

/**
 * The average cost of TWS includes the multiplier; the desk's price does not. Spreads, power and oil trade below zero.
 * @throws Error that names the position, for an amount that cannot be read.
 */
export function positionOf(row: HeldRow, symbol: string): Position {
  return naming(`the position in ${symbol}`, () => statedPosition(row, symbol));
}

function statedPosition(row: HeldRow, symbol: string): Position {
  const { contract, quantity, averageCost } = row;
  if (quantity === undefined) throw new Error("the gateway does not state its quantity");
  const position: Position = { symbol, quantity: plain(quantity) };
  const mark = markOf(row, quantity);
  if (isStated(averageCost) && Number(averageCost) !== 0)
    position.averagePrice = divided(averageCost, multiplierOf(contract));
  if (mark !== undefined) position.markPrice = mark;
  if (contract.currency !== undefined) position.currency = contract.currency;
  return position;
}

/** The largest difference that rounding makes: as a part of the value, and in the currency. */
const ROUNDING = { part: amount("0.005"), least: amount("0.01") };

/**
 * The price of a unit in the currency of the contract. TWS states some prices in a smaller unit, such as pence, or in
 * percent, as those of bonds; the value of the position is in the currency in any case.
 */
function markOf({ contract, marketPrice, marketValue = 0 }: HeldRow, quantity: TwsNumber): string | undefined {
  // TWS writes 0 for a price that it does not have.
  if (!isStated(marketPrice) || Number(marketPrice) === 0) return undefined;
  const mark = plain(marketPrice);
  const value = amount(plain(marketValue));
  const units = amount(plain(quantity)).times(amount(multiplierOf(contract)));
  const difference = value.minus(units.times(amount(mark))).abs();
  const isSame = difference.lte(max(value.abs().times(ROUNDING.part), ROUNDING.least));
  return isSame || value.eq(ZERO) ? mark : textOf(quotient(value, units));
}
