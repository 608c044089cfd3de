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

export function isInRange(day: string, { from = "", to = "9999" }: DateRange): boolean {
  return day >= from && day <= to;
}
