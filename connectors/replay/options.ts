/** `[connector.options]` of the replay. */
import { ConnectRefused } from "@qoc-app/sdk";
import { ZERO, parseAmount } from "../amount.ts";
import {
  SIMULATION_OPTIONS,
  type SimulationOptions,
  assertKnown,
  invalidOption,
  readCurrency,
  readSimulationOptions,
  timeOf,
} from "../paper/options.ts";
import type { SplitTerms } from "../paper/split.ts";

/** A split takes force with the first bar of its date, ms, or after it. */
export interface DatedSplit extends SplitTerms {
  readonly date: string;
  readonly at: number;
}

export interface ReplayOptions extends SimulationOptions {
  readonly symbols: readonly string[];
  /** The replay starts after the last bar at or before this time, ms; undefined: after the first bar of all symbols. */
  readonly startAt: number | undefined;
  readonly currency: string;
  readonly splits: readonly DatedSplit[];
}

const DAY_MS = 86_400_000;
const LABEL = "the replay";
export const OPTION_NAMES = ["symbols", "start", "currency", "splits", ...SIMULATION_OPTIONS];
const SYMBOLS_MAX = 64;
const SPLITS_MAX = 256;

/** @throws ConnectRefused with the option's name, its value and the allowed values. */
export function readOptions(raw: Readonly<Record<string, unknown>>): ReplayOptions {
  assertKnown(raw, OPTION_NAMES, LABEL);
  const symbols = readSymbols(raw["symbols"]);
  return {
    ...readSimulationOptions(raw),
    symbols,
    startAt: readStart(raw["start"]),
    currency: readCurrency(raw["currency"]),
    splits: readSplits(raw["splits"], symbols),
  };
}

function readSymbols(value: unknown): readonly string[] {
  const isList =
    Array.isArray(value) &&
    value.length > 0 &&
    value.length <= SYMBOLS_MAX &&
    value.every((symbol) => typeof symbol === "string" && /^\S{1,40}$/.test(symbol));
  if (!isList) throw invalidOption("symbols", value, `a list of 1 to ${SYMBOLS_MAX} symbols, like ["AAPL"]`);
  return [...new Set(value as string[])];
}

function readStart(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  const at = timeOf(value);
  if (at === undefined)
    throw invalidOption("start", value, 'a date like "2014-05-01" or a time like "2014-05-01T14:30Z"');
  // A date alone includes the bars of that day.
  return String(value).length === 10 ? at + DAY_MS - 1000 : at;
}

const SPLIT = /^(\S{1,40}) (\d{4}-\d{2}-\d{2}) (\d{1,9}(?:\.\d{1,9})?):(\d{1,9}(?:\.\d{1,9})?)$/;

function readSplits(value: unknown, symbols: readonly string[]): readonly DatedSplit[] {
  if (value === undefined) return [];
  const allowed = 'a list like ["AAPL 2014-06-09 7:1"]: symbol, date, and shares after for shares before';
  if (!Array.isArray(value) || value.length > SPLITS_MAX) throw invalidOption("splits", value, allowed);
  return value.map((text: unknown) => {
    const [, symbol = "", date = "", afterText, beforeText] = SPLIT.exec(String(text)) ?? [];
    const [after, before] = [parseAmount(afterText), parseAmount(beforeText)];
    const at = timeOf(date);
    const isRatio = after?.gt(ZERO) === true && before?.gt(ZERO) === true;
    if (!isRatio || at === undefined) throw invalidOption("splits", text, allowed);
    if (!symbols.includes(symbol))
      throw new ConnectRefused(`[connector.options] splits names ${symbol}, which symbols does not have`);
    return { symbol, date, at, after, before };
  });
}
