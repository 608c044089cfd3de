/** Five years of daily points, with a deposit, as `equity points` answers. */
import { drawdowns, returnIndex } from "../../../src/domain/account/equity-statistics.ts";

const [DAYS, DAY_MS, PAID_IN] = [1_826, 86_400_000, 200_000];

export function fiveYears() {
  const values = Array.from(
    { length: DAYS },
    (_, day) => 1_000_000 + 260 * day + 45_000 * Math.sin(day / 70) + 9_000 * Math.sin(day / 9),
  );
  const steps = values.map((value, day) => ({
    ...{ date: "", at: day, value, flow: 0 },
    growth: day === 0 ? undefined : value / (values[day - 1] ?? value),
  }));
  const depths = drawdowns(returnIndex(steps));
  const at = (day: number): string => new Date(Date.UTC(2021, 10, 28) + day * DAY_MS).toISOString();
  const paidOn = 900;
  const worst = depths.indexOf(Math.max(...depths));
  return {
    currency: "USD",
    total: DAYS,
    points: values.map((value, day) => [
      at(day),
      (value + (day > paidOn ? PAID_IN : 0)).toFixed(2),
      (depths[day] ?? 0).toFixed(6),
    ]),
    flows: [[at(paidOn), String(PAID_IN)]],
    statistics: {
      days: DAYS - 1,
      timeWeighted: (values.at(-1) ?? 0) / (values[0] ?? 1) - 1,
      drawdown: {
        depth: depths[worst] ?? 0,
        from: at(depths.lastIndexOf(0, worst)).slice(0, 10),
        to: at(worst).slice(0, 10),
      },
    },
    unconverted: [],
  };
}
