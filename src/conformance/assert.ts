/**
 * Ends a case: `fail` and `assert` with a failure, `skip` as not applicable, `leaveOut` as not possible at this venue,
 * `leaveUntried` as not possible with these settings. The message states what was observed and what to change.
 */

export class CaseFailed extends Error {}

export class CaseSkipped extends Error {}

/** The venue cannot be made to do this, whatever the settings are: the report names the case. */
export class CaseLeftOut extends Error {}

export class CaseUntried extends Error {}

/** @throws CaseFailed always. */
export function fail(message: string): never {
  throw new CaseFailed(message);
}

/** For an adapter that the case does not apply to. @throws CaseSkipped always. */
export function skip(message: string): never {
  throw new CaseSkipped(message);
}

/** For a case that this kind of venue has no means for. @throws CaseLeftOut always. */
export function leaveOut(message: string): never {
  throw new CaseLeftOut(message);
}

/** For a case that applies but cannot run with these settings. @throws CaseUntried always. */
export function leaveUntried(message: string): never {
  throw new CaseUntried(message);
}

/** @throws CaseFailed if the condition is false. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) fail(message);
}
