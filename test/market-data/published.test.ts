/**
 * Compares the indicators with numbers that others published. The table is the reference of Tulip Indicators
 * (tulipindicators.org, tests/untest.txt: one series of fifteen bars, each function with its parameters, three
 * decimals). It has no VWAP, but typical prices; VWAP is their mean weighted by volume.
 */
import { describe, expect, it } from "vitest";
import type { VenueBar } from "../../src/domain/market/venue.ts";
import { indicate, parseIndicators } from "../../src/market-data/indicators.ts";

const OPEN = [81.85, 81.2, 81.55, 82.91, 83.1, 83.41, 82.71, 82.7, 84.2, 84.25, 84.03, 85.45, 86.18, 88, 87.6];
const HIGH = [82.15, 81.89, 83.03, 83.3, 83.85, 83.9, 83.33, 84.3, 84.84, 85, 85.9, 86.58, 86.98, 88, 87.87];
const LOW = [81.29, 80.64, 81.31, 82.65, 83.07, 83.11, 82.49, 82.3, 84.15, 84.11, 84.03, 85.39, 85.76, 87.17, 87.01];
const CLOSE = [81.59, 81.06, 82.87, 83, 83.61, 83.15, 82.84, 83.99, 84.55, 84.36, 85.53, 86.54, 86.89, 87.77, 87.29];
const VOLUME = [
  5653100, 6447400, 7690900, 3831400, 4455100, 3798000, 3936200, 4732000, 4841300, 3915300, 6830800, 6694100, 5293600,
  7985800, 4807900,
];
const TYPICAL = [
  81.677, 81.197, 82.403, 82.983, 83.51, 83.387, 82.887, 83.53, 84.513, 84.49, 85.153, 86.17, 86.543, 87.647, 87.39,
];

const BARS = CLOSE.map((close, n) => ({
  symbol: "X",
  at: n * 86_400_000,
  open: String(OPEN[n]),
  high: String(HIGH[n]),
  low: String(LOW[n]),
  close: String(close),
  volume: String(VOLUME[n]),
})) as unknown as readonly VenueBar[];

/** The values by name, in the order of the bars. */
function valuesOf(word: string): Readonly<Record<string, readonly number[]>> {
  const [request] = parseIndicators(word);
  const series = request === undefined ? undefined : indicate(request, BARS, 100);
  if (series?.status !== "ready") throw new Error(`${word} is not ready`);
  const names = Object.keys(series.points[0]?.values ?? {});
  return Object.fromEntries(names.map((name) => [name, series.points.map(({ values }) => Number(values[name]))]));
}

const vwap = TYPICAL.map((_, n) => {
  const upTo = TYPICAL.slice(0, n + 1);
  const volume = VOLUME.slice(0, n + 1).reduce((sum, value) => sum + value, 0);
  return upTo.reduce((sum, price, i) => sum + price * (VOLUME[i] ?? 0), 0) / volume;
});

describe("an indicator returns the printed numbers of Tulip Indicators", () => {
  it.each<[string, Readonly<Record<string, readonly number[]>>]>([
    ["sma:5", { value: [82.426, 82.738, 83.094, 83.318, 83.628, 83.778, 84.254, 84.994, 85.574, 86.218, 86.804] }],
    // Printed from the first bar on; the desk's values begin at the fifth bar.
    ["ema:5", { value: [82.714, 82.859, 82.853, 83.232, 83.671, 83.901, 84.444, 85.143, 85.725, 86.407, 86.701] }],
    ["rsi:5", { value: [72.034, 64.927, 75.936, 79.796, 74.713, 83.033, 87.478, 88.755, 91.483, 78.498] }],
    ["atr:5", { value: [1.116, 1.051, 1.009, 1.207, 1.136, 1.086, 1.243, 1.233, 1.23, 1.206, 1.137] }],
    // The first eight printed values are left out: they depend on fewer bars than the length of the signal.
    ["macd:2:5:9", { macd: [0.891, 0.979, 0.621], signal: [0.656, 0.721, 0.701], histogram: [0.235, 0.258, -0.08] }],
    [
      "bollinger:5:2",
      {
        lower: [80.53, 80.987, 82.533, 82.472, 82.418, 82.435, 82.511, 83.143, 83.536, 83.87, 85.289],
        middle: [82.426, 82.738, 83.094, 83.318, 83.628, 83.778, 84.254, 84.994, 85.574, 86.218, 86.804],
        upper: [84.322, 84.489, 83.655, 84.164, 84.838, 85.121, 85.997, 86.845, 87.612, 88.566, 88.319],
      },
    ],
    [
      "obv",
      {
        value: [
          -6447400, 1243500, 5074900, 9530000, 5732000, 1795800, 6527800, 11369100, 7453800, 14284600, 20978700,
          26272300, 34258100, 29450200,
        ],
      },
    ],
    ["vwap", { value: vwap }],
  ])("%s", (word, printed) => {
    const ours = valuesOf(word);
    expect(Object.keys(ours).toSorted()).toEqual(Object.keys(printed).toSorted());
    for (const [name, values] of Object.entries(printed)) {
      expect(ours[name]).toHaveLength(values.length);
      // Half of the last printed decimal, and of an intermediate one.
      for (const [n, value] of values.entries())
        expect(Math.abs((ours[name]?.[n] ?? Number.NaN) - value)).toBeLessThanOrEqual(0.001);
    }
  });
});
