/** When a connector is tried again, and when it is given up. Pure: times are arguments. */

const BACKOFF_MS = { first: 500, most: 30_000 };
const BREAKER = { crashes: 3, withinMs: 5 * 60_000 };

export type RestartDecision = { readonly afterMs: number } | { readonly gaveUp: string };

export class RestartPolicy {
  readonly #random: () => number;
  #crashes: number[] = [];
  #waitMs = BACKOFF_MS.first;

  /** `random` is between 0 and 1: many connectors that fell together do not come back together. */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** Its life ended by its own fault: three of these within five minutes are enough. `now` in ms, monotonic. */
  crashed(now: number): RestartDecision {
    this.#crashes = [...this.#crashes.filter((at) => now - at < BREAKER.withinMs), now];
    if (this.#crashes.length >= BREAKER.crashes) return { gaveUp: `${this.#crashes.length} crashes in 5 minutes` };
    if (this.#crashes.length === 1) this.#waitMs = BACKOFF_MS.first;
    return { afterMs: this.#next() };
  }

  /** Its venue could not be reached: an outage is nobody's crash, and is waited out however long it lasts. */
  unreachable(): { readonly afterMs: number } {
    return { afterMs: this.#next() };
  }

  /** It came up: the next outage is tried again soon, unless it crashed a short while ago. */
  cameUp(now: number): void {
    this.#crashes = this.#crashes.filter((at) => now - at < BREAKER.withinMs);
    if (this.#crashes.length === 0) this.#waitMs = BACKOFF_MS.first;
  }

  /** A human started it anew. */
  forget(): void {
    this.#crashes = [];
    this.#waitMs = BACKOFF_MS.first;
  }

  #next(): number {
    const wait = this.#waitMs * (0.75 + this.#random() / 2);
    this.#waitMs = Math.min(this.#waitMs * 2, BACKOFF_MS.most);
    return wait;
  }
}
