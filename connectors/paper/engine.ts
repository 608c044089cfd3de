/**
 * The matching engine applies one tick of the market to the state. It is pure: no clock, no store, and randomness only
 * from the seed. Tests move the market by calling `step`.
 */
import { type Amount, ZERO, amount, min, textOf } from "../amount.ts";
import type { Rules } from "./validate-order.ts";
import {
  affordable,
  reducibleQuantity,
  feeOn,
  availableCash,
  positionOf,
  remainingQuantity,
  applyTrade,
} from "./book.ts";
import type { Calendar, Instant } from "./calendar.ts";
import { LOT, type MarketTick, type PriceSeries, tickOf } from "./market.ts";
import { matchOrder } from "./match.ts";
import { type SplitTerms, applySplit } from "./split.ts";
import type { EndedOrder, Execution, VenueState, WorkingOrder } from "./state.ts";

/** Prices and calendar for a step. */
export interface PriceFeed {
  /** Returns undefined if the symbol has no bars; its orders then wait. */
  cached(symbol: string): PriceSeries | undefined;
  readonly calendar: Pick<Calendar, "instantOf" | "timeAt">;
  /** How many days a day order is good for after the one on which it was accepted. Default: 1. */
  readonly dayOrderDays?: number;
  /** The splits that take force at a tick, before any trade. */
  splitsAt?(tick: number): readonly SplitTerms[];
}

export interface StepResult {
  readonly state: VenueState;
  readonly executions: readonly Execution[];
  readonly ended: readonly EndedOrder[];
}

/** Moves the market by one tick. Expired day orders end; each other order trades at most once, the oldest first. */
export function step(state: VenueState, feed: PriceFeed, rules: Rules): StepResult {
  const split = splitAll({ ...state, tick: state.tick + 1 }, feed);
  const marketStep = new MarketStep(split.state, feed, rules);
  for (const order of split.state.working) marketStep.process(order);
  return {
    state: marketStep.state,
    executions: marketStep.executions,
    ended: [...split.ended, ...marketStep.ended],
  };
}

/** Orders of a split instrument end: their quantities and prices mean the shares of before. */
function splitAll(state: VenueState, feed: PriceFeed): { state: VenueState; ended: readonly EndedOrder[] } {
  const ended: EndedOrder[] = [];
  let after = state;
  for (const terms of feed.splitsAt?.(state.tick) ?? []) {
    for (const order of after.working.filter(({ symbol }) => symbol === terms.symbol)) {
      const cancelled = cancelOrder(after, order, "cancelled");
      after = cancelled.state;
      ended.push(cancelled.ended);
    }
    after = applySplit(after, terms);
  }
  return { state: after, ended };
}

/** Removes an order from the working orders. */
export function cancelOrder(
  state: VenueState,
  order: WorkingOrder,
  status: EndedOrder["status"],
): { state: VenueState; ended: EndedOrder } {
  return {
    state: { ...state, working: state.working.filter(({ no }) => no !== order.no) },
    ended: toEnded(order, status),
  };
}

function toEnded(order: WorkingOrder, status: EndedOrder["status"]): EndedOrder {
  const { no, clientOrderId, filled, value } = order;
  return { no, clientOrderId, status, filled, value };
}

/** Returns the last price at a tick; undefined if the symbol has no bars. */
export function markAt(feed: PriceFeed, symbol: string, tick: number, rules: Rules): Amount | undefined {
  const recording = feed.cached(symbol);
  return recording === undefined ? undefined : tickOf(recording, feed.calendar.instantOf(tick), rules).last;
}

function isExpired(order: WorkingOrder, today: number, { dayOrderDays = 1 }: PriceFeed): boolean {
  return order.timeInForce === "day" && today > order.day + dayOrderDays;
}

class MarketStep {
  state: VenueState;
  readonly executions: Execution[] = [];
  readonly ended: EndedOrder[] = [];
  readonly #feed: PriceFeed;
  readonly #rules: Rules;
  readonly #now: Instant;
  readonly #ticks = new Map<string, MarketTick>();
  /** Remaining volume of each symbol at this tick, of a quoted market by side. */
  readonly #remainingVolume = new Map<string, Amount>();

  constructor(state: VenueState, feed: PriceFeed, rules: Rules) {
    this.state = state;
    this.#feed = feed;
    this.#rules = rules;
    this.#now = feed.calendar.instantOf(state.tick);
  }

  process(order: WorkingOrder): void {
    if (isExpired(order, this.#now.day, this.#feed)) return this.#end(order, "expired");
    const marketTick = this.#tickFor(order.symbol);
    if (marketTick === undefined || marketTick.closed === true) return;
    const { triggered, price } = matchOrder(order, marketTick, this.#rules);
    const current: WorkingOrder = triggered ? { ...order, triggered } : order;
    const next = price === undefined ? current : this.#trade(current, price, marketTick);
    if (next === undefined) return;
    if (next.timeInForce === "ioc" || next.timeInForce === "fok") return this.#end(next, "cancelled");
    if (next !== order) this.#update(next);
  }

  /** Returns the order after its trade at this tick; undefined if it ended. */
  #trade(order: WorkingOrder, price: Amount, marketTick: MarketTick): WorkingOrder | undefined {
    const remaining = remainingQuantity(order);
    const allowed = this.#allowed(order, price, remaining);
    const quantity = min(allowed, this.#volumeFor(order, marketTick) ?? allowed);
    if (quantity.lt(remaining) && order.timeInForce === "fok") return order;
    const after = quantity.gt(ZERO) ? this.#fill(order, quantity, price, marketTick) : order;
    if (remainingQuantity(after).eq(ZERO)) return void this.#end(after, "filled");
    // The account's cash or position limited the trade, not the volume: waiting would not help.
    if (allowed.lt(remaining) && quantity.eq(allowed)) return void this.#end(after, "cancelled");
    return after;
  }

  #volumeFor(order: WorkingOrder, marketTick: MarketTick): Amount | undefined {
    const whole = marketTick.sizes === undefined ? marketTick.available : marketTick.sizes[order.side];
    return this.#remainingVolume.get(volumeKey(order, marketTick)) ?? whole;
  }

  /**
   * Returns how much the account may trade: closing quantity is always allowed, opening quantity is limited by cash.
   */
  #allowed(order: WorkingOrder, price: Amount, remaining: Amount): Amount {
    const closing = min(remaining, reducibleQuantity(order.side, positionOf(this.state, order.symbol)));
    if (order.reduceOnly === true) return closing;
    const opening = remaining.minus(closing);
    if (opening.eq(ZERO)) return remaining;
    if (order.side === "sell" && !this.#rules.allowShort) return closing;
    const others = { ...this.state, working: this.state.working.filter(({ no }) => no !== order.no) };
    const free = availableCash(others, (symbol) => this.#tickFor(symbol)?.last, this.#rules.commissionBps);
    const lot = this.#tickFor(order.symbol)?.lot ?? LOT;
    return closing.plus(affordable({ cash: free, price, most: opening, lot }, this.#rules.commissionBps));
  }

  #fill(order: WorkingOrder, quantity: Amount, price: Amount, marketTick: MarketTick): WorkingOrder {
    const notional = quantity.times(price);
    const fee = feeOn(notional, this.#rules.commissionBps);
    const volume = this.#volumeFor(order, marketTick);
    if (volume !== undefined) this.#remainingVolume.set(volumeKey(order, marketTick), volume.minus(quantity));
    const after: WorkingOrder = {
      ...order,
      filled: textOf(amount(order.filled).plus(quantity)),
      value: textOf(amount(order.value).plus(notional)),
      fills: order.fills + 1,
    };
    this.executions.push({
      no: order.no,
      nth: after.fills,
      clientOrderId: order.clientOrderId,
      symbol: order.symbol,
      side: order.side,
      quantity: textOf(quantity),
      price: textOf(price),
      fee: textOf(fee),
      at: this.#feed.calendar.timeAt(this.state.tick),
    });
    this.state = applyTrade(this.state, { symbol: order.symbol, side: order.side, quantity, price, fee });
    this.#update(after);
    return after;
  }

  #update(order: WorkingOrder): void {
    this.state = { ...this.state, working: this.state.working.map((other) => (other.no === order.no ? order : other)) };
  }

  #end(order: WorkingOrder, status: EndedOrder["status"]): void {
    const { state, ended } = cancelOrder(this.state, order, status);
    this.state = state;
    this.ended.push(ended);
  }

  #tickFor(symbol: string): MarketTick | undefined {
    const cached = this.#ticks.get(symbol);
    const recording = cached === undefined ? this.#feed.cached(symbol) : undefined;
    if (recording === undefined) return cached;
    const marketTick = tickOf(recording, this.#now, this.#rules);
    this.#ticks.set(symbol, marketTick);
    return marketTick;
  }
}

function volumeKey({ symbol, side }: WorkingOrder, { sizes }: MarketTick): string {
  return sizes === undefined ? symbol : `${symbol} ${side}`;
}
