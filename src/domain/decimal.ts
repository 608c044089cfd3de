/**
 * Exact decimals. A decimal is an integer of units and a number of decimal places: 105.37 is 10537 at scale 2. Units
 * that a JavaScript number holds exactly are one; larger ones are a bigint. `plus`, `minus` and `times` never round.
 * Only {@link ratio}, {@link quotient} and {@link reciprocal} divide, with an explicit scale. In files and messages a
 * decimal is a string ({@link DecimalText}).
 */

declare const decimalText: unique symbol;
/** Canonical text: no exponent, no trailing zeros, no leading plus, `0` for minus zero. */
export type DecimalText = string & { readonly [decimalText]: true };

/** The most significant digits of an unquoted number. */
export const BARE_DIGITS_MAX = 15;
/** The longest accepted decimal string. */
export const DECIMAL_CHARS_MAX = 64;

const SAFE = Number.MAX_SAFE_INTEGER;
/** The powers of ten that are at most {@link SAFE}. */
const POWERS: readonly number[] = Array.from({ length: 16 }, (_, exponent) => 10 ** exponent);

type Rounding = "down" | "half-up" | "half-even";

/** Immutable. Equal decimals have equal fields. */
class ScaledDecimal {
  /** A safe integer; NaN if {@link large} has the units. */
  readonly units: number;
  readonly large: bigint | undefined;
  /** At least 0, and 0 or without a trailing zero in the units. */
  readonly scale: number;

  constructor(units: number, scale: number, large: bigint | undefined) {
    this.units = units;
    this.scale = scale;
    this.large = large;
  }

  plus(other: Decimal): Decimal {
    if (other.units === 0) return this;
    if (this.units === 0) return checked(other);
    const scale = commonScale(this, other);
    const sum = unitsAt(this, scale) + unitsAt(other, scale);
    return sum <= SAFE && sum >= -SAFE
      ? ofUnits(sum, scale)
      : ofLarge(largeAt(this, scale) + largeAt(other, scale), scale);
  }

  minus(other: Decimal): Decimal {
    if (other.units === 0) return this;
    const scale = commonScale(this, other);
    const rest = unitsAt(this, scale) - unitsAt(other, scale);
    return rest <= SAFE && rest >= -SAFE
      ? ofUnits(rest, scale)
      : ofLarge(largeAt(this, scale) - largeAt(other, scale), scale);
  }

  times(other: Decimal): Decimal {
    if (other.units === 1 && other.scale === 0) return this;
    const scale = this.scale + checked(other).scale;
    const product = this.units * other.units;
    // A product that was rounded is above the largest safe integer.
    return product <= SAFE && product >= -SAFE
      ? ofUnits(product, scale)
      : ofLarge(largeAt(this, this.scale) * largeAt(other, other.scale), scale);
  }

  /** The remainder of the division towards zero; it has the sign of this decimal. @throws if `other` is zero. */
  mod(other: Decimal): Decimal {
    const scale = commonScale(this, other);
    if (other.units === 0) throw new RangeError("division by zero");
    const rest = unitsAt(this, scale) % unitsAt(other, scale);
    return Number.isNaN(rest) ? ofLarge(largeAt(this, scale) % largeAt(other, scale), scale) : ofUnits(rest, scale);
  }

  abs(): Decimal {
    return this.units >= 0 || (this.large ?? -1n) >= 0n ? this : ZERO.minus(this);
  }

  eq(other: Decimal): boolean {
    return this.scale === checked(other).scale && (this.units === other.units || this.hasLarge(other.large));
  }

  gt(other: Decimal): boolean {
    return this.compare(other) > 0;
  }

  gte(other: Decimal): boolean {
    return this.compare(other) >= 0;
  }

  lt(other: Decimal): boolean {
    return this.compare(other) < 0;
  }

  lte(other: Decimal): boolean {
    return this.compare(other) <= 0;
  }

  /** Plain text without exponent; with `places`, rounded half up to exactly that many. */
  toFixed(places?: number): string {
    if (places === undefined) return textAt(this, this.scale);
    return textAt(round(this, places, "half-up"), places);
  }

  toString(): string {
    return this.toFixed();
  }

  toJSON(): string {
    return this.toFixed();
  }

  private hasLarge(large: bigint | undefined): boolean {
    return large !== undefined && this.large === large;
  }

  /** Below, at or above zero. */
  private compare(other: Decimal): number {
    if (other.units === 0) return Number(this.large ?? this.units);
    const scale = commonScale(this, other);
    const difference = unitsAt(this, scale) - unitsAt(other, scale);
    if (!Number.isNaN(difference)) return difference;
    const [a, b] = [largeAt(this, scale), largeAt(other, scale)];
    return a < b ? -1 : a > b ? 1 : 0;
  }
}

export type Decimal = ScaledDecimal;

export const isDecimal = (value: object): value is Decimal => value instanceof ScaledDecimal;

/** A JavaScript number may have been rounded already. The compiler refuses one, and so does this. */
function checked(value: Decimal): Decimal {
  if (value instanceof ScaledDecimal) return value;
  throw new TypeError(`${String(value)} is not a decimal`);
}

function commonScale(a: Decimal, b: Decimal): number {
  return a.scale > checked(b).scale ? a.scale : b.scale;
}

/** The units at a scale that is not smaller; NaN if they are not a safe integer. */
function unitsAt(value: Decimal, scale: number): number {
  if (value.scale === scale) return value.units;
  const units = value.units * (POWERS[scale - value.scale] ?? Number.NaN);
  return units <= SAFE && units >= -SAFE ? units : Number.NaN;
}

function largeAt(value: Decimal, scale: number): bigint {
  const units = value.large ?? BigInt(value.units);
  return value.scale === scale ? units : units * 10n ** BigInt(scale - value.scale);
}

/** `units` is a safe integer. */
function ofUnits(units: number, scale: number): Decimal {
  let [rest, places] = [units, scale];
  while (places > 0) {
    const tenth = Math.floor(rest / 10);
    if (tenth * 10 !== rest) break;
    rest = tenth;
    places -= 1;
  }
  // The sum turns minus zero into zero.
  return new ScaledDecimal(rest + 0, rest === 0 ? 0 : places, undefined);
}

function ofLarge(units: bigint, scale: number): Decimal {
  let [rest, places] = [units, scale];
  for (; places > 0 && rest % 10n === 0n; places--) rest /= 10n;
  const isSafe = rest <= BigInt(SAFE) && rest >= -BigInt(SAFE);
  return isSafe ? ofUnits(Number(rest), places) : new ScaledDecimal(Number.NaN, places, rest);
}

/** The digits of the units without a sign. */
function digitsOf({ units, large }: Decimal): string {
  return large === undefined ? String(Math.abs(units)) : String(large < 0n ? -large : large);
}

/** `scale` is not smaller than the scale of the value. */
function textAt(value: Decimal, scale: number): string {
  if (scale === 0) return String(value.large ?? value.units);
  const digits = (digitsOf(value) + "0".repeat(scale - value.scale)).padStart(scale + 1, "0");
  const sign = (value.large ?? value.units) < 0 ? "-" : "";
  return `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

/** The exponent of the first digit: 2 of 105.37, -3 of 0.001; 0 of zero. */
function exponentOf(value: Decimal): number {
  return value.units === 0 ? 0 : digitsOf(value).length - 1 - value.scale;
}

/** Negative places round to tens, hundreds and so on. */
function round(value: Decimal, places: number, rounding: Rounding): Decimal {
  if (value.scale <= places) return value;
  return divide(value, ONE, places, rounding);
}

/** a / b. @throws RangeError if b is zero. */
function divide(a: Decimal, b: Decimal, places: number, rounding: Rounding): Decimal {
  if (checked(b).units === 0) throw new RangeError("division by zero");
  const shift = places + b.scale - checked(a).scale;
  const numerator = shift > 0 ? a.units * (POWERS[shift] ?? Number.NaN) : a.units;
  const denominator = shift < 0 ? b.units * (POWERS[-shift] ?? Number.NaN) : b.units;
  const isSafe = Math.abs(numerator) <= SAFE && Math.abs(denominator) <= SAFE;
  const rounded = isSafe
    ? divideUnits(numerator, denominator, rounding)
    : divideLarge(largeShifted(a, shift), largeShifted(b, -shift), rounding);
  const zeros = Math.max(0, -places);
  const scale = Math.max(0, places);
  if (typeof rounded === "number" && zeros === 0) return ofUnits(rounded, scale);
  return ofLarge(BigInt(rounded) * 10n ** BigInt(zeros), scale);
}

function largeShifted(value: Decimal, shift: number): bigint {
  return largeAt(value, value.scale) * 10n ** BigInt(Math.max(0, shift));
}

function divideUnits(a: number, b: number, rounding: Rounding): number {
  const rest = a % b;
  const whole = (a - rest) / b;
  const twice = Math.abs(rest) * 2 - Math.abs(b);
  const isAway = isRoundedAway(rounding, twice, whole % 2 !== 0);
  return isAway ? whole + (a < 0 === b < 0 ? 1 : -1) : whole;
}

function divideLarge(a: bigint, b: bigint, rounding: Rounding): bigint {
  const rest = a % b;
  const whole = a / b;
  const size = (value: bigint): bigint => (value < 0n ? -value : value);
  const twice = size(rest) * 2n - size(b);
  const isAway = isRoundedAway(rounding, twice < 0n ? -1 : twice > 0n ? 1 : 0, whole % 2n !== 0n);
  return isAway ? whole + (a < 0n === b < 0n ? 1n : -1n) : whole;
}

/** `twice`: below, at or above zero if the rest is below, at or above a half. */
function isRoundedAway(rounding: Rounding, twice: number, isOdd: boolean): boolean {
  if (rounding === "down" || twice < 0) return false;
  return twice > 0 || rounding === "half-up" || isOdd;
}

const PLAIN = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?$/;
const WRITTEN = /^(-?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/;

/** Thrown by the parsers of this file. The caller adds the file and the field. */
export class DecimalError extends Error {}

const [MINUS, POINT, NINE, NOUGHT] = [45, 46, 57, 48];
/** Text of at most so many characters has no more digits than a safe integer. */
const SHORT_CHARS = 15;

/** Parses a decimal string that the desk wrote or has checked. @throws DecimalError. */
export function decimal(text: string): Decimal {
  const { length } = text;
  const start = text.charCodeAt(0) === MINUS ? 1 : 0;
  if (length - start > SHORT_CHARS) return parseWritten(text);
  let [units, places, digits] = [0, -1, 0];
  for (let i = start; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code >= NOUGHT && code <= NINE) {
      units = units * 10 + code - NOUGHT;
      digits += 1;
      if (places >= 0) places += 1;
    } else if (code === POINT && places < 0) places = 0;
    else return parseWritten(text);
  }
  return digits === 0 ? parseWritten(text) : ofUnits(start === 1 ? -units : units, Math.max(0, places));
}

/** Text of any length, with or without an exponent. */
function parseWritten(written: string): Decimal {
  const [, sign, whole = "", part = "", power = "0"] = WRITTEN.exec(written) ?? [];
  if (whole + part === "") throw new DecimalError(`${JSON.stringify(written)} is not a decimal number`);
  const units = BigInt(whole + part) * (sign === "-" ? -1n : 1n);
  const scale = part.length - Number(power);
  return scale >= 0 ? ofLarge(units, scale) : ofLarge(units * 10n ** BigInt(-scale), 0);
}

export const ZERO: Decimal = decimal("0");
export const ONE: Decimal = decimal("1");
export const HUNDRED: Decimal = decimal("100");

/** Plain text without exponent and without trailing zeros. */
export function text(value: Decimal): DecimalText {
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
  const value = decimal(trimmed.replace(/^\+/, ""));
  const exponent = exponentOf(value);
  if (significantDigits(value) > 40 || exponent > 30 || exponent < -30)
    throw new DecimalError(`${trimmed} is outside 1e-30 to 1e30`);
  return value;
}

function significantDigits(value: Decimal): number {
  return digitsOf(value).replace(/0+$/, "").length;
}

/** Parses an unquoted number of a file that a human or agent wrote: finite, with at most 15 significant digits. */
export function parseNumber(raw: number): Decimal {
  if (!Number.isFinite(raw)) throw new DecimalError(`${raw} is not a finite number`);
  const value = parseText(String(raw));
  if (significantDigits(value) > BARE_DIGITS_MAX) {
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
  const n = approximate(value);
  return Number.isFinite(n) && decimal(String(n)).eq(value) ? n : undefined;
}

/** Nearest JavaScript number, for display and plots only. */
export function approximate(value: Decimal): number {
  return value.scale === 0 && value.large === undefined ? value.units : Number(value.toFixed());
}

/** a / b at `places` decimals, rounded half to even. For display and averages, never for a limit. */
export function ratio(a: Decimal, b: Decimal, places: number): Decimal {
  return divide(a, b, places, "half-even");
}

/** The most decimals of a quotient. */
const QUOTIENT_PLACES = 30;

/**
 * a / b for display, rounded half to even: 8 decimals, and for an amount below 1 at least 8 significant digits, so that
 * a price of 4.1e-9 keeps its digits.
 */
export function quotient(a: Decimal, b: Decimal): Decimal {
  const exponent = exponentOf(divide(a, b, QUOTIENT_PLACES, "half-up"));
  return divide(a, b, Math.min(QUOTIENT_PLACES, 8 + Math.max(0, -exponent)), "half-even");
}

/** 1 / value with 24 significant digits, so that an amount of any size that is converted by it is right to the cent. */
export function reciprocal(value: Decimal): Decimal {
  // The first digit of the result is at the negated place of the first digit of the value, or one place after it.
  return divide(ONE, value, 24 + exponentOf(value), "half-even");
}

/** Rounds a display amount half to even. */
export function rounded(value: Decimal, places: number): Decimal {
  return round(value, places, "half-even");
}

/** Rounded to a number of significant digits, for display. */
export function significant(value: Decimal, digits: number): Decimal {
  return round(value, digits - 1 - exponentOf(value), "half-up");
}

/** Rounds towards zero: money that may be spent. */
export function floored(value: Decimal, places: number): Decimal {
  return round(value, places, "down");
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
