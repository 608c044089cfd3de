/** Words of the desk in files that others may write. */

/** The word if the desk uses it; "other" for any other text of a file. */
export function knownWord(word: string, known: readonly string[]): string {
  return known.includes(word) ? word : "other";
}
