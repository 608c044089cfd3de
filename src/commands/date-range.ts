/** `--from`, `--to` and `--year` of reports over dates of the desk's time zone. */
import * as z from "zod";
import { flag } from "./arguments.ts";
import { lazy } from "../lib/lazy.ts";

const date = lazy(() => z.string().regex(/^\d{4}-\d{2}-\d{2}$/, "must be a date such as 2026-01-31"));

export const dateRangeInput = lazy(() => ({
  from: flag(date().optional(), "DATE", "from this date on"),
  to: flag(date().optional(), "DATE", "up to this date, included"),
}));

/** Both ends included; undefined: no end. */
export interface DateRange {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** Says why a report has nothing to show: no account was reported at all, or none on these dates. */
export function nothingIn({ from, to }: DateRange, dates: readonly string[]): string {
  const [first, ...others] = dates.toSorted();
  if (first === undefined) return "no account was reported yet";
  const asked =
    from === undefined ? `up to ${to ?? ""}` : to === undefined ? `from ${from} on` : `from ${from} to ${to}`;
  return `nothing was recorded ${asked}; the records are of ${first} to ${others.at(-1) ?? first}`;
}

export function isInRange(day: string, { from = "", to = "9999" }: DateRange): boolean {
  return day >= from && day <= to;
}
