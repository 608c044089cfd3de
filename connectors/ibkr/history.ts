/** Bars and the search of TWS: what to ask for, and what its rows are. Pure. */
import type { Bar, Instrument } from "@qoc-app/sdk";
import { type Contract, SecType } from "@stoqey/ib";
import { type TwsNumber, plain } from "./amounts.ts";
import { type NamedContract, priceOf } from "./contracts.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

interface Size {
  /** The name of TWS. */
  readonly name: string;
  /** How long after its time the last trade of a bar can be. A day may end on the next one in UTC. */
  readonly endsMs: number;
  /** The days that are asked for without a start. */
  readonly usualDays: number;
}

const SIZES: Readonly<Record<string, Size>> = {
  "1m": { name: "1 min", endsMs: MINUTE_MS, usualDays: 1 },
  "5m": { name: "5 mins", endsMs: 5 * MINUTE_MS, usualDays: 5 },
  "15m": { name: "15 mins", endsMs: 15 * MINUTE_MS, usualDays: 10 },
  "30m": { name: "30 mins", endsMs: 30 * MINUTE_MS, usualDays: 20 },
  "1h": { name: "1 hour", endsMs: 60 * MINUTE_MS, usualDays: 30 },
  "4h": { name: "4 hours", endsMs: 240 * MINUTE_MS, usualDays: 90 },
  "1d": { name: "1 day", endsMs: 2 * DAY_MS, usualDays: 365 },
  "1w": { name: "1 week", endsMs: 8 * DAY_MS, usualDays: 5 * 365 },
};
const PRICES: Readonly<Record<string, string>> = { [SecType.CASH]: "MIDPOINT", [SecType.CRYPTO]: "AGGTRADES" };

export interface BarsQuery {
  /** `20261130-14:30:00`, in UTC; "" for now. */
  readonly end: string;
  /** Such as `30 D` or `2 Y`. */
  readonly duration: string;
  readonly size: string;
  readonly prices: string;
}

export interface BarsRange {
  readonly resolution: string;
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

/** @throws Error for a resolution that TWS lacks. */
export function barsQuery({ resolution, from, to }: BarsRange, contract: Contract, now: number): BarsQuery {
  const size = SIZES[resolution];
  if (size === undefined) throw new Error(`IBKR has no bars of ${resolution}: use ${Object.keys(SIZES).join(", ")}`);
  // The bar that begins at `to` belongs to the range, and TWS cuts a bar off at the end of what it is asked for.
  const end = Math.min(now, (to ?? now) + size.endsMs);
  const days = from === undefined ? size.usualDays : Math.max(1, Math.ceil((end - from) / DAY_MS));
  return {
    end: end === now ? "" : new Date(end).toISOString().slice(0, 19).replaceAll("-", "").replace("T", "-"),
    duration: durationOf(days + (from === undefined ? 0 : 1), resolution),
    size: size.name,
    prices: PRICES[contract.secType ?? ""] ?? "TRADES",
  };
}

/** TWS takes at most a year in days or weeks, and for bars of a week no days. */
function durationOf(days: number, resolution: string): string {
  const weeks = Math.ceil(days / 7);
  if (resolution === "1w" && weeks <= 52) return `${weeks} W`;
  return days <= 365 && resolution !== "1w" ? `${days} D` : `${Math.ceil(days / 365)} Y`;
}

export interface BarRow {
  /** Seconds, or `20261130` for a day and a week. */
  readonly time: string;
  readonly open: TwsNumber;
  readonly high: TwsNumber;
  readonly low: TwsNumber;
  readonly close: TwsNumber;
  /** -1 for prices without trades. */
  readonly volume: TwsNumber | undefined;
}

/** @throws Error for a bar whose time or prices cannot be read. */
export function barOf(
  named: NamedContract,
  { time, open, high, low, close, volume = -1 }: BarRow,
  resolution: string,
): Bar {
  const { symbol } = named;
  const timestamp = startOf(time, resolution);
  if (timestamp === undefined) throw new Error(`the gateway states a bar of ${symbol} at ${time}, which is no time`);
  const price = (value: TwsNumber): string => priceOf(value, named);
  const bar: Bar = { symbol, timestamp, open: price(open), high: price(high), low: price(low), close: price(close) };
  if (Number(volume) >= 0) bar.volume = plain(volume);
  return bar;
}

/** Undefined for a text that is no time. TWS gives a week the date of its last day with trades. */
function startOf(time: string, resolution: string): number | undefined {
  if (!/^\d{8}$/.test(time)) return /^\d+$/.test(time) ? Number(time) * 1_000 : undefined;
  const date = `${time.slice(0, 4)}-${time.slice(4, 6)}-${time.slice(6)}`;
  const day = new Date(`${date}T00:00:00Z`);
  // A date such as February 30 is read as one of March.
  if (Number.isNaN(day.getTime()) || !day.toISOString().startsWith(date)) return undefined;
  const daysSinceMonday = resolution === "1w" ? (day.getUTCDay() + 6) % 7 : 0;
  return day.getTime() - daysSinceMonday * DAY_MS;
}

/** Those of the range, by time; of a bar that comes again, the newest version. */
export function inOrder(
  bars: readonly Bar[],
  { from = 0, to = Number.POSITIVE_INFINITY }: Omit<BarsRange, "resolution">,
): Bar[] {
  const byTime = new Map(bars.map((bar) => [Number(bar.timestamp), bar]));
  return [...byTime.entries()]
    .filter(([at]) => at >= from && at <= to)
    .toSorted(([a], [b]) => a - b)
    .map(([, bar]) => bar);
}

/** The stocks of a search. A stock in another currency than USD is named with its exchange. */
export function matchOf({ symbol = "", secType, currency = "", primaryExch = "" }: Contract): Instrument | undefined {
  if (secType !== SecType.STK || symbol === "" || currency === "") return undefined;
  const [exchange = ""] = primaryExch.split(".");
  if (currency === "USD") return { symbol: symbol.replaceAll(" ", "."), currency };
  return symbol.includes(" ") || exchange === ""
    ? undefined
    : { symbol: `${symbol}@${exchange}/${currency}`, currency };
}
