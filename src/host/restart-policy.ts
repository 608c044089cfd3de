/** When a connector is started again, and when it is given up. Pure: times are arguments. */
import { type ErrorCode, QocError } from "../domain/errors/error.ts";
import { BackOff } from "../lib/back-off.ts";

const BACK_OFF = { firstMs: 500, maxMs: 30_000 };
const BREAKER = { crashes: 3, windowMs: 5 * 60_000 };

export type RestartDecision =
  | { readonly kind: "restart"; readonly afterMs: number }
  | { readonly kind: "give-up"; readonly reason: string };

export class RestartPolicy {
  readonly #backOff: BackOff;
  #crashes: number[] = [];

  /** `random` returns numbers from 0 to 1, so that connectors that crashed together do not restart together. */
  constructor(random: () => number) {
    this.#backOff = new BackOff({ ...BACK_OFF, random });
  }

  /** The worker crashed. Gives up after three crashes in five minutes. `now` in ms, monotonic. */
  crashed(now: number): RestartDecision {
    this.#crashes = [...this.#crashes.filter((at) => now - at < BREAKER.windowMs), now];
    if (this.#crashes.length >= BREAKER.crashes)
      return { kind: "give-up", reason: `${this.#crashes.length} crashes in 5 minutes` };
    if (this.#crashes.length === 1) this.#backOff.reset();
    return { kind: "restart", afterMs: this.#backOff.next() };
  }

  /** The venue cannot be reached. An outage is not a crash: the connector is started again for as long as it lasts. */
  unreachable(): { readonly afterMs: number } {
    return { afterMs: this.#backOff.next() };
  }

  /** The connector is ready. Resets the back-off, unless it crashed within the last five minutes. */
  ready(now: number): void {
    this.#crashes = this.#crashes.filter((at) => now - at < BREAKER.windowMs);
    if (this.#crashes.length === 0) this.#backOff.reset();
  }

  /** The operator restarted the connector: forgets its crashes. */
  reset(): void {
    this.#crashes = [];
    this.#backOff.reset();
  }
}

/** The adapter is loaded, but could not connect to its venue. */
export class VenueOutage extends Error {}

const NEEDS_OPERATOR = new Set<ErrorCode>([
  "ADAPTER_MISSING",
  "ADAPTER_BUNDLE",
  "ADAPTER_SHAPE",
  "ADAPTER_CHANGED",
  "LIVE_INCOMPLETE",
  "SIMULATED_LIVE",
  "CONNECT_REFUSED",
  "ACCOUNT_CHANGED",
  "ACCOUNT_SHARED",
  "SDK_MISMATCH",
  "SECRET_MISSING",
  "CA_INVALID",
]);

/** Whether a start failed for a reason that only the operator can remove, so that another attempt is useless. */
export function needsOperator(error: unknown): boolean {
  return error instanceof QocError && NEEDS_OPERATOR.has(error.code);
}

/** A `connect` that timed out is an outage, not a crash, if the worker's thread still replies to pings. */
export function toOutage(error: unknown, isResponsive: boolean): unknown {
  return error instanceof QocError && error.code === "CALL_TIMEOUT" && isResponsive
    ? new VenueOutage(error.message)
    : error;
}
