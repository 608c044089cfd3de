/** The equity curve as series of a plot. Numbers are for drawing alone: the table shows the amounts as they are. */
import type { EquityCurve } from "../../domain/account/equity-curve.ts";
import { compareAmounts, grouped } from "../amounts.ts";
import type { NamedRow } from "../row-list.ts";
import type { PlotSeries } from "./plot.tsx";

export interface DrawnEquity {
  /** Seconds since 1970. */
  readonly times: readonly number[];
  readonly series: readonly PlotSeries[];
  readonly low: string;
  readonly high: string;
}

export function drawnEquity({ points, flows }: EquityCurve, fills: readonly NamedRow[]): DrawnEquity {
  const times = points.map(([at]) => Date.parse(at) / 1_000);
  const values = points.map(([, nav]) => Number(nav));
  const amounts = points.map(([, nav]) => nav).toSorted(compareAmounts);
  const amount = (value: number): string => grouped(value.toFixed(0));
  const marks = (at: readonly string[]): readonly (number | null)[] => marksOn({ times, values }, at);
  return {
    times,
    series: [
      { name: "NAV", values, color: "link", format: amount },
      {
        name: "drawdown",
        values: points.map(([, , drawdown]) => -100 * Number(drawdown)),
        color: "loss",
        kind: "area",
        format: (value) => `${grouped(value.toFixed(2))} %`,
      },
      { name: "fills", values: marks(fills.map(({ time }) => time ?? "")), color: "ok", kind: "marks", format: amount },
      { name: "paid in or out", values: marks(flows.map(([at]) => at)), color: "warn", kind: "marks", format: amount },
    ],
    low: amounts[0] ?? "",
    high: amounts.at(-1) ?? "",
  };
}

/** A fraction such as "0.0123" as "−1.23 %": the same digits as `qoc equity` prints. */
export function drawdownPercent(fraction: number): string {
  return grouped((fraction === 0 ? 0 : -100 * fraction).toFixed(2)) + "\u00A0%";
}

/** A mark on the curve at the first point that is not before each time. */
function marksOn(
  { times, values }: { readonly times: readonly number[]; readonly values: readonly number[] },
  at: readonly string[],
): readonly (number | null)[] {
  const marks: (number | null)[] = times.map(() => null);
  for (const text of at) {
    const time = Date.parse(text) / 1_000;
    const index = firstFrom(times, time);
    if (index < times.length && time >= (times[0] ?? 0)) marks[index] = values[index] ?? null;
  }
  return marks;
}

/** The index of the first time that is not before `at`, by halving. */
function firstFrom(times: readonly number[], at: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] ?? 0) < at) low = middle + 1;
    else high = middle;
  }
  return low;
}
