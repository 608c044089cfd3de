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

/** How far a time zone is ahead of UTC at a time; undefined if its name is not known. */
function offsetOf(zone: string, at: number): number | undefined {
  const parts = formatOf(zone)?.formatToParts(at);
  if (parts === undefined) return undefined;
  const of = (type: string): number => Number(parts.find((part) => part.type === type)?.value);
  return Date.UTC(of("year"), of("month") - 1, of("day"), of("hour"), of("minute"), of("second")) - at;
}

/**
 * Milliseconds of `20261130 09:30:00 US/Eastern`, or of `20261130-14:30:00`, which is UTC. `gatewayOffsetMs` is how far
 * the gateway's own zone is ahead: for times without a zone, and for names that only Windows knows.
 * @throws Error if the text is no time.
 */
export function millisOf(text: string, gatewayOffsetMs: number): number {
  const parsed = parse(text);
  if (parsed === undefined) throw new Error(`${JSON.stringify(text)} is not a time of TWS`);
  const { asUtc, isUtc, zone } = parsed;
  if (isUtc) return asUtc;
  // The offset at the local time itself may be that of the other side of a change of clocks.
  const first = zone === "" ? undefined : offsetOf(zone, asUtc);
  const offset = first === undefined ? undefined : offsetOf(zone, asUtc - first);
  return asUtc - (offset ?? gatewayOffsetMs);
}

/** As `millisOf`; undefined for a text that is no time. */
export function optionalMillisOf(text: string, gatewayOffsetMs: number): number | undefined {
  return parse(text) === undefined ? undefined : millisOf(text, gatewayOffsetMs);
}

/** How far the gateway's own zone is ahead, from the local time that it greets with, and the time in UTC then. */
export function gatewayOffset(greeting: string, now: number): number {
  const parsed = parse(greeting);
  return parsed === undefined ? 0 : Math.round((parsed.asUtc - now) / QUARTER_MS) * QUARTER_MS;
}

/** The span of a session in the words of TWS, `20261130:0930-20261130:1600`; undefined for a day without one. */
export function sessionOf(
  text: string,
  zone: string,
  gatewayOffsetMs: number,
): { readonly open: number; readonly close: number } | undefined {
  const [, from = "", to = ""] = /^(\d{8}:\d{4})-(\d{8}:\d{4})$/.exec(text.trim()) ?? [];
  if (from === "") return undefined;
  const at = (part: string): number =>
    millisOf(`${part.slice(0, 8)} ${part.slice(9, 11)}:${part.slice(11)}:00 ${zone}`, gatewayOffsetMs);
  return { open: at(from), close: at(to) };
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

/** The liquid hours, and what the trading hours have before and after them. */
export function sessionsOf(
  { tradingHours = "", liquidHours = "", timeZoneId = "" }: Hours,
  gatewayOffsetMs: number,
): readonly (Span & { readonly kind: "pre" | "core" | "post" })[] {
  const spansOf = (hours: string): readonly Span[] =>
    hours
      .split(";")
      .map((text) => sessionOf(text, timeZoneId, gatewayOffsetMs))
      .filter((span) => span !== undefined);
  const core = spansOf(liquidHours);
  const around = spansOf(tradingHours).flatMap(({ open, close }) => {
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
