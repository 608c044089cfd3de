/** Local time in a time zone. Daylight saving comes from Intl, not from arithmetic. */

export interface LocalTime {
  /** `2026-07-06`. */
  readonly date: string;
  /** 1 Monday to 7 Sunday. */
  readonly weekday: number;
  /** `Mon`. */
  readonly weekdayName: string;
  /** Whole minutes since local midnight. */
  readonly minutes: number;
  /** `09:30`. */
  readonly clock: string;
}

const WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/** Cached, because constructing a formatter takes longer than all guards together. */
const formatters = new Map<string, Intl.DateTimeFormat>();

function formatter(timezone: string): Intl.DateTimeFormat {
  const existing = formatters.get(timezone);
  if (existing !== undefined) return existing;
  const created = new Intl.DateTimeFormat("en-US", {
    timeZone: timezone,
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  });
  formatters.set(timezone, created);
  return created;
}

/** @throws RangeError if the time is not finite or the zone does not exist. */
export function localTime(ms: number, timezone: string): LocalTime {
  if (!Number.isFinite(ms)) throw new RangeError(`${ms} is not a time`); // Intl formats undefined as the current time
  const local = new Date(ms + offsetAt(ms, timezone));
  const text = local.toISOString();
  const clock = text.slice(-13, -8);
  const weekday = local.getUTCDay() === 0 ? 7 : local.getUTCDay();
  return {
    date: text.slice(0, -14),
    weekday,
    weekdayName: WEEKDAYS[weekday - 1] ?? "",
    minutes: minutesOf(clock),
    clock,
  };
}

const WINDOW_MS = 15 * 60_000;

/**
 * The offsets of zones at both ends of the last window that was asked for. Intl takes longer than all guards together,
 * and a zone whose offset is the same at both ends of a quarter of an hour has that offset within it.
 */
const windows = new Map<string, { readonly start: number; readonly offset: number | undefined }>();

/** Local time less UTC, ms. */
function offsetAt(ms: number, timezone: string): number {
  const start = Math.floor(ms / WINDOW_MS) * WINDOW_MS;
  let window = windows.get(timezone);
  if (window?.start !== start) {
    const [first, last] = [intlOffset(start, timezone), intlOffset(start + WINDOW_MS, timezone)];
    window = { start, offset: first === last ? first : undefined };
    windows.set(timezone, window);
  }
  return window.offset ?? intlOffset(ms, timezone);
}

function intlOffset(ms: number, timezone: string): number {
  const parts = new Map(
    formatter(timezone)
      .formatToParts(ms)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const part = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0;
  const local = Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"), part("second"));
  return local - Math.floor(ms / 1000) * 1000;
}

/** "09:30" as minutes since midnight. */
export function minutesOf(clock: string): number {
  return Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3, 5));
}
