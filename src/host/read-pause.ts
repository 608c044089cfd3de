/** Holds back reads while the venue asks for a pause. Orders and cancels always pass. */
import type { Clock } from "../domain/ports.ts";
import type { Envelope, Method } from "../protocol/messages.ts";

/** The longest pause that a venue can ask for. */
export const ASKED_PAUSE_MAX_MS = 15 * 60_000;

const NEVER_HELD: ReadonlySet<Method> = new Set(["connect", "disconnect", "placeOrder", "cancelOrder", "replaceOrder"]);

export interface ReadPauseFacts {
  readonly waitMs: number;
  /** The venue's words. */
  readonly reason: string;
}

export class ReadPause {
  readonly #clock: Pick<Clock, "monotonic">;
  #until = 0;
  #reason = "";

  constructor(clock: Pick<Clock, "monotonic">) {
    this.#clock = clock;
  }

  /** undefined if reads pass. */
  get now(): ReadPauseFacts | undefined {
    const waitMs = this.#until - this.#clock.monotonic();
    return waitMs > 0 ? { waitMs, reason: this.#reason } : undefined;
  }

  /** The answer to a call that is held back; undefined if the call passes. */
  answer(method: Method): Envelope | undefined {
    const { now } = this;
    if (now === undefined || NEVER_HELD.has(method)) return undefined;
    return { ok: false, kind: "rate-limited", message: now.reason, retryAfterMs: now.waitMs };
  }

  note(response: Envelope): void {
    if (response.ok || response.kind !== "rate-limited") return;
    const asked = Math.min(ASKED_PAUSE_MAX_MS, response.retryAfterMs ?? 0);
    const until = this.#clock.monotonic() + asked;
    if (until <= this.#until) return;
    this.#until = until;
    this.#reason = response.message;
  }
}
