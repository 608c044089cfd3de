/** The result of the gate: one row for each check and guard, with its numbers. */

export type Stage = "propose" | "approve" | "dispatch";
export type GuardDecision = "allow" | "block";

export interface Check {
  /** The key of the check or guard. */
  readonly guard: string;
  readonly decision: GuardDecision;
  /** Stable and upper case, for example `MAX_ORDER_NAV_EXCEEDED`; `OK` if it passed. */
  readonly code: string;
  readonly message: string;
  /** The limit with its unit, if there is one. */
  readonly limit?: string;
  /** The value with the order included, in the same unit. */
  readonly actual?: string;
}

export interface Verdict {
  readonly decision: GuardDecision;
  /** Every breach in the order of desk.toml. The first is the stated reason. */
  readonly reasons: readonly Check[];
  /** Every check and guard that ran, passed ones included. */
  readonly checks: readonly Check[];
}

export function verdictOf(checks: readonly Check[]): Verdict {
  const reasons = checks.filter((check) => check.decision === "block");
  return { decision: reasons.length > 0 ? "block" : "allow", reasons, checks };
}

type Reason = Pick<Check, "guard" | "message">;

/** The message for a place that names the guard besides. Some messages are sentences that begin with its key. */
export function messageAfterKey({ guard, message }: Reason): string {
  const isRepeated = message.startsWith(`${guard} `) || message.startsWith(`${guard}: `);
  return isRepeated ? message.slice(guard.length).replace(/^:? +/, "") : message;
}

/** For example `price-collar: cannot be evaluated: no quote for SPX`. */
export function reasonText(reason: Reason): string {
  return `${reason.guard}: ${messageAfterKey(reason)}`;
}
