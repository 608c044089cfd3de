/** Whether the calls of a connector succeed. */
import type { Envelope, Method } from "../protocol/messages.ts";

const IN_A_ROW_MAX = 3;

/**
 * Calls that the desk repeats by itself until they succeed. Another call that succeeds says nothing about them: without
 * its fills, a connector that answers everything else is not ready.
 */
const REPEATED_CALLS = ["getPositions", "getBuyingPower", "getAccount", "getOpenOrders", "getFills"] as const;
type RepeatedCall = (typeof REPEATED_CALLS)[number];

/** Calls that concern the whole account. The failure of another may be the fault of its symbol or of its order. */
const ACCOUNT_CALLS: ReadonlySet<Method> = new Set([...REPEATED_CALLS, "getOrder"]);

/** Calls whose answer may take long at a venue that works. */
const SLOW_CALLS: ReadonlySet<Method> = new Set(["getFills", "getActivities", "getBars"]);

export class CallHealth {
  #timeouts = 0;
  #failures = 0;
  #lastFailure = "";
  #failing: readonly RepeatedCall[] = [];
  /** By method: the failures since its last success, and the newest of them. */
  readonly #failed = new Map<Method, { readonly count: number; readonly message: string }>();

  answered(method: Method, response: Envelope): void {
    this.#timeouts = 0;
    if (response.ok) {
      this.#failures = 0;
      if (this.#failed.delete(method)) this.#findFailing();
    }
    // A venue that asks for a pause works: the desk waits.
    else if (ACCOUNT_CALLS.has(method) && response.kind === "error") {
      this.#failures += 1;
      this.#lastFailure = `${method}: ${response.message}`;
      this.#failed.set(method, { count: (this.#failed.get(method)?.count ?? 0) + 1, message: response.message });
      this.#findFailing();
    }
  }

  timedOut(method: Method): void {
    if (!SLOW_CALLS.has(method)) this.#timeouts += 1;
  }

  /** The reason why the connector is degraded; undefined if it is not. */
  get problem(): string | undefined {
    if (this.#timeouts >= IN_A_ROW_MAX) return `${this.#timeouts} calls in a row timed out`;
    if (this.#failures >= IN_A_ROW_MAX) return `${IN_A_ROW_MAX} calls in a row or more failed; ${this.#lastFailure}`;
    const [method] = this.#failing;
    if (method === undefined) return undefined;
    return `${method} failed ${IN_A_ROW_MAX} times in a row or more; ${this.#failed.get(method)?.message ?? ""}`;
  }

  /** Calls that go on failing, while others may succeed. */
  get failing(): readonly RepeatedCall[] {
    return this.#failing;
  }

  #findFailing(): void {
    this.#failing = REPEATED_CALLS.filter((method) => (this.#failed.get(method)?.count ?? 0) >= IN_A_ROW_MAX);
  }
}
