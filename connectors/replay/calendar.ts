/** The time of a replay: the bars of all its symbols, each passed in the same number of ticks. */
import { type Instant, SESSION_MS, TICKS_PER_DAY_MIN, sessionStart } from "../paper/calendar.ts";

const DAY_MS = 86_400_000;
/** Bars of a day or longer have a date, not a time: their prices pass in one trading session. */
const DATED_GAP_MS = 20 * 3_600_000;
/** Daily bars are some days apart over a weekend and holidays. */
const DAILY_MS = 5 * DAY_MS;

export class ReplayCalendar {
  readonly #times: readonly number[];
  readonly #startIndex: number;
  readonly #ticks: number;
  /** The shortest time between two bars, and at most a day of it. */
  readonly #shortestMs: number;
  readonly #gapMs: number;

  /** `times` are the starts of the bars, ascending, ms; day 0 is the last one at or before `startAt`. */
  constructor(times: readonly number[], startAt: number, ticks = TICKS_PER_DAY_MIN) {
    this.#times = times;
    this.#ticks = ticks;
    this.#startIndex = Math.max(
      0,
      times.findLastIndex((at) => at <= startAt),
    );
    const gaps = times.slice(1).map((at, index) => at - (times[index] ?? 0));
    this.#shortestMs = gaps.reduce((least, gap) => Math.min(least, gap), Infinity);
    this.#gapMs = Math.min(DAY_MS, this.#shortestMs);
  }

  /** The bars have a date and no time. */
  get isDated(): boolean {
    return this.#gapMs >= DATED_GAP_MS;
  }

  /** The name of the bars' length, such as `5m`, `1d` or `7d`, as `qoc bars get` names that of a file. */
  get resolution(): string {
    const isLong = Number.isFinite(this.#shortestMs) && this.#shortestMs >= DAILY_MS;
    if (this.isDated) return isLong ? `${Math.round(this.#shortestMs / DAY_MS)}d` : "1d";
    const units = [
      [3_600_000, "h"],
      [60_000, "m"],
      [1000, "s"],
    ] as const;
    const [ms, unit] = units.find(([length]) => this.#gapMs % length === 0) ?? [1, "ms"];
    return `${this.#gapMs / ms}${unit}`;
  }

  /** The close of the last bar. */
  get lastTick(): number {
    return (this.#times.length - 1 - this.#startIndex) * this.#ticks;
  }

  /** The first tick of the day whose bar starts at or after a time; undefined if no such day follows. */
  firstTickFrom(at: number): number | undefined {
    const index = this.#times.findIndex((time) => time >= at);
    const day = index - this.#startIndex;
    return index < 0 || day < 1 ? undefined : (day - 1) * this.#ticks + 1;
  }

  instantOf(tick: number): Instant {
    const sinceOpen = Math.min(tick, this.lastTick) + this.#ticks - 1;
    return { day: Math.floor(sinceOpen / this.#ticks), step: sinceOpen % this.#ticks, ticks: this.#ticks };
  }

  /** The start of the bar of a day, ms. */
  barTime(day: number): number {
    return this.#times[this.#startIndex + day] ?? 0;
  }

  /** The venue's time at a tick, ms since the epoch. */
  timeAt(tick: number): number {
    const { day, step, ticks } = this.instantOf(tick);
    const length = this.isDated ? SESSION_MS : Math.floor(this.#gapMs * 0.999);
    return this.#openOf(day) + Math.round((length * step) / (ticks - 1));
  }

  #openOf(day: number): number {
    const at = this.barTime(day);
    return this.isDated && at % DAY_MS === 0 ? sessionStart(new Date(at).toISOString().slice(0, 10)) : at;
  }
}
