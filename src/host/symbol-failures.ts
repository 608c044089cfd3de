/** The last failure of each symbol, so that a log has it once and not at each read of the same symbol. */
import { LruMap } from "../lib/lru-map.ts";

const SYMBOLS_MAX = 1_000;
const BY_SYMBOL: ReadonlySet<string> = new Set(["getQuote", "getBars", "getInstrument", "getFundamentals"]);

export class SymbolFailures {
  readonly #messages = new LruMap<string, string>(SYMBOLS_MAX);

  /**
   * Notes the outcome of a call; `message` is undefined if it succeeded. Returns false if the call failed for its
   * symbol as the call before it did. A call that names no symbol is always new.
   */
  isNew(method: string, symbol: unknown, message?: string): boolean {
    if (!BY_SYMBOL.has(method) || typeof symbol !== "string") return true;
    const key = `${method} ${symbol}`;
    const isSame = message !== undefined && this.#messages.get(key) === message;
    this.#messages.set(key, message ?? "");
    return !isSame;
  }
}
