/** When a connector may be polled again: after an error the pause doubles, and a venue may ask for a longer one. */
import { QocError, messageOf } from "../../domain/errors/error.ts";
import type { Clock } from "../../domain/ports.ts";
import { ASKED_PAUSE_MAX_MS } from "../../host/read-pause.ts";

const FIRST_PAUSE_MS = 2_000;
const PAUSE_MAX_MS = 60_000;

interface Pause {
  readonly failures: number;
  /** Monotonic, ms. */
  readonly until: number;
  readonly reason: string;
}

export class PollPace {
  readonly #clock: Pick<Clock, "monotonic">;
  readonly #pauses = new Map<string, Pause>();

  constructor(clock: Pick<Clock, "monotonic">) {
    this.#clock = clock;
  }

  /** Milliseconds until the next poll; 0 if it may run now. */
  waitMs(connector: string): number {
    return Math.max(0, (this.#pauses.get(connector)?.until ?? 0) - this.#clock.monotonic());
  }

  /** The last error and the number of failures in a row; undefined if the last poll succeeded. */
  trouble(connector: string): Pick<Pause, "failures" | "reason"> | undefined {
    return this.#pauses.get(connector);
  }

  succeeded(connector: string): void {
    this.#pauses.delete(connector);
  }

  /** Returns the pause in ms. */
  failed(connector: string, error: unknown): number {
    const failures = (this.#pauses.get(connector)?.failures ?? 0) + 1;
    const own = Math.min(PAUSE_MAX_MS, FIRST_PAUSE_MS * 2 ** Math.min(failures, 10));
    const ms = Math.max(own, Math.min(ASKED_PAUSE_MAX_MS, askedPause(error)));
    this.#pauses.set(connector, { failures, until: this.#clock.monotonic() + ms, reason: messageOf(error) });
    return ms;
  }
}

function askedPause(error: unknown): number {
  if (!(error instanceof QocError) || error.code !== "RATE_LIMITED") return 0;
  const { retryAfterMs } = error.data as { readonly retryAfterMs: number };
  return retryAfterMs;
}
