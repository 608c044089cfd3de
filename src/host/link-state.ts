/**
 * The state of the venue's stream, as an adapter reports it. A link that fails often is believed to be up only after a
 * while, so that it neither fills the journal nor makes the desk reconcile all the time.
 */
import type { Clock } from "../domain/ports.ts";

/** Failures before this time are forgotten. */
const MEMORY_MS = 10 * 60_000;
const FIRST_HOLD_MS = 1_000;
const HOLD_MAX_MS = 60_000;

export class LinkState {
  readonly #clock: Pick<Clock, "monotonic" | "after">;
  readonly #onChange: () => void;
  /** When the link failed, monotonic ms, oldest first. */
  #failures: number[] = [];
  #problem: string | undefined;
  #cancelTimer: () => void = () => undefined;

  constructor(clock: Pick<Clock, "monotonic" | "after">, onChange: () => void) {
    this.#clock = clock;
    this.#onChange = onChange;
  }

  /** Why the connector is degraded; undefined if the link is up. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** A new session has a new link. */
  reset(): void {
    this.#cancelTimer();
    this.#problem = undefined;
  }

  change(isUp: boolean, reason = ""): void {
    this.#cancelTimer();
    const now = this.#clock.monotonic();
    if (!isUp) {
      const problem = reason === "" ? "stream down" : `stream down: ${reason}`;
      const wasDown = this.#problem !== undefined;
      // The newest reason counts. A link that stays down has not failed again.
      if (!wasDown || reason !== "") this.#problem = problem;
      if (wasDown) return;
      this.#failures = [...this.#failures.filter((at) => now - at < MEMORY_MS), now];
      this.#onChange();
      return;
    }
    if (this.#problem === undefined) return;
    const until = (this.#failures.at(-1) ?? now) + this.#hold;
    if (until <= now) this.#restore();
    else this.#cancelTimer = this.#clock.after(until - now, () => this.#restore());
  }

  /** The least time between a failure and the next use of the link. */
  get #hold(): number {
    const repeats = this.#failures.length - 1;
    return repeats <= 0 ? 0 : Math.min(HOLD_MAX_MS, FIRST_HOLD_MS * 2 ** Math.min(repeats - 1, 10));
  }

  #restore(): void {
    this.#problem = undefined;
    this.#onChange();
  }
}
