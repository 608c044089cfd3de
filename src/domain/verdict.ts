/** A guard's answer, and the gate's: every rule's row, with its numbers. */

export type Stage = "propose" | "approve" | "dispatch";
export type GuardDecision = "allow" | "block";

export interface Check {
  /** The guard's key, or the always-on rule's. */
  readonly guard: string;
  readonly decision: GuardDecision;
  /** Stable, upper case: `MAX_ORDER_NAV_EXCEEDED`. `OK` where it passed. */
  readonly code: string;
  readonly message: string;
  /** The limit as text with its unit, where the rule has one. */
  readonly limit?: string;
  /** What it would be, in the same unit. */
  readonly actual?: string;
}

export interface Verdict {
  readonly decision: GuardDecision;
  /** Every breach, in order of desk.toml; the first is the stated reason. */
  readonly reasons: readonly Check[];
  /** Every rule that was evaluated, passing ones included. */
  readonly checks: readonly Check[];
}

export function verdictOf(checks: readonly Check[]): Verdict {
  const reasons = checks.filter((check) => check.decision === "block");
  return { decision: reasons.length > 0 ? "block" : "allow", reasons, checks };
}
