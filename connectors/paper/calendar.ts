/**
 * The venue's simulated time. It advances in ticks; tick 0 is the close of day 0. Day n is the n-th trading day of the
 * recording after the start. After the end of the recording, dates continue over weekdays, and each day has more ticks:
 * with the short days of a fast market a running desk would reach the next century within hours.
 */

/** Fewest ticks of a recorded day: open, low and high in seeded order, close. */
export const TICKS_PER_DAY_MIN = 4;
/** A longer day has about one tick in this time, so that an order does not wait for the next quarter of the day. */
const TICK_SECONDS = 1;
/** The shortest tick: that of the fastest speed of a new venue. */
const TICK_MS_MIN = 5;
/** Minimum wall-clock seconds of a day after the end of the recording. */
export const LATE_DAY_SECONDS_MIN = 1200;
/**
 * The desk accepts no later times. At {@link LATE_DAY_SECONDS_MIN} a day, reaching it takes more than twenty months.
 */
export const LATEST_TIME = Date.UTC(2200, 0, 1);

const DAY_MS = 86_400_000;
/** 14:30 to 19:59 UTC is within 09:30 to 16:00 in New York all year. */
const OPEN_MS = (14 * 60 + 30) * 60_000;
export const SESSION_MS = (5 * 60 + 29) * 60_000;

export interface Instant {
  readonly day: number;
  /** 0 is the open, `ticks` - 1 the close. */
  readonly step: number;
  /** Ticks of this day: one more than a multiple of three, so that both extremes are on a tick. */
  readonly ticks: number;
}

/** Start of the session on an ISO date, ms. */
export function sessionStart(date: string): number {
  return Date.parse(`${date}T00:00:00Z`) + OPEN_MS;
}

/** Wall-clock time of a tick. A day that became shorter keeps its ticks, but none is shorter than this allows. */
export function tickMsFor(barSeconds: number, dayTicks = TICKS_PER_DAY_MIN): number {
  return Math.max(TICK_MS_MIN, (barSeconds * 1000) / dayTicks);
}

/** Ticks of a recorded day. One more than a multiple of three, so that both extremes are on a tick. */
export function dayTicksFor(barSeconds: number): number {
  return Math.max(TICKS_PER_DAY_MIN, 3 * Math.round((barSeconds / TICK_SECONDS - 1) / 3) + 1);
}

/** Ticks of a day after the recording, so that the day takes at least {@link LATE_DAY_SECONDS_MIN}. */
export function lateTicksFor(barSeconds: number): number {
  const ticks = (dayTicksFor(barSeconds) * Math.max(barSeconds, LATE_DAY_SECONDS_MIN)) / barSeconds;
  return 3 * Math.ceil((ticks - 1) / 3) + 1;
}

/** Stored with the venue, because the meaning of a tick depends on them. */
export interface TicksOfDays {
  /** Of a recorded day; venues of earlier versions have {@link TICKS_PER_DAY_MIN}. */
  readonly dayTicks?: number | undefined;
  /** Of a day after the end of the recording. */
  readonly lateTicks: number;
}

export class Calendar {
  readonly #dates: readonly string[];
  readonly #startIndex: number;
  readonly #lastAt: number;
  readonly #dayTicks: number;
  readonly #lateTicks: number;

  /** `dates` are the recording's trading days as ascending ISO dates; day 0 is the last one at or before `start`. */
  constructor(dates: readonly string[], start: string, { dayTicks = TICKS_PER_DAY_MIN, lateTicks }: TicksOfDays) {
    this.#dates = dates;
    this.#startIndex = Math.max(
      0,
      dates.findLastIndex((date) => date <= start),
    );
    this.#lastAt = Date.parse(`${dates.at(-1) ?? start}T00:00:00Z`);
    this.#dayTicks = dayTicks;
    this.#lateTicks = lateTicks;
  }

  instantOf(tick: number): Instant {
    const perDay = this.#dayTicks;
    const ticksSinceOpen = tick + perDay - 1;
    const recordedDays = this.#dates.length - this.#startIndex;
    const late = ticksSinceOpen - recordedDays * perDay;
    if (late < 0) return { day: Math.floor(ticksSinceOpen / perDay), step: ticksSinceOpen % perDay, ticks: perDay };
    return {
      day: recordedDays + Math.floor(late / this.#lateTicks),
      step: late % this.#lateTicks,
      ticks: this.#lateTicks,
    };
  }

  /** ISO date of a day. */
  date(day: number): string {
    return this.#dates[this.#startIndex + day] ?? new Date(this.#midnight(day)).toISOString().slice(0, 10);
  }

  /** The venue's time at a tick, ms since the epoch. */
  timeAt(tick: number): number {
    const { day, step, ticks } = this.instantOf(tick);
    return this.#midnight(day) + OPEN_MS + Math.round((SESSION_MS * step) / (ticks - 1));
  }

  #midnight(day: number): number {
    const date = this.#dates[this.#startIndex + day];
    if (date !== undefined) return Date.parse(`${date}T00:00:00Z`);
    return afterWeekdays(this.#lastAt, this.#startIndex + day - (this.#dates.length - 1));
  }
}

/** The `count`-th weekday after a weekday. */
function afterWeekdays(from: number, count: number): number {
  const weekday = (new Date(from).getUTCDay() + 6) % 7; // Monday is 0.
  const total = weekday + count;
  return from + (Math.floor(total / 5) * 7 + (total % 5) - weekday) * DAY_MS;
}
