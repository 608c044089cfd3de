/** The listed instruments: two recordings shipped with the connector, and symbols for which the operator has bars. */
import type { Bar, Logger } from "@qoc-app/sdk";
import { ZERO, parseAmount, textOf } from "../amount.ts";
import { Calendar, type TicksOfDays, sessionStart } from "./calendar.ts";
import spx from "./data/sp500-2000.csv";
import stocks from "./data/stocks.csv";
import { type RecordedBar, Recording } from "./recording.ts";

export const INDEX = "SPX";
const SYMBOL_CHARACTERS_MAX = 40;

/** Returns the operator's bars of a symbol, oldest first; empty if no bars exist. */
type LoadBars = (symbol: string) => Promise<readonly Bar[]>;

export class InstrumentList {
  readonly calendar: Calendar;
  readonly index: Recording;
  readonly #startAt: number;
  readonly #loadBars: LoadBars;
  readonly #logger: Logger;
  readonly #listed = new Map<string, Recording>();

  constructor(start: string, ticks: TicksOfDays, loadBars: LoadBars, logger: Logger) {
    const recorded = readIndex(spx);
    this.calendar = new Calendar(
      recorded.map(({ date }) => date),
      start,
      ticks,
    );
    this.#startAt = sessionStart(this.calendar.date(0));
    this.index = new Recording({ symbol: INDEX, name: "S&P 500 index, recorded daily bars" }, recorded, this.#startAt);
    this.#loadBars = loadBars;
    this.#logger = logger;
    this.#listed.set(INDEX, this.index);
  }

  /** Returns the recording of a symbol that was found earlier; undefined for all others. */
  cached(symbol: string): Recording | undefined {
    return this.#listed.get(symbol);
  }

  /**
   * Returns undefined if the symbol is not listed. The operator's bars take precedence over the shipped recordings,
   * except for the index, whose days are the venue's calendar. Bars are read once per worker session.
   */
  async find(symbol: string): Promise<Recording | undefined> {
    const listed = this.#listed.get(symbol);
    if (listed !== undefined || symbol.length > SYMBOL_CHARACTERS_MAX) return listed;
    const recording = (await this.#fromOperator(symbol)) ?? this.#monthly(symbol);
    const earlier = this.#listed.get(symbol);
    if (earlier !== undefined || recording === undefined) return earlier;
    this.#listed.set(symbol, recording);
    return recording;
  }

  /** What the log says when the recording of the index changes its direction. */
  announcementAt(tick: number, tickMs: number): string | undefined {
    const { day, step, ticks } = this.calendar.instantOf(tick);
    const direction = step === 0 ? this.index.directionChangeAt(day) : undefined;
    if (direction === undefined) return undefined;
    const minutes = Math.round((ticks * tickMs) / 60_000);
    const change = `the recording of ${INDEX} ended: from ${this.calendar.date(day)} it plays ${direction}`;
    return `${change}, and dates continue over weekdays; a day takes ${minutes} minutes`;
  }

  /** Every listed symbol that is known without a file of the operator, those that contain the words first. */
  search(words: string, limit: number): readonly string[] {
    const shipped = [...new Set(rows(stocks).map(([name = ""]) => name))];
    const all = [...new Set([INDEX, ...this.#listed.keys(), ...shipped])];
    const [near, far] = [true, false].map((isNear) =>
      all.filter((symbol) => symbol.toLowerCase().includes(words.toLowerCase()) === isNear),
    );
    return [...(near ?? []), ...(far ?? [])].slice(0, limit);
  }

  async #fromOperator(symbol: string): Promise<Recording | undefined> {
    const bars = await this.#loadBars(symbol);
    const usable = bars.flatMap((bar) => readBar(bar) ?? []).toSorted((a, b) => a.at - b.at);
    if (usable.length < bars.length) {
      const count = `${bars.length - usable.length} of ${bars.length} bars`;
      this.#logger.warn(`${symbol}: ${count} are ignored; a bar needs a time and 0 < low <= open, close <= high`);
    }
    return usable.length === 0
      ? undefined
      : new Recording({ symbol, name: `${symbol}, the operator's bars`, isOperators: true }, usable, this.#startAt);
  }

  #monthly(symbol: string): Recording | undefined {
    const bars = readMonthly(stocks, symbol);
    return bars.length === 0
      ? undefined
      : new Recording({ symbol, name: `${symbol}, recorded monthly prices` }, bars, this.#startAt);
  }
}

function rows(csv: string): string[][] {
  return csv
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => line.trim().split(","));
}

function readIndex(csv: string): (RecordedBar & { readonly date: string })[] {
  return rows(csv).map(([date = "", open = "", high = "", low = "", close = "", , volume = ""]) => ({
    date,
    at: sessionStart(date),
    open,
    high,
    low,
    close,
    volume,
  }));
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** Makes a bar of each month, from the previous month's price to its own, without volume. */
function readMonthly(csv: string, symbol: string): RecordedBar[] {
  const months = rows(csv).filter(([name]) => name === symbol);
  return months.map(([, date = "", price = ""], index) => {
    const [month = "", day = "", year = ""] = date.split(" ");
    const iso = `${year}-${String(MONTHS.indexOf(month) + 1).padStart(2, "0")}-${day.padStart(2, "0")}`;
    const open = months[index - 1]?.[2] ?? price;
    const [low, high] = Number(open) < Number(price) ? [open, price] : [price, open];
    return { at: sessionStart(iso), open, high, low, close: price };
  });
}

/** Returns the operator's bar with decimal strings; undefined if it is invalid. */
export function readBar(bar: Bar): RecordedBar | undefined {
  const at = typeof bar.timestamp === "number" ? bar.timestamp : Date.parse(bar.timestamp);
  const [open, high, low, close] = [bar.open, bar.high, bar.low, bar.close].map(parseAmount);
  if (!Number.isFinite(at) || open === undefined || high === undefined || low === undefined || close === undefined)
    return undefined;
  if (low.lte(ZERO) || low.gt(open) || low.gt(close) || high.lt(open) || high.lt(close)) return undefined;
  const volume = bar.volume === undefined ? undefined : parseAmount(bar.volume);
  return {
    at,
    open: textOf(open),
    high: textOf(high),
    low: textOf(low),
    close: textOf(close),
    volume: volume?.gt(ZERO) === true ? textOf(volume) : undefined,
  };
}
