/** Logs why starts of a connector failed. During an outage each fails for the same reason, which is logged rarely. */
import type { Clock, Log } from "../domain/ports.ts";

const SAME_REASON_MS = 10 * 60_000;

export class FailureLog {
  readonly #log: Log;
  readonly #clock: Pick<Clock, "monotonic">;
  /** The first line of the reason that was logged last; monotonic ms. */
  #last: { readonly first: string; readonly at: number } | undefined;

  constructor(log: Log, clock: Pick<Clock, "monotonic">) {
    this.#log = log;
    this.#clock = clock;
  }

  /** A start has failed. */
  note(reason: string): void {
    const at = this.#clock.monotonic();
    const [first = ""] = reason.split("\n");
    if (this.#last?.first === first && at - this.#last.at < SAME_REASON_MS) return;
    this.#last = { first, at };
    this.add("", reason);
  }

  /** Logs a failure in any case. The stack is a field of its own, which `qoc logs` prints line by line. */
  add(prefix: string, reason: string): void {
    const [first = ""] = reason.split("\n");
    this.#log.error(`${prefix}${first}`, reason === first ? undefined : { stack: reason });
  }

  /** The next failure is logged, whatever its reason. */
  forget(): void {
    this.#last = undefined;
  }
}
