/** Five years of points, with a deposit and fills, as `equity points` answers. */
import type { EquityCurve } from "../../../src/domain/account/equity-curve.ts";
import { drawdowns, equityStatistics, returnIndex } from "../../../src/domain/account/equity-statistics.ts";
import { equityCurve } from "../../../src/trading/account/equity-curve.ts";

const [DAYS, DAY_MS, PAID_IN, PAID_ON] = [1_826, 86_400_000, 200_000, 900];
/** A fill at each third point. */
const FILLS_EACH = 3;

/** At most so many points, of one or more a day. */
export function fiveYears(most: number, perDay = 1): EquityCurve {
  const values = Array.from({ length: DAYS * perDay }, (_, index) => valueOn(index / perDay));
  const at = (index: number): number => Date.UTC(2021, 10, 28) + (index * DAY_MS) / perDay;
  const dateOf = (index: number): string => new Date(at(index)).toISOString().slice(0, 10);
  const steps = values.map((value, i) => ({
    ...{ date: dateOf(i), at: at(i), value, flow: 0 },
    growth: i === 0 ? undefined : value / (values[i - 1] ?? value),
    isComplete: true,
  }));
  const index = returnIndex(steps);
  const depths = drawdowns(index);
  const points = values.map((value, i) => ({
    ...{ date: dateOf(i), at: new Date(at(i)).toISOString(), complete: true },
    nav: (value + (i > PAID_ON * perDay ? PAID_IN : 0)).toFixed(2),
    flow: i === PAID_ON * perDay ? String(PAID_IN) : "0",
    fills: i % FILLS_EACH === 0 ? 1 : 0,
    index: index[i] ?? 1,
    drawdown: depths[i] ?? 0,
  }));
  return equityCurve({ currency: "USD", points, statistics: equityStatistics(steps), unconverted: [] }, most);
}

function valueOn(day: number): number {
  return 1_000_000 + 260 * day + 45_000 * Math.sin(day / 70) + 9_000 * Math.sin(day / 9);
}
