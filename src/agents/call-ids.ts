/**
 * What is kept of a program's calls until its run ends. A program may talk without end and in lines of any length, so whatever
 * is kept of it has a bound.
 */
import { sha256Hex } from "../domain/digest.ts";
import { LruMap } from "../lib/lru-map.ts";

/** Of a name or a title; the desk's own tools have far shorter ones. */
export const NAME_CHARS_MAX = 200;
/** Far more than a run makes within its turns. */
export const IDS_MAX = 10_000;

/** The beginning of a name. One that was cut ends in a sign that stands in no tool's name, so that it passes for none. */
export function truncateName(name: string): string {
  if (name.length <= NAME_CHARS_MAX) return name;
  // Put together anew: a mere slice keeps the whole line alive that it is of.
  return `${[...name.slice(0, NAME_CHARS_MAX)].join("")}…`;
}

/**
 * Values by a program's own call ids. An id may have any length, so its hash is the key: a truncated id could belong to two
 * calls, and the second could pass for a call of the first one's tool.
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
