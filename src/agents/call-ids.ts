/** Bounds on what is kept of a program's tool calls: a program may send ids and names of any length, without end. */
import { sha256Hex } from "../domain/digest.ts";
import { LruMap } from "../lib/lru-map.ts";

/** The desk's own tool names are far shorter. */
export const NAME_CHARS_MAX = 200;
/** A run makes far fewer calls within its turn limit. */
export const IDS_MAX = 10_000;

/**
 * Truncates a name. The result of truncation ends in `…`, which no tool name contains, so it cannot equal a tool name.
 */
export function truncateName(name: string): string {
  if (name.length <= NAME_CHARS_MAX) return name;
  // A new string: a plain slice would keep the whole line in memory.
  return `${[...name.slice(0, NAME_CHARS_MAX)].join("")}…`;
}

/**
 * Values by a program's own call ids. An id may have any length, so its hash is the key: a truncated id could belong to
 * two calls, and the second could pass for a call of the first one's tool.
 */
export class CallMap<T> {
  readonly #values = new LruMap<string, T>(IDS_MAX);

  get(id: string): T | undefined {
    return this.#values.get(sha256Hex(id));
  }

  set(id: string, value: T): void {
    this.#values.set(sha256Hex(id), value);
  }
}
