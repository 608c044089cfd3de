/**
 * Monday to Friday from `open` up to, not including, `close`, by the venue's time in the zone `tz`. If `close` is
 * before `open`, the session runs over midnight and belongs to the day of its open. Holidays come from the venue: the
 * check `order-validity` refuses an instrument that is not tradable.
 */
import { localTime, minutesOf } from "../calendar.ts";
import { block, pass } from "../check-result.ts";
import type { Guard } from "../check-context.ts";

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
  if (isOpen(now.weekday, now.minutes, open, close)) return pass(options.key, message, figures);
  return block(options.key, "MARKET_CLOSED", message, figures);
};

function isOpen(weekday: number, minutes: number, open: number, close: number): boolean {
  if (open <= close) return weekday <= FRIDAY && minutes >= open && minutes < close;
  const openedToday = weekday <= FRIDAY && minutes >= open;
  const dayBefore = weekday === 1 ? 7 : weekday - 1;
  return openedToday || (dayBefore <= FRIDAY && minutes < close);
}
