/** Prices at a tick: the last trade, the touch around it, and how much of the bar's volume this account may take. */
import { type Amount, ONE, amount, basisPoints, ceilTo, floorTo, least, most } from "./amount.ts";
import { STEPS, instantOf } from "./calendar.ts";
import { coin } from "./chance.ts";
import type { PlayedBar, Recording } from "./recording.ts";

export type Side = "buy" | "sell";

/** Smallest step of any quantity. */
export const LOT: Amount = amount("0.001");

/** What of the options shapes prices. */
export interface Pricing {
  readonly seed: number;
  readonly spreadBps: Amount;
  readonly slippageBps: Amount;
  readonly participation: Amount;
}

/** One instrument at one tick. */
export interface Moment {
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

export const momentOf = (recording: Recording, tick: number, pricing: Pricing): Moment => {
  const { day, step } = instantOf(tick);
  const bar = recording.bar(day);
  const path = pathOf(recording, bar, day, pricing.seed);
  const last = path[step] ?? bar.close;
  const share = bar.volume?.times(pricing.participation).div(amount(String(STEPS)));
  return {
    tickSize: recording.tickSize,
    last,
    previous: path[step - 1] ?? recording.bar(day - 1).close,
    gap: step === 0,
    low: bar.low,
    high: bar.high,
    ...(share === undefined ? {} : { available: floorTo(share, LOT) }),
  };
};

/** Open, one extreme, the other, close. The seed decides which extreme comes first. */
const pathOf = (recording: Recording, bar: PlayedBar, day: number, seed: number): readonly Amount[] =>
  coin(`${recording.symbol}/${day}`, seed) ? [bar.open, bar.high, bar.low, bar.close] : [bar.open, bar.low, bar.high, bar.close];

/** What a buyer pays or a seller gets at a last price: half the spread away from it, on a tick. */
export const touch = (side: Side, last: Amount, tickSize: Amount, spreadBps: Amount): Amount => {
  const half = basisPoints(last, spreadBps).times(amount("0.5"));
  return side === "buy" ? ceilTo(last.plus(half), tickSize) : most(tickSize, floorTo(last.minus(half), tickSize));
};

/** A price made worse by the slippage, on a tick. */
export const slipped = (side: Side, price: Amount, tickSize: Amount, slippageBps: Amount): Amount => {
  const factor = basisPoints(ONE, slippageBps);
  if (side === "buy") return ceilTo(price.times(ONE.plus(factor)), tickSize);
  return most(tickSize, floorTo(price.times(ONE.minus(factor)), tickSize));
};

/** Nobody traded outside the bar. */
export const withinBar = (price: Amount, moment: Moment): Amount => most(moment.low, least(moment.high, price));
