/** Times of venues as milliseconds. Pure. */

/** Digits of a time of this century in seconds, milliseconds, microseconds and nanoseconds, and what makes it ms. */
const UNITS: readonly (readonly [digits: number, factor: number])[] = [
  [10, 1e3],
  [13, 1],
  [16, 1e-3],
  [19, 1e-6],
];
const DATE = /^\d{4}-\d\d-\d\d$/;
const ZONED = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d(?::?\d\d)?)$/i;

/**
 * Milliseconds of a date, of a time with its zone, or of a count since 1970 in the unit that its digits say. A time
 * without a zone would be one of this machine's zone. undefined for any other text.
 */
export function millisOfTime(text: string): number | undefined {
  if (/^\d+$/.test(text)) {
    const [, factor] = UNITS.find(([digits]) => text.length === digits) ?? [];
    return factor === undefined ? undefined : Math.floor(Number(text) * factor);
  }
  if (!DATE.test(text) && !ZONED.test(text)) return undefined;
  // Some venues state the hours of the offset alone: `+00`.
  const iso = text.replace(" ", "T").replace(/(\.\d{3})\d+/, "$1");
  const ms = Date.parse(DATE.test(text) ? iso : iso.replace(/([+-]\d\d)$/, "$1:00"));
  return Number.isNaN(ms) ? undefined : ms;
}
