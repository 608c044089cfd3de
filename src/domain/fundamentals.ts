/** What a venue tells of a company or a fund: exact numbers by their names, and words apart from them. Nothing is worked out. */
import { DecimalError, type DecimalText, canonicalText } from "./decimal.ts";
import { plainName } from "./untrusted.ts";

export interface Fundamentals {
  /** `pe_ttm`, `earnings.last_eps_actual`: a table inside a table is joined by dots. */
  readonly numbers: Readonly<Record<string, DecimalText>>;
  /** Whatever is no number, and what bears no plain name. */
  readonly words: readonly { readonly name: string; readonly text: string }[];
}

const FACTS_MAX = 300;
const DEPTH_MAX = 3;
const WORDS_MAX = 4_000;
const NUMBER = /^-?\d{1,30}(\.\d{1,30})?$/;

/** Members that are empty are left out; so is what lies deeper, or beyond the bounds. */
export function readFundamentals(answer: Readonly<Record<string, unknown>>): Fundamentals {
  const numbers = new Map<string, DecimalText>();
  const words: { name: string; text: string }[] = [];
  const put = (name: string, value: unknown): void => {
    if (numbers.size + words.length >= FACTS_MAX) return;
    const number = plainName(name) === null ? undefined : numberOf(value);
    if (number !== undefined) numbers.set(name, number);
    else if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") {
      if (value !== "") words.push({ name, text: String(value).slice(0, WORDS_MAX) });
    }
  };
  const walk = (table: Readonly<Record<string, unknown>>, before: string, depth: number): void => {
    for (const [key, value] of Object.entries(table)) {
      const name = `${before}${key}`;
      if (typeof value !== "object" || value === null) put(name, value);
      else if (depth < DEPTH_MAX) walk(value as Readonly<Record<string, unknown>>, `${name}.`, depth + 1);
    }
  };
  walk(answer, "", 1);
  return { numbers: Object.fromEntries(numbers), words };
}

/** NaN and infinities are no numbers, and stay words. */
function numberOf(value: unknown): DecimalText | undefined {
  if (typeof value !== "number" && !(typeof value === "string" && NUMBER.test(value))) return undefined;
  try {
    return canonicalText(value);
  } catch (error) {
    if (error instanceof DecimalError) return undefined;
    throw error;
  }
}
