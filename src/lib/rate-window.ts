/** Limits a sum within a window of time. */

export interface RateWindowOptions {
  readonly clock: { monotonic(): number };
  /** The most that may be spent within one window. */
  readonly limit: number;
  readonly windowMs: number;
}

/**
 * A window begins when it is created, or when a spending does not fit and the window before is over. So at most twice
 * the limit is spent within any span of `windowMs`, and the clock is read only when the limit is reached.
 */
export class RateWindow {
  readonly #options: RateWindowOptions;
  #startedAt: number;
  #spent = 0;

  constructor(options: RateWindowOptions) {
    this.#options = options;
    this.#startedAt = options.clock.monotonic();
  }

  /** Returns false, and spends nothing, if the amount does not fit into the current window. */
  spend(amount = 1): boolean {
    if (!this.fits(amount)) return false;
    this.#spent += amount;
    return true;
  }

  /** Whether `spend(amount)` would return true. */
  fits(amount = 1): boolean {
    const { clock, limit, windowMs } = this.#options;
    if (this.#spent + amount <= limit) return true;
    if (amount > limit) return false;
    const now = clock.monotonic();
    if (now - this.#startedAt < windowMs) return false;
    this.#startedAt = now;
    this.#spent = 0;
    return true;
  }
}
