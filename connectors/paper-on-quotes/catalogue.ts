/** Instruments and quotes of the source, as the market of the paper engine. */
import type { Fill, Instrument, Logger, Quote, QuoteSource } from "@qoc-app/sdk";
import { type Amount, ZERO, amount, max, parseAmount } from "../amount.ts";
import type { MarketTick, QuoteSeries } from "../paper/market.ts";
import type { VenueState } from "../paper/state.ts";
import type { Catalogue } from "../paper/venue.ts";

const DAY_MS = 86_400_000;
/** A quote of an earlier time fills no order: the market may be closed. */
const TRADABLE_MS = 60_000;
/** Between two requests for the quote of a symbol with an open order, and of a symbol that is only held. */
const WORKING_MS = 2_000;
const HELD_MS = 60_000;
const HALF = amount("0.5");
/** Of a source that states no steps. */
const FINEST = amount("0.00000001");

interface Book {
  readonly bid: Amount;
  readonly ask: Amount;
  readonly bidSize: Amount | undefined;
  readonly askSize: Amount | undefined;
  /** The venue's time, ms. */
  readonly at: number;
}

/** One instrument: its terms, and its newest quote. */
export class SourceSeries implements QuoteSeries {
  readonly symbol: string;
  readonly tickSize: Amount;
  readonly #lot: Amount;
  #book: Book;
  /** The middle of the newest quote with two sides. */
  #mark: Amount;
  #quote: Quote;
  /** When a quote was asked for, and when the newest one arrived, ms. */
  askedAt: number;
  quotedAt: number;
  /** What this account has traded on the newest quote. */
  #taken = { buy: ZERO, sell: ZERO };

  constructor(symbol: string, instrument: Instrument | undefined, quote: Quote) {
    this.symbol = symbol;
    this.tickSize = parseAmount(instrument?.tickSize) ?? FINEST;
    this.#lot = parseAmount(instrument?.lotSize) ?? FINEST;
    this.#book = readBook(quote);
    this.#mark = middleOf(this.#book) ?? max(this.#book.bid, this.#book.ask);
    this.#quote = quote;
    this.askedAt = this.quotedAt = Date.now();
  }

  /** The newest quote, as the source has it. */
  get quote(): Quote {
    return this.#quote;
  }

  update(quote: Quote): void {
    const book = readBook(quote);
    this.askedAt = this.quotedAt = Date.now();
    if (book.at < this.#book.at) return;
    const isSame = book.at === this.#book.at && book.bid.eq(this.#book.bid) && book.ask.eq(this.#book.ask);
    if (!isSame) this.#taken = { buy: ZERO, sell: ZERO };
    this.#book = book;
    this.#mark = middleOf(book) ?? this.#mark;
    this.#quote = quote;
  }

  took({ side, quantity }: Pick<Fill, "side" | "quantity">): void {
    this.#taken = { ...this.#taken, [side]: this.#taken[side].plus(amount(String(quantity))) };
  }

  quoted(day: number): MarketTick {
    const { bid, ask, bidSize, askSize, at } = this.#book;
    const isTradable = middleOf(this.#book) !== undefined && Date.now() - at <= TRADABLE_MS;
    const last = this.#mark;
    const left = (size: Amount | undefined, taken: Amount): Amount | undefined =>
      size === undefined ? undefined : max(ZERO, size.minus(taken));
    return {
      day,
      tickSize: this.tickSize,
      lot: this.#lot,
      last,
      previous: last,
      gap: true,
      low: bid,
      high: ask,
      quoted: { buy: ask, sell: bid },
      sizes: { buy: left(askSize, this.#taken.buy), sell: left(bidSize, this.#taken.sell) },
      closed: isTradable ? undefined : true,
    };
  }
}

/** undefined for a quote with one side, or with a bid above its ask. */
function middleOf({ bid, ask }: Book): Amount | undefined {
  return bid.gt(ZERO) && ask.gte(bid) ? bid.plus(ask).times(HALF) : undefined;
}

/** @throws Error for prices that are no amounts. */
function readBook({ symbol, bid, ask, bidSize, askSize, timestamp, asOf = timestamp }: Quote): Book {
  const [low, high] = [parseAmount(bid), parseAmount(ask)];
  const at = Math.max(timeOf(timestamp), timeOf(asOf));
  if (low === undefined || high === undefined || Number.isNaN(at))
    throw new Error(`the quote of ${symbol} is unreadable`);
  return { bid: low, ask: high, bidSize: parseAmount(bidSize), askSize: parseAmount(askSize), at };
}

function timeOf(time: Quote["timestamp"]): number {
  return typeof time === "number" ? time : Date.parse(time);
}

export interface SourceCatalogueDeps {
  readonly source: QuoteSource;
  readonly currency: string;
  readonly logger: Logger;
}

export class SourceCatalogue implements Catalogue {
  readonly calendar = {
    instantOf: () => ({ day: Math.floor(Date.now() / DAY_MS), step: 0, ticks: 4 }),
    timeAt: () => Date.now(),
  };
  readonly isWallClock = true;
  /** A day order ends with its day. */
  readonly dayOrderDays = 0;
  readonly #deps: SourceCatalogueDeps;
  readonly #series = new Map<string, SourceSeries>();
  /** Symbols whose last request failed, so that a source that is down is one line of the log. */
  readonly #failing = new Set<string>();

  constructor(deps: SourceCatalogueDeps) {
    this.#deps = deps;
  }

  cached(symbol: string): SourceSeries | undefined {
    return this.#series.get(symbol);
  }

  /**
   * Returns the symbol with a quote of the last two seconds; undefined if the source does not list it.
   * @throws Error if the source has no quote, or the instrument has another currency or a multiplier.
   */
  async find(symbol: string): Promise<SourceSeries | undefined> {
    const known = this.#series.get(symbol);
    if (known !== undefined) {
      if (Date.now() - known.quotedAt >= WORKING_MS) known.update(await this.#deps.source.quote(symbol));
      return known;
    }
    const instrument = await this.instrument(symbol);
    if (instrument === null) return undefined;
    const quote = await this.#deps.source.quote(symbol);
    const series = this.#series.get(symbol) ?? new SourceSeries(symbol, instrument, quote);
    this.#series.set(symbol, series);
    return series;
  }

  /** null: not listed; undefined: the source lists no instruments. */
  async instrument(symbol: string): Promise<Instrument | null | undefined> {
    const instrument = await this.#deps.source.instrument(symbol);
    if (instrument === null || instrument === undefined) return instrument;
    const { currency = this.#deps.currency, multiplier = "1" } = instrument;
    if (currency !== this.#deps.currency)
      throw new Error(`${symbol} is priced in ${currency}, and this account is in ${this.#deps.currency}`);
    if (parseAmount(multiplier)?.eq("1") !== true)
      throw new Error(`${symbol} has the multiplier ${multiplier}, and this venue trades single units only`);
    return instrument;
  }

  /** Asks for one quote: of the symbol that waits longest, and of those with an open order first. */
  async refresh({ holdings, working }: VenueState): Promise<void> {
    const now = Date.now();
    const askedAt = (symbol: string): number => this.#series.get(symbol)?.askedAt ?? 0;
    const due = (entries: readonly { readonly symbol: string }[], ms: number): string | undefined =>
      [...new Set(entries.map(({ symbol }) => symbol))]
        .filter((symbol) => now - askedAt(symbol) >= ms)
        .toSorted((a, b) => askedAt(a) - askedAt(b))[0];
    const symbol = due(working, WORKING_MS) ?? due(holdings, HELD_MS);
    if (symbol === undefined) return;
    try {
      const series = await this.find(symbol);
      if (series === undefined) throw new Error(`${symbol} is not listed any more`);
      this.#failing.delete(symbol);
    } catch (error) {
      const known = this.#series.get(symbol);
      if (known !== undefined) known.askedAt = now;
      if (this.#failing.has(symbol)) return;
      this.#failing.add(symbol);
      const reason = error instanceof Error ? error.message : String(error);
      this.#deps.logger.warn(`no quote of ${symbol}, so its orders wait: ${reason}`);
    }
  }
}
