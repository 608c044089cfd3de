/** Rows of a verdict, and inputs that may be missing. */
import type { Check } from "../domain/orders/verdict.ts";

/** A value, or the reason why it is missing. */
export type Available<T> = { readonly value: T } | { readonly missing: string };

export function available<T>(value: T): Available<T> {
  return { value };
}
export function missingInput(reason: string): { readonly missing: string } {
  return { missing: reason };
}

/** Limit and actual value, with their unit. */
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

/** Blocks because an input is missing, for example with code `PRICE_COLLAR_UNAVAILABLE`. */
export function unavailable(guard: string, reason: string): Check {
  return block(guard, `${codeOf(guard)}_UNAVAILABLE`, `${guard} cannot be evaluated: ${reason}`);
}

/** Blocks because the check or guard threw. */
export function failed(guard: string, error: unknown): Check {
  return block(guard, "GUARD_ERROR", `${guard} failed: ${error instanceof Error ? error.message : String(error)}`);
}
