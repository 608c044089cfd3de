/** What the venue lists: the two recordings that come with it, and whatever bars the operator keeps for a symbol. */
import type { Bar, Logger } from "@qoc-app/sdk";
import { ZERO, parseAmount, textOf } from "./amount.ts";
import { Calendar, sessionStart } from "./calendar.ts";
import spx from "./data/sp500-2000.csv";
import stocks from "./data/stocks.csv";
import { type RecordedBar, Recording } from "./recording.ts";

export const INDEX = "SPX";
const SYMBOL = /^[A-Za-z0-9^][A-Za-z0-9.:/_^=-]{0,39}$/;

/** The operator's CSV of a symbol, oldest first; empty where there is none. */
type Bars = (symbol: string) => Promise<readonly Bar[]>;

export class InstrumentList {
  readonly calendar: Calendar;
  readonly index: Recording;
  readonly #startAt: number;
  readonly #bars: Bars;
  readonly #logger: Logger;
  readonly #listed = new Map<string, Recording>();

  constructor(start: string, lateTicks: number, bars: Bars, logger: Logger) {
    const recorded = readIndex(spx);
    this.calendar = new Calendar(
      recorded.map(({ date }) => date),
      start,
      lateTicks,
    );
    this.#startAt = sessionStart(this.calendar.date(0));
    this.index = new Recording(INDEX, "S&P 500 index, recorded daily bars", recorded, this.#startAt);
    this.#bars = bars;
    this.#logger = logger;
    this.#listed.set(INDEX, this.index);
  }

  /** A symbol that was looked up before; undefined for all others. */
  known(symbol: string): Recording | undefined {
    return this.#listed.get(symbol);
  }

  /**
   * undefined for a symbol that the venue does not list. The operator's own file is preferred to the recordings here, except
   * for the index, whose days are the venue's calendar. Read once in a life of the connector.
   */
  async find(symbol: string): Promise<Recording | undefined> {
    const listed = this.#listed.get(symbol);
    if (listed !== undefined || !SYMBOL.test(symbol)) return listed;
    const found = (await this.#own(symbol)) ?? this.#monthly(symbol);
    const earlier = this.#listed.get(symbol);
    if (earlier !== undefined || found === undefined) return earlier;
    this.#listed.set(symbol, found);
    return found;
  }

  async #own(symbol: string): Promise<Recording | undefined> {
    const bars = await this.#bars(symbol);
    const usable = bars.flatMap((bar) => readBar(bar) ?? []).toSorted((a, b) => a.at - b.at);
    if (usable.length < bars.length) {
      const count = `${bars.length - usable.length} of ${bars.length} bars`;
      this.#logger.warn(`${symbol}: ${count} are left out; a bar needs a time and low <= open, close <= high above 0`);
    }
    return usable.length === 0
      ? undefined
      : new Recording(symbol, `${symbol}, the operator's bars`, usable, this.#startAt);
  }

  #monthly(symbol: string): Recording | undefined {
    const bars = readMonthly(stocks, symbol);
    return bars.length === 0
      ? undefined
      : new Recording(symbol, `${symbol}, recorded monthly prices`, bars, this.#startAt);
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

/** Each month is a bar from the previous month's price to its own; nothing is known of its volume. */
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

/** An operator's bar in canonical text, or undefined where it makes no sense. */
function readBar(bar: Bar): RecordedBar | undefined {
  const at = typeof bar.timestamp === "number" ? bar.timestamp : Date.parse(bar.timestamp);
  const [open, high, low, close] = [bar.open, bar.high, bar.low, bar.close].map(parseAmount);
  if (!Number.isFinite(at) || open === undefined || high === undefined || low === undefined || close === undefined)
    return undefined;
  if (low.lte(ZERO) || low.gt(open) || low.gt(close) || high.lt(open) || high.lt(close)) return undefined;
  const volume = bar.volume === undefined ? undefined : parseAmount(bar.volume);
  const known = volume !== undefined && volume.gt(ZERO) ? { volume: textOf(volume) } : {};
  return { at, open: textOf(open), high: textOf(high), low: textOf(low), close: textOf(close), ...known };
}
