import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decimal } from "../../src/domain/decimal.ts";
import { localTime } from "../../src/gate/calendar.ts";
import { formatMoney, formatShare, formatDuration } from "../../src/gate/format.ts";
import { isRecent } from "../../src/gate/recent-intents.ts";

describe("money", () => {
  it.each([
    ["29381.3", "USD", "29,381.30 USD"],
    ["1234567.891", "USD", "1,234,567.89 USD"],
    ["-1234.5", "EUR", "-1,234.50 EUR"],
    ["0", "USD", "0.00 USD"],
    ["100", "", "100.00"],
    ["0.00001234", "BTC", "0.00001234 BTC"],
    ["-0.5", "USD", "-0.50 USD"],
    ["-0.124", "USD", "-0.12 USD"],
    ["0.0012", "USD", "0.0012 USD"],
    ["-0.124", "BTC", "-0.124 BTC"],
    ["1.5", "", "1.50"],
    ["0.124", "", "0.124"],
  ])("money shows %s %s as %s", (value, currency, shown) => {
    expect(formatMoney(decimal(value), currency)).toBe(shown);
  });
});

describe("share", () => {
  it("a displayed share is on the same side of the limit as the exact value, with words if needed", () => {
    const percent = decimal("5");
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 10n ** 40n }), fc.bigInt({ min: 1n, max: 10n ** 40n }), (a, b) => {
        const [part, whole] = [decimal(`${a}e-20`), decimal(`${b}e-20`)];
        const shown = formatShare(part, whole, percent);
        const isOver = part.times(decimal("100")).gt(percent.times(whole));
        return shown.startsWith("just over") ? isOver : decimal(shown.replace(" %", "")).gt(percent) === isOver;
      }),
    );
  });
});

describe("span", () => {
  it.each([
    [1500, "1.5 s"],
    [-20_000, "20 s"],
    [720_000, "12 min"],
    [3 * 3_600_000, "3 h"],
    [3 * 86_400_000, "3 d"],
  ])("span shows %d ms as %s", (ms, shown) => {
    expect(formatDuration(ms)).toBe(shown);
  });
});

describe("localTime", () => {
  it.each([
    ["2026-07-06T13:30:00Z", "America/New_York", { date: "2026-07-06", weekday: 1, clock: "09:30", minutes: 570 }],
    ["2026-07-06T04:00:00Z", "America/New_York", { date: "2026-07-06", clock: "00:00", minutes: 0 }],
    ["2026-07-06T03:59:59Z", "America/New_York", { date: "2026-07-05", weekday: 7, clock: "23:59" }],
    ["2026-07-06T18:15:00Z", "Asia/Kathmandu", { date: "2026-07-07", weekday: 2, clock: "00:00" }],
  ])("localTime of %s in %s", (iso, zone, expected) => {
    expect(localTime(Date.parse(iso), zone)).toMatchObject(expected);
  });

  it("localTime equals Intl at any time, also next to a change of the offset", () => {
    const zones = ["UTC", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Cairo"];
    // The clocks of New York, Berlin and Lord Howe changed at these times.
    const changes = ["2026-03-08T07:00Z", "2026-11-01T06:00Z", "2026-03-29T01:00Z", "2026-04-04T15:00Z"].map(
      Date.parse,
    );
    const anyTime = fc.integer({ min: 0, max: Date.UTC(2100, 0, 1) });
    const nearChange = fc.tuple(fc.constantFrom(...changes), fc.integer({ min: -2_000_000, max: 2_000_000 }));
    const at = fc.oneof(
      anyTime,
      nearChange.map(([change, by]) => change + by),
    );
    fc.assert(
      fc.property(at, fc.constantFrom(...zones), (ms, timeZone) => {
        const date = new Intl.DateTimeFormat("en-CA", { timeZone, dateStyle: "short" }).format(ms);
        const time = { timeZone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const;
        const clock = new Intl.DateTimeFormat("en-GB", time).format(ms);
        const weekdayName = new Intl.DateTimeFormat("en-US", { timeZone, weekday: "short" }).format(ms);
        expect(localTime(ms, timeZone)).toMatchObject({ date, clock, weekdayName });
      }),
      { numRuns: 300 },
    );
  });

  it("localTime refuses a value that is not a time and never falls back to the current time", () => {
    for (const nothing of [Number.NaN, undefined, null])
      expect(() => localTime(nothing as unknown as number, "UTC")).toThrow(RangeError);
  });
});

describe("isRecent", () => {
  const now = 10_000_000;
  it.each([
    [now, true],
    [now - 59_999, true],
    [now - 60_000, false],
    [now + 1, true],
    [now + 3_600_000, true],
    [now + 3_600_001, false],
  ])("isRecent of %d, with a window of a minute at 10,000,000: %s", (at, expected) => {
    expect(isRecent(at, now, 60_000)).toBe(expected);
  });
});
