/** Bars and the search of TWS: what to ask for, and what its rows are. Pure. */
import type { Bar, Instrument } from "@qoc-app/sdk";
import { type Contract, SecType } from "@stoqey/ib";
import { type TwsNumber, plain } from "./amounts.ts";
import { type NamedContract, priceOf } from "./contracts.ts";

const DAY_MS = 24 * 60 * 60_000;

/** By resolution: the name of TWS, and the days that are asked for without a start. */
const SIZES: Readonly<Record<string, readonly [size: string, days: number]>> = {
  "1m": ["1 min", 1],
  "5m": ["5 mins", 5],
  "15m": ["15 mins", 10],
  "30m": ["30 mins", 20],
  "1h": ["1 hour", 30],
  "4h": ["4 hours", 90],
  "1d": ["1 day", 365],
  "1w": ["1 week", 5 * 365],
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
  const [size, usual] = SIZES[resolution] ?? [];
  if (size === undefined || usual === undefined)
    throw new Error(`IBKR has no bars of ${resolution}: use ${Object.keys(SIZES).join(", ")}`);
  const days = from === undefined ? usual : Math.max(1, Math.ceil(((to ?? now) - from) / DAY_MS));
  return {
    end:
      to === undefined || to >= now
        ? ""
        : new Date(to).toISOString().slice(0, 19).replaceAll("-", "").replace("T", "-"),
    // TWS takes at most a year in days.
    duration: days <= 365 ? `${days} D` : `${Math.ceil(days / 365)} Y`,
    size,
    prices: PRICES[contract.secType ?? ""] ?? "TRADES",
  };
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
export function barOf(named: NamedContract, { time, open, high, low, close, volume = -1 }: BarRow): Bar {
  const { symbol } = named;
  const date = /^(\d{4})(\d{2})(\d{2})$/.exec(time);
  const timestamp =
    date === null ? Number(time) * 1_000 : Date.UTC(Number(date[1]), Number(date[2]) - 1, Number(date[3]));
  if (!/^\d+$/.test(time)) throw new Error(`the gateway states a bar of ${symbol} at ${time}, which is no time`);
  const price = (value: TwsNumber): string => priceOf(value, named);
  const bar: Bar = { symbol, timestamp, open: price(open), high: price(high), low: price(low), close: price(close) };
  if (Number(volume) >= 0) bar.volume = plain(volume);
  return bar;
}

/** By time; of a bar that comes again, the newest version. */
export function inOrder(bars: readonly Bar[]): Bar[] {
  const byTime = new Map(bars.map((bar) => [Number(bar.timestamp), bar]));
  return [...byTime.values()].toSorted((a, b) => Number(a.timestamp) - Number(b.timestamp));
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
