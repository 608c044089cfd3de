/**
 * The options of the built-in paper venue, checked with desk.toml: the venue itself could refuse them only by failing
 * to start. A test compares these rules with the venue's.
 */
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

const date: OptionRule = (value) => {
  const allowed = `a date from ${FIRST_DATE} to ${LAST_DATE}, such as "2019-10-10"`;
  if (typeof value !== "string" || !/^\d{4}-\d{2}-\d{2}$/.test(value)) return allowed;
  const at = Date.parse(`${value}T00:00:00Z`);
  const exists = !Number.isNaN(at) && new Date(at).toISOString().startsWith(value);
  return exists && value >= FIRST_DATE && value <= LAST_DATE ? undefined : allowed;
};

const RULES: Readonly<Record<string, OptionRule>> = {
  start: date,
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

export const PAPER_OPTIONS: readonly string[] = Object.keys(RULES);

/** What the value of this option must be; undefined if it may be the value. */
export function paperOptionProblem(name: string, value: unknown): string | undefined {
  return RULES[name]?.(value);
}
