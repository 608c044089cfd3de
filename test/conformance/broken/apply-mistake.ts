/**
 * A mistake that an adapter's author could make: text edits of the correct adapter, and the cases that must fail
 * because of it.
 */
export interface Mistake {
  readonly name: string;
  /** What the author got wrong, in one sentence. */
  readonly description: string;
  /** Applied in order; each text to find must occur exactly once in the source at that point. */
  readonly edits: readonly (readonly [find: string, replacement: string])[];
  /** The cases that must fail. */
  readonly caughtBy: readonly string[];
  /** A part of the failure reason of every one of these cases. */
  readonly reason?: string;
}

/**
 * Returns the source with the mistake. Throws if a text to find does not occur exactly once, so no entry becomes stale.
 */
export function applyMistake(source: string, { name, edits }: Mistake): string {
  return edits.reduce((edited, [find, replacement]) => {
    const count = edited.split(find).length - 1;
    if (count !== 1)
      throw new Error(`${name}: ${JSON.stringify(find)} occurs ${count} times in the correct adapter, expected once`);
    return edited.replace(find, () => replacement);
  }, source);
}
