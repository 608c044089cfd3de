/** The equity of a desk as the points of a plot. */
import type { EquityStatistics } from "./equity-statistics.ts";

/** NAV, and the drawdown of the time-weighted return as a fraction, for example "0.0123". */
export type CurvePoint = readonly [at: string, nav: string, drawdown: string];

export interface EquityCurve {
  readonly currency: string;
  /** The number of points before they were thinned. */
  readonly total: number;
  readonly points: readonly CurvePoint[];
  /**
   * How many fills the desk recorded up to a point since the point before, by the point's index. A replayed market
   * dates its fills with its own past, so that their own times are no times of the curve.
   */
  readonly fills: readonly (readonly [index: number, count: number])[];
  /** Money paid in, or out if negative, right after a moment: the newest of them. */
  readonly flows: readonly (readonly [at: string, amount: string])[];
  /** Of all points. */
  readonly statistics: EquityStatistics;
  /** Accounts that are left out, because no exchange rate is known. */
  readonly unconverted: readonly string[];
}
