/**
 * Shares the turns of the event loop between the fills of all connectors. One turn takes fills for a few milliseconds
 * at most; calls, commands and timers run before the next turn, however many connectors send fills.
 */
import { setImmediate } from "node:timers";
import type { Clock } from "../domain/ports.ts";

const SLICE_MS = 4;

export class TurnSlices {
  readonly #clock: Pick<Clock, "monotonic">;
  /** The time that was spent in this turn, ms. */
  #spent = 0;
  #isScheduled = false;
  /** Called in the next turn, in this order. */
  #waiting: (() => void)[] = [];

  constructor(clock: Pick<Clock, "monotonic">) {
    this.#clock = clock;
  }

  /** Runs the work now if this turn has time left. Returns false, without running it, otherwise. */
  run(work: () => void): boolean {
    if (this.#spent >= SLICE_MS) return false;
    const started = this.#clock.monotonic();
    try {
      work();
    } finally {
      this.#spent += this.#clock.monotonic() - started;
      this.#schedule();
    }
    return true;
  }

  /** Calls `resume` in the next turn. */
  wait(resume: () => void): void {
    this.#waiting.push(resume);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#spent = 0;
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const resume of waiting) resume();
    });
  }
}
