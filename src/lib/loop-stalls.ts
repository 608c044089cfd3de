/**
 * Measures how long the event loop did not turn. What connectors sent meanwhile arrives at once afterwards, and is no
 * flood.
 */

export interface StallClock {
  monotonic(): number;
  /** Runs once, later. Returns a function that cancels it. */
  after(ms: number, run: () => void): () => void;
}

const TICK_MS = 50;
/** What arrived during a stall is read within this time after it. */
const RECENT_MS = 1_000;

export class LoopStalls {
  readonly #clock: StallClock;
  #watchers = 0;
  #cancelTick: (() => void) | undefined;
  #tickedAt = 0;
  #longest = { ms: 0, endedAt: 0 };

  constructor(clock: StallClock) {
    this.#clock = clock;
  }

  /** Measures until the returned function is called. */
  watch(): () => void {
    this.#watchers += 1;
    if (this.#cancelTick === undefined) this.#awaitTick();
    let isWatching = true;
    return () => {
      if (!isWatching) return;
      isWatching = false;
      this.#watchers -= 1;
      if (this.#watchers > 0) return;
      this.#cancelTick?.();
      this.#cancelTick = undefined;
    };
  }

  #awaitTick(): void {
    this.#tickedAt = this.#clock.monotonic();
    this.#cancelTick = this.#clock.after(TICK_MS, () => {
      const now = this.#clock.monotonic();
      const ms = this.#stalledSinceTick(now);
      if (ms >= this.#recentMs(now)) this.#longest = { ms, endedAt: now };
      this.#awaitTick();
    });
  }

  /** The longest stall that goes on or ended less than a second ago, ms. */
  longestMs(): number {
    const now = this.#clock.monotonic();
    const recent = this.#recentMs(now);
    return this.#cancelTick === undefined ? recent : Math.max(recent, this.#stalledSinceTick(now));
  }

  #recentMs(now: number): number {
    return now - this.#longest.endedAt < RECENT_MS ? this.#longest.ms : 0;
  }

  #stalledSinceTick(now: number): number {
    return Math.max(0, now - this.#tickedAt - TICK_MS);
  }
}
