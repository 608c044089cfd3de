/** The states of an order: a closed list, in the words of the field. */
import { suggestion } from "../ids.ts";
import type { OrderReportStatus } from "../sdk.ts";

export const ORDER_STATES = [
  "proposed",
  "approved",
  "submitting",
  "unknown",
  "accepted",
  "partially_filled",
  "filled",
  "cancelled",
  "expired",
  "rejected",
  "denied",
] as const;
export type OrderState = (typeof ORDER_STATES)[number];

/** States that had another name in journal format 1. Used for suggestions only. */
const RENAMED_STATES: Readonly<Record<string, OrderState>> = { acked: "accepted", partly_filled: "partially_filled" };

/** The message for a word that is not a state, for example `"acked" is not an order state (did you mean accepted?)`. */
export function unknownStateMessage(word: string): string {
  const renamed = RENAMED_STATES[word.toLowerCase()];
  const hint = renamed === undefined ? suggestion(word, ORDER_STATES) : ` (did you mean ${renamed}?)`;
  const expected = hint === "" ? `; expected one of ${ORDER_STATES.join(", ")}` : hint;
  return `${JSON.stringify(word)} is not an order state${expected}`;
}

export function isTerminal(state: OrderState): boolean {
  return (
    state === "filled" || state === "cancelled" || state === "expired" || state === "rejected" || state === "denied"
  );
}

/** From approval to the end: the order reserves buying power and exposure. */
export function isInFlight(state: OrderState): boolean {
  return state !== "proposed" && !isTerminal(state);
}

/** The words of a venue for the end of an order. */
export type VenueFinal = Extract<OrderReportStatus, "filled" | "cancelled" | "rejected" | "expired">;

const FINAL_RANK: Record<VenueFinal, number> = { rejected: 0, expired: 1, cancelled: 2, filled: 3 };

/** Of several ends that a venue reports, the one of the highest rank counts, in any order of arrival. */
export function outranks(end: VenueFinal, known: VenueFinal | undefined): boolean {
  return known === undefined || FINAL_RANK[end] > FINAL_RANK[known];
}
