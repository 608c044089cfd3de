/** `[connector.options]` of the paper venue, validated by hand to keep the bundle small. */
import { ConnectRefused } from "@qoc-app/sdk";
import { type Amount, ZERO, amount, parseAmount } from "../amount.ts";

export interface PaperOptions extends SimulationOptions {
  /** ISO date; the venue starts after the close of that day's bar. */
  readonly start: string;
}

/** The options of every simulated venue. */
export interface SimulationOptions {
  /** Wall-clock seconds of one bar. */
  readonly barSeconds: number;
  readonly cash: Amount;
  /** Ask minus bid, in basis points of the price. */
  readonly spreadBps: Amount;
  /** Slippage of market and stop orders beyond the best price. */
  readonly slippageBps: Amount;
  readonly commissionBps: Amount;
  /** Largest share of a bar's volume that this account trades. */
  readonly participation: Amount;
  /** Wall-clock delay of an order, a cancel or a replacement. */
  readonly latencyMs: number;
  /** Decides whether each bar's low or high comes first. */
  readonly seed: number;
  readonly allowShort: boolean;
}

export const FIRST_DATE = "2000-01-03";
export const LAST_DATE = "2020-04-17";

type Raw = Readonly<Record<string, unknown>>;

export const SIMULATION_OPTIONS = [
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

export const OPTION_NAMES = ["start", ...SIMULATION_OPTIONS];

/** @throws ConnectRefused with the option's name, its value and the allowed values. */
export function readOptions(raw: Raw): PaperOptions {
  assertKnown(raw, OPTION_NAMES, "the paper venue");
  return { start: readStart(raw["start"]), ...readSimulationOptions(raw) };
}

/** @throws ConnectRefused for an option that the venue does not have. */
export function assertKnown(raw: Raw, names: readonly string[], label: string): void {
  const unknown = Object.keys(raw).find((key) => !names.includes(key));
  if (unknown === undefined) return;
  throw new ConnectRefused(`[connector.options] ${unknown} is not an option of ${label}; it has ${names.join(", ")}`);
}

/** @throws ConnectRefused as `readOptions`. */
export function readSimulationOptions(raw: Raw): SimulationOptions {
  return {
    barSeconds: Number(readAmount(raw, "bar_seconds", "60", "0.02", "86400").toFixed()),
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

export function invalidOption(key: string, value: unknown, allowed: string): Error {
  return new ConnectRefused(`[connector.options] ${key} is ${JSON.stringify(value)}; it must be ${allowed}`);
}

/** The currency of an account. @throws ConnectRefused as `readOptions`. */
export function readCurrency(value: unknown = "USD"): string {
  if (typeof value === "string" && /^[A-Z0-9]{2,12}$/.test(value)) return value;
  throw invalidOption("currency", value, 'a code like "USD"');
}

function readStart(value: unknown = "2019-10-10"): string {
  const allowed = `a date from ${FIRST_DATE} to ${LAST_DATE}, like "2019-10-10"`;
  if (typeof value !== "string" || value.length !== 10 || timeOf(value) === undefined)
    throw invalidOption("start", value, allowed);
  if (value < FIRST_DATE || value > LAST_DATE) throw invalidOption("start", value, allowed);
  return value;
}

/** Reads a date, or a time of it in UTC such as `2014-05-01T14:30Z`, in ms; undefined for any other value. */
export function timeOf(value: unknown): number | undefined {
  if (typeof value !== "string" || !/^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?Z)?$/.test(value)) return undefined;
  const at = Date.parse(value);
  const exists = !Number.isNaN(at) && new Date(at).toISOString().startsWith(value.slice(0, 10));
  return exists ? at : undefined;
}

function readAmount(raw: Raw, key: string, defaultValue: string, min: string, max: string): Amount {
  const value = raw[key] ?? defaultValue;
  const parsed = parseAmount(value);
  if (parsed === undefined || parsed.lt(amount(min)) || parsed.gt(amount(max))) {
    throw invalidOption(key, value, `a number from ${min} to ${max}`);
  }
  return parsed;
}

function readCash(raw: Raw): Amount {
  const cash = readAmount(raw, "cash", "1000000", "0", "1000000000000");
  if (!cash.mod(amount("0.01")).eq(ZERO)) throw invalidOption("cash", raw["cash"], "in whole cents");
  return cash;
}

function readParticipation(raw: Raw): Amount {
  const share = readAmount(raw, "participation", "0.1", "0", "1");
  if (share.eq(ZERO))
    throw invalidOption("participation", raw["participation"], "above 0 and at most 1, a share of each bar's volume");
  return share;
}

function readWhole(raw: Raw, key: string, defaultValue: number, max: number): number {
  const value = raw[key] ?? defaultValue;
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > max) {
    throw invalidOption(key, value, `a whole number from 0 to ${max}`);
  }
  return value;
}

function readFlag(raw: Raw, key: string): boolean {
  const value = raw[key] ?? false;
  if (typeof value !== "boolean") throw invalidOption(key, value, "true or false");
  return value;
}
