/** Words of venues, and errors that say what they are about. Pure. */

/** What the desk shows of a venue's words. */
const CHARS_MAX = 200;

/** One line of visible text. */
export function oneLine(text: string): string {
  return text
    .replaceAll(/[\s\p{C}]+/gu, " ")
    .trim()
    .slice(0, CHARS_MAX)
    .replace(/\p{Cs}$/u, "");
}

/** Reads a part of an answer. Its error then says of which one: `order 7: the answer has no side`. */
export function naming<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    throw words.startsWith(what) ? error : new Error(`${what}: ${words}`, { cause: error });
  }
}
