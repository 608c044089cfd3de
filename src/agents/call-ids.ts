/**
 * What is kept of a program's calls until its run ends. A program may talk without end and in lines of any length, so whatever
 * is kept of it has a bound.
 */
import { sha256Hex } from "../domain/digest.ts";

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

export interface LruMap<T> {
  get(id: string): T | undefined;
  set(id: string, what: T): void;
}

/** What is known by the program's own ids. Of too many the oldest is forgotten, and is as one that was never told of. */
export function createLruMap<T>(): LruMap<T> {
  const known = new Map<string, T>();
  return {
    get: (id) => known.get(keyOf(id)),
    set: (id, what) => {
      known.set(keyOf(id), what);
      const [oldest = ""] = known.keys();
      if (known.size > IDS_MAX) known.delete(oldest);
    },
  };
}

/** An id may be of any length. It is not cut, for two calls could become one, and the second pass for the first one's tool. */
function keyOf(id: string): string {
  return sha256Hex(id);
}
