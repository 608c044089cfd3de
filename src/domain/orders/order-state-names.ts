/** The states of an order: a closed list, in the words of the field. */
import { suggestion } from "../ids.ts";

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
