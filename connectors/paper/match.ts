/**
 * At which price one order trades at one tick. Between two ticks of a day the price moves straight from the one to the other;
 * from a close to the next open it jumps, and nobody trades in between.
 */
import { type Amount, amount } from "./amount.ts";
import { type MarketTick, type Pricing, type Side, slipped, touch, withinBar } from "./market.ts";
import type { Working } from "./state.ts";

export interface Match {
  /** The stop price is reached now, or was before. */
  readonly triggered: boolean;
  /** undefined: it does not trade at this tick. */
  readonly price?: Amount;
}

type Terms = Pick<Working, "side" | "type" | "limitPrice" | "stopPrice" | "triggered">;
type Prices = Pick<Pricing, "spreadBps" | "slippageBps">;

/**
 * - market, and a stop after its trigger: the touch and the slippage.
 * - limit, and a stop-limit after its trigger: the better of its limit and the touch after a jump; its limit where the price
 *   came to it; the touch where it was already better.
 * - stop at its trigger: the worse of its stop and the open, and the slippage; a stop-limit the same within its limit.
 */
export function matchOrder(order: Terms, moment: MarketTick, prices: Prices): Match {
  const { stopPrice } = order;
  if (stopPrice !== undefined && order.triggered !== true) return atTrigger(order, amount(stopPrice), moment, prices);
  const triggered = order.triggered === true;
  const price =
    order.limitPrice === undefined ? atMarket(order.side, moment.last, moment, prices) : atLimit(order, moment, prices);
  return price === undefined ? { triggered } : { triggered, price };
}

/** Has the last price reached the stop? */
export function isReached(side: Side, last: Amount, stop: Amount): boolean {
  return side === "buy" ? last.gte(stop) : last.lte(stop);
}

function atTrigger(order: Terms, stop: Amount, moment: MarketTick, prices: Prices): Match {
  if (!isReached(order.side, moment.last, stop)) return { triggered: false };
  const from = moment.gap ? moment.last : stop;
  if (order.limitPrice === undefined) return { triggered: true, price: atMarket(order.side, from, moment, prices) };
  const price = touch(order.side, from, moment.tickSize, prices.spreadBps);
  return isWithin(order.side, price, amount(order.limitPrice))
    ? { triggered: true, price: withinBar(price, moment) }
    : { triggered: true };
}

function atMarket(side: Side, from: Amount, moment: MarketTick, prices: Prices): Amount {
  const price = withinBar(touch(side, from, moment.tickSize, prices.spreadBps), moment);
  return slipped(side, price, moment.tickSize, prices.slippageBps);
}

function atLimit(order: Terms, moment: MarketTick, prices: Prices): Amount | undefined {
  const limit = amount(order.limitPrice as string);
  const touchAt = (last: Amount): Amount => touch(order.side, last, moment.tickSize, prices.spreadBps);
  const now = touchAt(moment.last);
  if (!isWithin(order.side, now, limit)) return undefined;
  const cameToIt = !moment.gap && !isWithin(order.side, touchAt(moment.previous), limit);
  return withinBar(cameToIt ? limit : now, moment);
}

/** Is a price as good as the limit, or better? */
function isWithin(side: Side, price: Amount, limit: Amount): boolean {
  return side === "buy" ? price.lte(limit) : price.gte(limit);
}
