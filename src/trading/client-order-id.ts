/** Client order ids. An order gets its id once, before it is first sent. */
import { sha256Hex } from "../domain/digest.ts";
import type { DeskState } from "../domain/desk-state.ts";
import type { ClientOrderId } from "../domain/ids.ts";

/**
 * `q<epoch tag>-<journal place, base 36>-<check>`. The tag is random per epoch and the journal place never repeats
 * within one, so neither this desk nor a copy of it can make the same id twice. At most 32 of `[A-Za-z0-9-]`.
 */
export function clientOrderIdFor(state: Readonly<DeskState>): ClientOrderId {
  const stem = `q${state.epochTag.slice(0, 8)}-${(state.seq + 1).toString(36)}`;
  return `${stem}-${sha256Hex(stem).slice(0, 4)}` as ClientOrderId;
}
