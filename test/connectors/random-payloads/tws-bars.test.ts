/** Random bars and times of TWS: of any resolution and time zone, whole and with each digit, or not at all. */
import { EventName } from "@stoqey/ib";
import fc from "fast-check";
import { expect, it } from "vitest";
import { type BarRow, barOf, barsQuery, inOrder } from "../../../connectors/ibkr/history.ts";
import { millisOf } from "../../../connectors/ibkr/times.ts";
import { ANY, POSITIVE, RUNS, SEED, comparable, present } from "../../support/random-payload.ts";
import { readMessages } from "../../support/tws-message.ts";
import { ZONES, isTwice, localOf } from "../../support/tws-zones.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 1_440 * MINUTE_MS;

/** Resolution, its name at TWS, its minutes within a day, and the days of the longest range here. */
const SIZES = [
  ["1m", "1 min", 1, 2],
  ["5m", "5 mins", 5, 4],
  ["15m", "15 mins", 15, 8],
  ["30m", "30 mins", 30, 15],
  ["1h", "1 hour", 60, 30],
  ["4h", "4 hours", 240, 60],
  ["1d", "1 day", undefined, 450],
  ["1w", "1 week", undefined, 450],
] as const;

/** A bar as TWS would make it of all trades: its time, what TWS writes for it, and its first and last trade. */
interface Candle {
  readonly at: number;
  readonly text: string;
  readonly open: number;
  readonly close: number;
}

/** The time at which the clocks of a zone show this minute of a day. No clock is changed between 8 and 17 hours. */
function timeOf(day: number, minute: number, zone: string): number {
  const shown = day + minute * MINUTE_MS;
  const asUtc = (text: string): number => Date.parse(text.replace(/^(....)(..)(..):(..)(..)$/, "$1-$2-$3T$4:$5Z"));
  const guess = shown - (asUtc(localOf(shown, zone)) - shown);
  return guess - (asUtc(localOf(guess, zone)) - shown);
}

/** What there is to trade, and what is asked for. */
interface Market {
  readonly resolution: string;
  readonly name: string;
  readonly size: number | undefined;
  readonly zone: string;
  /** The minutes of a day at which it opens, and how long. */
  readonly opens: number;
  readonly minutes: number;
  readonly isHoliday: (day: number) => number;
  readonly now: number;
  readonly from: number;
  readonly to: number | undefined;
  /** Whether TWS counts days with trades, or all. */
  readonly countsSessions: boolean;
  readonly fraction: string;
  readonly high: string;
  readonly low: string;
  readonly volume: string;
}

const MARKET: fc.Arbitrary<Market> = fc
  .record({
    ...{ size: fc.constantFrom(...SIZES, SIZES[6], SIZES[7]), zone: ZONES, opens: fc.integer({ min: 480, max: 600 }) },
    ...{ minutes: fc.integer({ min: 180, max: 420 }), isHoliday: fc.func(fc.nat({ max: 9 })) },
    now: fc.integer({ min: 17_000 * 1_440, max: 22_000 * 1_440 }).map((minute) => minute * MINUTE_MS),
    ...{ back: fc.oneof(fc.nat({ max: 9_999 }), fc.nat({ max: 4_000 })), part: fc.nat({ max: 9_999 }) },
    ...{ hasEnd: fc.boolean(), edge: fc.constantFrom("day", "bar", "none"), countsSessions: fc.boolean() },
    ...{ fraction: fc.stringMatching(/^\d{1,12}$/), high: POSITIVE, low: POSITIVE },
    volume: fc.oneof(ANY, fc.constant("-1")),
  })
  .map(
    ({ size: [resolution, name, minutes, days], zone: [, zone], now, back, part, edge, hasEnd, ...more }): Market => {
      const round = (at: number): number => (edge === "day" ? Math.floor(at / DAY_MS) * DAY_MS : Math.floor(at));
      const from = round(now - (back / 9_999) * days * DAY_MS);
      const to = round(from + (part / 9_999) * (now - from)) + (edge === "day" ? DAY_MS - 1 : 0);
      const market = { ...more, resolution, name, size: minutes, zone, now, from, to: hasEnd ? to : undefined };
      if (edge !== "bar") return market;
      // The range begins and ends with a bar.
      const within = candlesOf(market).filter(({ at }) => at >= from && at <= to);
      return { ...market, from: within[0]?.at ?? from, to: hasEnd ? (within.at(-1)?.at ?? to) : undefined };
    },
  );

/** From two weeks before the range: what TWS has. */
function sessionsOf({ zone, opens, minutes, isHoliday, from, now }: Market) {
  const first = Math.floor(from / DAY_MS) * DAY_MS - 14 * DAY_MS;
  const days = Array.from({ length: Math.ceil((now - first) / DAY_MS) + 2 }, (_, index) => first + index * DAY_MS);
  return days
    .filter((day) => ![0, 6].includes(new Date(day).getUTCDay()) && isHoliday(day) !== 0)
    .map((day) => ({ day, open: timeOf(day, opens, zone), close: timeOf(day, opens + minutes, zone) }))
    .filter(({ open }) => open < now);
}

const dateOf = (day: number): string => new Date(day).toISOString().slice(0, 10).replaceAll("-", "");
const mondayOf = (day: number): number => day - ((new Date(day).getUTCDay() + 6) % 7) * DAY_MS;

function candlesOf(market: Market): readonly Candle[] {
  const { resolution, size } = market;
  const candles: Candle[] = [];
  for (const { day, open, close } of sessionsOf(market)) {
    const last = candles.at(-1);
    if (size !== undefined) {
      for (let at = open; at < close; at += size * MINUTE_MS)
        if (at < market.now)
          candles.push({ at, text: String(at / 1_000), open: at, close: Math.min(at + size * MINUTE_MS, close) });
    } else if (resolution === "1d") candles.push({ at: day, text: dateOf(day), open, close });
    else if (last?.at === mondayOf(day)) candles[candles.length - 1] = { ...last, text: dateOf(day), close };
    else candles.push({ at: mondayOf(day), text: dateOf(day), open, close });
  }
  return candles;
}

/** The begin of the time that TWS covers: so many days or weeks before the end, or so many with trades. */
function beginOf(duration: string, end: number, market: Market): number {
  const [, count = "", unit = ""] = /^(\d+) ([DWY])$/.exec(duration) ?? [];
  const days = Number(count) * { D: 1, W: 7, Y: 365 }[unit]!;
  if (market.countsSessions && unit === "D")
    return (
      sessionsOf(market)
        .filter(({ open }) => open < end)
        .at(-days)?.open ?? 0
    );
  return end - days * DAY_MS;
}

/** What TWS answers, of the trades in the time asked for alone; and what the desk must make of all of them. */
function answered(market: Market) {
  const { resolution, name, from, to = Number.POSITIVE_INFINITY, now, fraction, high, low, volume } = market;
  const query = barsQuery({ resolution, from, to: market.to }, {}, now);
  expect(query.size).toBe(name);
  const asUtc = query.end.replace(/^(....)(..)(..)-/, "$1-$2-$3T");
  const end = query.end === "" ? now : Date.parse(`${asUtc}Z`);
  const begin = beginOf(query.duration, end, market);
  const priceAt = (at: number): string => `${Math.floor(at / 1_000)}.${fraction}`;
  const candles = candlesOf(market);
  const rows = candles
    .filter(({ open, close }) => open < end && close > begin)
    .map(({ text, open, close }) => [
      ...[text, priceAt(Math.max(open, begin)), high, low, priceAt(Math.min(close, end)), volume, high, 1],
    ]);
  const expected = candles
    .filter(({ at }) => at >= from && at <= to)
    .map(({ at, open, close }) =>
      present({
        ...{ symbol: "A", timestamp: at, open: priceAt(open), high, low, close: priceAt(Math.min(close, now)) },
        volume: volume === "-1" ? undefined : volume,
      }),
    );
  return { message: [17, 1, "", "", rows.length, ...rows.flat()], expected };
}

function read(message: readonly (string | number)[], { resolution, from, to }: Market) {
  const rows = readMessages(EventName.historicalData, [message]).map(
    ([, time, open, high, low, close, volume]) => ({ time, open, high, low, close, volume }) as BarRow,
  );
  const bars = rows.slice(0, -1).map((row) => barOf({ symbol: "A", magnifier: 1 }, row, resolution));
  return inOrder(bars, { from, to });
}

it("any range has each bar that begins in it, whole, at its start, in every time zone and resolution", () => {
  const property = fc.property(MARKET, (market) => {
    const { message, expected } = answered(market);
    expect(comparable(read(message, market))).toEqual(comparable(expected));
  });
  fc.assert(property, { numRuns: 2 * RUNS, seed: SEED });
});

const TIME = fc
  .record({
    ...{ zone: ZONES, at: fc.integer({ min: 946_684_800, max: 2_051_222_400 }), gap: fc.constantFrom(" ", "  ") },
    ...{ form: fc.constantFrom("zone", "utc", "gateway"), ahead: fc.integer({ min: -48, max: 56 }) },
  })
  .filter(({ zone: [, zone], at }) => !isTwice(at * 1_000, zone))
  .map(({ zone: [name, zone], at, gap, form, ahead }) => {
    const ms = at * 1_000;
    const seconds = String(at % 60).padStart(2, "0");
    const shown = (local: string): string => `${local.slice(9, 11)}:${local.slice(11)}:${seconds}`;
    const [local, utc, gateway] = [localOf(ms, zone), localOf(ms, "UTC"), localOf(ms + ahead * 15 * MINUTE_MS, "UTC")];
    const texts = {
      zone: `${local.slice(0, 8)}${gap}${shown(local)} ${name}`,
      utc: `${utc.slice(0, 8)}-${shown(utc)}`,
      gateway: `${gateway.slice(0, 8)}${gap}${shown(gateway)}`,
    };
    return { ms, text: texts[form], aheadMs: ahead * 15 * MINUTE_MS };
  });

it("any time of TWS is the same moment, in each form, in every zone and around changes of clocks", () => {
  const property = fc.property(TIME, ({ ms, text, aheadMs }) => {
    expect(millisOf(text, aheadMs)).toBe(ms);
  });
  fc.assert(property, { numRuns: 5 * RUNS, seed: SEED });
});
