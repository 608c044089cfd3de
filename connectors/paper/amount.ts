/** Exact decimals of the venue: prices, quantities and money are text in the store and `Big` in between, never floats. */
import { Big } from "big.js";

const Exact = Big();
Exact.strict = true;
Exact.DP = 24;
Exact.NE = -1_000_000;
Exact.PE = 1_000_000;

export type Amount = Big;

const PLAIN = /^-?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,2})?$/;
const CHARS_MAX = 40;

/** Text that this venue wrote or already checked. */
export function amount(text: string): Amount {
  return new Exact(text);
}

export const ZERO: Amount = amount("0");
export const ONE: Amount = amount("1");
const BASIS_POINTS: Amount = amount("10000");

/** Text or a number from outside; undefined where it is not a plain decimal of sensible length. */
export function parseAmount(raw: unknown): Amount | undefined {
  const text = typeof raw === "number" ? String(raw) : typeof raw === "string" ? raw.trim() : "";
  if (text.length > CHARS_MAX || !PLAIN.test(text)) return undefined;
  return new Exact(text.replace(/^(-?)\./, "$10.").replace(/\.(?=$|[eE])/, ""));
}

/** Plain text: no exponent, no trailing zeros, `0` for minus zero. */
export function textOf(value: Amount): string {
  return value.eq(ZERO) ? "0" : value.toFixed();
}

export function least(a: Amount, b: Amount): Amount {
  return a.lte(b) ? a : b;
}
export function most(a: Amount, b: Amount): Amount {
  return a.gte(b) ? a : b;
}

/** The largest multiple of `step` that is at most `value`, for values that are not negative. */
export function floorTo(value: Amount, step: Amount): Amount {
  return value.minus(value.mod(step));
}

/** The smallest multiple of `step` that is at least `value`, for values that are not negative. */
export function ceilTo(value: Amount, step: Amount): Amount {
  const over = value.mod(step);
  return over.eq(ZERO) ? value : value.minus(over).plus(step);
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

/** a / b rounded down at eight places; for averages and shares that are shown, never for money that moves. */
export function quotient(a: Amount, b: Amount): Amount {
  return a.div(b).round(8, Exact.roundDown as 0);
}
