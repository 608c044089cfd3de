/** Times of TWS, which it states in whole seconds of a time zone. Pure. */

const TIME = /^(\d{4})(\d{2})(\d{2})(?:(-)|\s+)(\d{2}):(\d{2}):(\d{2})(?:\s+(\S.*))?$/;
const QUARTER_MS = 15 * 60_000;

/** The parts as if they were in UTC; undefined if the text is no time. */
function parse(text: string): { readonly asUtc: number; readonly isUtc: boolean; readonly zone: string } | undefined {
  const match = TIME.exec(text.trim());
  if (match === null) return undefined;
  const [, year, month, day, dash, hour, minute, second, zone = ""] = match;
  const asUtc = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
  return { asUtc, isUtc: dash === "-" && zone === "", zone };
}

/**
 * Names of TWS, of Java and of Windows that the tz database lacks, or has for another zone: there `EST` is without
 * daylight saving time, and `BST` is Bangladesh.
 */
const ZONES: Readonly<Record<string, string>> = {
  ...named("America/New_York", "EST", "EDT", "Eastern Standard Time", "Eastern Daylight Time", "Eastern Time"),
  ...named("America/Chicago", "CST", "CDT", "Central Standard Time", "Central Daylight Time", "Central Time"),
  ...named("America/Denver", "MST", "MDT", "Mountain Standard Time", "Mountain Daylight Time", "Mountain Time"),
  ...named("America/Los_Angeles", "PST", "PDT", "Pacific Standard Time", "Pacific Daylight Time", "Pacific Time"),
  ...named("America/Halifax", "AST", "ADT", "Atlantic Standard Time", "Atlantic Daylight Time"),
  ...named("Europe/London", "BST", "British Summer Time", "GMT Standard Time"),
  ...named("Europe/Berlin", "CEST", "MEST", "Central European Time", "Central European Summer Time"),
  ...named("Europe/Berlin", "Middle Europe Time", "Middle Europe Summer Time", "W. Europe Standard Time"),
  ...named("Asia/Tokyo", "Japan Standard Time", "Tokyo Standard Time", "Japan Time"),
  ...named("Asia/Hong_Kong", "HKT", "Hong Kong Time", "Hong Kong Standard Time"),
  ...named("Asia/Shanghai", "China Standard Time"),
  ...named("Asia/Singapore", "SGT", "Singapore Time", "Singapore Standard Time"),
  ...named("Asia/Kolkata", "India Standard Time"),
  ...named("Asia/Seoul", "KST", "Korea Standard Time", "Korean Standard Time"),
  ...named("Australia/Sydney", "AEST", "AEDT", "AUS Eastern Standard Time", "Australian Eastern Standard Time"),
};

function named(zone: string, ...names: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(names.map((name) => [name, zone]));
}

/** The name in the tz database. Of `EST (Eastern Standard Time)` the long name counts: short ones are shared. */
function zoneOf(name: string): string {
  const [, , long = name] = /^(\S+) \((.+)\)$/.exec(name) ?? [];
  return ZONES[long] ?? long;
}

/** By time zone: a format is slow to make. undefined for a name that is not one of the tz database. */
const FORMATS = new Map<string, Intl.DateTimeFormat | undefined>();

function formatOf(timeZone: string): Intl.DateTimeFormat | undefined {
  if (FORMATS.has(timeZone)) return FORMATS.get(timeZone);
  let format: Intl.DateTimeFormat | undefined;
  try {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
  } catch {
    format = undefined;
  }
  FORMATS.set(timeZone, format);
  return format;
}

const MINUTE_MS = 60_000;

/** How far a time zone is ahead of UTC at a time; undefined if its name is not known. */
function offsetOf(name: string, at: number): number | undefined {
  const [, sign, hours, minutes = "0"] = /^(?:GMT|UTC)([+-])(\d{1,2})(?::?(\d{2}))?$/.exec(name) ?? [];
  if (sign !== undefined) return Number(`${sign}1`) * (Number(hours) * 60 + Number(minutes)) * MINUTE_MS;
  const parts = formatOf(zoneOf(name))?.formatToParts(at);
  if (parts === undefined) return undefined;
  const of = (type: string): number => Number(parts.find((part) => part.type === type)?.value);
  return Date.UTC(of("year"), of("month") - 1, of("day"), of("hour"), of("minute"), of("second")) - at;
}

/** The local time, as if it were in UTC, as milliseconds; undefined for a zone that is not known. */
function millisIn(zone: string, asUtc: number): number | undefined {
  // The offset at the local time itself may be that of the other side of a change of clocks.
  const first = zone === "" ? undefined : offsetOf(zone, asUtc);
  const offset = first === undefined ? undefined : offsetOf(zone, asUtc - first);
  return offset === undefined ? undefined : asUtc - offset;
}

/**
 * Milliseconds of `20261130 09:30:00 US/Eastern`, or of `20261130-14:30:00`, which is UTC. `gatewayOffsetMs` is how far
 * the gateway's own zone is ahead: for times without a zone, and for names of several words, which only Windows knows.
 * @throws Error if the text is no time, or of a zone that is not known.
 */
export function millisOf(text: string, gatewayOffsetMs: number): number {
  const parsed = parse(text);
  if (parsed === undefined) throw new Error(`${JSON.stringify(text)} is not a time of TWS`);
  const { asUtc, isUtc, zone } = parsed;
  if (isUtc) return asUtc;
  const known = millisIn(zone, asUtc);
  if (known !== undefined) return known;
  if (zone !== "" && !zone.includes(" "))
    throw new Error(`${JSON.stringify(text)} is in a time zone that is not known`);
  return asUtc - gatewayOffsetMs;
}

/** As `millisOf`; undefined for a text that it refuses. */
export function optionalMillisOf(text: string, gatewayOffsetMs: number): number | undefined {
  try {
    return millisOf(text, gatewayOffsetMs);
  } catch {
    return undefined;
  }
}

/** How far the gateway's own zone is ahead, from the local time that it greets with, and the time in UTC then. */
export function gatewayOffset(greeting: string, now: number): number {
  const parsed = parse(greeting);
  return parsed === undefined ? 0 : Math.round((parsed.asUtc - now) / QUARTER_MS) * QUARTER_MS;
}

interface Hours {
  readonly tradingHours?: string | undefined;
  readonly liquidHours?: string | undefined;
  readonly timeZoneId?: string | undefined;
}

interface Span {
  readonly open: number;
  readonly close: number;
}

/**
 * The sessions of a day in the words of TWS: `20261130:0930-20261130:1600`, or those of an older one,
 * `20261130:0930-1200,1300-1600`. None for `20261130:CLOSED`.
 * @throws Error for other words, and for a zone that is not known: the gateway's own would be another one.
 */
export function spansOf(day: string, zone: string): readonly Span[] {
  if (day === "" || /^\d{8}:CLOSED$/i.test(day)) return [];
  const unreadable = (): Error =>
    new Error(`the hours ${JSON.stringify(day)} of ${JSON.stringify(zone)} cannot be read`);
  let date: string | undefined;
  const at = (on: string | undefined, time = ""): number => {
    date = on ?? date;
    const parsed = parse(`${date ?? ""} ${time.slice(0, 2)}:${time.slice(2)}:00`);
    const ms = parsed === undefined ? undefined : millisIn(zone, parsed.asUtc);
    if (ms === undefined) throw unreadable();
    return ms;
  };
  return day.split(",").map((text) => {
    const [, from, opens, to, closes] = /^(?:(\d{8}):)?(\d{4})-(?:(\d{8}):)?(\d{4})$/.exec(text.trim()) ?? [];
    const [open, close] = [at(from, opens), at(to, closes)];
    // An older TWS may mean the evening before.
    if (close <= open) throw unreadable();
    return { open, close };
  });
}

/** The liquid hours, and what the trading hours have before and after them. @throws Error as `spansOf`. */
export function sessionsOf({
  tradingHours = "",
  liquidHours = "",
  timeZoneId = "",
}: Hours): readonly (Span & { readonly kind: "pre" | "core" | "post" })[] {
  const spansIn = (hours: string): readonly Span[] =>
    hours.split(";").flatMap((day) => spansOf(day.trim(), timeZoneId.trim()));
  const core = spansIn(liquidHours);
  const around = spansIn(tradingHours).flatMap(({ open, close }) => {
    const within = core.filter((span) => span.open < close && span.close > open);
    const first = within[0] ?? { open: close, close };
    const last = within.at(-1) ?? { open: close, close };
    return [
      { open, close: first.open, kind: "pre" as const },
      { open: last.close, close, kind: "post" as const },
    ];
  });
  const sessions = [...core.map((span) => ({ ...span, kind: "core" as const })), ...around];
  return sessions.filter(({ open, close }) => open < close).toSorted((a, b) => a.open - b.open);
}
