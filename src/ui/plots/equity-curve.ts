/** The equity curve as series of a plot. Numbers are for drawing alone: the table shows the amounts as they are. */
import { compareAmounts, grouped } from "../amounts.ts";
import type { NamedRow } from "../row-list.ts";
import type { PlotSeries } from "./plot.tsx";

export interface EquityCurve {
  /** Seconds since 1970. */
  readonly times: readonly number[];
  readonly series: readonly PlotSeries[];
  /** How far each point is below the highest before it, for example "−1.90 %". */
  readonly below: readonly string[];
  readonly low: string;
  readonly high: string;
  readonly worst: string;
}

export function equityCurve(points: readonly (readonly [string, string])[], fills: readonly NamedRow[]): EquityCurve {
  const times = points.map(([at]) => Date.parse(at) / 1_000);
  const values = points.map(([, nav]) => Number(nav));
  let peak = Number.NEGATIVE_INFINITY;
  const drops = values.map((value) => {
    peak = Math.max(peak, value);
    return peak > 0 ? (100 * (value - peak)) / peak : 0;
  });
  const amounts = points.map(([, nav]) => nav).toSorted(compareAmounts);
  const amount = (value: number): string => grouped(value.toFixed(0));
  return {
    times,
    series: [
      { name: "NAV", values, color: "link", format: amount },
      { name: "below its high", values: drops, color: "loss", kind: "area", format: percent },
      { name: "fills", values: fillMarks(times, values, fills), color: "ok", kind: "marks", format: amount },
    ],
    below: drops.map(percent),
    low: amounts[0] ?? "",
    high: amounts.at(-1) ?? "",
    worst: percent(Math.min(...drops, 0)),
  };
}

function percent(value: number): string {
  return `${grouped(value.toFixed(2))} %`;
}

/** A mark on the curve at the first point after each fill. */
function fillMarks(
  times: readonly number[],
  values: readonly number[],
  fills: readonly NamedRow[],
): readonly (number | null)[] {
  const marks: (number | null)[] = times.map(() => null);
  for (const { time } of fills) {
    const at = Date.parse(time ?? "") / 1_000;
    const index = firstFrom(times, at);
    if (index < times.length && at >= (times[0] ?? 0)) marks[index] = values[index] ?? null;
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
