/**
 * Exact decimals. The only file that imports the decimal library.
 *
 * big.js in strict mode refuses JavaScript numbers and never rounds in `plus`, `minus` and `times`. Only {@link ratio},
 * {@link quotient} and {@link reciprocal} divide, with an explicit scale. In files and messages a decimal is a string
 * ({@link DecimalText}).
 */
import { Big } from "big.js";

const Strict = Big();
Strict.strict = true;
Strict.DP = 30;
Strict.NE = -1_000_000;
Strict.PE = 1_000_000;

export type Decimal = Big;
declare const decimalText: unique symbol;
/** Canonical text: no exponent, no trailing zeros, no leading plus, `0` for minus zero. */
export type DecimalText = string & { readonly [decimalText]: true };

/** The most significant digits of an unquoted number. */
export const BARE_DIGITS_MAX = 15;
/** The longest accepted decimal string. */
export const DECIMAL_CHARS_MAX = 64;

const PLAIN = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?$/;

/** Thrown by the parsers of this file. The caller adds the file and the field. */
export class DecimalError extends Error {}

/** Parses a decimal string that the desk wrote or has checked. */
export function decimal(text: string): Decimal {
  return new Strict(text);
}

export const ZERO: Decimal = decimal("0");
export const HUNDRED: Decimal = decimal("100");

/** Plain text without exponent and without trailing zeros. */
export function text(value: Decimal): DecimalText {
  if (value.eq(ZERO)) return "0" as DecimalText;
  return value.toFixed() as DecimalText;
}

/**
 * Parses an untrusted string such as `192.40`, `1e-8` or `.5`. Refuses NaN, Infinity, hexadecimal, separators and over
 * 64 characters.
 */
export function parseText(raw: string): Decimal {
  const trimmed = raw.trim();
  if (trimmed.length > DECIMAL_CHARS_MAX)
    throw new DecimalError(`has ${trimmed.length} characters; the limit is ${DECIMAL_CHARS_MAX}`);
  if (!PLAIN.test(trimmed)) throw new DecimalError(`${JSON.stringify(trimmed)} is not a decimal number`);
  const value = new Strict(
    trimmed
      .replace(/^\+/, "")
      .replace(/^(-?)\./, "$10.")
      .replace(/\.(?=$|[eE])/, ""),
  );
  if (value.c.length > 40 || value.e > 30 || value.e < -30)
    throw new DecimalError(`${trimmed} is outside 1e-30 to 1e30`);
  return value;
}

/** Parses an unquoted number of a file that a human or agent wrote: finite, with at most 15 significant digits. */
export function parseNumber(raw: number): Decimal {
  if (!Number.isFinite(raw)) throw new DecimalError(`${raw} is not a finite number`);
  const value = parseText(String(raw));
  if (value.c.length > BARE_DIGITS_MAX) {
    throw new DecimalError(`${raw} has more than ${BARE_DIGITS_MAX} significant digits; quote it to keep it exact`);
  }
  return value;
}

/** Parses a number or string of a connector. A number means its shortest decimal string. */
export function parseNumeric(raw: number | string): Decimal {
  if (typeof raw === "string") return parseText(raw);
  if (!Number.isFinite(raw)) throw new DecimalError(`${raw} is not a finite number`);
  return parseText(String(raw));
}

const CANONICAL = /^(0|-?[1-9]\d{0,20}|-?(0|[1-9]\d{0,20})\.\d{0,20}[1-9])$/;

/** The canonical string of an amount of a connector. Most amounts are canonical already and are not parsed. */
export function canonicalText(raw: number | string): DecimalText {
  return isCanonical(raw) ? raw : text(parseNumeric(raw));
}

/** Whether `raw` is the canonical string of an amount of ordinary size. */
export function isCanonical(raw: unknown): raw is DecimalText {
  return typeof raw === "string" && CANONICAL.test(raw);
}

/** The JavaScript number with exactly this value, or undefined if there is no such number. */
export function exactNumber(value: Decimal): number | undefined {
  const n = Number(value.toFixed());
  return Number.isFinite(n) && decimal(String(n)).eq(value) ? n : undefined;
}

/** Nearest JavaScript number, for display and plots only. */
export function approximate(value: Decimal): number {
  return Number(value.toFixed());
}

/** a / b at `places` decimals, rounded half to even. For display and averages, never for a limit. */
export function ratio(a: Decimal, b: Decimal, places: number): Decimal {
  return a.div(b).round(places, Strict.roundHalfEven as 2);
}

/**
 * a / b for display, rounded half to even: 8 decimals, and for an amount below 1 at least 8 significant digits, so that
 * a price of 4.1e-9 keeps its digits.
 */
export function quotient(a: Decimal, b: Decimal): Decimal {
  const value = a.div(b);
  return rounded(value, Math.min(Strict.DP, 8 + Math.max(0, -value.e)));
}

/** 1 / value with 24 significant digits, so that an amount of any size that is converted by it is right to the cent. */
export function reciprocal(value: Decimal): Decimal {
  return new Strict("1").div(value).prec(24, Strict.roundHalfEven as 2);
}

/** Rounds a display amount half to even. */
export function rounded(value: Decimal, places: number): Decimal {
  return value.round(places, Strict.roundHalfEven as 2);
}

/** Rounded to a number of significant digits, for display. */
export function significant(value: Decimal, digits: number): Decimal {
  return value.prec(digits);
}

/** Rounds towards zero: money that may be spent. */
export function floored(value: Decimal, places: number): Decimal {
  return value.round(places, Strict.roundDown as 0);
}

export function max(a: Decimal, b: Decimal): Decimal {
  return a.gte(b) ? a : b;
}
export function min(a: Decimal, b: Decimal): Decimal {
  return a.lte(b) ? a : b;
}

/** Whether `value` is a whole multiple of `step`. */
export function onStep(value: Decimal, step: Decimal): boolean {
  return value.mod(step).eq(ZERO);
}

/** Whether `part` is at most `percent` % of `whole`. Compares without dividing. */
export function withinPercent(part: Decimal, percent: Decimal, whole: Decimal): boolean {
  return part.times(HUNDRED).lte(percent.times(whole));
}
