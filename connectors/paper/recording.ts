/**
 * One instrument's recorded bars, played back and forth without end: forwards to the last bar, then backwards with open and
 * close exchanged, then forwards again. At each turn the next bar opens exactly where the last one closed.
 */
import { type Amount, amount, nearest } from "./amount.ts";

export interface RecordedBar {
  /** Start of the bar as recorded, ms. */
  readonly at: number;
  readonly open: string;
  readonly high: string;
  readonly low: string;
  readonly close: string;
  readonly volume?: string;
}

export interface PlayedBar {
  readonly open: Amount;
  readonly high: Amount;
  readonly low: Amount;
  readonly close: Amount;
  readonly volume?: Amount;
}

export class Recording {
  readonly symbol: string;
  readonly name: string;
  readonly tickSize: Amount;
  readonly #bars: readonly RecordedBar[];
  readonly #first: number;

  /** `bars` are ascending and at least one; day 0 plays the last bar at or before `startAt`, else the first. */
  constructor(symbol: string, name: string, bars: readonly RecordedBar[], startAt: number) {
    this.symbol = symbol;
    this.name = name;
    this.#bars = bars;
    this.#first = Math.max(
      0,
      bars.findLastIndex((bar) => bar.at <= startAt),
    );
    this.tickSize = tickFor(bars);
  }

  /** The bar that a day plays, in whole ticks. */
  bar(day: number): PlayedBar {
    const { index, mirrored } = this.#place(day);
    const bar = this.#bars[index] as RecordedBar;
    const [open, close] = [nearest(amount(bar.open), this.tickSize), nearest(amount(bar.close), this.tickSize)];
    return {
      open: mirrored ? close : open,
      high: nearest(amount(bar.high), this.tickSize),
      low: nearest(amount(bar.low), this.tickSize),
      close: mirrored ? open : close,
      ...(bar.volume === undefined ? {} : { volume: amount(bar.volume) }),
    };
  }

  /** Which way a day plays, when it is the first to play that way. */
  turnsAt(day: number): "backwards" | "forwards" | undefined {
    const { mirrored } = this.#place(day);
    if (day < 1 || this.#place(day - 1).mirrored === mirrored) return undefined;
    return mirrored ? "backwards" : "forwards";
  }

  /** How many bars were recorded before day 0; they are days -1, -2 and so on. */
  get before(): number {
    return this.#first;
  }

  /** Recorded start of a day that is not after day 0, ms. */
  recordedAt(day: number): number {
    return this.#bars[this.#first + day]?.at ?? 0;
  }

  #place(day: number): { index: number; mirrored: boolean } {
    const count = this.#bars.length;
    const position = (this.#first + day) % (2 * count);
    return position < count
      ? { index: position, mirrored: false }
      : { index: 2 * count - 1 - position, mirrored: true };
  }
}

/** One cent; for prices below one, the fourth significant digit of the lowest. */
function tickFor(bars: readonly RecordedBar[]): Amount {
  const lowest = Math.min(...bars.map((bar) => Number(bar.low)));
  return lowest >= 1 ? amount("0.01") : amount(`1e${Math.floor(Math.log10(lowest)) - 3}`);
}
