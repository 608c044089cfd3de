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
    weekday: "short",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
  });
  formatters.set(timezone, created);
  return created;
}

/** @throws RangeError if the time is not finite or the zone does not exist. */
export function localTime(ms: number, timezone: string): LocalTime {
  if (!Number.isFinite(ms)) throw new RangeError(`${ms} is not a time`); // Intl formats undefined as the current time
  const parts = new Map(
    formatter(timezone)
      .formatToParts(ms)
      .map((part) => [part.type, part.value]),
  );
  const part = (type: Intl.DateTimeFormatPartTypes): string => parts.get(type) ?? "";
  const weekdayName = part("weekday");
  const clock = `${part("hour")}:${part("minute")}`;
  return {
    date: `${part("year")}-${part("month")}-${part("day")}`,
    weekday: WEEKDAYS.indexOf(weekdayName) + 1,
    weekdayName,
    minutes: minutesOf(clock),
    clock,
  };
}

/** "09:30" as minutes since midnight. */
export function minutesOf(clock: string): number {
  return Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3, 5));
}
