/** Is a journaled time within the last while? The wall clock may have stepped between then and now. */

/**
 * A stamp ahead of the clock means that the clock was set back. It then counts as just made, so that setting the clock back
 * frees nothing; but only up to this far ahead, so that one wrong year does not block until that year.
 */
const AHEAD_MAX_MS = 60 * 60 * 1000;

/** Within the half-open window: exactly `windowMs` ago is no longer recent. */
export const isRecent = (at: number, now: number, windowMs: number): boolean => {
  const age = now - at;
  return age < 0 ? age >= -AHEAD_MAX_MS : age < windowMs;
};
