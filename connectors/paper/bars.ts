/** Bars as a chart wants them: what was recorded before the start, then what has been played since, never the future. */
import type { Bar } from "@qoc-app/sdk";
import { textOf } from "./amount.ts";
import { type Calendar, sessionStart } from "./calendar.ts";
import type { Recording } from "./recording.ts";

/** The newest so many are answered. */
export const BARS_MAX = 2000;
const DAILY = ["1d", "d", "day", "daily"];

export interface Range {
  readonly resolution: string;
  readonly from?: number;
  readonly to?: number;
}

/** Whole days only, oldest first; the day that is being played is left out. @throws Error for another resolution. */
export function playedBars(recording: Recording, calendar: Calendar, tick: number, range: Range): Bar[] {
  const { resolution, from = 0, to = Infinity } = range;
  if (!DAILY.includes(resolution.toLowerCase())) {
    throw new Error(`the paper venue has daily bars, resolution "1d", not ${JSON.stringify(resolution)}`);
  }
  const { day, step, ticks } = calendar.instantOf(tick);
  const startAt = sessionStart(calendar.date(0));
  const newestFirst: Bar[] = [];
  for (let at, n = step === ticks - 1 ? day : day - 1; n >= -recording.before && newestFirst.length < BARS_MAX; n--) {
    at = n < 0 ? Math.min(recording.recordedAt(n), startAt) : sessionStart(calendar.date(n));
    if (at < from) break;
    if (at <= to) newestFirst.push(barOf(recording, n, at));
  }
  return newestFirst.toReversed();
}

function barOf(recording: Recording, day: number, at: number): Bar {
  const { open, high, low, close, volume } = recording.bar(day);
  return {
    symbol: recording.symbol,
    timestamp: at,
    open: textOf(open),
    high: textOf(high),
    low: textOf(low),
    close: textOf(close),
    ...(volume === undefined ? {} : { volume: textOf(volume) }),
  };
}
