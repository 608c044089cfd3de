/** Exact decimals: prices, quantities and money are strings in the store and `Big` in calculations, never floats. */
import { Big } from "big.js";

const Exact = Big();
Exact.strict = true;
Exact.DP = 24;
Exact.NE = -1_000_000;
Exact.PE = 1_000_000;

export type Amount = Big;

const PLAIN = /^-?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,2})?$/;
const CHARS_MAX = 40;

/** Parses a string that is known to be a valid decimal. */
export function amount(text: string): Amount {
  return new Exact(text);
}

export const ZERO: Amount = amount("0");
export const ONE: Amount = amount("1");
const BASIS_POINTS: Amount = amount("10000");

/** Parses untrusted input; undefined if it is not a plain decimal of at most CHARS_MAX characters. */
export function parseAmount(raw: unknown): Amount | undefined {
  const text = typeof raw === "number" ? String(raw) : typeof raw === "string" ? raw.trim() : "";
  if (text.length > CHARS_MAX || !PLAIN.test(text)) return undefined;
  return new Exact(text.replace(/^(-?)\./, "$10.").replace(/\.(?=$|[eE])/, ""));
}

/** Formats without exponent and trailing zeros; minus zero becomes `0`. */
export function textOf(value: Amount): string {
  return value.eq(ZERO) ? "0" : value.toFixed();
}

export function min(a: Amount, b: Amount): Amount {
  return a.lte(b) ? a : b;
}
export function max(a: Amount, b: Amount): Amount {
  return a.gte(b) ? a : b;
}

/** The largest multiple of `step` that is at most `value`, for values that are not negative. */
export function floorTo(value: Amount, step: Amount): Amount {
  return value.minus(value.mod(step));
}

/** The smallest multiple of `step` that is at least `value`, for values that are not negative. */
export function ceilTo(value: Amount, step: Amount): Amount {
  const remainder = value.mod(step);
  return remainder.eq(ZERO) ? value : value.minus(remainder).plus(step);
}

/** The multiple of `step` nearest to `value`, halves upwards. */
export function nearest(value: Amount, step: Amount): Amount {
  const down = floorTo(value, step);
  return value.minus(down).times(amount("2")).gte(step) ? down.plus(step) : down;
}

/** `bps` basis points of `value`, exact. */
export function basisPoints(value: Amount, bps: Amount): Amount {
  return value.times(bps).div(BASIS_POINTS);
}

/** value × after / before, as the desk computes a split: 18 places, rounded half to even. */
export function splitRatio(value: Amount, after: Amount, before: Amount): Amount {
  return value
    .times(after)
    .div(before)
    .round(18, Exact.roundHalfEven as 2);
}

/** a / b rounded down to eight places: for averages and shares that are displayed, never for cash. */
export function quotient(a: Amount, b: Amount): Amount {
  return a.div(b).round(8, Exact.roundDown as 0);
}
