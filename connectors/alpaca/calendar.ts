/** Days of Alpaca's calendar as the desk's sessions. Pure. */
import type { Session } from "@qoc-app/sdk";
import { isStated, millis } from "./fields.ts";
import type { CalendarDay } from "./wire.ts";

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
