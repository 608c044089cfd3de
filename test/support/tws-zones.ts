/** Time zones as TWS names them, and the local times of their exchanges. */
import fc from "fast-check";

const MINUTE_MS = 60_000;

/** What TWS calls a zone, and its name in the tz database. */
export const ZONES = fc.constantFrom(
  ...([
    ["US/Eastern", "America/New_York"],
    ["EST (Eastern Standard Time)", "America/New_York"],
    ["EST", "America/New_York"],
    ["EST5EDT", "America/New_York"],
    ["US/Central", "America/Chicago"],
    ["CST (Central Standard Time)", "America/Chicago"],
    ["MET", "Europe/Berlin"],
    ["GB-Eire", "Europe/London"],
    ["BST (British Summer Time)", "Europe/London"],
    ["JST", "Asia/Tokyo"],
    ["JST (Japan Standard Time)", "Asia/Tokyo"],
    ["Hongkong", "Asia/Hong_Kong"],
    ["HKT (Hong Kong Time)", "Asia/Hong_Kong"],
    ["Australia/NSW", "Australia/Sydney"],
    ["IST (India Standard Time)", "Asia/Kolkata"],
    ["GMT+03:30", "+03:30"],
    ["UTC", "UTC"],
  ] as const),
);

const FORMATS = new Map<string, Intl.DateTimeFormat>();

/** `20261130:0930` of a time in a zone. */
export function localOf(ms: number, zone: string): string {
  if (zone.startsWith("+")) return localOf(ms + 210 * MINUTE_MS, "UTC");
  const options = { timeZone: zone, dateStyle: "short", timeStyle: "short" } as const;
  const format = FORMATS.get(zone) ?? new Intl.DateTimeFormat("sv-SE", options);
  FORMATS.set(zone, format);
  return format.format(ms).replaceAll(/[-:]/g, "").replace(" ", ":");
}

/** Whether the clocks show this time twice, an hour apart: then TWS does not say which one it is. */
export function isTwice(ms: number, zone: string): boolean {
  return [-60, 60].some((minutes) => localOf(ms + minutes * MINUTE_MS, zone) === localOf(ms, zone));
}
