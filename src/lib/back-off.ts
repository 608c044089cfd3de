/** Pauses between attempts: each is twice the last one, up to a limit. Pure. */
export interface BackOffOptions {
  readonly firstMs: number;
  readonly maxMs: number;
  /** Returns numbers from 0 to 1, so that those who failed together do not try again together. */
  readonly random: () => number;
}

export class BackOff {
  readonly #options: BackOffOptions;
  #waitMs: number;

  constructor(options: BackOffOptions) {
    this.#options = options;
    this.#waitMs = options.firstMs;
  }

  /** The pause before the next attempt, ms: up to a quarter shorter or longer than its turn. */
  next(): number {
    const wait = this.#waitMs * (0.75 + this.#options.random() / 2);
    this.#waitMs = Math.min(this.#waitMs * 2, this.#options.maxMs);
    return wait;
  }

  reset(): void {
    this.#waitMs = this.#options.firstMs;
  }
}
