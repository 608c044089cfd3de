/** A line of the journal as text, with its newline. */
import { writeLine } from "../../src/bus/journal-record.ts";
import type { Recorded } from "../../src/domain/event.ts";

export function journalLine(recorded: Recorded, prev: string): { readonly text: string; readonly hash: string } {
  const { open, end, hash } = writeLine(recorded, prev);
  return { text: `${open.slice(0, -1)}${end}`, hash };
}
