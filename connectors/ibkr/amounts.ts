/** Numbers of TWS as decimal text, and steps without floating-point arithmetic. Pure. */

/** The decimal text of a number as TWS sent it, without an exponent: `1.234e-5` is `0.00001234`. */
export function plain(value: number): string {
  const text = String(value);
  const [, sign = "", whole = "", fraction = "", exponent] = /^(-?)(\d+)(?:\.(\d+))?e([+-]\d+)$/.exec(text) ?? [];
  if (exponent === undefined) return text;
  const digits = whole + fraction;
  const point = whole.length + Number(exponent);
  if (point <= 0) return `${sign}0.${"0".repeat(-point)}${digits}`;
  return `${sign}${digits.slice(0, point).padEnd(point, "0")}${point < digits.length ? `.${digits.slice(point)}` : ""}`;
}

interface Scaled {
  readonly value: bigint;
  readonly places: number;
}

function scaled(text: string): Scaled {
  const [whole = "", fraction = ""] = text.split(".");
  return { value: BigInt(whole + fraction), places: fraction.length };
}

function aligned(a: string, b: string): readonly [bigint, bigint] {
  const [left, right] = [scaled(a), scaled(b)];
  const places = Math.max(left.places, right.places);
  const at = ({ value, places: own }: Scaled): bigint => value * 10n ** BigInt(places - own);
  return [at(left), at(right)];
}

export function isMultiple(text: string, step: string): boolean {
  const [value, size] = aligned(text, step);
  return size === 0n || value % size === 0n;
}

export function isLess(a: string, b: string): boolean {
  const [left, right] = aligned(a, b);
  return left < right;
}
