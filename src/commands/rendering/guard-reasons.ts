/** The reasons of a block, without those that only follow from another one. */

interface GuardReason {
  readonly code: string;
}

const NOT_LISTED = "NOT_LISTED";
const NO_INPUT = /_UNAVAILABLE$/;

/** Without a listed symbol there is no price, so most other checks cannot be evaluated: `folded` counts them. */
export function causesOf<T extends GuardReason>(reasons: readonly T[]): { shown: readonly T[]; folded: number } {
  if (!reasons.some(({ code }) => code === NOT_LISTED)) return { shown: reasons, folded: 0 };
  const shown = reasons.filter(({ code }) => !NO_INPUT.test(code));
  return { shown, folded: reasons.length - shown.length };
}

/** "6 other checks cannot be evaluated without a listed symbol"; empty for none. */
export function foldedText(folded: number): readonly string[] {
  if (folded === 0) return [];
  return [`${folded} other ${folded === 1 ? "check" : "checks"} cannot be evaluated without a listed symbol`];
}
