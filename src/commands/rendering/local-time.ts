/** Times for a person: in the time zone of the terminal, to the minute. */

/** `2026-11-30 07:30`; "never" for no time. */
export function localMinute(time: string | undefined): string {
  if (time === undefined) return "never";
  return new Date(time).toLocaleString("sv", { dateStyle: "short", timeStyle: "short" });
}

/** The time zone that {@link localMinute} uses. */
export function localZone(): string {
  return new Intl.DateTimeFormat("sv").resolvedOptions().timeZone;
}
