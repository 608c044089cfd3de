/** Formats amounts and shares for people. Formatted values are rounded and never compared. */
import { type Decimal, HUNDRED, ONE, ZERO, decimal, ratio, rounded, text } from "../domain/decimal.ts";

/** Currencies in which a part of a unit is shown in cents too, unless it is less than one. */
const WITH_CENTS: ReadonlySet<string> = new Set(
  "USD EUR GBP CHF CAD AUD NZD HKD SGD CNY INR SEK NOK DKK PLN CZK MXN BRL ZAR ILS THB TRY".split(" "),
);
const HALF_CENT = decimal("0.005");

/** "29,381.30 USD"; eight places below 1, so that a small price or part of a coin is not shown as 0.00. */
export function formatMoney(value: Decimal, currency: string): string {
  const floor = WITH_CENTS.has(currency.toUpperCase()) ? HALF_CENT : ONE;
  const small = value.abs().lt(floor) && !value.eq(ZERO);
  const plain = small ? text(rounded(value, 8)) : value.toFixed(2);
  const shown = withThousands(plain);
  return currency === "" ? shown : `${shown} ${currency}`;
}

/** "-1234567.5" as "-1,234,567.5". */
function withThousands(plain: string): string {
  const first = plain.startsWith("-") ? 1 : 0;
  const point = plain.indexOf(".");
  let end = point === -1 ? plain.length : point;
  let grouped = plain.slice(end);
  for (; end - first > 3; end -= 3) grouped = `,${plain.slice(end - 3, end)}${grouped}`;
  return plain.slice(0, end) + grouped;
}

/**
 * "7.2 %": `part` of `whole`, with enough places to differ from `limit` on the correct side. A breach shown as
 * "5.0 % (limit 5 %)" would explain nothing.
 */
export function formatShare(part: Decimal, whole: Decimal, limit: Decimal): string {
  const exactSide = part.times(HUNDRED).gt(limit.times(whole));
  for (const places of [1, 2, 4, 8, 16]) {
    const percent = ratio(part.times(HUNDRED), whole, places);
    if (percent.gt(limit) === exactSide) return `${text(percent)} %`;
  }
  return exactSide ? `just over ${text(limit)} %` : `${text(limit)} %`;
}

export function formatPercent(percent: Decimal): string {
  return `${text(percent)} %`;
}

/** "1.5 s", "12 min", "3 h", "2 d". */
export function formatDuration(ms: number): string {
  const seconds = Math.abs(ms) / 1000;
  if (seconds < 120) return `${Number(seconds.toFixed(1))} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}
