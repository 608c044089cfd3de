/**
 * Measures messages. The sandbox and the host use the same measure. Separate from the schemas: workers do not load zod.
 */

const DEPTH_MAX = 32;
/** Counted for each value besides its text, so that long lists of numbers are not free. */
const VALUE_CHARS = 2;

/**
 * Returns the text characters in a plain value, or undefined if they exceed `limit` or the value is not plain data (a
 * cycle, a function, a Map, a SharedArrayBuffer, an object of more than `membersMax` members). Stops as soon as the
 * limit is exceeded.
 */
export function payloadSize(value: unknown, limit: number, membersMax = Number.POSITIVE_INFINITY): number | undefined {
  let remaining = limit;
  const walk = (part: unknown, depth: number): boolean => {
    if (depth > DEPTH_MAX) return false;
    if (typeof part === "string") remaining -= part.length;
    else if (typeof part === "object" && part !== null) {
      if (
        !Array.isArray(part) &&
        Object.getPrototypeOf(part) !== Object.prototype &&
        Object.getPrototypeOf(part) !== null
      )
        return false;
      // Holes have no keys, but other code counts to the length.
      if (Array.isArray(part) && part.length * VALUE_CHARS > remaining) return false;
      const keys = Object.keys(part);
      if (keys.length > membersMax && !Array.isArray(part)) return false;
      for (const key of keys) {
        remaining -= key.length;
        if (remaining < 0 || !walk((part as Record<string, unknown>)[key], depth + 1)) return false;
      }
    } else if (typeof part === "function" || typeof part === "symbol" || typeof part === "bigint") return false;
    remaining -= VALUE_CHARS;
    return remaining >= 0;
  };
  return walk(value, 0) ? limit - remaining : undefined;
}
