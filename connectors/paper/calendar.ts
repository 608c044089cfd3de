/**
 * The venue's own time. It advances in ticks: each trading day has {@link STEPS} of them, and tick 0 is the close of day 0.
 * Day n is the n-th trading day of the recording after the start; when the recording ends, the dates run on over weekdays.
 */

/** Prices a day: open, the two extremes in seeded order, close. */
export const STEPS = 4;
const CLOSE = STEPS - 1;

/** Times of day, UTC. All four lie within 09:30 to 16:00 in New York, in summer and in winter. */
const STEP_TIMES = ["14:30", "16:20", "18:10", "19:59"].map((time) => Number(time.slice(0, 2)) * 60 + Number(time.slice(3)));

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

export interface Instant {
  readonly day: number;
  /** 0 is the open, {@link STEPS} - 1 the close. */
  readonly step: number;
}

export const instantOf = (tick: number): Instant => ({ day: Math.floor((tick + CLOSE) / STEPS), step: (tick + CLOSE) % STEPS });

export const dayOf = (tick: number): number => instantOf(tick).day;

/** Start of the session on an ISO date, ms. */
export const sessionStart = (date: string): number => Date.parse(`${date}T00:00:00Z`) + (STEP_TIMES[0] ?? 0) * MINUTE_MS;

export class Calendar {
  readonly #dates: readonly string[];
  readonly #first: number;
  readonly #lastAt: number;

  /** `dates` are the recording's trading days, ascending, as ISO text; day 0 is the last one at or before `start`. */
  constructor(dates: readonly string[], start: string) {
    this.#dates = dates;
    this.#first = Math.max(0, dates.findLastIndex((date) => date <= start));
    this.#lastAt = Date.parse(`${dates.at(-1) ?? start}T00:00:00Z`);
  }

  /** Midnight UTC of a day's date, ms. */
  midnight(day: number): number {
    const date = this.#dates[this.#first + day];
    if (date !== undefined) return Date.parse(`${date}T00:00:00Z`);
    return afterWeekdays(this.#lastAt, this.#first + day - (this.#dates.length - 1));
  }

  /** ISO date of a day. */
  date(day: number): string {
    return new Date(this.midnight(day)).toISOString().slice(0, 10);
  }

  /** The venue's time at a tick, ms since the epoch. */
  timeAt(tick: number): number {
    const { day, step } = instantOf(tick);
    return this.midnight(day) + (STEP_TIMES[step] ?? 0) * MINUTE_MS;
  }
}

/** The `count`-th weekday after a weekday. */
const afterWeekdays = (from: number, count: number): number => {
  const weekday = (new Date(from).getUTCDay() + 6) % 7; // Monday is 0.
  const total = weekday + count;
  return from + (Math.floor(total / 5) * 7 + (total % 5) - weekday) * DAY_MS;
};
