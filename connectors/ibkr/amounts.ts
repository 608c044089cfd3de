/** Numbers of TWS as decimal text, and exact arithmetic with them. Pure. */
import { ZERO, amount, textOf } from "../amount.ts";

/** The text that TWS sent (`digits.ts`); a number where the library made the value itself, such as 0 for no text. */
export type TwsNumber = number | string;

/**
 * Whether TWS states the number: of an empty text the library makes the number 0, and the zero of TWS is a text. A
 * number that is not set is undefined.
 */
export function isStated(value: TwsNumber | undefined): value is TwsNumber {
  return value !== undefined && value !== 0;
}

/** How Java writes a number. */
export const NUMBER = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** TWS writes the largest number of Java, or infinity, for a number that is not set. */
const UNSET = 1e300;

export function isUnset(text: string): boolean {
  return text.includes("Infinity") || (NUMBER.test(text) && Math.abs(Number(text)) > UNSET);
}

const THOUSANDS = /^-?\d{1,3}(?:,\d{2,3})*,\d{3}(?:\.\d+)?$/;

/** Some amounts have commas between thousands. Other commas stay: then the text is no number. */
export function withoutCommas(text: string): string {
  return text.includes(",") && THOUSANDS.test(text) ? text.replaceAll(",", "") : text;
}

/**
 * Decimal text without an exponent and without zeros at its end: `1.234E-5` is `0.00001234`.
 * @throws Error for a text that is no number.
 */
export function plain(value: TwsNumber): string {
  const text = String(value);
  if (!NUMBER.test(text)) throw new Error(`the gateway states ${JSON.stringify(text)} where a number belongs`);
  return textOf(amount(text));
}

export function isMultiple(text: string, step: string): boolean {
  const size = amount(step);
  return size.eq(ZERO) || amount(text).mod(size).eq(ZERO);
}

export function isLess(a: string, b: string): boolean {
  return amount(a).lt(amount(b));
}

/** a / b, exact if that takes at most 24 places. */
export function divided(a: TwsNumber, b: TwsNumber): string {
  return textOf(amount(plain(a)).div(amount(plain(b))));
}
