/** `[connector.options]` of the paper venue, checked by hand so that the bundle stays small. */
import { type Amount, ZERO, amount, parseAmount } from "./amount.ts";

export interface Options {
  /** ISO date; the venue opens its doors after the close of that day's bar. */
  readonly start: string;
  /** Wall seconds that one simulated trading day takes. */
  readonly barSeconds: number;
  readonly cash: Amount;
  /** Ask minus bid, in basis points of the price. */
  readonly spreadBps: Amount;
  /** What market and stop orders pay beyond the touch. */
  readonly slippageBps: Amount;
  readonly commissionBps: Amount;
  /** Largest share of a bar's volume that this account trades. */
  readonly participation: Amount;
  /** Wall milliseconds that an order, a cancel or a replacement is under way to the venue. */
  readonly latencyMs: number;
  /** Decides in which direction each bar's price moves first. */
  readonly seed: number;
  readonly allowShort: boolean;
}

export const FIRST_DATE = "2000-01-03";
export const LAST_DATE = "2020-04-17";

type Raw = Readonly<Record<string, unknown>>;

const KNOWN = [
  "start",
  "bar_seconds",
  "cash",
  "spread_bps",
  "slippage_bps",
  "commission_bps",
  "participation",
  "latency_ms",
  "seed",
  "allow_short",
];

/** @throws Error naming the option, what it is and what it may be. */
export function readOptions(raw: Raw): Options {
  const unknown = Object.keys(raw).find((key) => !KNOWN.includes(key));
  if (unknown !== undefined) {
    throw new Error(`[connector.options] ${unknown} is not an option of the paper venue; it has ${KNOWN.join(", ")}`);
  }
  return {
    start: readStart(raw["start"]),
    barSeconds: Number(readAmount(raw, "bar_seconds", "2", "0.02", "86400").toFixed()),
    cash: readCash(raw),
    spreadBps: readAmount(raw, "spread_bps", "2", "0", "1000"),
    slippageBps: readAmount(raw, "slippage_bps", "1", "0", "1000"),
    commissionBps: readAmount(raw, "commission_bps", "0", "0", "1000"),
    participation: readParticipation(raw),
    latencyMs: readWhole(raw, "latency_ms", 0, 60_000),
    seed: readWhole(raw, "seed", 1, 4_294_967_295),
    allowShort: readFlag(raw, "allow_short"),
  };
}

function refuse(key: string, value: unknown, wanted: string): Error {
  return new Error(`[connector.options] ${key} is ${JSON.stringify(value)}; it must be ${wanted}`);
}

function readStart(value: unknown = "2019-10-10"): string {
  const wanted = `a date from ${FIRST_DATE} to ${LAST_DATE}, like "2019-10-10"`;
  if (typeof value !== "string" || !/^\d{4}-\d{2}-\d{2}$/.test(value)) throw refuse("start", value, wanted);
  const at = Date.parse(`${value}T00:00:00Z`);
  const exists = !Number.isNaN(at) && new Date(at).toISOString().startsWith(value);
  if (!exists || value < FIRST_DATE || value > LAST_DATE) throw refuse("start", value, wanted);
  return value;
}

function readAmount(raw: Raw, key: string, standard: string, low: string, high: string): Amount {
  const value = raw[key] ?? standard;
  const parsed = parseAmount(value);
  if (parsed === undefined || parsed.lt(amount(low)) || parsed.gt(amount(high))) {
    throw refuse(key, value, `a number from ${low} to ${high}`);
  }
  return parsed;
}

function readCash(raw: Raw): Amount {
  const cash = readAmount(raw, "cash", "1000000", "0", "1000000000000");
  if (!cash.mod(amount("0.01")).eq(ZERO)) throw refuse("cash", raw["cash"], "in whole cents");
  return cash;
}

function readParticipation(raw: Raw): Amount {
  const share = readAmount(raw, "participation", "0.1", "0", "1");
  if (share.eq(ZERO))
    throw refuse("participation", raw["participation"], "above 0 and at most 1, a share of each bar's volume");
  return share;
}

function readWhole(raw: Raw, key: string, standard: number, high: number): number {
  const value = raw[key] ?? standard;
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > high) {
    throw refuse(key, value, `a whole number from 0 to ${high}`);
  }
  return value;
}

function readFlag(raw: Raw, key: string): boolean {
  const value = raw[key] ?? false;
  if (typeof value !== "boolean") throw refuse(key, value, "true or false");
  return value;
}
