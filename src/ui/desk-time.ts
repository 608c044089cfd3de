/**
 * The desk's time, as its answers state it. The clock of a phone may be minutes ahead or behind, and the desk judges
 * signatures and dates events by its own.
 */

/** Two clocks of the browser: of the day, which can be set, and of this page, which may pause while it sleeps. */
export interface BrowserClocks {
  wall(): number;
  monotonic(): number;
}

/** Returns a function of the milliseconds that have passed since: the longer time of both clocks. */
export function stopwatch({ wall, monotonic }: BrowserClocks): () => number {
  const [wallAt, monotonicAt] = [wall(), monotonic()];
  return () => Math.max(wall() - wallAt, monotonic() - monotonicAt, 0);
}

/** The time of a first answer that took longer may be long past: the machine may have slept before the page read it. */
const SLOW_MS = 5_000;

export class DeskTime {
  readonly #clocks: BrowserClocks;
  #known: { readonly desk: number; readonly passed: () => number };
  #isLearned = false;

  constructor(clocks: BrowserClocks) {
    this.#clocks = clocks;
    this.#known = { desk: clocks.wall(), passed: stopwatch(clocks) };
  }

  /** Milliseconds since 1970 by the desk's clock. */
  now(): number {
    const { desk, passed } = this.#known;
    return Math.round(desk + passed());
  }

  /**
   * The desk has answered at `desk` by its clock; the answer is here after `took` ms. So it is between `desk` and
   * `desk + took` now. A known time in between stays: an answer that came slowly would set the time back by its delay,
   * and what was read before it would seem newer than it is.
   */
  learn(desk: number, took: number): void {
    const now = this.#isLearned ? this.now() : took > SLOW_MS ? desk + took : desk;
    this.#known = { desk: Math.min(Math.max(now, desk), desk + took), passed: stopwatch(this.#clocks) };
    this.#isLearned = true;
  }
}
