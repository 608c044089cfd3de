/**
 * The options of the built-in simulated venues, checked with desk.toml: a venue itself could refuse them only by
 * failing to start. A test compares these rules with the venues'.
 */
import { isCurrencyCode } from "../domain/account/currency.ts";
import { DecimalError, HUNDRED, ZERO, decimal, parseText } from "../domain/decimal.ts";

type OptionRule = (value: unknown) => string | undefined;

const FIRST_DATE = "2000-01-03";
const LAST_DATE = "2020-04-17";
const CHARS_MAX = 40;

function amount(value: unknown) {
  const text = typeof value === "number" ? String(value) : typeof value === "string" ? value.trim() : "";
  if (text.length > CHARS_MAX || text.startsWith("+")) return undefined;
  try {
    return parseText(text);
  } catch (error) {
    if (error instanceof DecimalError) return undefined;
    throw error;
  }
}

function numberFrom(min: string, max: string): OptionRule {
  return (value) => {
    const parsed = amount(value);
    const isAllowed = parsed?.gte(decimal(min)) === true && parsed.lte(decimal(max));
    return isAllowed ? undefined : `a number from ${min} to ${max}`;
  };
}

function wholeTo(max: number): OptionRule {
  return (value) =>
    typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= max
      ? undefined
      : `a whole number from 0 to ${max}`;
}

const cash: OptionRule = (value) => {
  const problem = numberFrom("0", "1000000000000")(value);
  if (problem !== undefined) return problem;
  return amount(value)?.times(HUNDRED).mod(decimal("1")).eq(ZERO) === true ? undefined : "in whole cents";
};

const share: OptionRule = (value) =>
  numberFrom("0", "1")(value) ?? (amount(value)?.eq(ZERO) === true ? "above 0 and at most 1" : undefined);

/** A date, or a time of it in UTC, without the 30th of February. */
export function existsInCalendar(text: unknown): boolean {
  if (typeof text !== "string" || !/^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?Z)?$/.test(text)) return false;
  const at = Date.parse(text);
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(text.slice(0, 10));
}

const date: OptionRule = (value) => {
  const allowed = `a date from ${FIRST_DATE} to ${LAST_DATE}, such as "2019-10-10"`;
  if (typeof value !== "string" || value.length !== 10) return allowed;
  return existsInCalendar(value) && value >= FIRST_DATE && value <= LAST_DATE ? undefined : allowed;
};

const SIMULATION_RULES: Readonly<Record<string, OptionRule>> = {
  bar_seconds: numberFrom("0.02", "86400"),
  cash,
  spread_bps: numberFrom("0", "1000"),
  slippage_bps: numberFrom("0", "1000"),
  commission_bps: numberFrom("0", "1000"),
  participation: share,
  latency_ms: wholeTo(60_000),
  seed: wholeTo(4_294_967_295),
  allow_short: (value) => (typeof value === "boolean" ? undefined : "true or false"),
};

export const PAPER_RULES: Readonly<Record<string, OptionRule>> = { start: date, ...SIMULATION_RULES };

const SYMBOLS_MAX = 64;
const SPLITS_MAX = 256;

const symbols: OptionRule = (value) => {
  const isSymbol = (symbol: unknown): boolean => typeof symbol === "string" && /^\S{1,40}$/.test(symbol);
  const isList = Array.isArray(value) && value.length > 0 && value.length <= SYMBOLS_MAX && value.every(isSymbol);
  return isList ? undefined : `a list of 1 to ${SYMBOLS_MAX} symbols, such as ["AAPL"]`;
};

const startTime: OptionRule = (value) =>
  existsInCalendar(value) ? undefined : 'a date such as "2014-05-01", or a time such as "2014-05-01T14:30Z"';

const currencyCode: OptionRule = (value) => (isCurrencyCode(value) ? undefined : 'a code such as "USD"');

const SPLIT = /^\S{1,40} (\d{4}-\d{2}-\d{2}) (\d{1,9}(?:\.\d{1,9})?):(\d{1,9}(?:\.\d{1,9})?)$/;

const splits: OptionRule = (value) => {
  const isSplit = (text: unknown): boolean => {
    const [, day = "", after, before] = SPLIT.exec(String(text)) ?? [];
    return existsInCalendar(day) && Number(after) > 0 && Number(before) > 0;
  };
  const isList = Array.isArray(value) && value.length <= SPLITS_MAX && value.every(isSplit);
  return isList ? undefined : 'a list such as ["AAPL 2014-06-09 7:1"]: symbol, date, shares after for shares before';
};

/** `symbols` is required. */
export const REPLAY_RULES: Readonly<Record<string, OptionRule>> = {
  symbols,
  start: startTime,
  currency: currencyCode,
  splits,
  ...SIMULATION_RULES,
};

const { cash: ofCash, slippage_bps, commission_bps, latency_ms, allow_short } = SIMULATION_RULES;

/** Of a paper venue on the quotes of another connector. */
export const SOURCE_RULES: Readonly<Record<string, OptionRule | undefined>> = {
  currency: currencyCode,
  cash: ofCash,
  slippage_bps,
  commission_bps,
  latency_ms,
  allow_short,
};
