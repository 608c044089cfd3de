/**
 * Indicators over daily bars: words such as `rsi:14` to values. They are estimates for people and agents to read; nothing of
 * the order path rests on them. A series too short for an indicator says so, and how long it must be.
 */
import { ATR, BollingerBands, EMA, MACD, OBV, RSI, SMA, VWAP, WSMA } from "trading-signals";
import { type DecimalText, parseNumeric, rounded, text } from "../domain/decimal.ts";
import type { VenueBar } from "../domain/venue.ts";

const PLACES = 8;
const LENGTH_MAX = 1000;
/** After so many lengths the first bars of an exponential mean, or of Wilder's, weigh e^-30: less than what is shown. */
const EMA_MEMORY = 15;
const WILDER_MEMORY = 30;

interface Candle {
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
}
/** The values of one bar, or null while it is too early. */
type Step = (candle: Candle) => Readonly<Record<string, number>> | null;

interface Family {
  readonly parameters: readonly string[];
  readonly defaults: readonly number[];
  /** Bars until the first value. */
  needs(parameters: readonly number[]): number;
  /** Bars that the newest value rests on; absent: all there are. */
  reach?(parameters: readonly number[]): number;
  readonly usesVolume?: boolean;
  /** What the numbers mean, for the reader. */
  readonly about: string;
  step(parameters: readonly number[]): Step;
}

/** Wilder's mean; the library's own goes on taking a plain mean of all its bars at each one, which only the first value needs. */
class Wilder extends WSMA {
  override update(price: number, replace: boolean): number | null {
    if (this.result === undefined) return super.update(price, replace);
    return this.setResult((price - this.result) * (1 / this.interval) + this.result, replace);
  }
}

function one(value: number | null): Readonly<Record<string, number>> | null {
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
    about: "exponential mean of closes, weight 2/(length+1), begun at the first close",
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
    about: "short EMA less long EMA, its own EMA as signal, and the difference",
    step: ([short = 0, long = 0, signal = 0]) => {
      const macd = new MACD(new EMA(short), new EMA(long), new EMA(signal));
      return ({ close }) => {
        const found = macd.update(close, false);
        return found === null ? null : { macd: found.macd, signal: found.signal, histogram: found.histogram };
      };
    },
  },
  atr: {
    parameters: ["length"],
    defaults: [14],
    needs: ([length = 0]) => length,
    reach: ([length = 0]) => WILDER_MEMORY * length + 1,
    about: "average true range by Wilder; the first bar's range is high less low",
    step: ([length = 0]) => {
      const atr = new ATR(length, Wilder);
      return (candle) => one(atr.update(candle, false));
    },
  },
  bollinger: {
    parameters: ["length", "deviations"],
    defaults: [20, 2],
    needs: ([length = 0]) => length,
    reach: ([length = 0]) => length,
    about: "mean of the last closes and so many population standard deviations around it",
    step: ([length = 0, deviations = 0]) => {
      const bands = new BollingerBands(length, deviations);
      return ({ close }) => {
        const found = bands.update(close, false);
        return found === null ? null : { upper: found.upper, middle: found.middle, lower: found.lower };
      };
    },
  },
  vwap: {
    parameters: [],
    defaults: [],
    needs: () => 1,
    usesVolume: true,
    about: "mean of (high+low+close)/3 by volume since the first of these bars",
    step: () => {
      const vwap = new VWAP();
      return (candle) => {
        vwap.update(candle, false);
        return one(vwap.getResult());
      };
    },
  },
  obv: {
    parameters: [],
    defaults: [],
    needs: () => 2,
    usesVolume: true,
    about: "volume of rising closes less volume of falling ones since the first of these bars",
    step: () => {
      const obv = new OBV(2);
      return (candle) => one(obv.update(candle, false));
    },
  },
};

function closes(indicator: { update(price: number, replace: boolean): number | null }): Step {
  return ({ close }) => one(indicator.update(close, false));
}

export class IndicatorError extends Error {}

function unknown(word: string): IndicatorError {
  return new IndicatorError(`unknown indicator ${JSON.stringify(word)}; known: ${Object.keys(FAMILIES).join(", ")}`);
}

export interface Wanted {
  /** As it reads with every parameter: `rsi:14`. */
  readonly name: string;
  readonly family: string;
  readonly parameters: readonly number[];
}

/** `sma:20,macd` → what is wanted, each once. @throws IndicatorError in words for the caller. */
export function parseIndicators(list: string): readonly Wanted[] {
  const wanted = list.split(",").map((item) => parseOne(item.trim()));
  return wanted.filter(({ name }, index) => wanted.findIndex((other) => other.name === name) === index);
}

function parseOne(item: string): Wanted {
  const [word = "", ...given] = item.toLowerCase().split(":");
  const family = Object.hasOwn(FAMILIES, word) ? FAMILIES[word] : undefined;
  if (family === undefined) throw unknown(word);
  const { parameters, defaults } = family;
  if (given.length > parameters.length) throw new IndicatorError(`${word} takes ${[word, ...parameters].join(":")}`);
  const values = defaults.map((standard, index) => parameterOf(word, parameters[index] ?? "", given[index], standard));
  const [first = 0, second = 0] = values;
  if (word === "macd" && first >= second) throw new IndicatorError("macd: short must be less than long");
  return { name: [word, ...values].join(":"), family: word, parameters: values };
}

function parameterOf(word: string, name: string, given: string | undefined, standard: number): number {
  if (given === undefined) return standard;
  const value = /^\d{1,4}(\.\d{1,4})?$/.test(given) ? Number(given) : 0;
  const isFine =
    name === "deviations" ? value > 0 && value <= 10 : Number.isInteger(value) && value >= 1 && value <= LENGTH_MAX;
  if (isFine) return value;
  const range = name === "deviations" ? "a number over 0, at most 10" : `a whole number from 1 to ${LENGTH_MAX}`;
  throw new IndicatorError(`${word}: ${name} is ${range}, not ${JSON.stringify(given)}`);
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

/** The newest `last` values over bars that stand oldest first. */
export function indicate(
  { name, family: word, parameters }: Wanted,
  bars: readonly VenueBar[],
  last: number,
): IndicatorSeries {
  const family = FAMILIES[word];
  if (family === undefined) throw unknown(word);
  const needs = family.needs(parameters);
  const pending = (reason: string): IndicatorSeries => ({
    name,
    status: "data_pending",
    reason,
    needs,
    has: bars.length,
  });
  if (bars.length < needs) return pending(`it needs ${needs} bars, there are ${bars.length}`);
  const without = bars.filter(({ volume }) => volume === undefined).length;
  if (family.usesVolume === true && without > 0) return pending(`${without} of ${bars.length} bars have no volume`);
  const used = bars.slice(-((family.reach?.(parameters) ?? bars.length) + last - 1));
  const step = family.step(parameters);
  const found = used.map((bar, index) => {
    const values = step(candleOf(bar));
    // Some indicators speak before they have seen enough.
    return values === null || index < needs - 1 ? undefined : { at: bar.at, values };
  });
  const newest = found.filter((point) => point !== undefined).slice(-last);
  if (newest.length === 0) return pending("no bar has any volume");
  return {
    name,
    status: "ready",
    about: family.about,
    points: newest.map(({ at, values }) => ({ at, values: shown(values) })),
  };
}

/** The nearest numbers; a way by exact decimals would come to the same, and take most of the time. */
function candleOf({ open, high, low, close, volume = "0" as DecimalText }: VenueBar): Candle {
  return {
    open: Number(open),
    high: Number(high),
    low: Number(low),
    close: Number(close),
    volume: Number(volume),
  };
}

function amount(value: number): string {
  return Math.abs(value) < 1e-9 ? "0" : text(rounded(parseNumeric(value), PLACES));
}

function shown(values: Readonly<Record<string, number>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, amount(value)]));
}
