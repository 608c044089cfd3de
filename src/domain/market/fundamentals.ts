/**
 * The fundamentals of a company or fund as a venue reports them: exact numbers by name, and all other values as text.
 * Nothing is computed.
 */
import { DecimalError, type DecimalText, canonicalText } from "../decimal.ts";
import { plainName } from "../untrusted.ts";

export interface Fundamentals {
  /** For example `pe_ttm`. Names of nested members are joined by dots: `earnings.last_eps_actual`. */
  readonly numbers: Readonly<Record<string, DecimalText>>;
  /** Values that are not numbers, and all values whose name is not a plain name. */
  readonly words: readonly { readonly name: string; readonly text: string }[];
}

const MEMBERS_MAX = 300;
/** Of members that are looked at: those that are empty or too deep are left out. */
const SEEN_MAX = 20_000;
const NAME_CHARS_MAX = 200;
const DEPTH_MAX = 3;
const TEXT_CHARS_MAX = 4_000;
const NUMBER = /^-?\d{1,30}(\.\d{1,30})?$/;

export type NamedValues = Readonly<Record<string, unknown>>;

export function isNamedValues(value: unknown): value is NamedValues {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Ignores empty members, members nested deeper than 3 levels, names of more than 200 characters, and members beyond the
 * first 300.
 */
export function readFundamentals(response: NamedValues): Fundamentals {
  const numbers = new Map<string, DecimalText>();
  const words: { name: string; text: string }[] = [];
  const put = (name: string, value: unknown): void => {
    const number = plainName(name) === null ? undefined : numberOf(value);
    if (number !== undefined) numbers.set(name, number);
    else if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") {
      if (value !== "") words.push({ name, text: String(value).slice(0, TEXT_CHARS_MAX) });
    }
  };
  let seen = 0;
  const walk = (table: NamedValues, prefix: string, depth: number): void => {
    for (const key in table) {
      // A venue's answer may have hundreds of thousands of members, and names of megabytes.
      if (seen >= SEEN_MAX || numbers.size + words.length >= MEMBERS_MAX) return;
      seen += 1;
      const value = table[key];
      if (key.length > NAME_CHARS_MAX) continue;
      const name = `${prefix}${key}`;
      if (typeof value !== "object" || value === null) put(name, value);
      else if (depth < DEPTH_MAX) walk(value as NamedValues, `${name}.`, depth + 1);
    }
  };
  walk(response, "", 1);
  return { numbers: Object.fromEntries(numbers), words };
}

/** Returns undefined for NaN and infinities, which are then kept as text. */
function numberOf(value: unknown): DecimalText | undefined {
  if (typeof value !== "number" && !(typeof value === "string" && NUMBER.test(value))) return undefined;
  try {
    return canonicalText(value);
  } catch (error) {
    if (error instanceof DecimalError) return undefined;
    throw error;
  }
}
