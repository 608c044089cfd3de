/** Due times over changes of daylight saving time, against an enumeration of every minute. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CronError, parseCron } from "../../src/workspace/cron.ts";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** A zone, and the first day of a window of three days around one of its changes. */
const WINDOWS = [
  ["America/New_York", "2026-03-07"],
  ["America/New_York", "2026-10-31"],
  ["Europe/Berlin", "2026-03-28"],
  ["Europe/Berlin", "2026-10-24"],
  ["Australia/Lord_Howe", "2026-04-04"],
  ["Australia/Lord_Howe", "2026-10-03"],
  ["America/Santiago", "2026-09-05"],
  ["Africa/Cairo", "2026-04-23"],
  ["Asia/Kolkata", "2026-03-07"],
] as const;

/** The local time at `at`, as if it were UTC. */
function wallClock(zone: string): (at: number) => number {
  const format = new Intl.DateTimeFormat("en-US", {
    ...{ timeZone: zone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit" },
    ...{ hour: "2-digit", minute: "2-digit" },
  });
  return (at) => {
    const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
    const part = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0;
    return Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"));
  };
}

function matchesField(field: string, value: number): boolean {
  return field.split(",").some((part) => {
    const [range = "", step = "1"] = part.split("/");
    const [low, high] = range === "*" ? [0, 59] : range.split("-").map(Number);
    return value >= (low ?? 0) && value <= (high ?? low ?? 0) && (value - (low ?? 0)) % Number(step) === 0;
  });
}

function matches(pattern: string, wall: number): boolean {
  const [minute = "", hour = "", , , weekday = ""] = pattern.split(" ");
  const local = new Date(wall);
  return (
    matchesField(minute, local.getUTCMinutes()) &&
    matchesField(hour, local.getUTCHours()) &&
    matchesField(weekday, local.getUTCDay())
  );
}

/** The due times of the window, by looking at each of its minutes. */
function enumerated(pattern: string, walls: readonly (readonly [at: number, wall: number])[]): readonly number[] {
  const isFixed = !pattern.split(" ").slice(0, 2).join(" ").includes("*");
  const due: number[] = [];
  let repeatedUntil = -Infinity;
  let before = walls[0]?.[1] ?? 0;
  for (const [at, wall] of walls) {
    if (wall <= before) repeatedUntil = Math.max(repeatedUntil, before);
    const skipped = Array.from(
      { length: Math.max(0, (wall - before) / MINUTE - 1) },
      (_, n) => before + (n + 1) * MINUTE,
    );
    const isRepeated = isFixed && wall <= repeatedUntil;
    const endsGap = isFixed && skipped.some((gone) => matches(pattern, gone));
    if ((matches(pattern, wall) && !isRepeated) || endsGap) due.push(at);
    before = wall;
  }
  return due;
}

const windows = WINDOWS.map(([zone, day]) => {
  const from = Date.parse(`${day}T00:00:00Z`);
  const wallOf = wallClock(zone);
  const minutes = Array.from({ length: (3 * DAY) / MINUTE }, (_, n) => from + n * MINUTE);
  return { zone, from, walls: minutes.map((at) => [at, wallOf(at)] as const) };
});

const field = (max: number): fc.Arbitrary<string> =>
  fc.oneof(
    fc.constant("*"),
    fc.constantFrom("*/2", "*/15"),
    fc.integer({ min: 0, max }).map(String),
    fc.uniqueArray(fc.integer({ min: 0, max }), { minLength: 2, maxLength: 3 }).map((list) => list.join(",")),
    fc
      .tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 4 }))
      .map(([low, more]) => `${low}-${low + more}`),
  );
const patterns = fc
  .tuple(
    field(59),
    fc.oneof(field(23), fc.integer({ min: 0, max: 3 }).map(String)),
    fc.constantFrom("*", "1-5", "0", "0,6"),
  )
  .map(([minute, hour, weekday]) => `${minute} ${hour} * * ${weekday}`);

describe("due times over a change of daylight saving time", () => {
  it.each(windows)("are those of an enumeration in $zone from $from", ({ zone, from, walls }) => {
    fc.assert(
      fc.property(patterns, (pattern) => {
        const expected = enumerated(pattern, walls).filter((at) => at > from);
        const times = parseCron(pattern, zone);
        const found: number[] = [];
        for (let at = times.next(from); at !== undefined && at < from + 3 * DAY; at = times.next(at)) found.push(at);
        expect(found).toEqual(expected);
        for (const [index, due] of found.slice(0, 50).entries()) {
          expect(times.latest(due)).toBe(due);
          if (index > 0) expect(times.latest(due - 1)).toBe(found[index - 1]);
        }
      }),
      { numRuns: 4 },
    );
  });

  it.each([
    [
      "a fixed time in a skipped hour is due at the end of the gap",
      "30 2 * * *",
      "2026-03-08T00:00:00Z",
      "2026-03-08T07:00:00Z",
    ],
    [
      "a fixed time in a repeated hour is due once, at the first",
      "30 1 * * *",
      "2026-11-01T04:00:00Z",
      "2026-11-01T05:30:00Z",
    ],
    ["and not again", "30 1 * * *", "2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"],
    ["each half hour is due in both of them", "*/30 * * * *", "2026-11-01T05:30:00Z", "2026-11-01T06:00:00Z"],
  ])("%s", (_name, pattern, from, due) => {
    expect(parseCron(pattern, "America/New_York").next(Date.parse(from))).toBe(Date.parse(due));
  });
});

describe("a pattern", () => {
  it.each([
    "",
    "* * * *",
    "* * * * * *",
    "@daily",
    "61 * * * *",
    "* 24 * * *",
    "* * * * 8",
    "5-1 * * * *",
    "*/0 * * * *",
    "x * * * *",
  ])("%j is refused", (pattern) => {
    expect(() => parseCron(pattern, "UTC")).toThrow(CronError);
  });

  it("of a date that does not exist is never due", () => {
    expect(parseCron("0 0 30 2 *", "UTC").next(0)).toBeUndefined();
  });
});

it.each([
  ["61 7 * * *", "the minute 61 is out of range; it takes 0 to 59"],
  ["0 24 * * *", "the hour 24 is out of range; it takes 0 to 23"],
  ["0 7 0 * *", "the day 0 is out of range; it takes 1 to 31"],
  ["0 7 * 13 *", "the month 13 is out of range; it takes 1 to 12"],
  ["0 7 * * 8", "the weekday 8 is out of range; it takes 0 to 7"],
  ["5-70 7 * * *", "the minute 70 is out of range; it takes 0 to 59"],
  ["0 x * * *", 'the hour "x" is malformed; it takes 0 to 23, such as *, 5, 1-5, 1,5 or */5'],
  ["*/70 * * * *", 'the minute "*/70" is malformed; it takes 0 to 59, such as *, 5, 1-5, 1,5 or */5'],
])("the pattern %s is refused in own words", (pattern, message) => {
  expect(() => parseCron(pattern, "UTC")).toThrow(new CronError(message));
});
