/** The points of an equity report for a plot: few enough for one answer, with every low, high and worst drawdown. */
import type { CurvePoint, EquityCurve } from "../../domain/account/equity-curve.ts";
import { thinned } from "../../domain/account/equity-series.ts";
import type { EquityReport, ReturnPoint } from "./equity-report.ts";

const FLOWS_MAX = 100;

export function equityCurve({ points, ...report }: EquityReport, most: number): EquityCurve {
  const { currency, statistics, unconverted } = report;
  const timed = points.map((point) => ({ at: Date.parse(point.at), point }));
  const kept = thinned(timed, { count: most, perPart: 3, keep: extremes });
  return {
    ...{ currency, statistics, unconverted },
    total: points.length,
    points: kept.map(({ point: { at, nav, drawdown } }): CurvePoint => [at, nav, String(Number(drawdown.toFixed(6)))]),
    fills: fillsUpTo(kept, points),
    flows: points
      .filter(({ flow }) => flow !== "0")
      .slice(-FLOWS_MAX)
      .map(({ at, flow }) => [at, flow]),
  };
}

/** Each kept point has the fills since the kept point before. Points without fills are left out. */
function fillsUpTo(kept: readonly TimedPoint[], points: readonly ReturnPoint[]): EquityCurve["fills"] {
  const fills: (readonly [index: number, count: number])[] = [];
  let at = 0;
  for (const [index, { point }] of kept.entries()) {
    let count = 0;
    for (let isReached = false; !isReached && at < points.length; at += 1) {
      count += points[at]?.fills ?? 0;
      isReached = points[at] === point;
    }
    if (count > 0) fills.push([index, count]);
  }
  return fills;
}

interface TimedPoint {
  readonly at: number;
  readonly point: ReturnPoint;
}

/** The lowest and the highest NAV and the worst drawdown, in the order of their times. */
function extremes(part: readonly TimedPoint[]): readonly TimedPoint[] {
  const [first] = part;
  if (first === undefined) return [];
  let [low, high, worst] = [first, first, first];
  for (const each of part) {
    // Which point is drawn may depend on a rounded number: its own amount stays exact.
    if (Number(each.point.nav) < Number(low.point.nav)) low = each;
    if (Number(each.point.nav) > Number(high.point.nav)) high = each;
    if (each.point.drawdown > worst.point.drawdown) worst = each;
  }
  const chosen = new Set([low, high, worst]);
  return part.filter((each) => chosen.has(each));
}
