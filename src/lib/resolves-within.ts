/** Waits for a promise, for a limited time. */

/** Resolves with true when the promise resolves, or with false after `ms`. Rejects if the promise rejects before. */
export function resolvesWithin(
  clock: { after(ms: number, run: () => void): () => void },
  ms: number,
  promise: Promise<unknown>,
): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(ms, () => resolve(false));
    void promise.then(() => resolve(true), reject).finally(cancel);
  });
}
