/** The equity curve as series of a plot. Numbers are for drawing alone: the table shows the amounts as they are. */
import type { EquityCurve } from "../../domain/account/equity-curve.ts";
import { counted, grouped, money, signOf } from "../amounts.ts";
import type { PlotSeries } from "./plot.tsx";
import { RUG_AT } from "./plot-ranges.ts";

export interface DrawnEquity {
  /** Seconds since 1970. */
  readonly times: readonly number[];
  readonly series: readonly PlotSeries[];
  readonly low: string;
  readonly high: string;
}

/** More marks than this would cover the curve: they lie along the bottom instead. */
const MARKS_MAX = 60;

export function drawnEquity({ points, flows, fills }: EquityCurve): DrawnEquity {
  const times = points.map(([at]) => Date.parse(at) / 1_000);
  const values = points.map(([, nav]) => Number(nav));
  const amount = (value: number): string => grouped(value.toFixed(0));
  const [filled, paid] = [new Map(fills), new Map(flows.map(([at, sum]) => [pointAt(times, at), sum]))];
  const marks = (at: ReadonlyMap<number, unknown>): readonly (number | null)[] =>
    values.map((value, index) => (at.has(index) ? value : null));
  // A rounded number chooses the point, whose own amount is shown.
  const amountOf = (value: number): string => points[values.indexOf(value)]?.[1] ?? "";
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
      {
        ...{ name: "fills", color: "ok", format: amount },
        ...(filled.size > MARKS_MAX
          ? { kind: "rug", values: marks(filled).map((mark) => (mark === null ? null : RUG_AT)) }
          : { kind: "marks", values: marks(filled) }),
        said: (index) => counted(filled.get(index) ?? 0, "fill"),
      },
      {
        ...{ name: "paid in or out", values: marks(paid), color: "warn", kind: "marks", format: amount },
        said: (index) => flowWords(paid.get(index) ?? "0"),
      },
    ],
    low: amountOf(Math.min(...values)),
    high: amountOf(Math.max(...values)),
  };
}

function flowWords(amount: string): string {
  return signOf(amount) === -1 ? `paid out ${money(amount.slice(1))}` : `paid in ${money(amount)}`;
}

/** Less than this is 0.00 % and still a loss. */
const SHOWN_MIN = 0.000_05;

/** A fraction such as "0.0123" as "−1.23 %": the same digits as `qoc equity` prints. */
export function drawdownPercent(fraction: number): string {
  if (fraction > 0 && fraction < SHOWN_MIN) return "under 0.01\u00A0%";
  return grouped((fraction === 0 ? 0 : -100 * fraction).toFixed(2)) + "\u00A0%";
}

/** The index of the first point that is not before a time; that of no point after the last one. */
function pointAt(times: readonly number[], at: string): number {
  return firstFrom(times, Date.parse(at) / 1_000);
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
