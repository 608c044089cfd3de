/** How long each call may take, ms. An order's answer may need the venue's own time; a goodbye may not. */
import type { Method } from "../protocol/messages.ts";

const DEADLINES: Partial<Record<Method, number>> = {
  connect: 10_000,
  placeOrder: 10_000,
  replaceOrder: 10_000,
  disconnect: 2_000,
};
const DEADLINE_MS = 5_000;

export function callTimeout(method: Method): number {
  return DEADLINES[method] ?? DEADLINE_MS;
}

/** Calls in a row without an answer in time that make a connector degraded. */
export const TIMEOUTS_MAX = 3;
/** An unresponsive thread is ended after this long. */
export const KILL_AFTER_MS = 7_000;
