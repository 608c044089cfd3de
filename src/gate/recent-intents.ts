/** Recent submit intents. The wall clock may have been set between the intent and now. */
import type { IntentRecord } from "../domain/desk-state.ts";

/**
 * A time in the future means that the clock was set back. It counts as recent, so that setting the clock back does not
 * reset a limit, but only up to this distance, so that one wrong year does not block for years.
 */
const AHEAD_MAX_MS = 60 * 60 * 1000;

/** Within the half-open window: exactly `windowMs` ago is no longer recent. */
export function isRecent(at: number, now: number, windowMs: number): boolean {
  const age = now - at;
  return age < 0 ? age >= -AHEAD_MAX_MS : age < windowMs;
}

/**
 * The intents within the window, newest first. Stops at the first intent that is too old: all earlier records are
 * older, whatever their times. The cost depends on the window, not on the day.
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
