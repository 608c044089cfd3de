/** Suggestions for a symbol that a venue does not list. */

/** Symbols differ by one letter: added, left out, changed, or two exchanged. */
const EDITS_MAX = 1;

export function isNear(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > EDITS_MAX) return false;
  let start = 0;
  while (start < a.length && a[start] === b[start]) start += 1;
  const restOf = (text: string, skip: number): string => text.slice(start + skip);
  if (restOf(a, 1) === restOf(b, 1) || restOf(a, 1) === restOf(b, 0) || restOf(a, 0) === restOf(b, 1)) return true;
  const isExchanged = a[start] === b[start + 1] && a[start + 1] === b[start];
  return isExchanged && restOf(a, 2) === restOf(b, 2);
}
