/**
 * Ends a case: `fail` and `assert` with a failure, `skip` as not applicable. The message states what was observed and
 * what to change.
 */

export class CaseFailed extends Error {}

export class CaseSkipped extends Error {}

/** @throws CaseFailed always. */
export function fail(message: string): never {
  throw new CaseFailed(message);
}

/** @throws CaseSkipped always. */
export function skip(message: string): never {
  throw new CaseSkipped(message);
}

/** @throws CaseFailed if the condition is false. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) fail(message);
}
