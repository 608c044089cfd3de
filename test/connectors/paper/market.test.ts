import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Amount, amount, basisPoints } from "../../../connectors/amount.ts";
import { LATEST_TIME, lateTicksFor } from "../../../connectors/paper/calendar.ts";
import { InstrumentList } from "../../../connectors/paper/instruments.ts";
import { tickOf, bestPrice } from "../../../connectors/paper/market.ts";
import { FIRST_DATE, LAST_DATE } from "../../../connectors/paper/options.ts";
import { recordingOf, rulesOf } from "../../support/paper-market.ts";

/** A price as a number, for comparing shapes. */
function number(price: Amount): number {
  return Number(String(price));
}

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
function catalogue(start = "2019-10-10"): InstrumentList {
  return new InstrumentList(start, { lateTicks: lateTicksFor(2) }, () => Promise.resolve([]), quiet);
}
/** Days from the start to the last recorded one, 2020-04-17. */
const RECORDED_DAYS = 130;
const BARS = 5105;

describe("the recording", () => {
  it("the recording covers the dates that the options allow", () => {
    const { calendar, index } = catalogue("2000-01-03");
    expect(calendar.date(0)).toBe(FIRST_DATE);
    expect(calendar.date(BARS - 1)).toBe(LAST_DATE);
    expect(index.directionChangeAt(BARS)).toBe("backwards");
  });

  it("the recording starts at the last trading day if the start is on a weekend", () => {
    expect(catalogue("2019-10-13").calendar.date(0)).toBe("2019-10-11");
  });

  it("the recording plays backwards after its end with open and close swapped, then forwards again", () => {
    const { index } = catalogue();
    const [last, first] = [index.bar(RECORDED_DAYS), index.bar(RECORDED_DAYS + BARS)];
    expect([last.open, last.close].map(String)).toEqual(["2842.43", "2874.56"]);
    const mirrored = index.bar(RECORDED_DAYS + 1);
    expect([mirrored.open, mirrored.close, mirrored.low, mirrored.high].map(String)).toEqual([
      "2874.56",
      "2842.43",
      "2830.88",
      "2879.22",
    ]);
    expect([first.open, first.close].map(String)).toEqual(["1455.22", "1469.25"]);
    expect(String(index.bar(RECORDED_DAYS + BARS + 1).open)).toBe("1469.25");
    expect(index.bar(7)).toEqual(index.bar(7 + 2 * BARS));
  });

  it("the direction changes exactly at the ends of the recording", () => {
    const { index } = catalogue();
    const turns = Array.from({ length: 3 * BARS }, (_, day) => [day, index.directionChangeAt(day)] as const).filter(
      ([, way]) => way !== undefined,
    );
    expect(turns).toEqual([
      [RECORDED_DAYS + 1, "backwards"],
      [RECORDED_DAYS + 1 + BARS, "forwards"],
      [RECORDED_DAYS + 1 + 2 * BARS, "backwards"],
    ]);
  });

  it("no gap between two days exceeds the recorded gaps, and there is no gap at a change of direction", () => {
    const { index } = catalogue();
    let widest = 0;
    for (let day = 1; day < 3 * BARS; day++) {
      const jump = Math.abs(number(index.bar(day).open) / number(index.bar(day - 1).close) - 1);
      widest = Math.max(widest, jump);
      if (index.directionChangeAt(day) !== undefined) expect(jump).toBe(0);
    }
    expect(widest).toBeGreaterThan(0.05);
    expect(widest).toBeLessThan(0.09);
  });

  it("bars have whole ticks, and low and high enclose open and close", () => {
    const { index } = catalogue("2000-01-03");
    for (let day = 0; day < BARS; day++) {
      const { open, high, low, close } = index.bar(day);
      expect(low.lte(open) && low.lte(close) && high.gte(open) && high.gte(close)).toBe(true);
      expect([open, high, low, close].every((price) => price.mod(amount("0.01")).eq(amount("0")))).toBe(true);
    }
  });
});

describe("the venue's time", () => {
  it("the venue's time follows the recorded dates, then continues over weekdays", () => {
    const { calendar } = catalogue();
    const dates = Array.from({ length: 8 }, (_, n) => calendar.date(RECORDED_DAYS - 1 + n));
    expect(dates).toEqual([
      "2020-04-16",
      "2020-04-17",
      "2020-04-20",
      "2020-04-21",
      "2020-04-22",
      "2020-04-23",
      "2020-04-24",
      "2020-04-27",
    ]);
  });

  it("the venue's time increases, within trading hours of New York and on weekdays", () => {
    const { calendar } = catalogue("2020-04-14");
    const clock = { weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const;
    const newYork = new Intl.DateTimeFormat("en-GB", { timeZone: "America/New_York", ...clock });
    let before = 0;
    for (let tick = 0; tick < 30_000; tick++) {
      const at = calendar.timeAt(tick);
      expect(at).toBeGreaterThan(before);
      before = at;
      if (tick % 50 > 3) continue;
      const [day = "", time = ""] = newYork.format(at).split(" ");
      expect(["Sat,", "Sun,"]).not.toContain(day);
      expect(time >= "09:30" && time < "16:00").toBe(true);
    }
  });

  it("a desk at the default speed stays before the year 2200 for more than twenty months", () => {
    const { calendar } = catalogue();
    const twentyMonths = 610 * 86_400 * 2;
    expect(calendar.timeAt(twentyMonths)).toBeLessThan(LATEST_TIME);
  });

  it.each([
    [2, 2401],
    [0.02, 240_001],
    [60, 1222],
    [600, 1204],
    [1200, 1201],
    [86_400, 86_401],
  ])("gives a day of %d s %d ticks once the recording has ended", (barSeconds, ticks) => {
    expect(lateTicksFor(barSeconds)).toBe(ticks);
  });
});

describe("the path within a bar", () => {
  const rules = rulesOf();
  const bar = fc
    .tuple(fc.integer({ min: 100, max: 100_000 }), fc.nat(500), fc.nat(500), fc.nat(500))
    .map(
      ([low, a, b, c]) =>
        [low + a, low + a + b + c, low, low + a + b].map((cents) => cents / 100) as [number, number, number, number],
    );

  it("the price moves from open over both extremes to close inside the bar, equally for an equal seed", () => {
    fc.assert(
      fc.property(bar, fc.nat(), fc.integer({ min: 1, max: 12 }), (row, seed, stretch) => {
        const recording = recordingOf("X", [row, row]);
        const ticks = 3 * stretch + 1;
        const path = Array.from({ length: ticks }, (_, step) =>
          tickOf(recording, { day: 1, step, ticks }, { ...rules, seed }),
        );
        const last = path.map((moment) => number(moment.last));
        const [open, high, low, close] = row;
        expect([last[0], last.at(-1)]).toEqual([open, close]);
        expect([Math.min(...last), Math.max(...last)]).toEqual([low, high]);
        expect([last[stretch], last[2 * stretch]].toSorted()).toEqual([low, high].toSorted());
        path.slice(1).forEach((moment, index) => expect(number(moment.previous)).toBe(last[index]));
        expect(path.map((moment) => moment.gap)).toEqual(last.map((_, step) => step === 0));
        const again = tickOf(recordingOf("X", [row, row]), { day: 1, step: stretch, ticks }, { ...rules, seed });
        expect(number(again.last)).toBe(last[stretch]);
      }),
    );
  });

  it("seed and day decide which extreme comes first", () => {
    const recording = recordingOf("X", [[100, 110, 90, 100]]);
    const firsts = (seed: number) =>
      Array.from({ length: 200 }, (_, day) =>
        number(tickOf(recording, { day: day + 1, step: 1, ticks: 4 }, { ...rules, seed }).last),
      );
    expect(firsts(1)).toEqual(firsts(1));
    expect(firsts(1)).not.toEqual(firsts(2));
    expect(firsts(1).filter((price) => price === 90).length).toBeGreaterThan(70);
    expect(firsts(1).filter((price) => price === 110).length).toBeGreaterThan(70);
  });

  it("the first tick of a day has a gap from the previous close", () => {
    const recording = recordingOf("X", [
      [100, 100, 100, 100],
      [120, 120, 120, 120],
    ]);
    expect(tickOf(recording, { day: 1, step: 0, ticks: 4 }, rules)).toMatchObject({ gap: true });
    expect(String(tickOf(recording, { day: 1, step: 0, ticks: 4 }, rules).previous)).toBe("100");
  });
});

describe("bid and ask", () => {
  it("bid and ask are on ticks, never crossed, and at least the spread apart", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000_000 }), fc.nat(1000), (cents, bps) => {
        const [last, tick, spread] = [amount(String(cents)).times(amount("0.01")), amount("0.01"), amount(String(bps))];
        const [bid, ask] = [bestPrice("sell", last, tick, spread), bestPrice("buy", last, tick, spread)];
        expect(bid.lte(last) && ask.gte(last)).toBe(true);
        expect(bid.mod(tick).eq(amount("0")) && ask.mod(tick).eq(amount("0")) && bid.gt(amount("0"))).toBe(true);
        const isFloored = bid.eq(tick);
        expect(isFloored || ask.minus(bid).gte(basisPoints(last, spread))).toBe(true);
      }),
    );
  });
});
