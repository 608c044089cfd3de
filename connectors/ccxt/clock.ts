/** The exchange's clock. Requests carry its time, so that a wrong local clock does no harm. */

const AGE_MS = 60 * 60_000;

export class ExchangeClock {
  readonly #ask: () => Promise<number>;
  #readAt = 0;
  /** How far the local clock is ahead. */
  #aheadMs = 0;

  /** `ask` requests the exchange's time, ms. */
  constructor(ask: () => Promise<number>) {
    this.#ask = ask;
  }

  /** The exchange's time at a local time, by default now; the local time until the clock was read. */
  timeAt(local = Date.now()): number {
    return local - this.#aheadMs;
  }

  /** Resolves to the exchange's time. */
  async read(): Promise<number> {
    const time = await this.#ask();
    this.#aheadMs = Date.now() - time;
    this.#readAt = Date.now();
    return time;
  }

  /** Reads it if that was long ago. */
  async refresh(): Promise<void> {
    if (Date.now() - this.#readAt > AGE_MS) await this.read();
  }

  /** The exchange refused the time of a request: the next refresh reads it. */
  expire(): void {
    this.#readAt = 0;
  }
}
