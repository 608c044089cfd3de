/** Returns and risk of a series of values with flows. Display only: JavaScript numbers, fractions and not percent. */

/** The value before `flow` was paid in or out; `growth`: of the value since the point before. */
export interface EquityStep {
  readonly date: string;
  readonly at: number;
  readonly value: number;
  readonly flow: number;
  /** undefined: it starts a new chain, because the value before it was zero, negative or negligible. */
  readonly growth: number | undefined;
  /** false: the value lacks an account without an exchange rate, or has one at a value of before. */
  readonly isComplete: boolean;
}

export interface Drawdown {
  readonly depth: number;
  /** Dates of the points: of a replayed market its own. */
  readonly from: string;
  readonly to: string;
  /** When the desk recorded those points, ms. */
  readonly fromAt: number;
  readonly toAt: number;
}

export interface EquityStatistics {
  /** With a return. */
  readonly days: number;
  /** Without a return, because the value of the day or of the day before is incomplete. */
  readonly incompleteDays: number;
  /** Time-weighted, over the whole series; undefined without a day. */
  readonly timeWeighted: number | undefined;
  /** The rate at which all flows would have grown to the last value, over the whole series. */
  readonly moneyWeighted: number | undefined;
  /** Of the return index, so that a withdrawal is no drawdown. */
  readonly drawdown: Drawdown | undefined;
  /** Of daily returns, times the root of the days of a year that have one: 252, or 365 with those of weekends. */
  readonly volatility: number | undefined;
  /** From 60 days on, with its standard error, of what the returns are above the rate that is free of risk. */
  readonly sharpe: { readonly value: number; readonly error: number } | undefined;
  /** Free of risk, a year. */
  readonly riskFree: number;
  /** Of a year, from 180 days on. */
  readonly annualised: number | undefined;
}

const YEAR_DAYS = 365.25;
const TRADING_DAYS = 252;
const ALL_DAYS = 365;
const SHARPE_DAYS_MIN = 60;
const VOLATILITY_DAYS_MIN = 20;
const ANNUAL_DAYS_MIN = 180;
const DAY_MS = 86_400_000;

/** The return index at each step, 1 at first. */
export function returnIndex(steps: readonly EquityStep[]): readonly number[] {
  let index = 1;
  return steps.map(({ growth }) => (index *= growth ?? 1));
}

export function equityStatistics(
  steps: readonly EquityStep[],
  { riskFree = 0 }: { readonly riskFree?: number | undefined } = {},
): EquityStatistics {
  const index = returnIndex(steps);
  const incomplete = incompleteDates(steps);
  const daily = dailyReturns(steps, index, incomplete);
  const [first, last] = [steps[0], steps.at(-1)];
  const span = first === undefined || last === undefined ? 0 : calendarDays(first.date, last.date);
  const timeWeighted = steps.length < 2 ? undefined : (index.at(-1) ?? 1) - 1;
  const deviation = deviationOf(daily.map(({ value }) => value));
  const year = daysOfYear(daily);
  const root = Math.sqrt(year);
  const excess = daily.map(({ value }) => value - riskFree / year);
  return {
    days: daily.length,
    incompleteDays: incomplete.size,
    timeWeighted,
    moneyWeighted: moneyWeighted(steps),
    drawdown: drawdownOf(steps, index),
    volatility: daily.length < VOLATILITY_DAYS_MIN || deviation === undefined ? undefined : deviation * root,
    sharpe: daily.length < SHARPE_DAYS_MIN ? undefined : sharpeOf(excess, deviation, root),
    riskFree,
    annualised:
      timeWeighted === undefined || span < ANNUAL_DAYS_MIN || timeWeighted <= -1
        ? undefined
        : (1 + timeWeighted) ** (YEAR_DAYS / span) - 1,
  };
}

function calendarDays(from: string, to: string): number {
  return (Date.parse(to) - Date.parse(from)) / DAY_MS;
}

interface DailyReturn {
  readonly date: string;
  readonly value: number;
}

/** The dates after the first with an incomplete step, or after a date that ends with one. */
function incompleteDates(steps: readonly EquityStep[]): ReadonlySet<string> {
  const dates = new Set<string>();
  for (const [i, { date, isComplete }] of steps.entries()) {
    const before = steps[i - 1];
    const follows = before !== undefined && before.date !== date && !before.isComplete;
    if (!isComplete || follows) dates.add(date);
  }
  dates.delete(steps[0]?.date ?? "");
  return dates;
}

/**
 * Each date against the last step of the date before. A date on which a new chain starts has no return, and neither has
 * an incomplete one.
 */
function dailyReturns(
  steps: readonly EquityStep[],
  index: readonly number[],
  incomplete: ReadonlySet<string>,
): readonly DailyReturn[] {
  const ends = new Map(steps.map(({ date }, i) => [date, index[i] ?? 1]));
  const broken = new Set(steps.filter(({ growth }) => growth === undefined).map(({ date }) => date));
  const values = [...ends];
  return values
    .slice(1)
    .map(([date, value], i) => ({ date, value: value / (values[i]?.[1] ?? 1) - 1 }))
    .filter(({ date }) => !broken.has(date) && !incomplete.has(date));
}

/**
 * Coins trade on every day, and an account of stocks that is also marked on weekends has returns of zero then. A few
 * dates of weekends are those of snapshots by hand.
 */
function daysOfYear(returns: readonly DailyReturn[]): number {
  const weekends = returns.filter(({ date }) => [0, 6].includes(new Date(date).getUTCDay())).length;
  return weekends * 7 > returns.length ? ALL_DAYS : TRADING_DAYS;
}

function deviationOf(returns: readonly number[]): number | undefined {
  if (returns.length < 2) return undefined;
  const mean = returns.reduce((sum, value) => sum + value, 0) / returns.length;
  const squares = returns.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return Math.sqrt(squares / (returns.length - 1));
}

/** The error of the yearly ratio by Lo (2002), for independent returns. */
function sharpeOf(excess: readonly number[], deviation: number | undefined, root: number): EquityStatistics["sharpe"] {
  if (deviation === undefined || deviation === 0) return undefined;
  const daily = excess.reduce((sum, value) => sum + value, 0) / excess.length / deviation;
  const error = Math.sqrt((1 + daily ** 2 / 2) / excess.length);
  return { value: daily * root, error: error * root };
}

/** How far each value is below the highest before it, as a fraction: 0 at a new high. */
export function drawdowns(values: readonly number[]): readonly number[] {
  let peak = Number.NEGATIVE_INFINITY;
  return values.map((value) => {
    peak = Math.max(peak, value);
    return 1 - value / peak;
  });
}

function drawdownOf(steps: readonly EquityStep[], index: readonly number[]): Drawdown | undefined {
  let peakAt = 0;
  let deepest: Drawdown | undefined;
  for (const [i, depth] of drawdowns(index).entries()) {
    if (depth === 0) peakAt = i;
    const [peak, low] = [steps[peakAt], steps[i]];
    if (peak !== undefined && low !== undefined && depth > (deepest?.depth ?? 0))
      deepest = { depth, from: peak.date, to: low.date, fromAt: peak.at, toAt: low.at };
  }
  return deepest;
}

const STEPS_OF_SEARCH = 200;

/** By bisection over the growth of the whole span; undefined without a flow, a later value, or a sign change. */
function moneyWeighted(steps: readonly EquityStep[]): number | undefined {
  const [first, last] = [steps[0], steps.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  const span = Date.parse(last.date) - Date.parse(first.date);
  if (span <= 0) return undefined;
  const paid = [
    { amount: first.value, rest: 1 },
    ...steps.map(({ date, flow }) => ({ amount: flow, rest: (Date.parse(last.date) - Date.parse(date)) / span })),
  ].filter(({ amount }) => amount !== 0);
  const missing = (growth: number): number =>
    paid.reduce((sum, { amount, rest }) => sum + amount * growth ** rest, 0) - last.value - last.flow;
  let [low, high] = [1e-9, 1e6];
  if (missing(low) > 0 || missing(high) < 0) return undefined;
  for (let i = 0; i < STEPS_OF_SEARCH; i++) {
    const middle = Math.sqrt(low * high);
    if (missing(middle) < 0) low = middle;
    else high = middle;
  }
  return high - 1;
}
