/**
 * Compares the indicators with their published formulas, computed here step by step on a fixed series:
 * - RSI and ATR: J. Welles Wilder, New Concepts in Technical Trading Systems (1978): the first average is a plain mean,
 *   then (previous × (n − 1) + now) / n. The RSI series is the worked example of StockCharts ChartSchool, "Relative
 *   Strength Index", whose first value is 70.53.
 * - MACD: Gerald Appel; EMA weight 2 / (n + 1), from the first close on.
 * - Bollinger: John Bollinger, Bollinger on Bollinger Bands (2001): population deviation.
 * - OBV: Joseph Granville (1963). VWAP: sum of typical price × volume over sum of volume.
 */
import { describe, expect, it } from "vitest";
import type { VenueBar } from "../../src/domain/market/venue.ts";
import {
  type IndicatorSeries,
  IndicatorError,
  indicate,
  parseIndicators,
  signalOf,
} from "../../src/market-data/indicators.ts";

/** StockCharts' example: the closes of QQQQ, 14 December 2009 to 1 February 2010. */
const CLOSES = [
  44.3389, 44.0902, 44.1497, 43.6124, 44.3278, 44.8264, 45.0955, 45.4245, 45.8433, 46.0826, 45.8931, 46.0328, 45.614,
  46.282, 46.282, 46.0028, 46.0328, 46.4116, 46.2222, 45.6439, 46.2122, 46.2521, 45.7137, 46.4515, 45.7835, 45.3548,
  44.0288, 44.1783, 44.2181, 44.5672, 43.4205, 42.6628, 43.1314,
];
const DAY = 86_400_000;
const SERIES: readonly VenueBar[] = CLOSES.map((close, n) => ({
  symbol: "QQQQ",
  at: n * DAY,
  open: String(close),
  high: (close + 0.1 + (n % 5) / 10).toFixed(2),
  low: (close - 0.2 - (n % 3) / 10).toFixed(2),
  close: String(close),
  volume: String(1000 + 37 * ((n * 7) % 11)),
})) as never;

const HIGH = SERIES.map(({ high }) => Number(high));
const LOW = SERIES.map(({ low }) => Number(low));
const VOLUME = SERIES.map(({ volume }) => Number(volume));
function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
function at(values: readonly number[], index: number): number {
  return values[index] ?? Number.NaN;
}

function sma(n: number): readonly number[] {
  return CLOSES.slice(n - 1).map((_, i) => sum(CLOSES.slice(i, i + n)) / n);
}
function ema(values: readonly number[], n: number): readonly number[] {
  let last = at(values, 0);
  return values.map((value) => (last += (value - last) * (2 / (n + 1))));
}
function wilder(values: readonly number[], n: number): readonly number[] {
  let last = sum(values.slice(0, n)) / n;
  return [last, ...values.slice(n).map((value) => (last = (last * (n - 1) + value) / n))];
}
function rsi(n: number): readonly number[] {
  const moves = CLOSES.slice(1).map((close, i) => close - at(CLOSES, i));
  const gains = wilder(
    moves.map((move) => Math.max(move, 0)),
    n,
  );
  const losses = wilder(
    moves.map((move) => Math.max(-move, 0)),
    n,
  );
  return gains.map((gain, i) => 100 - 100 / (1 + gain / at(losses, i)));
}
function atr(n: number): readonly number[] {
  const ranges = HIGH.map((high, i) => {
    const before = at(CLOSES, i - 1);
    return i === 0
      ? high - at(LOW, i)
      : Math.max(high - at(LOW, i), Math.abs(high - before), Math.abs(at(LOW, i) - before));
  });
  return wilder(ranges, n);
}
function macd(short: number, long: number, signal: number) {
  const slow = ema(CLOSES, long);
  const lines = ema(CLOSES, short)
    .map((value, i) => value - at(slow, i))
    .slice(long - 1);
  const signals = ema(lines, signal);
  return lines
    .map((line, i) => ({ macd: line, signal: at(signals, i), histogram: line - at(signals, i) }))
    .slice(signal - 1);
}
function bollinger(n: number, k: number) {
  return sma(n).map((middle, i) => {
    const deviation = Math.sqrt(sum(CLOSES.slice(i, i + n).map((close) => (close - middle) ** 2)) / n);
    return { upper: middle + k * deviation, middle, lower: middle - k * deviation };
  });
}
function vwap(): readonly number[] {
  let money = 0;
  let shares = 0;
  return CLOSES.map((close, i) => {
    money += ((at(HIGH, i) + at(LOW, i) + close) / 3) * at(VOLUME, i);
    return money / (shares += at(VOLUME, i));
  });
}
function obv(): readonly number[] {
  let total = 0;
  return CLOSES.slice(1).map((close, i) => (total += Math.sign(close - at(CLOSES, i)) * at(VOLUME, i + 1)));
}

function run(word: string, bars = SERIES, last = 1000): IndicatorSeries {
  const [request] = parseIndicators(word);
  if (request === undefined) throw new Error("no indicator");
  return indicate(request, bars, last);
}
function values(word: string, bars = SERIES): readonly Readonly<Record<string, string>>[] {
  const series = run(word, bars);
  if (series.status !== "ready") throw new Error(series.reason);
  return series.points.map((point) => point.values);
}
function single(word: string): readonly number[] {
  return values(word).map(({ value }) => Number(value));
}

describe("an indicator follows its published formula", () => {
  it.each([
    ["sma:5", sma(5)],
    ["sma:20", sma(20)],
    ["ema:10", ema(CLOSES, 10).slice(9)],
    ["rsi:14", rsi(14)],
    ["rsi:3", rsi(3)],
    ["atr:14", atr(14)],
    ["vwap", vwap()],
    ["obv", obv()],
  ])("%s", (word, expected) => {
    const actual = single(word);
    expect(actual).toHaveLength(expected.length);
    for (const [i, value] of actual.entries()) expect(value).toBeCloseTo(at(expected, i), 7);
  });

  it.each([
    ["macd:3:8:4", macd(3, 8, 4)],
    ["macd", []],
    ["bollinger:20:2", bollinger(20, 2)],
    ["bollinger:5:1.5", bollinger(5, 1.5)],
  ] as const)("%s", (word, expected: readonly Readonly<Record<string, number>>[]) => {
    if (word === "macd") return expect(run(word)).toMatchObject({ status: "data_pending", needs: 34, has: 33 });
    const actual = values(word);
    expect(actual).toHaveLength(expected.length);
    for (const [i, row] of actual.entries()) {
      expect(Object.keys(row)).toEqual(Object.keys(expected[i] ?? {}));
      for (const [key, value] of Object.entries(row))
        expect(Number(value)).toBeCloseTo(expected[i]?.[key] ?? Number.NaN, 7);
    }
  });

  it("rsi:14 returns the values of StockCharts' printed example", () => {
    const printed = [
      70.53, 66.32, 66.55, 69.41, 66.36, 57.97, 62.93, 63.26, 56.06, 62.38, 54.71, 50.42, 39.99, 41.46, 41.87, 45.46,
      37.3, 33.08, 37.77,
    ];
    expect(single("rsi:14").map((value) => Math.round(value * 100) / 100)).toEqual(printed);
  });
});

describe("a series that is too short", () => {
  it.each([
    ["sma:20", 20],
    ["ema:20", 20],
    ["rsi:14", 15],
    ["macd:3:8:4", 11],
    ["atr:14", 14],
    ["bollinger:20", 20],
    ["vwap", 1],
    ["obv", 2],
  ])("for %s has the status data_pending and the needed number of bars, %i", (word, needs) => {
    expect(run(word, SERIES.slice(0, needs - 1))).toMatchObject({ status: "data_pending", needs, has: needs - 1 });
    expect(run(word, SERIES.slice(0, needs))).toMatchObject({ status: "ready", points: [{ at: (needs - 1) * DAY }] });
  });

  it("for vwap and obv is data_pending if a bar has no volume; a missing volume does not count as zero", () => {
    const bars = SERIES.map(({ volume: _volume, ...bar }, n) => (n === 3 ? bar : { ...bar, volume: "5" })) as never;
    expect(run("vwap", bars)).toMatchObject({ status: "data_pending", reason: "1 of 33 bars have no volume" });
    expect(run("obv", bars)).toMatchObject({ status: "data_pending" });
    expect(run("vwap", SERIES.map((bar) => ({ ...bar, volume: "0" })) as never)).toMatchObject({
      status: "data_pending",
    });
  });
});

describe("a long series", () => {
  const LONG = Array.from({ length: 40_000 }, (_, n) => {
    const close = 100 + 40 * Math.sin(n / 700) + 5 * Math.sin(n / 3) + ((n * 7919) % 11);
    return {
      symbol: "A",
      at: n * DAY,
      open: "10",
      high: String(close + 2),
      low: String(close - 3),
      close: String(close),
      volume: "5",
    };
  }) as unknown as readonly VenueBar[];

  /** Who wants all values has all bars looked at. */
  it.each(["sma:1000", "bollinger:200", "ema:1000", "macd:300:1000:400", "rsi:1000", "atr:1000"])(
    "%s has the values that all bars give",
    (word) => {
      const [few, all] = [run(word, LONG, 3), run(word, LONG, LONG.length)];
      if (few.status !== "ready" || all.status !== "ready") throw new Error("not ready");
      expect(few.points.map(({ at }) => at)).toEqual(all.points.slice(-3).map(({ at }) => at));
      for (const [i, { values: row }] of few.points.entries()) {
        for (const [key, value] of Object.entries(row))
          expect(Number(value)).toBeCloseTo(Number(all.points.at(i - 3)?.values[key]), 7);
      }
    },
  );

  it("is read only as far back as its newest values depend on", () => {
    let reads = 0;
    const counted = new Proxy(LONG.at(-1) as VenueBar, {
      get: (bar, key) => (key === "close" && reads++, Reflect.get(bar, key) as unknown),
    });
    const bars = LONG.map(() => counted);
    for (const [word, most] of [
      ["bollinger:1000", 1_019],
      ["ema:20", 319],
      ["atr:14", 440],
    ] as const) {
      reads = 0;
      run(word, bars, 20);
      expect(reads).toBe(most);
    }
  });
});

describe("indicator values", () => {
  it("are decimal strings with ten significant digits, at least 8 places, and no exponent", () => {
    for (const word of ["sma:7", "macd:3:8:4", "bollinger", "obv", "rsi"]) {
      for (const row of values(word))
        for (const value of Object.values(row))
          expect(value).toMatch(/^-?(?=0*\.?0*(\d\.?){1,10}$|\d+(\.\d{1,8})?$)\d+(\.\d+)?$/);
    }
  });

  it("keep their digits for a coin of 1e-9", () => {
    const tiny = SERIES.map((bar) => {
      const scaled = (price: string): string => (Number(price) * 1e-9).toFixed(20);
      return { ...bar, open: scaled(bar.open), high: scaled(bar.high), low: scaled(bar.low), close: scaled(bar.close) };
    }) as never;
    for (const word of ["sma:5", "ema:5", "macd:3:8:4", "atr:5", "bollinger:5", "vwap"]) {
      for (const [index, row] of values(word, tiny).entries())
        for (const [name, value] of Object.entries(row))
          expect(Number(value) * 1e9).toBeCloseTo(Number(values(word)[index]?.[name]), 6);
    }
  });

  it("are the newest values, and those of a flat market are exact", () => {
    expect(run("sma:5", SERIES, 2)).toMatchObject({ points: [{ at: 31 * DAY }, { at: 32 * DAY }] });
    const flat = SERIES.map((bar) => ({ ...bar, close: "0.00000001", high: "0.00000001", low: "0.00000001" })) as never;
    expect(values("bollinger:5", flat).at(-1)).toEqual({
      upper: "0.00000001",
      middle: "0.00000001",
      lower: "0.00000001",
    });
    expect(values("macd:3:8:4", flat).at(-1)).toEqual({ macd: "0", signal: "0", histogram: "0" });
  });
});

describe("an indicator list", () => {
  it("may omit parameters and use any case, and contains each indicator once", () => {
    expect(parseIndicators("SMA, rsi:14,rsi ,macd:3").map(({ name }) => name)).toEqual([
      "sma:20",
      "rsi:14",
      "macd:3:26:9",
    ]);
  });

  it.each([
    ["", /unknown indicator/],
    ["cci", /known: sma/],
    ["constructor", /unknown indicator/],
    ["__proto__", /unknown indicator/],
    ["sma:0", /whole number from 1 to 1000/],
    ["sma:1001", /whole number/],
    ["sma:1.5", /whole number/],
    ["sma:-1", /whole number/],
    ["sma:x", /whole number/],
    ["sma:", /whole number/],
    ["sma:1:2", /takes sma:length/],
    ["vwap:1", /takes vwap/],
    ["macd:26:12", /short must be less than long/],
    ["bollinger:20:0", /over 0/],
    ["bollinger:20:11", /at most 10/],
  ])("is rejected with a message: %j", (list, message) => {
    expect(() => parseIndicators(list)).toThrow(IndicatorError);
    expect(() => parseIndicators(list)).toThrow(message);
  });
});

describe("signals", () => {
  /** 30 bars whose closes change by this step each. */
  const moving = (step: number): readonly VenueBar[] =>
    SERIES.slice(0, 30).map((bar, n) => ({ ...bar, close: String(100 + step * n) })) as never;
  const signal = (indicator: string, bars: readonly VenueBar[]): string | undefined => {
    const [request] = parseIndicators(indicator);
    return request === undefined ? undefined : signalOf(indicate(request, bars, 1));
  };

  it.each([
    ["rsi:14", moving(1), "rsi:14 is above 70: overbought"],
    ["rsi:14", moving(-1), "rsi:14 is below 30: oversold"],
    ["rsi:14", SERIES, undefined],
    ["sma:5", moving(1), undefined],
    ["rsi:14", SERIES.slice(0, 3), undefined],
  ])("of %s is, for the series, %s", (indicator, bars, expected) => expect(signal(indicator, bars)).toBe(expected));
});
