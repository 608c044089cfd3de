/** Status words from files that others may write. */

/** Returns the word if the desk uses it, else "other", so that text of a file never appears as a status. */
export function knownWord(word: string, known: readonly string[]): string {
  return known.includes(word) ? word : "other";
}
