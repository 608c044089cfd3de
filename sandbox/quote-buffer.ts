/** Keeps the newest streamed quote of each symbol until it is sent: at most once in 20 ms, however many arrive. */
import { setTimeout } from "node:timers";
import { LIMITS } from "../src/protocol/limits.ts";
import { copyWithin } from "./copy-within.ts";
import type { Port } from "./port.ts";

const QUOTE_CHARS_MAX = 1_000;

export class QuoteBuffer {
  readonly #port: Port;
  /** By symbol, the longest wait first. */
  readonly #waiting = new Map<string, unknown>();
  #isScheduled = false;

  constructor(port: Port) {
    this.#port = port;
  }

  add(quote: unknown): void {
    const { value } = copyWithin(quote, QUOTE_CHARS_MAX, "quote");
    const symbol = typeof value === "object" && value !== null && "symbol" in value ? String(value.symbol) : "";
    // A symbol keeps its place, so that a busy one does not keep the others waiting.
    if (!this.#waiting.has(symbol) && this.#waiting.size >= LIMITS.quoteSymbols)
      throw new Error(`quotes of ${LIMITS.quoteSymbols} symbols wait: stream fewer symbols`);
    this.#waiting.set(symbol, value);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    // An adapter that ended its own work must not be kept alive by a quote.
    setTimeout(() => {
      this.#isScheduled = false;
      this.#send();
    }, LIMITS.quotesEveryMs).unref();
  }

  #send(): void {
    const quotes: unknown[] = [];
    for (const [symbol, quote] of this.#waiting) {
      if (quotes.length === LIMITS.quotesPerBatch) break;
      quotes.push(quote);
      this.#waiting.delete(symbol);
    }
    this.#port.post({ e: "quotes", quotes });
    if (this.#waiting.size > 0) this.#schedule();
  }
}
