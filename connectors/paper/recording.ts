/**
 * The recorded bars of one instrument, played forwards to the last bar, then backwards with open and close swapped, and
 * so on. At each change of direction the next bar opens exactly at the last close.
 */
import { type Amount, amount, nearest } from "../amount.ts";

export interface RecordedBar {
  /** Start of the bar as recorded, ms. */
  readonly at: number;
  readonly open: string;
  readonly high: string;
  readonly low: string;
  readonly close: string;
  readonly volume?: string | undefined;
}

export interface PlayedBar {
  readonly open: Amount;
  readonly high: Amount;
  readonly low: Amount;
  readonly close: Amount;
  readonly volume?: Amount | undefined;
}

interface RecordingFacts {
  readonly symbol: string;
  readonly name: string;
  /** The bars are the operator's file. */
  readonly isOperators?: boolean;
}

export class Recording {
  readonly symbol: string;
  readonly name: string;
  readonly isOperators: boolean;
  readonly tickSize: Amount;
  readonly #bars: readonly RecordedBar[];
  readonly #startIndex: number;

  /**
   * `bars` has at least one bar, ascending by time. Day 0 plays the last bar at or before `startAt`, or the first bar.
   */
  constructor({ symbol, name, isOperators = false }: RecordingFacts, bars: readonly RecordedBar[], startAt: number) {
    this.symbol = symbol;
    this.name = name;
    this.isOperators = isOperators;
    this.#bars = bars;
    this.#startIndex = Math.max(
      0,
      bars.findLastIndex((bar) => bar.at <= startAt),
    );
    this.tickSize = tickFor(bars);
  }

  /** Returns the bar of a day, rounded to the tick size. */
  bar(day: number): PlayedBar {
    const { index, mirrored } = this.#locate(day);
    const bar = this.#bars[index] as RecordedBar;
    const [open, close] = [nearest(amount(bar.open), this.tickSize), nearest(amount(bar.close), this.tickSize)];
    return {
      open: mirrored ? close : open,
      high: nearest(amount(bar.high), this.tickSize),
      low: nearest(amount(bar.low), this.tickSize),
      close: mirrored ? open : close,
      volume: bar.volume === undefined ? undefined : amount(bar.volume),
    };
  }

  /** Returns the direction if the day is the first of that direction, otherwise undefined. */
  directionChangeAt(day: number): "backwards" | "forwards" | undefined {
    const { mirrored } = this.#locate(day);
    if (day < 1 || this.#locate(day - 1).mirrored === mirrored) return undefined;
    return mirrored ? "backwards" : "forwards";
  }

  /** The bars as they were recorded. */
  get recorded(): readonly RecordedBar[] {
    return this.#bars;
  }

  /** False: the recording has ended before that day, whose prices are made from the recorded ones. */
  isRecorded(day: number): boolean {
    return this.#startIndex + day < this.#bars.length;
  }

  /** Number of bars before day 0; these are days -1, -2 and so on. */
  get barsBeforeStart(): number {
    return this.#startIndex;
  }

  /** Recorded start of day 0 or an earlier day, ms. */
  recordedAt(day: number): number {
    return this.#bars[this.#startIndex + day]?.at ?? 0;
  }

  #locate(day: number): { index: number; mirrored: boolean } {
    const count = this.#bars.length;
    const position = (this.#startIndex + day) % (2 * count);
    return position < count
      ? { index: position, mirrored: false }
      : { index: 2 * count - 1 - position, mirrored: true };
  }
}

/** One cent; for prices below 1, the fourth significant digit of the lowest price. */
function tickFor(bars: readonly RecordedBar[]): Amount {
  const lowest = Math.min(...bars.map((bar) => Number(bar.low)));
  return lowest >= 1 ? amount("0.01") : amount(`1e${Math.floor(Math.log10(lowest)) - 3}`);
}
