/** A mistake that the author of an adapter could make: changes to the text of the correct one, and the cases that must see it. */
export interface Mistake {
  readonly name: string;
  /** What the author got wrong, in one sentence. */
  readonly what: string;
  /** Each text to find stands exactly once in the source as it is then. */
  readonly edits: readonly (readonly [find: string, replacement: string])[];
  /** The cases that must fail. */
  readonly caughtBy: readonly string[];
  /** Part of the reason that each of them gives. */
  readonly words?: string;
}

/** The source with the mistake in it. Throws where a text to find is not there exactly once: an entry cannot go stale. */
export function withMistake(source: string, { name, edits }: Mistake): string {
  return edits.reduce((text, [find, replacement]) => {
    const count = text.split(find).length - 1;
    if (count !== 1)
      throw new Error(`${name}: ${JSON.stringify(find)} stands ${count} times in the correct adapter, and not once`);
    return text.replace(find, () => replacement);
  }, source);
}
