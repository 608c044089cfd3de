/** Returns and risk of series that are calculated by hand. */
import { describe, expect, it } from "vitest";
import { type EquityStep, equityStatistics } from "../../../src/domain/account/equity-statistics.ts";

const DAY_MS = 86_400_000;

/** Values that grow by 1 % on one day and by 3 % on the next, on every day or on weekdays alone. */
function series(days: number, isEveryDay: boolean): readonly EquityStep[] {
  const steps: EquityStep[] = [];
  let value = 1_000;
  for (let at = Date.UTC(2026, 0, 5); steps.length <= days; at += DAY_MS) {
    const date = new Date(at);
    if (!isEveryDay && [0, 6].includes(date.getUTCDay())) continue;
    const growth = steps.length === 0 ? undefined : steps.length % 2 === 1 ? 1.01 : 1.03;
    value *= growth ?? 1;
    steps.push({
      date: date.toISOString().slice(0, 10),
      at,
      value,
      flow: steps.length === 0 ? value : 0,
      growth,
      isComplete: true,
    });
  }
  return steps;
}

describe.each([
  ["on weekdays", false, 252],
  ["on every day, as coins trade", true, 365],
])("returns %s", (_when, isEveryDay, daysOfYear) => {
  it("have the volatility and the Sharpe ratio of a year with so many days", () => {
    const { days, volatility, sharpe } = equityStatistics(series(60, isEveryDay));
    expect(days).toBe(60);
    // Thirty returns of 1 % and thirty of 3 %: each is 1 % from the mean of 2 %.
    const deviation = Math.sqrt((60 * 0.01 ** 2) / 59);
    expect(volatility).toBeCloseTo(deviation * Math.sqrt(daysOfYear), 12);
    const daily = 0.02 / deviation;
    expect(sharpe?.value).toBeCloseTo(daily * Math.sqrt(daysOfYear), 9);
    expect(sharpe?.error).toBeCloseTo(Math.sqrt((1 + daily ** 2 / 2) / 60) * Math.sqrt(daysOfYear), 9);
  });

  it("are measured against the rate that is free of risk", () => {
    const [none, free] = [0, 0.1].map((riskFree) => equityStatistics(series(60, isEveryDay), { riskFree }));
    const deviation = Math.sqrt((60 * 0.01 ** 2) / 59);
    const daily = (0.02 - 0.1 / daysOfYear) / deviation;
    expect(free?.sharpe?.value).toBeCloseTo(daily * Math.sqrt(daysOfYear), 9);
    expect(free?.sharpe?.error).toBeCloseTo(Math.sqrt((1 + daily ** 2 / 2) / 60) * Math.sqrt(daysOfYear), 9);
    expect([free?.riskFree, free?.volatility, none?.riskFree]).toEqual([0.1, none?.volatility, 0]);
  });

  it("have neither before there are enough of them", () => {
    expect(equityStatistics(series(19, isEveryDay)).volatility).toBeUndefined();
    expect(equityStatistics(series(20, isEveryDay)).volatility).toBeDefined();
    expect(equityStatistics(series(59, isEveryDay)).sharpe).toBeUndefined();
  });
});

it("a day on which a new chain starts has no return, and is not counted as one of zero", () => {
  const steps = series(21, false);
  const broken = steps.map((step, i) => (i === 10 ? { ...step, growth: undefined } : step));
  expect([equityStatistics(steps).days, equityStatistics(broken).days]).toEqual([21, 20]);
});

it("a day that lacks an account, and the day after it, have no return, and are counted", () => {
  const steps = series(21, false);
  const lacking = steps.map((step, i) => (i === 10 ? { ...step, isComplete: false } : step));
  const { days, incompleteDays } = equityStatistics(lacking);
  expect([days, incompleteDays]).toEqual([19, 2]);
  const all = steps.map((step) => ({ ...step, isComplete: false }));
  expect(equityStatistics(all)).toMatchObject({ days: 0, incompleteDays: 21, volatility: undefined });
});

it("a few snapshots on weekends are not a year of 365 days", () => {
  const steps = series(30, false);
  const saturday = { ...(steps[4] as EquityStep), date: "2026-01-10", growth: 1 };
  const all = [...steps.slice(0, 5), saturday, ...steps.slice(5)];
  const { volatility = 0 } = equityStatistics(all);
  expect(volatility).toBeLessThan(0.0105 * Math.sqrt(252) * 1.1);
});
