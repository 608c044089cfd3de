/** The value of the desk over time in one currency, and its returns, from the points of a ledger. */
import { type Decimal, ONE, ZERO, approximate, rounded, text } from "../../domain/decimal.ts";
import {
  type EquityStatistics,
  type EquityStep,
  drawdowns,
  equityStatistics,
  returnIndex,
} from "../../domain/account/equity-statistics.ts";
import { sumCurrency } from "../../domain/account/exchange-rate.ts";
import { shownCurrency } from "../../domain/untrusted.ts";
import { iso } from "../../lib/time.ts";
import type { AccountValue, ValuePoint } from "./ledger-parts.ts";

export interface ReturnPoint {
  readonly date: string;
  readonly at: string;
  readonly nav: string;
  /** Paid in or out right after. */
  readonly flow: string;
  /** The number of fills since the point before. */
  readonly fills: number;
  /** Of the time-weighted return, 1 at first. */
  readonly index: number;
  /** How far the index is below its high, as a fraction: 0 at a new high. */
  readonly drawdown: number;
  /** false: an account without an exchange rate is left out, or counts at a value of before. */
  readonly complete: boolean;
}

export interface EquityReport {
  readonly currency: string;
  readonly points: readonly ReturnPoint[];
  readonly statistics: EquityStatistics;
  readonly unconverted: readonly string[];
}

interface Valued {
  readonly point: ValuePoint;
  readonly values: ReadonlyMap<string, Decimal>;
  readonly rates: ReadonlyMap<string, Decimal>;
  readonly missing: readonly AccountValue[];
}

/** A value below this part of the largest of the days before starts a new chain: 1 / 100. */
const NEGLIGIBLE = 0.01;
/** A large value, also if it was untrue and is taken back, must not end the returns of all later days. */
const NEGLIGIBLE_DAYS = 30;
const DAY_MS = 86_400_000;

/** `riskFreePct`: per cent a year. */
export function equityReport(
  points: readonly ValuePoint[],
  base: string,
  { riskFreePct = 0 }: { readonly riskFreePct?: number | undefined } = {},
): EquityReport {
  const currency = sumCurrency(base, points.at(-1)?.accounts ?? []);
  const isOwn = currency !== base;
  const valued = points.map((point): Valued => {
    const rated = point.accounts.map((account) => ({ ...account, rate: isOwn ? ONE : account.rate }));
    return {
      point,
      values: new Map(rated.flatMap(({ connector, nav, rate }) => (rate ? [[connector, nav.times(rate)]] : []))),
      rates: new Map(rated.flatMap(({ connector, rate }) => (rate ? [[connector, rate]] : []))),
      missing: rated.filter(({ rate }) => rate === undefined),
    };
  });
  const largest = new RecentLargest();
  const steps = valued.map((now, i): EquityStep => {
    const value = approximate(sumOf(now.values.values()));
    const before = valued[i - 1];
    const growth = before === undefined ? undefined : growthBetween(before, now, largest.value * NEGLIGIBLE);
    const { date, at } = now.point;
    largest.add(date, value);
    return { date, at, value, flow: approximate(flowOf(now, valued[i + 1])), growth, isComplete: isComplete(now) };
  });
  // At the first point the capital is paid in: there is no value yet to show.
  const index = returnIndex(steps);
  const below = drawdowns(index);
  return {
    currency: shownCurrency(currency),
    points: valued
      .map((now, i) => ({
        date: now.point.date,
        at: iso(now.point.at),
        nav: text(rounded(sumOf(now.values.values()), 8)),
        flow: text(rounded(flowOf(now, valued[i + 1]), 8)),
        fills: now.point.fills,
        index: index[i] ?? 1,
        drawdown: below[i] ?? 0,
        complete: isComplete(now),
      }))
      .filter((_, i) => i > 0),
    statistics: equityStatistics(steps, { riskFree: riskFreePct / 100 }),
    unconverted: [
      ...new Set(
        valued.flatMap(({ missing }) =>
          missing.map((account) => `${account.connector}: ${shownCurrency(account.currency)}`),
        ),
      ),
    ],
  };
}

/** The largest value of the last {@link NEGLIGIBLE_DAYS} days, by the dates of the points. */
class RecentLargest {
  /** The largest first: none of them is older and smaller than another one. */
  readonly #peaks: { readonly dayMs: number; readonly value: number }[] = [];

  get value(): number {
    return this.#peaks[0]?.value ?? 0;
  }

  add(date: string, value: number): void {
    const dayMs = Date.parse(date);
    while ((this.#peaks.at(-1)?.value ?? Infinity) <= value) this.#peaks.pop();
    this.#peaks.push({ dayMs, value });
    while (dayMs - (this.#peaks[0]?.dayMs ?? dayMs) > NEGLIGIBLE_DAYS * DAY_MS) this.#peaks.shift();
  }
}

function isComplete({ missing, point }: Valued): boolean {
  return missing.length === 0 && point.accounts.every(({ isStale }) => isStale !== true);
}

function sumOf(values: Iterable<Decimal>): Decimal {
  let sum = ZERO;
  for (const value of values) sum = sum.plus(value);
  return sum;
}

/** In the report's currency, at the rate of this point or, for an account that joins, of the next. */
function flowOf({ point, rates }: Valued, next: Valued | undefined): Decimal {
  let sum = ZERO;
  for (const [connector, amount] of point.flows)
    sum = sum.plus(amount.times(rates.get(connector) ?? next?.rates.get(connector) ?? ZERO));
  return sum;
}

/** Only accounts that both points can value count: the first rate of an account is no profit. */
function growthBetween(before: Valued, now: Valued, least: number): number | undefined {
  let [start, end] = [ZERO, ZERO];
  for (const [connector, value] of now.values) {
    const flow = before.point.flows.get(connector) ?? ZERO;
    const known = before.values.get(connector);
    if (known === undefined && flow.eq(ZERO)) continue;
    const rate = before.rates.get(connector) ?? now.rates.get(connector) ?? ZERO;
    start = start.plus(known ?? ZERO).plus(flow.times(rate));
    end = end.plus(value);
  }
  const [from, to] = [approximate(start), approximate(end)];
  return from <= 0 || from < least || to < 0 ? undefined : to / from;
}
