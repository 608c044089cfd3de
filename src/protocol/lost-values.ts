/** What a worker sends for values that JSON does not have: some numbers, functions and symbols. */

const LOST_TYPES: readonly string[] = ["function", "symbol"];

export function isLostValue(value: unknown): boolean {
  return LOST_TYPES.includes(typeof value);
}

/** An object: a text could be taken for an id. */
export function sentForLost(value: unknown): { readonly lost: string } {
  return { lost: typeof value };
}

/** The type that the value had in the worker. */
function typeInWorker(value: unknown): string {
  const { lost } = (typeof value === "object" && value !== null ? value : {}) as { readonly lost?: unknown };
  return LOST_TYPES.find((type) => type === lost) ?? typeof value;
}

/** A worker sends these numbers as text, because JSON has none of them. */
export const NON_FINITE = ["NaN", "Infinity", "-Infinity"];

/** What an author reads of a value that is no amount. */
export function noAmount({ input }: { readonly input?: unknown }): string {
  if (input === undefined) return "is missing";
  const isNamed = input === null || NON_FINITE.includes(input as string);
  return `must be a finite number or a decimal as text, not ${isNamed ? String(input) : `a value of type ${typeInWorker(input)}`}`;
}
