/**
 * The desk's time, as its answers state it. The clock of a phone may be minutes ahead or behind, and the desk judges
 * signatures and dates events by its own.
 */

/** Two clocks of the browser: of the day, which can be set, and of this page, which may pause while it sleeps. */
export interface BrowserClocks {
  wall(): number;
  monotonic(): number;
}

export class DeskTime {
  readonly #clocks: BrowserClocks;
  #known: { readonly desk: number; readonly wall: number; readonly monotonic: number };

  constructor(clocks: BrowserClocks) {
    this.#clocks = clocks;
    this.#known = { desk: clocks.wall(), wall: clocks.wall(), monotonic: clocks.monotonic() };
  }

  /** Milliseconds since 1970 by the desk's clock. What passed since its last answer is the longer of both clocks. */
  now(): number {
    const { desk, wall, monotonic } = this.#known;
    return Math.round(desk + Math.max(this.#clocks.wall() - wall, this.#clocks.monotonic() - monotonic, 0));
  }

  /** The desk has just answered, at `desk` by its clock. */
  learn(desk: number): void {
    this.#known = { desk, wall: this.#clocks.wall(), monotonic: this.#clocks.monotonic() };
  }
}
