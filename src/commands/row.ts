/** Words that the rows of the command table share. Static: no schema is loaded here. */
import type { Argument } from "./command.ts";

export function positional(name: string, value: string, about: string, more: Partial<Argument> = {}): Argument {
  return {
    name,
    kind: "positional",
    type: "string",
    required: true,
    value,
    about,
    ...more,
  };
}
export function flag(name: string, value: string, about: string, more: Partial<Argument> = {}): Argument {
  return {
    name,
    kind: "flag",
    type: "string",
    value,
    about,
    ...more,
  };
}
/** A text that a person may pipe in. An agent has no standard input, and a dash of its own is a dash. */
export function text(name: string, about: string, more: Partial<Argument> = {}): Argument {
  return flag(name, "TEXT", `${about}; - reads standard input`, { aboutForAgents: about, ...more });
}
export function toggle(name: string, about: string, more: Partial<Argument> = {}): Argument {
  return {
    name,
    kind: "flag",
    type: "boolean",
    about,
    ...more,
  };
}

export const ORDER = positional("id", "ID|FILE", "an order's id, a unique start of it, or its file", {
  completes: "order",
});
export const PROPOSAL: Argument = { ...ORDER, completes: "proposal" };
export const NO_WRITES: readonly string[] = [];
export const JOURNAL: readonly string[] = ["journal"];
