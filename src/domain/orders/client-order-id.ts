/** Client order ids. An order gets its id once, before it is first sent. */
import { sha256Hex } from "../digest.ts";
import type { DeskState } from "../desk-state.ts";
import type { ClientOrderId } from "../ids.ts";

const TAG_DIGITS = 7;
const PLACE_DIGITS = 6;
const CHECK_DIGITS = 3;

/** The last digits of a whole number in base 36. */
function digits(value: bigint, count: number): string {
  return value.toString(36).padStart(count, "0").slice(-count);
}

/**
 * `q`, 7 digits of the epoch's tag, 6 of the journal place and 3 of a check: 17 of `[a-z0-9]`, which every venue takes.
 * The tag (hexadecimal) is random per epoch and the journal place never repeats within one, so neither this desk nor a
 * copy of it can make the same id twice.
 */
export function makeClientOrderId(tag: string, place: number): ClientOrderId {
  const stem = `q${digits(BigInt(`0x0${tag}`), TAG_DIGITS)}${digits(BigInt(place), PLACE_DIGITS)}`;
  return `${stem}${digits(BigInt(`0x${sha256Hex(stem).slice(0, 12)}`), CHECK_DIGITS)}` as ClientOrderId;
}

export function clientOrderIdFor(state: Readonly<DeskState>): ClientOrderId {
  return makeClientOrderId(state.epochTag, state.seq + 1);
}
