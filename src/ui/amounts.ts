/** Decimal strings for display. No amount becomes a number: a number would round it. */

/** "1234567.5" as "1,234,567.5"; other text is returned as it is. */
export function grouped(amount: string): string {
  const match = /^(-?)(\d+)(\.\d+)?$/.exec(amount);
  if (match === null) return amount;
  const [, sign = "", whole = "", fraction = ""] = match;
  return `${sign === "-" ? "−" : ""}${whole.replaceAll(/\B(?=(?:\d{3})+$)/g, ",")}${fraction}`;
}

/** Money: at least two digits after the point, "1234.5" as "1,234.50"; digits beyond that stay. */
export function money(amount: string): string {
  const match = /^(-?\d+)(?:\.(\d+))?$/.exec(amount);
  if (match === null) return amount;
  const [, whole = "", fraction = ""] = match;
  return grouped(`${whole}.${fraction.padEnd(2, "0")}`);
}

/** "27239.31 USD" with grouping; a percent sign instead of a currency is kept. */
export function withUnit(amount: string, unit: string): string {
  if (unit === "") return grouped(amount);
  return unit === "%" ? `${grouped(amount)} %` : `${money(amount)} ${unit}`;
}

/** "1 fill", "2,000 fills": the plural ends with an s. */
export function counted(count: number, what: string): string {
  return `${grouped(String(count))} ${what}${count === 1 ? "" : "s"}`;
}

/** A share in percent with one decimal, for display alone; undefined if the whole is zero or less. */
export function shareOf(part: string, whole: string): string | undefined {
  const [numerator, denominator] = [Number(part), Number(whole)];
  return denominator > 0 ? `${grouped(((100 * numerator) / denominator).toFixed(1))} %` : undefined;
}

/** -1, 0 or 1. */
export function signOf(amount: string): -1 | 0 | 1 {
  if (!/[1-9]/.test(amount)) return 0;
  return amount.startsWith("-") ? -1 : 1;
}

/** Compares two amounts without rounding: negative if `a` is less. */
export function compareAmounts(a: string, b: string): number {
  const [signA, signB] = [signOf(a), signOf(b)];
  if (signA !== signB) return signA - signB;
  const [wholeA, wholeB] = [digits(a, 0), digits(b, 0)];
  const width = Math.max(digits(a, 1).length, digits(b, 1).length);
  const [textA, textB] = [wholeA + digits(a, 1).padEnd(width, "0"), wholeB + digits(b, 1).padEnd(width, "0")];
  const length = Math.max(textA.length, textB.length);
  const [left, right] = [textA.padStart(length, "0"), textB.padStart(length, "0")];
  return left === right ? 0 : (left < right ? -1 : 1) * (signA === -1 ? -1 : 1);
}

function digits(amount: string, part: 0 | 1): string {
  return amount.replace("-", "").split(".")[part] ?? "";
}
