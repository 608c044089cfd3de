/** Joins bytes in several turns of the event loop. */

/** Copied between two calls of `pause`, at most. */
const COPIED = 1024 * 1024;

/** `pause` is called between two parts of the work. */
export async function joinedBytes(
  parts: readonly Uint8Array[],
  pause: () => Promise<unknown> | undefined,
): Promise<Uint8Array> {
  const joined = Buffer.allocUnsafeSlow(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts)
    for (let from = 0; from < part.length; from += COPIED) {
      const copied = part.subarray(from, from + COPIED);
      joined.set(copied, at);
      at += copied.length;
      await pause();
    }
  return joined;
}
