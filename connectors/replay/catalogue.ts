/** The replayed symbols. A symbol without a bar where others have one keeps its last close and does not trade. */
import type { Activity, Bar } from "@qoc-app/sdk";
import { type Amount, ZERO, amount, textOf } from "../amount.ts";
import { readBar } from "../paper/instruments.ts";
import type { BarSeries } from "../paper/market.ts";
import type { PlayedBar, RecordedBar } from "../paper/recording.ts";
import type { Catalogue } from "../paper/venue.ts";
import type { ReplayCalendar } from "./calendar.ts";
import type { DatedSplit } from "./options.ts";

/** One instrument; its bars are in the order of the calendar. */
export class ReplaySeries implements BarSeries {
  readonly symbol: string;
  readonly tickSize: Amount;
  readonly firstAt: number;
  readonly lastAt: number;
  readonly #bars: readonly RecordedBar[];
  readonly #calendar: ReplayCalendar;

  /** `bars` has at least one, ascending by time. */
  constructor(symbol: string, bars: readonly RecordedBar[], calendar: ReplayCalendar) {
    this.symbol = symbol;
    this.#bars = bars;
    this.#calendar = calendar;
    this.tickSize = tickOfPrices(bars);
    this.firstAt = bars[0]?.at ?? 0;
    this.lastAt = bars.at(-1)?.at ?? 0;
  }

  bar(day: number): PlayedBar {
    const at = this.#calendar.barTime(day);
    const bar = this.#lastUntil(at);
    const [open, high, low, close] = [bar.open, bar.high, bar.low, bar.close].map(amount) as [
      Amount,
      Amount,
      Amount,
      Amount,
    ];
    if (bar.at !== at) return { open: close, high: close, low: close, close, volume: ZERO };
    return { open, high, low, close, volume: bar.volume === undefined ? undefined : amount(bar.volume) };
  }

  /** The bars from a time to the end of a day, oldest first. */
  played(from: number, until: number): readonly RecordedBar[] {
    return this.#bars.filter(({ at }) => at >= from && at <= until);
  }

  /** The last bar at or before a time. */
  #lastUntil(at: number): RecordedBar {
    let [low, high] = [0, this.#bars.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#bars[middle]?.at ?? Infinity) <= at) low = middle;
      else high = middle - 1;
    }
    return this.#bars[low] as RecordedBar;
  }
}

/** One cent, or the last decimal that a price has. */
function tickOfPrices(bars: readonly RecordedBar[]): Amount {
  let places = 2;
  for (const { open, high, low, close } of bars)
    for (const price of [open, high, low, close]) places = Math.max(places, price.split(".")[1]?.length ?? 0);
  return amount(`1e-${places}`);
}

/** The bars of the operator's file that can be played. */
export function usableBars(bars: readonly Bar[]): readonly RecordedBar[] {
  return bars.flatMap((bar) => readBar(bar) ?? []).toSorted((a, b) => a.at - b.at);
}

/** A split that has its place in the calendar. */
interface PlacedSplit extends DatedSplit {
  readonly tick: number;
}

export class ReplayCatalogue implements Catalogue {
  readonly calendar: ReplayCalendar;
  readonly #series: ReadonlyMap<string, ReplaySeries>;
  readonly #splits: readonly PlacedSplit[];

  constructor(series: ReadonlyMap<string, ReplaySeries>, calendar: ReplayCalendar, splits: readonly DatedSplit[]) {
    this.calendar = calendar;
    this.#series = series;
    this.#splits = splits.flatMap((split) => {
      const tick = calendar.firstTickFrom(split.at);
      return tick === undefined ? [] : [{ ...split, tick }];
    });
  }

  get lastTick(): number {
    return this.calendar.lastTick;
  }

  get symbols(): readonly string[] {
    return [...this.#series.keys()];
  }

  cached(symbol: string): ReplaySeries | undefined {
    return this.#series.get(symbol);
  }

  find(symbol: string): Promise<ReplaySeries | undefined> {
    return Promise.resolve(this.cached(symbol));
  }

  splitsAt(tick: number): readonly PlacedSplit[] {
    return this.#splits.filter((split) => split.tick === tick);
  }

  /** The splits until a tick, as activities for the desk. */
  activitiesUntil(tick: number): readonly Activity[] {
    return this.#splits.filter((split) => split.tick <= tick).map((split) => this.activityOf(split));
  }

  activityOf({ symbol, date, tick, after, before }: PlacedSplit): Activity {
    return {
      id: `split-${symbol}-${date}`,
      kind: "split",
      timestamp: this.calendar.timeAt(tick),
      symbol,
      ratio: [textOf(after), textOf(before)],
    };
  }
}
