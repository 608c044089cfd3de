/**
 * Monday to Friday from `open` up to, not including, `close`, by the venue's time in the zone `tz`. If `close` is
 * before `open`, the session runs over midnight and belongs to the day of its open. A connector with a calendar
 * (`getSchedule`) must have a core session at that time as well: so a holiday or an early close blocks.
 */
import { localTime, minutesOf } from "../calendar.ts";
import type { Check } from "../../domain/orders/verdict.ts";
import { block, pass, unavailable } from "../check-result.ts";
import type { Guard } from "../check-context.ts";
import type { GateInput } from "../input.ts";

const FRIDAY = 5;

export const marketHours: Guard<"market-hours"> = (options, context) => {
  const zone = options.tz ?? context.input.timezone;
  const now = localTime(context.input.venueNow, zone);
  const [open, close] = [minutesOf(options.open), minutesOf(options.close)];
  const figures = {
    limit: `${options.open}-${options.close} Mon-Fri ${zone}`,
    actual: `${now.clock} ${now.weekdayName}`,
  };
  const message = `${now.weekdayName} ${now.date} ${now.clock} in ${zone}; open ${options.open} to ${options.close}, Monday to Friday`;
  if (!isOpen(now.weekday, now.minutes, open, close)) return block(options.key, "MARKET_CLOSED", message, figures);
  if (context.input.connector.hasSchedule !== true) return pass(options.key, message, figures);
  return bySchedule(options.key, zone, context.input) ?? pass(options.key, message, figures);
};

/** undefined if the venue's calendar has a core session now. */
function bySchedule(key: string, zone: string, { order, sessions, venueNow }: GateInput): Check | undefined {
  const { connector, symbol } = order.terms;
  if (sessions === undefined) return unavailable(key, `the sessions of ${symbol} at ${connector} are not known`);
  const core = sessions.filter(({ kind }) => kind === "core");
  if (core.some((session) => session.open <= venueNow && venueNow < session.close)) return undefined;
  const next = Math.min(...core.map((session) => session.open).filter((at) => at > venueNow));
  const opens = Number.isFinite(next) ? clockOf(next, zone) : "not within ten days";
  const message = `${symbol} has no session at ${connector} now, by its calendar; the next one opens ${opens}`;
  return block(key, "MARKET_CLOSED", message, { limit: opens, actual: clockOf(venueNow, zone) });
}

function clockOf(at: number, zone: string): string {
  const { weekdayName, date, clock } = localTime(at, zone);
  return `${weekdayName} ${date} ${clock}`;
}

function isOpen(weekday: number, minutes: number, open: number, close: number): boolean {
  if (open <= close) return weekday <= FRIDAY && minutes >= open && minutes < close;
  const openedToday = weekday <= FRIDAY && minutes >= open;
  const dayBefore = weekday === 1 ? 7 : weekday - 1;
  return openedToday || (dayBefore <= FRIDAY && minutes < close);
}
