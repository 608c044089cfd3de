/**
 * Decides whether an order trades at a tick, and at which price. Between two ticks of a day the price moves in a
 * straight line; between a close and the next open it jumps, and no trade happens at prices in between.
 */
import { type Amount, amount } from "../amount.ts";
import { type MarketTick, type Pricing, type Side, withSlippage, bestAt, withinBar } from "./market.ts";
import type { WorkingOrder } from "./state.ts";

export interface Match {
  /** The stop price was reached at this tick or earlier. */
  readonly triggered: boolean;
  /** undefined if the order does not trade at this tick. */
  readonly price?: Amount | undefined;
}

type MatchTerms = Pick<WorkingOrder, "side" | "type" | "limitPrice" | "stopPrice" | "triggered">;
type Prices = Pick<Pricing, "spreadBps" | "slippageBps">;

/**
 * - market, or triggered stop: the best price plus slippage.
 * - limit, or triggered stop-limit: the limit if the price reached it during the day; the best price if that is better,
 *   e.g. after a jump.
 * - stop at its trigger: the worse of stop price and open, plus slippage; a stop-limit the same, but only within its
 *   limit.
 */
export function matchOrder(order: MatchTerms, marketTick: MarketTick, prices: Prices): Match {
  const { stopPrice } = order;
  if (stopPrice !== undefined && order.triggered !== true)
    return atTrigger(order, amount(stopPrice), marketTick, prices);
  const triggered = order.triggered === true;
  const price =
    order.limitPrice === undefined
      ? atMarket(order.side, marketTick.last, marketTick, prices)
      : atLimit(order, marketTick, prices);
  return { triggered, price };
}

/** Returns whether the last price reached the stop price. */
export function isReached(side: Side, last: Amount, stop: Amount): boolean {
  return side === "buy" ? last.gte(stop) : last.lte(stop);
}

function atTrigger(order: MatchTerms, stop: Amount, marketTick: MarketTick, prices: Prices): Match {
  if (!isReached(order.side, marketTick.last, stop)) return { triggered: false };
  const from = marketTick.gap ? marketTick.last : stop;
  if (order.limitPrice === undefined) return { triggered: true, price: atMarket(order.side, from, marketTick, prices) };
  const price = bestAt(order.side, from, marketTick, prices.spreadBps);
  return isWithin(order.side, price, amount(order.limitPrice))
    ? { triggered: true, price: withinBar(price, marketTick) }
    : { triggered: true };
}

function atMarket(side: Side, from: Amount, marketTick: MarketTick, prices: Prices): Amount {
  const price = withinBar(bestAt(side, from, marketTick, prices.spreadBps), marketTick);
  return withSlippage(side, price, marketTick.tickSize, prices.slippageBps);
}

function atLimit(order: MatchTerms, marketTick: MarketTick, prices: Prices): Amount | undefined {
  const limit = amount(order.limitPrice as string);
  const priceAt = (last: Amount): Amount => bestAt(order.side, last, marketTick, prices.spreadBps);
  const current = priceAt(marketTick.last);
  if (!isWithin(order.side, current, limit)) return undefined;
  const reachedLimit = !marketTick.gap && !isWithin(order.side, priceAt(marketTick.previous), limit);
  return withinBar(reachedLimit ? limit : current, marketTick);
}

/** Returns whether a price is at least as good as the limit. */
function isWithin(side: Side, price: Amount, limit: Amount): boolean {
  return side === "buy" ? price.lte(limit) : price.gte(limit);
}
