/**
 * Indicators over daily bars, by names such as `rsi:14`. The values are estimates for people and agents; the order path
 * does not use them. If a series is too short for an indicator, the result has the number of bars that it needs.
 */
import { ATR, BollingerBands, EMA, MACD, OBV, RSI, SMA, VWAP, WSMA } from "trading-signals";
import { type DecimalText, parseNumeric, rounded, text } from "../domain/decimal.ts";
import type { VenueBar } from "../domain/market/venue.ts";
import { counted } from "../lib/counted.ts";

/** Digits of a value: enough for a coin at 1e-9, and as many as two computations in floating point agree on. */
const SIGNIFICANT_DIGITS = 10;
const PLACES_MIN = 8;
const PLACES_MAX = 30;
const SMALLEST = 1e-29;
/** The share of a price that its sums and differences in floating point may be off. */
const ROUNDING = 1e-13;
const LENGTH_MAX = 1000;
/**
 * The number of lengths after which a bar's weight in an exponential mean, or in Wilder's mean, is below e^-30: too
 * small to change a printed digit.
 */
const EMA_MEMORY = 15;
const WILDER_MEMORY = 30;

interface Candle {
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
}
/** The values at one bar; null for the first bars of a series, which are too few. */
type Step = (candle: Candle) => Readonly<Record<string, number>> | null;

interface Family {
  readonly parameters: readonly string[];
  readonly defaults: readonly number[];
  /** The number of bars up to the first value. */
  needs(parameters: readonly number[]): number;
  /** The number of bars that the newest value depends on; without it: all bars. */
  reach?(parameters: readonly number[]): number;
  readonly usesVolume?: boolean;
  /** What the values mean. */
  readonly about: string;
  step(parameters: readonly number[]): Step;
}

/**
 * Wilder's mean. The library's own also computes a plain mean of all bars at each bar, but only the first value needs
 * it.
 */
class Wilder extends WSMA {
  override update(price: number, replace: boolean): number | null {
    if (this.result === undefined) return super.update(price, replace);
    return this.setResult((price - this.result) * (1 / this.interval) + this.result, replace);
  }
}

function single(value: number | null): Readonly<Record<string, number>> | null {
  return value === null ? null : { value };
}

const FAMILIES: Readonly<Record<string, Family>> = {
  sma: {
    parameters: ["length"],
    defaults: [20],
    needs: ([length = 0]) => length,
    reach: ([length = 0]) => length,
    about: "mean of the last closes",
    step: ([length = 0]) => closes(new SMA(length)),
  },
  ema: {
    parameters: ["length"],
    defaults: [20],
    needs: ([length = 0]) => length,
    reach: ([length = 0]) => EMA_MEMORY * length,
    about: "exponential mean of closes, weight 2/(length+1), from the first close on",
    step: ([length = 0]) => closes(new EMA(length)),
  },
  rsi: {
    parameters: ["length"],
    defaults: [14],
    needs: ([length = 0]) => length + 1,
    reach: ([length = 0]) => WILDER_MEMORY * length + 1,
    about: "relative strength by Wilder, 0 to 100",
    step: ([length = 0]) => closes(new RSI(length, Wilder)),
  },
  macd: {
    parameters: ["short", "long", "signal"],
    defaults: [12, 26, 9],
    needs: ([, long = 0, signal = 0]) => long + signal - 1,
    reach: ([, long = 0, signal = 0]) => EMA_MEMORY * (long + signal),
    about:
      "short EMA minus long EMA, its EMA from the first such difference on as signal, and their difference as histogram",
    step: ([short = 0, long = 0, signal = 0]) => {
      const macd = new MACD(new EMA(short), new EMA(long), new EMA(signal));
      return ({ close }) => {
        const values = macd.update(close, false);
        return values === null ? null : { macd: values.macd, signal: values.signal, histogram: values.histogram };
      };
    },
  },
  atr: {
    parameters: ["length"],
    defaults: [14],
    needs: ([length = 0]) => length,
    reach: ([length = 0]) => WILDER_MEMORY * length + 1,
    about: "average true range by Wilder; the first bar's range is high minus low",
    step: ([length = 0]) => {
      const atr = new ATR(length, Wilder);
      return (candle) => single(atr.update(candle, false));
    },
  },
  bollinger: {
    parameters: ["length", "deviations"],
    defaults: [20, 2],
    needs: ([length = 0]) => length,
    reach: ([length = 0]) => length,
    about: "mean of the last closes, plus and minus a number of population standard deviations",
    step: ([length = 0, deviations = 0]) => {
      const bands = new BollingerBands(length, deviations);
      return ({ close }) => {
        const values = bands.update(close, false);
        return values === null ? null : { upper: values.upper, middle: values.middle, lower: values.lower };
      };
    },
  },
  vwap: {
    parameters: [],
    defaults: [],
    needs: () => 1,
    usesVolume: true,
    about: "volume-weighted mean of (high+low+close)/3 since the first of these bars",
    step: () => {
      const vwap = new VWAP();
      return (candle) => {
        vwap.update(candle, false);
        return single(vwap.getResult());
      };
    },
  },
  obv: {
    parameters: [],
    defaults: [],
    needs: () => 2,
    usesVolume: true,
    about: "volume at rising closes minus volume at falling closes since the first of these bars",
    step: () => {
      const obv = new OBV(2);
      return (candle) => single(obv.update(candle, false));
    },
  },
};

function closes(indicator: { update(price: number, replace: boolean): number | null }): Step {
  return ({ close }) => single(indicator.update(close, false));
}

export class IndicatorError extends Error {}

function unknownIndicator(name: string): IndicatorError {
  return new IndicatorError(`unknown indicator ${JSON.stringify(name)}; known: ${Object.keys(FAMILIES).join(", ")}`);
}

export interface IndicatorRequest {
  /** With every parameter: `rsi:14`. */
  readonly name: string;
  readonly family: string;
  readonly parameters: readonly number[];
}

/** Parses a list such as `sma:20,macd` and drops duplicates. @throws IndicatorError with a message for the caller. */
export function parseIndicators(list: string): readonly IndicatorRequest[] {
  const requests = list.split(",").map((item) => parseIndicator(item.trim()));
  return requests.filter(({ name }, index) => requests.findIndex((other) => other.name === name) === index);
}

function parseIndicator(item: string): IndicatorRequest {
  const [word = "", ...args] = item.toLowerCase().split(":");
  const family = Object.hasOwn(FAMILIES, word) ? FAMILIES[word] : undefined;
  if (family === undefined) throw unknownIndicator(word);
  const { parameters, defaults } = family;
  if (args.length > parameters.length) throw new IndicatorError(`${word} takes ${[word, ...parameters].join(":")}`);
  const values = defaults.map((value, index) =>
    args[index] === undefined ? value : parseParameter(word, parameters[index] ?? "", args[index]),
  );
  const [first = 0, second = 0] = values;
  if (word === "macd" && first >= second) throw new IndicatorError("macd: short must be less than long");
  return { name: [word, ...values].join(":"), family: word, parameters: values };
}

function parseParameter(indicator: string, name: string, arg: string): number {
  const value = /^\d{1,4}(\.\d{1,4})?$/.test(arg) ? Number(arg) : 0;
  const isValid =
    name === "deviations" ? value > 0 && value <= 10 : Number.isInteger(value) && value >= 1 && value <= LENGTH_MAX;
  if (isValid) return value;
  const range = name === "deviations" ? "a number over 0, at most 10" : `a whole number from 1 to ${LENGTH_MAX}`;
  throw new IndicatorError(`${indicator}: ${name} must be ${range}, not ${JSON.stringify(arg)}`);
}

export interface IndicatorPoint {
  readonly at: number;
  readonly values: Readonly<Record<string, string>>;
}

export type IndicatorSeries =
  | {
      readonly name: string;
      readonly status: "ready";
      readonly about: string;
      readonly points: readonly IndicatorPoint[];
    }
  | {
      readonly name: string;
      readonly status: "data_pending";
      readonly reason: string;
      readonly needs: number;
      readonly has: number;
    };

/** Above and below these values of the relative strength, a market is called overbought and oversold. */
const [OVERBOUGHT, OVERSOLD] = [70, 30];

/** What the newest value says by the usual rule; only the relative strength has one. */
export function signalOf(series: IndicatorSeries): string | undefined {
  if (series.status !== "ready" || !series.name.startsWith("rsi")) return undefined;
  const value = Number(series.points.at(-1)?.values["value"]);
  if (value > OVERBOUGHT) return `${series.name} is above ${OVERBOUGHT}: overbought`;
  return value < OVERSOLD ? `${series.name} is below ${OVERSOLD}: oversold` : undefined;
}

/** The newest `last` values. `bars` are ordered from the oldest. */
export function indicate(
  { name, family: word, parameters }: IndicatorRequest,
  bars: readonly VenueBar[],
  last: number,
): IndicatorSeries {
  const family = FAMILIES[word];
  if (family === undefined) throw unknownIndicator(word);
  const needs = family.needs(parameters);
  const pending = (reason: string): IndicatorSeries => ({
    name,
    status: "data_pending",
    reason,
    needs,
    has: bars.length,
  });
  if (bars.length < needs) return pending(`it needs ${counted(needs, "bar")} and has ${bars.length}`);
  const without = bars.filter(({ volume }) => volume === undefined).length;
  if (family.usesVolume === true && without > 0) return pending(`${without} of ${bars.length} bars have no volume`);
  const used = bars.slice(-((family.reach?.(parameters) ?? bars.length) + last - 1));
  const step = family.step(parameters);
  let scale = 0;
  const points = used.map((bar, index) => {
    const candle = candleOf(bar);
    scale = Math.max(scale, Math.abs(candle.close));
    const values = step(candle);
    // Some indicators of the library return values before they have enough bars.
    return values === null || index < needs - 1 ? undefined : { at: bar.at, values };
  });
  const newest = points.filter((point) => point !== undefined).slice(-last);
  if (newest.length === 0) return pending("no bar has any volume");
  return {
    name,
    status: "ready",
    about: family.about,
    points: newest.map(({ at, values }) => ({ at, values: formatValues(values, scale) })),
  };
}

/** Converts to floating point. Exact decimals would give the same printed digits and take most of the time. */
function candleOf({ open, high, low, close, volume = "0" as DecimalText }: VenueBar): Candle {
  return {
    open: Number(open),
    high: Number(high),
    low: Number(low),
    close: Number(close),
    volume: Number(volume),
  };
}

/** `scale` is the largest price of the bars: a value below its rounding errors is zero. */
function formatValue(value: number, scale: number): string {
  if (Math.abs(value) <= Math.max(scale * ROUNDING, SMALLEST)) return "0";
  const places = SIGNIFICANT_DIGITS - 1 - Math.floor(Math.log10(Math.abs(value)));
  return text(rounded(parseNumeric(value), Math.min(PLACES_MAX, Math.max(PLACES_MIN, places))));
}

function formatValues(values: Readonly<Record<string, number>>, scale: number): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, formatValue(value, scale)]));
}
