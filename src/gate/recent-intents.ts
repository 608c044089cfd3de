/** Is a journaled time within the last while? The wall clock may have stepped between then and now. */
import type { IntentRecord } from "../domain/desk-state.ts";

/**
 * A stamp ahead of the clock means that the clock was set back. It then counts as just made, so that setting the clock back
 * frees nothing; but only up to this far ahead, so that one wrong year does not block until that year.
 */
const AHEAD_MAX_MS = 60 * 60 * 1000;

/** Within the half-open window: exactly `windowMs` ago is no longer recent. */
export function isRecent(at: number, now: number, windowMs: number): boolean {
  const age = now - at;
  return age < 0 ? age >= -AHEAD_MAX_MS : age < windowMs;
}

/**
 * The intents within the window, newest first. It stops at the first that is too old: whatever was journaled before that one
 * is older still, whatever its stamp says. So the cost is that of the window, not of the day.
 */
export const recentIntents = function* (
  intents: readonly IntentRecord[],
  now: number,
  windowMs: number,
): Generator<IntentRecord> {
  for (let i = intents.length - 1; i >= 0; i--) {
    const intent = intents[i] as IntentRecord;
    if (now - intent.at >= windowMs) return;
    if (isRecent(intent.at, now, windowMs)) yield intent;
  }
};
