/** Days of Alpaca's calendar as the desk's sessions. */
import type { Session } from "@qoc-app/sdk";
import { isStated, millis } from "./fields.ts";
import { type CalendarDay, listOf } from "./wire.ts";

const DAY_MS = 24 * 60 * 60_000;

/** The sessions of stocks between two times, ms. */
export async function readSessions(
  read: (path: string) => Promise<{ readonly calendar?: unknown }>,
  from: number,
  to: number,
): Promise<Session[]> {
  // A day's sessions may begin on the day before in UTC.
  const [start = "", end = ""] = [from - DAY_MS, to + DAY_MS].map((at) => new Date(at).toISOString().slice(0, 10));
  const path = `/v3/calendar/NYSE?${new URLSearchParams({ start, end })}`;
  const { calendar } = await read(path);
  const sessions = listOf<CalendarDay>(calendar, path).flatMap((day) => sessionsOf(day));
  return sessions.filter(({ open, close }) => Number(close) > from && Number(open) < to);
}

/** The sessions of a day, the first one first. Some markets have a pause at noon. */
export function sessionsOf(day: CalendarDay): readonly Session[] {
  const { core_start, core_end, lunch_start, lunch_end } = day;
  const hasPause = isStated(lunch_start) && isStated(lunch_end);
  const spans = [
    ["pre", day.pre_start, day.pre_end],
    ["core", core_start, hasPause ? lunch_start : core_end],
    ["core", hasPause ? lunch_end : undefined, core_end],
    ["post", day.post_start, day.post_end],
  ] as const;
  return spans.flatMap(([kind, open, close]) =>
    isStated(open) && isStated(close) ? [{ kind, open: millis(open), close: millis(close) }] : [],
  );
}
