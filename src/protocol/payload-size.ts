/** How large a message is: one measure for who sends it and who lets it in. Without the checker, which no worker carries. */

/**
 * The characters of all text in this plain value, or undefined where they exceed the limit or the value is not plain data
 * (a cycle, a function, a map, a shared buffer). Counts as it walks and stops early.
 */
export function sizeWithin(value: unknown, limit: number): number | undefined {
  let left = limit;
  const walk = (part: unknown, depth: number): boolean => {
    if (depth > 32) return false;
    if (typeof part === "string") left -= part.length;
    else if (typeof part === "object" && part !== null) {
      if (
        !Array.isArray(part) &&
        Object.getPrototypeOf(part) !== Object.prototype &&
        Object.getPrototypeOf(part) !== null
      )
        return false;
      for (const key of Object.keys(part)) {
        left -= key.length;
        if (left < 0 || !walk((part as Record<string, unknown>)[key], depth + 1)) return false;
      }
    } else if (typeof part === "function" || typeof part === "symbol" || typeof part === "bigint") return false;
    left -= 2;
    return left >= 0;
  };
  return walk(value, 0) ? limit - left : undefined;
}
