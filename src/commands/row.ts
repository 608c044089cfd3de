/** Words that the rows of the command table share. Static: no schema is loaded here. */
import type { ArgumentEntry } from "./command-entry.ts";

export function positional(
  name: string,
  value: string,
  about: string,
  more: Partial<ArgumentEntry> = {},
): ArgumentEntry {
  return {
    name,
    kind: "positional",
    type: "string",
    required: true,
    value,
    summary: about,
    ...more,
  };
}
export function flag(name: string, value: string, about: string, more: Partial<ArgumentEntry> = {}): ArgumentEntry {
  return {
    name,
    kind: "flag",
    type: "string",
    value,
    summary: about,
    ...more,
  };
}
/** A text that a person may pipe in. An agent has no standard input, and a dash of its own is a dash. */
export function text(name: string, about: string, more: Partial<ArgumentEntry> = {}): ArgumentEntry {
  return flag(name, "TEXT", `${about}; - reads standard input`, { summaryForAgents: about, ...more });
}
export function toggle(name: string, about: string, more: Partial<ArgumentEntry> = {}): ArgumentEntry {
  return {
    name,
    kind: "flag",
    type: "boolean",
    summary: about,
    ...more,
  };
}

export const ORDER = positional("id", "ID|FILE", "an order's id, a unique start of it, or its file", {
  completes: "order",
});
export const PROPOSAL: ArgumentEntry = { ...ORDER, completes: "proposal" };
export const NO_WRITES: readonly string[] = [];
export const JOURNAL: readonly string[] = ["journal"];
