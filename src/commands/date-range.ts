/** `--from`, `--to` and `--year` of reports over dates of the desk's time zone. */
import * as z from "zod";
import { QocError } from "../domain/errors/error.ts";
import { lazy } from "../lib/lazy.ts";
import { flag } from "./arguments.ts";
import { type OutputStyle, hanging, keyValueLines } from "./rendering/table-text.ts";

const date = lazy(() => z.iso.date("must be a date such as 2026-01-31"));

export const dateRangeInput = lazy(() => ({
  from: flag(date().optional(), "DATE", "from this date on"),
  to: flag(date().optional(), "DATE", "up to this date, included"),
}));

/** Both ends included; undefined: no end. */
export interface DateRange {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

export function refuseReversed(command: string, { from, to }: DateRange): void {
  if (from !== undefined && to !== undefined && from > to)
    throw new QocError("USAGE", { message: `${command}: --from ${from} is after --to ${to}`, command });
}

/** Says why a report has nothing to show: no account was reported at all, or none on these dates. */
export function nothingIn(range: DateRange, dates: readonly string[]): string {
  const [first, ...others] = dates.toSorted();
  if (first === undefined) return "no account was reported yet";
  return `nothing was recorded${rangeText(range)}; the records are of ${first} to ${others.at(-1) ?? first}`;
}

/** " from 2026-01-01 to 2026-01-31"; empty if the range has no end. */
export function rangeText({ from, to }: DateRange): string {
  if (from === undefined) return to === undefined ? "" : ` up to ${to}`;
  return to === undefined ? ` from ${from} on` : ` from ${from} to ${to}`;
}

/** The reason in place of rows: a sentence on a terminal, a named value in a pipe. */
export function emptyLines(style: OutputStyle, reason: string): readonly string[] {
  return style.isTty ? hanging(reason, style.columns) : keyValueLines(style, [["empty", reason]]);
}

export function isInRange(day: string, { from = "", to = "9999" }: DateRange): boolean {
  return day >= from && day <= to;
}
