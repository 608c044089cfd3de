/** Amounts and shares as a person reads them. Display rounds; no comparison reads what is made here. */
import { type Decimal, HUNDRED, ZERO, decimal, ratio, rounded, text } from "../domain/decimal.ts";

const ONE = decimal("1");

/** "29,381.30 USD"; below 1 with eight places, so that a small price does not read as 0.00. */
export function formatMoney(value: Decimal, currency: string): string {
  const small = value.abs().lt(ONE) && !value.eq(ZERO);
  const plain = small ? text(rounded(value, 8)) : value.toFixed(2);
  const grouped = plain.replace(
    /^(-?)(\d+)/,
    (_, sign: string, whole: string) => sign + whole.replace(/\B(?=(\d{3})+$)/g, ","),
  );
  return currency === "" ? grouped : `${grouped} ${currency}`;
}

/**
 * "7.2 %": `part` of `whole` with as many places as are needed to stand on the right side of `limit`, since a breach that
 * reads "5.0 % (limit 5 %)" explains nothing.
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
