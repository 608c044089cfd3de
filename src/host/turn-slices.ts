/**
 * Shares the turns of the event loop between the messages that connectors send on their own: fills, log lines and
 * requests. One turn takes them for a few milliseconds at most; calls, commands and timers run before the next turn,
 * however many connectors send without a pause. Connectors that wait get equal parts of the turn.
 */
import { setImmediate } from "node:timers";
import type { Clock } from "../domain/ports.ts";
import { LoopStalls } from "../lib/loop-stalls.ts";

/** A turn has two slices at most: of what arrives in it, and of what has waited. */
const SLICE_MS = 2;

export class TurnSlices {
  readonly #clock: Pick<Clock, "monotonic" | "after">;
  /** Measured while a session of a connector runs. */
  readonly stalls: LoopStalls;
  /** The time that was spent in this turn, or by the connector that resumes, ms. */
  #spent = 0;
  /** What may be spent of it, ms. */
  #limit = SLICE_MS;
  #isScheduled = false;
  /** Called in the next turn, in this order. */
  #waiting: (() => void)[] = [];

  constructor(clock: Pick<Clock, "monotonic" | "after">) {
    this.#clock = clock;
    this.stalls = new LoopStalls(clock);
  }

  /** Runs the work now if this turn has time left. Returns false, without running it, otherwise. */
  run(work: () => void): boolean {
    if (this.#spent >= this.#limit) return false;
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
      this.#resume();
    });
  }

  /** Each connector that waits takes one message at least, also if those before it took long. */
  #resume(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#limit = SLICE_MS / Math.max(1, waiting.length);
    let spent = 0;
    for (const resume of waiting) {
      this.#spent = 0;
      resume();
      spent += this.#spent;
    }
    this.#spent = spent;
    this.#limit = SLICE_MS;
  }
}
