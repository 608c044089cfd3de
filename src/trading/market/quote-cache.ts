/** The newest quote of each symbol that a connector streams. */
import { type Quote, validAt } from "../../domain/market/quote.ts";
import { LruMap } from "../../lib/lru-map.ts";
import { LIMITS } from "../../protocol/limits.ts";

/** An older quote is asked for again: the price may have changed since. */
const CURRENT_MS = 1_000;

export class QuoteCache {
  readonly #quotes = new Map<string, LruMap<string, Quote>>();

  keep(connector: string, quote: Quote): void {
    let kept = this.#quotes.get(connector);
    if (kept === undefined) this.#quotes.set(connector, (kept = new LruMap(LIMITS.quoteSymbols)));
    const before = kept.get(quote.symbol);
    // A frame that comes late or again does not take the place of a newer one.
    if (before === undefined || validAt(quote) >= validAt(before)) kept.set(quote.symbol, quote);
  }

  /** A quote that arrived within the last second; `now` is monotonic ms. */
  current(connector: string, symbol: string, now: number): Quote | undefined {
    const quote = this.#quotes.get(connector)?.get(symbol);
    return quote !== undefined && now - quote.receivedMono <= CURRENT_MS ? quote : undefined;
  }

  /** Every kept quote of a connector, the newest arrival first. */
  all(connector: string): readonly Quote[] {
    const kept = this.#quotes.get(connector);
    return kept === undefined ? [] : kept.values();
  }

  forget(connector: string): void {
    this.#quotes.delete(connector);
  }
}
