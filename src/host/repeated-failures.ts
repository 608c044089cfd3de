/** Failures of calls that the log has already: an outage fails each read, and a symbol each request for it. */
import { LruMap } from "../lib/lru-map.ts";
import type { Clock } from "../domain/ports.ts";

const SYMBOLS_MAX = 1_000;
const BY_SYMBOL: ReadonlySet<string> = new Set(["getQuote", "getBars", "getInstrument", "getFundamentals"]);
/** Reads that the desk repeats by itself. */
const REPEATED: ReadonlySet<string> = new Set([
  ...["getPositions", "getBuyingPower", "getAccount", "getOpenOrders", "getFills", "getActivities", "getRates"],
]);
/** The log has a failure of a read again after this time. */
const AGAIN_MS = 10 * 60_000;
const MESSAGES_MAX = 20;

export class RepeatedFailures {
  readonly #clock: Pick<Clock, "monotonic">;
  readonly #bySymbol = new LruMap<string, string>(SYMBOLS_MAX);
  /** When each failure of a read was logged, monotonic ms: the words of an outage may alternate. */
  readonly #byMethod = new Map<string, LruMap<string, number>>();

  constructor(clock: Pick<Clock, "monotonic">) {
    this.#clock = clock;
  }

  /**
   * Notes the outcome of a call; `message` is undefined if it succeeded. Returns false if the log has the failure
   * already. The failure of a call that the desk makes once, such as an order, is always new.
   */
  isNew(method: string, symbol: unknown, message?: string): boolean {
    if (REPEATED.has(method)) return this.#isNewOfMethod(method, message);
    if (!BY_SYMBOL.has(method) || typeof symbol !== "string") return true;
    const key = `${method} ${symbol}`;
    const isSame = message !== undefined && this.#bySymbol.get(key) === message;
    this.#bySymbol.set(key, message ?? "");
    return !isSame;
  }

  #isNewOfMethod(method: string, message: string | undefined): boolean {
    if (message === undefined) {
      this.#byMethod.delete(method);
      return true;
    }
    const now = this.#clock.monotonic();
    const logged = this.#byMethod.get(method) ?? new LruMap<string, number>(MESSAGES_MAX);
    this.#byMethod.set(method, logged);
    const at = logged.get(message);
    if (at !== undefined && now - at < AGAIN_MS) return false;
    logged.set(message, now);
    return true;
  }
}
