/** Whether the calls of a connector succeed. */
import type { Envelope, Method } from "../protocol/messages.ts";

const IN_A_ROW_MAX = 3;
/** Calls that concern the whole account. The failure of another may be the fault of its symbol or of its order. */
const ACCOUNT_CALLS: ReadonlySet<Method> = new Set([
  "getPositions",
  "getBuyingPower",
  "getAccount",
  "getOpenOrders",
  "getOrder",
  "getFills",
]);

/** Calls whose answer may take long at a venue that works. */
const SLOW_CALLS: ReadonlySet<Method> = new Set(["getFills", "getActivities", "getBars"]);

export class CallHealth {
  #timeouts = 0;
  #failures = 0;
  #lastFailure = "";

  answered(method: Method, response: Envelope): void {
    this.#timeouts = 0;
    if (response.ok) this.#failures = 0;
    // A venue that asks for a pause works: the desk waits.
    else if (ACCOUNT_CALLS.has(method) && response.kind === "error") {
      this.#failures += 1;
      this.#lastFailure = `${method}: ${response.message}`;
    }
  }

  timedOut(method: Method): void {
    if (!SLOW_CALLS.has(method)) this.#timeouts += 1;
  }

  /** The reason why the connector is degraded; undefined if it is not. */
  get problem(): string | undefined {
    if (this.#timeouts >= IN_A_ROW_MAX) return `${this.#timeouts} calls in a row timed out`;
    if (this.#failures >= IN_A_ROW_MAX) return `${IN_A_ROW_MAX} calls in a row or more failed; ${this.#lastFailure}`;
    return undefined;
  }
}
