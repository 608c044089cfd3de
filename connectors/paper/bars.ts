/**
 * Bars for charts: the recorded bars before the start and those played since, never future ones, and never the made-up
 * days after the end of a recording. The operator's own bars come back as they are.
 */
import type { Bar } from "@qoc-app/sdk";
import { textOf } from "../amount.ts";
import { type Calendar, sessionStart } from "./calendar.ts";
import type { RecordedBar, Recording } from "./recording.ts";

/** Maximum number of returned bars; the newest ones are returned. */
export const BARS_MAX = 2000;
const DAILY = ["1d", "d", "day", "daily"];

export interface BarQuery {
  readonly resolution: string;
  readonly from?: number;
  readonly to?: number;
}

/** Returns complete days, oldest first, without the current day. @throws Error for another resolution than a day. */
export function playedBars(recording: Recording, calendar: Calendar, tick: number, query: BarQuery): Bar[] {
  const { resolution, from = 0, to = Infinity } = query;
  if (!DAILY.includes(resolution.toLowerCase())) {
    throw new Error(`the paper venue has daily bars, resolution "1d", not ${JSON.stringify(resolution)}`);
  }
  if (recording.isOperators) {
    const inRange = recording.recorded.filter(({ at }) => at >= from && at <= to);
    return inRange.slice(-BARS_MAX).map((bar) => ({ symbol: recording.symbol, ...timestamped(bar) }));
  }
  const { day, step, ticks } = calendar.instantOf(tick);
  const startAt = sessionStart(calendar.date(0));
  const newestFirst: Bar[] = [];
  for (
    let at, n = step === ticks - 1 ? day : day - 1;
    n >= -recording.barsBeforeStart && newestFirst.length < BARS_MAX;
    n--
  ) {
    at = n < 0 ? Math.min(recording.recordedAt(n), startAt) : sessionStart(calendar.date(n));
    if (at < from) break;
    if (!recording.isRecorded(n)) continue;
    if (at <= to) newestFirst.push(toBar(recording, n, at));
  }
  return newestFirst.toReversed();
}

function timestamped({ at, ...bar }: RecordedBar): Omit<Bar, "symbol"> {
  const { volume, ...prices } = bar;
  return volume === undefined ? { timestamp: at, ...prices } : { timestamp: at, ...prices, volume };
}

function toBar(recording: Recording, day: number, at: number): Bar {
  const { open, high, low, close, volume } = recording.bar(day);
  const bar = {
    symbol: recording.symbol,
    timestamp: at,
    open: textOf(open),
    high: textOf(high),
    low: textOf(low),
    close: textOf(close),
  };
  return volume === undefined ? bar : { ...bar, volume: textOf(volume) };
}
