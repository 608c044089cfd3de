/** Times for display, in the zone of this browser. */

const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });
/** The zone of all times on the page, for example "Europe/Berlin". */
export const ZONE = new Intl.DateTimeFormat().resolvedOptions().timeZone;

/** "12:03:11" today, "27 Nov 2026, 12:03:11" on another day. */
export function clockOf(at: string | number, now: number): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return String(at);
  const day = DAY.format(date);
  return day === DAY.format(new Date(now)) ? CLOCK.format(date) : `${day}, ${CLOCK.format(date)}`;
}

/** For a tooltip: day, time and zone. */
export function fullTime(at: string | number): string {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? String(at) : `${DAY.format(date)}, ${CLOCK.format(date)} ${ZONE}`;
}

export function dayOf(at: string | number): string {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? String(at) : DAY.format(date);
}

const [MINUTE_TICK, DAY_TICK, MONTH_TICK] = (
  [
    { hour: "2-digit", minute: "2-digit" },
    { day: "numeric", month: "short" },
    { month: "short", year: "numeric" },
  ] as const
).map((fields) => new Intl.DateTimeFormat("en-GB", fields));

/** The label of an axis whose ticks are `step` seconds apart. */
export function tickOf(at: number, step: number): string {
  const [minute, day, month] = [60, 86_400, 28 * 86_400];
  const format = step < minute ? CLOCK : step < day ? MINUTE_TICK : step < month ? DAY_TICK : MONTH_TICK;
  return format?.format(at) ?? "";
}

/** "3 s", "4 min", "2 h", "5 d". */
export function ageOf(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3_600)} h` : `${Math.floor(seconds / 86_400)} d`;
}
