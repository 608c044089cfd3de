/** An always-on rule: no configuration switches it off. */
import type { Check, Stage } from "../../domain/verdict.ts";
import type { CheckContext } from "../check-context.ts";

export interface Rule {
  readonly key: string;
  /** Where it applies; a rule that needs an approval has nothing to say at propose. */
  readonly stages: readonly Stage[];
  /** Pure and synchronous. It may throw: the gate turns that into a block. */
  readonly evaluate: (facts: CheckContext) => Check;
}

export const EVERY_STAGE: readonly Stage[] = ["propose", "approve", "dispatch"];
