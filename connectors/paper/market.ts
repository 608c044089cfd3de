/** Prices at an instant: the last trade, the touch around it, and how much of the bar's volume this account may take. */
import { type Amount, ONE, amount, basisPoints, ceilTo, floorTo, least, most, nearest } from "./amount.ts";
import type { Instant } from "./calendar.ts";
import { hash32, coinFlip } from "./seeded-random.ts";
import type { PlayedBar, Recording } from "./recording.ts";

export type Side = "buy" | "sell";

/** Smallest step of any quantity. */
export const LOT: Amount = amount("0.001");

/** How far a price between two turning points strays from the straight line, as a share of the bar's range. */
const STRAY = amount("0.04");
const HALF = amount("0.5");

/** What of the options shapes prices. */
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
  /** The last trade one tick earlier. */
  readonly previous: Amount;
  /** The day's first price: between it and `previous` nobody could trade. */
  readonly gap: boolean;
  readonly low: Amount;
  readonly high: Amount;
  /** Most that this account trades at this tick; undefined where no volume was recorded. */
  readonly available?: Amount;
}

export function tickOf(recording: Recording, { day, step, ticks }: Instant, pricing: Pricing): MarketTick {
  const bar = recording.bar(day);
  const priceAt = (place: number): Amount => pathPrice(recording, bar, { day, step: place, ticks }, pricing.seed);
  const share = bar.volume?.times(pricing.participation).div(amount(String(ticks)));
  return {
    day,
    tickSize: recording.tickSize,
    last: priceAt(step),
    previous: step === 0 ? recording.bar(day - 1).close : priceAt(step - 1),
    gap: step === 0,
    low: bar.low,
    high: bar.high,
    ...(share === undefined ? {} : { available: floorTo(share, LOT) }),
  };
}

/** Open, one extreme, the other, close; the seed decides which extreme comes first, and the strays on the way. */
function pathPrice(recording: Recording, bar: PlayedBar, { day, step, ticks }: Instant, seed: number): Amount {
  const lowFirst = coinFlip(`${recording.symbol}/${day}`, seed);
  const turns = lowFirst ? [bar.open, bar.low, bar.high, bar.close] : [bar.open, bar.high, bar.low, bar.close];
  const stretch = (ticks - 1) / 3;
  const leg = Math.floor(step / stretch);
  const [from = bar.close, to = from] = turns.slice(leg, leg + 2);
  const way = step % stretch;
  if (way === 0) return from;
  const line = from.plus(to.minus(from).times(amount((way / stretch).toFixed(6))));
  const chance = amount((hash32(`${recording.symbol}/${day}/${step}`, seed) / 2 ** 32).toFixed(6)).minus(HALF);
  const stray = bar.high.minus(bar.low).times(STRAY).times(chance);
  return most(bar.low, least(bar.high, nearest(line.plus(stray), recording.tickSize)));
}

/** What a buyer pays or a seller gets at a last price: half the spread away from it, on a tick. */
export function touch(side: Side, last: Amount, tickSize: Amount, spreadBps: Amount): Amount {
  const half = basisPoints(last, spreadBps).times(HALF);
  return side === "buy" ? ceilTo(last.plus(half), tickSize) : most(tickSize, floorTo(last.minus(half), tickSize));
}

/** A price made worse by the slippage, on a tick. */
export function slipped(side: Side, price: Amount, tickSize: Amount, slippageBps: Amount): Amount {
  const factor = basisPoints(ONE, slippageBps);
  if (side === "buy") return ceilTo(price.times(ONE.plus(factor)), tickSize);
  return most(tickSize, floorTo(price.times(ONE.minus(factor)), tickSize));
}

/** Nobody traded outside the bar. */
export function withinBar(price: Amount, moment: MarketTick): Amount {
  return most(moment.low, least(moment.high, price));
}
