/** Times for a person: in the time zone of the terminal. Programs and files get UTC. */
import { formatDuration } from "../../gate/format.ts";

/** Whether a person reads the text on a terminal. */
interface Output {
  readonly isTty: boolean;
}

const ISO_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z$/;
const ISO_TIMES = /\b\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z\b/g;

/** `2026-11-30 07:30`; "never" for no time. */
export function localMinute(time: string | undefined): string {
  if (time === undefined) return "never";
  return new Date(time).toLocaleString("sv", { dateStyle: "short", timeStyle: "short" });
}

/** A text that is an ISO time as `2026-11-30 07:30:05` on a terminal; every other text as it is. */
export function shownTime({ isTty }: Output, text: string): string {
  if (!isTty || !ISO_TIME.test(text)) return text;
  return new Date(text).toLocaleString("sv", { dateStyle: "short", timeStyle: "medium" });
}

/** A sentence whose ISO times are shown as `shownTime` shows them. */
export function shownTimes(output: Output, sentence: string): string {
  return sentence.replaceAll(ISO_TIMES, (time) => shownTime(output, time));
}

/** `07:30:05` of an ISO time. */
export function localClock(time: string): string {
  return new Date(time).toLocaleString("sv", { timeStyle: "medium" });
}

/** `11-30`: the day of an ISO time in this year's calendar. */
export function localDay(time: string): string {
  return new Date(time).toLocaleString("sv", { dateStyle: "short" }).slice(5);
}

/** `2026-11-30 07:30:05 (12 s ago)`. */
export function shownAge(style: Output, at: string, now: string | undefined): string {
  if (!style.isTty || now === undefined) return at;
  return `${shownTime(style, at)} (${formatDuration(Math.max(0, Date.parse(now) - Date.parse(at)))} ago)`;
}

/** The time zone of these functions. */
export function localZone(): string {
  return new Intl.DateTimeFormat("sv").resolvedOptions().timeZone;
}
