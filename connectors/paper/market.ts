/** Prices at a tick: the last price, bid and ask, and the share of the bar's volume that this account can trade. */
import { type Amount, ONE, amount, basisPoints, ceilTo, floorTo, min, max, nearest } from "../amount.ts";
import type { Instant } from "./calendar.ts";
import { hash32, coinFlip } from "./seeded-random.ts";
import type { PlayedBar } from "./recording.ts";

export type Side = "buy" | "sell";

/** Smallest step of any quantity. */
export const LOT: Amount = amount("0.001");

/** Maximum deviation of a price from the straight line between two turning points, as a share of the bar's range. */
const DEVIATION = amount("0.04");
const HALF = amount("0.5");

/** The bars of one instrument, by the venue's days. */
export interface BarSeries {
  readonly symbol: string;
  readonly tickSize: Amount;
  bar(day: number): PlayedBar;
}

/** The quotes of one instrument at another venue. */
export interface QuoteSeries {
  readonly symbol: string;
  readonly tickSize: Amount;
  /** The newest quote; {@link MarketTick.closed} if nothing can trade on it. */
  quoted(day: number): MarketTick;
}

export type PriceSeries = BarSeries | QuoteSeries;

/** The options that determine prices. */
export interface Pricing {
  readonly seed: number;
  readonly spreadBps: Amount;
  readonly slippageBps: Amount;
  readonly participation: Amount;
}

/** One instrument at one tick. */
export interface MarketTick {
  readonly day: number;
  readonly tickSize: Amount;
  readonly last: Amount;
  /** The last price one tick earlier. */
  readonly previous: Amount;
  /** True for the day's first price: no trade happens between `previous` and `last`. */
  readonly gap: boolean;
  readonly low: Amount;
  readonly high: Amount;
  /** Quantity that this account can trade at this tick; undefined if the bar has no volume. */
  readonly available?: Amount | undefined;
  /** The best prices of a quoted market; of a market of bars they are {@link bestPrice}. */
  readonly quoted?: { readonly buy: Amount; readonly sell: Amount } | undefined;
  /** What a buyer and a seller can trade on this quote; undefined: not known. */
  readonly sizes?: { readonly buy: Amount | undefined; readonly sell: Amount | undefined } | undefined;
  /** The smallest step of a quantity, if it is not {@link LOT}. */
  readonly lot?: Amount | undefined;
  /** No order trades at this tick. */
  readonly closed?: true | undefined;
}

export function tickOf(series: PriceSeries, { day, step, ticks }: Instant, pricing: Pricing): MarketTick {
  if ("quoted" in series) return series.quoted(day);
  const bar = series.bar(day);
  const priceAt = (stepOfDay: number): Amount => pathPrice(series, bar, { day, step: stepOfDay, ticks }, pricing.seed);
  const share = bar.volume?.times(pricing.participation).div(amount(String(ticks)));
  return {
    day,
    tickSize: series.tickSize,
    last: priceAt(step),
    previous: step === 0 ? series.bar(day - 1).close : priceAt(step - 1),
    gap: step === 0,
    low: bar.low,
    high: bar.high,
    available: share === undefined ? undefined : floorTo(share, LOT),
  };
}

/** Moves from open to one extreme, to the other, to close; the seed decides the order and the deviations. */
function pathPrice(series: BarSeries, bar: PlayedBar, { day, step, ticks }: Instant, seed: number): Amount {
  const lowFirst = coinFlip(`${series.symbol}/${day}`, seed);
  const turns = lowFirst ? [bar.open, bar.low, bar.high, bar.close] : [bar.open, bar.high, bar.low, bar.close];
  const legTicks = (ticks - 1) / 3;
  const leg = Math.floor(step / legTicks);
  const [from = bar.close, to = from] = turns.slice(leg, leg + 2);
  const offset = step % legTicks;
  if (offset === 0) return from;
  const line = from.plus(to.minus(from).times(amount((offset / legTicks).toFixed(6))));
  const random = amount((hash32(`${series.symbol}/${day}/${step}`, seed) / 2 ** 32).toFixed(6)).minus(HALF);
  const deviation = bar.high.minus(bar.low).times(DEVIATION).times(random);
  return max(bar.low, min(bar.high, nearest(line.plus(deviation), series.tickSize)));
}

/** The ask for a buyer or the bid for a seller: half the spread away from the last price, rounded to a tick. */
export function bestPrice(side: Side, last: Amount, tickSize: Amount, spreadBps: Amount): Amount {
  const half = basisPoints(last, spreadBps).times(HALF);
  return side === "buy" ? ceilTo(last.plus(half), tickSize) : max(tickSize, floorTo(last.minus(half), tickSize));
}

/** The best price of a side if the last price is `from`: the quoted one, or {@link bestPrice}. */
export function bestAt(side: Side, from: Amount, tick: MarketTick, spreadBps: Amount): Amount {
  return tick.quoted?.[side] ?? bestPrice(side, from, tick.tickSize, spreadBps);
}

/** The price made worse by the slippage, rounded to a tick. */
export function withSlippage(side: Side, price: Amount, tickSize: Amount, slippageBps: Amount): Amount {
  const factor = basisPoints(ONE, slippageBps);
  if (side === "buy") return ceilTo(price.times(ONE.plus(factor)), tickSize);
  return max(tickSize, floorTo(price.times(ONE.minus(factor)), tickSize));
}

/** Limits a price to the bar's range. */
export function withinBar(price: Amount, { low, high }: MarketTick): Amount {
  return max(low, min(high, price));
}
