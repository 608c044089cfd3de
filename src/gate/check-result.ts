/** Rows of a verdict, and values that may be missing. */
import type { Check } from "../domain/verdict.ts";

/** A fact, or one line that says why it is not known. */
export type Available<T> = { readonly value: T } | { readonly missing: string };

export function available<T>(value: T): Available<T> {
  return { value };
}
export function missingInput(why: string): { readonly missing: string } {
  return { missing: why };
}

/** Limit and actual as text with their unit. */
export interface CheckFigures {
  readonly limit?: string;
  readonly actual?: string;
}

export function pass(guard: string, message: string, figures: CheckFigures = {}): Check {
  return {
    guard,
    decision: "allow",
    code: "OK",
    message,
    ...figures,
  };
}

/** `code` is stable and upper case, `CATEGORY_CONDITION`. */
export function block(guard: string, code: string, message: string, figures: CheckFigures = {}): Check {
  return {
    guard,
    decision: "block",
    code,
    message,
    ...figures,
  };
}

function codeOf(guard: string): string {
  return guard.toUpperCase().replace(/[^A-Z0-9]+/g, "_");
}

/** The rule lacks what it needs: it blocks, as `PRICE_COLLAR_UNAVAILABLE`. */
export function unavailable(guard: string, why: string): Check {
  return block(guard, `${codeOf(guard)}_UNAVAILABLE`, `${guard} cannot be judged: ${why}`);
}

/** The rule broke: it blocks. */
export function failed(guard: string, error: unknown): Check {
  return block(guard, "GUARD_ERROR", `${guard} failed: ${error instanceof Error ? error.message : String(error)}`);
}
