/** Waits for a promise, for a limited time. */

/** Resolves with true when the promise resolves, or with false after `ms`. */
export function resolvesWithin(
  clock: { after(ms: number, run: () => void): () => void },
  ms: number,
  promise: Promise<unknown>,
): Promise<boolean> {
  return new Promise((resolve) => {
    const cancel = clock.after(ms, () => resolve(false));
    void promise.then(() => {
      cancel();
      resolve(true);
    });
  });
}
