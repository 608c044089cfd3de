/** Limits a rate, and allows what piled up while the reader could not read. */

export interface RateBucketOptions {
  readonly clock: { monotonic(): number };
  /** The most that may be spent at once. After it, as much is allowed again within one window, evenly. */
  readonly limit: number;
  readonly windowMs: number;
  /** How long the reader could not read a short while ago, ms: what was sent meanwhile may be spent at once. */
  readonly stalledMs: () => number;
}

/** At most twice the limit is spent within any span of `windowMs` in which the reader could read. */
export class RateBucket {
  readonly #options: RateBucketOptions;
  readonly #perMs: number;
  #left: number;
  #at: number;

  constructor(options: RateBucketOptions) {
    this.#options = options;
    this.#perMs = options.limit / options.windowMs;
    this.#left = options.limit;
    this.#at = options.clock.monotonic();
  }

  /** Returns false, and spends nothing, if the amount is more than what is left. */
  spend(amount = 1): boolean {
    const { clock, limit, stalledMs } = this.#options;
    const now = clock.monotonic();
    const left = this.#left + (now - this.#at) * this.#perMs;
    this.#at = now;
    this.#left = left <= limit ? left : Math.min(left, limit + stalledMs() * this.#perMs);
    if (amount > this.#left) return false;
    this.#left -= amount;
    return true;
  }
}
