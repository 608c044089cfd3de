/**
 * The NAV of the snapshots over time. The series is bounded: when it is full, its older half keeps the minimum and the
 * maximum of each of its parts. So every point is a value that a snapshot recorded, also after years.
 */
import { type DecimalText, decimal } from "../decimal.ts";

export interface EquityPoint {
  /** ms. */
  readonly at: number;
  readonly nav: DecimalText;
}

const POINTS_MAX = 4_000;

/** Adds a point that is newer than the others. */
export function addEquityPoint(series: EquityPoint[], point: EquityPoint): void {
  series.push(point);
  if (series.length <= POINTS_MAX) return;
  const older = series.splice(0, POINTS_MAX / 2);
  series.unshift(...thinnedPoints(older, older.length / 2));
}

/**
 * At most `count` of the points (two at least): the minimum and the maximum of each of equal parts of the time, and
 * always the first and the last point.
 */
export function thinnedPoints(points: readonly EquityPoint[], count: number): readonly EquityPoint[] {
  return thinned(points, { count, perPart: 2, keep: extremes });
}

export interface Thinning<T> {
  /** Of the points that stay, two at least. */
  readonly count: number;
  /** The most points that `keep` returns. */
  readonly perPart: number;
  /** Chooses points of one part of the time, in their order. */
  readonly keep: (part: readonly T[]) => readonly T[];
}

/** The first point, the chosen points of each of equal parts of the time, and the last point. */
export function thinned<T extends { readonly at: number }>(
  points: readonly T[],
  { count, perPart, keep }: Thinning<T>,
): readonly T[] {
  const [first, last] = [points[0], points.at(-1)];
  if (points.length <= count || first === undefined || last === undefined) return points;
  const parts = Math.floor((count - 2) / perPart);
  if (parts < 1) return [first, last];
  const width = (last.at - first.at) / parts;
  const kept: T[] = [first];
  let part: T[] = [];
  let end = first.at + width;
  for (const point of points.slice(1, -1)) {
    while (point.at > end) {
      kept.push(...keep(part));
      part = [];
      end += width;
    }
    part.push(point);
  }
  return [...kept, ...keep(part), last];
}

/** The minimum and the maximum in the order of their times. */
function extremes(points: readonly EquityPoint[]): readonly EquityPoint[] {
  const [first, ...others] = points.map((point) => ({ point, nav: decimal(point.nav) }));
  if (first === undefined) return [];
  let [low, high] = [first, first];
  for (const other of others) {
    if (other.nav.lt(low.nav)) low = other;
    if (other.nav.gt(high.nav)) high = other;
  }
  if (low === high) return [low.point];
  return low.point.at <= high.point.at ? [low.point, high.point] : [high.point, low.point];
}
