/**
 * The matching engine: one tick of the market applied to the state. Pure: no clock, no store, no chance but the seed's, so
 * that a test moves the market by calling it.
 */
import { type Amount, ZERO, amount, least, textOf } from "./amount.ts";
import type { Rules } from "./validate-order.ts";
import { affordable, reducibleQuantity, feeOn, availableCash, heldOf, leavesOf, settled } from "./book.ts";
import type { Calendar, Instant } from "./calendar.ts";
import { type MarketTick, tickOf } from "./market.ts";
import { matchOrder } from "./match.ts";
import type { Recording } from "./recording.ts";
import type { Ended, Execution, VenueState, Working } from "./state.ts";

/** The outside of one step. */
export interface PriceFeed {
  /** undefined: the symbol's bars are gone; its orders wait. */
  known(symbol: string): Recording | undefined;
  readonly calendar: Pick<Calendar, "instantOf" | "timeAt">;
}

export interface Outcome {
  readonly state: VenueState;
  readonly executions: readonly Execution[];
  readonly ended: readonly Ended[];
}

/** Moves the market by one tick: day orders whose time is over end, then each order trades once, the oldest first. */
export function step(state: VenueState, tape: PriceFeed, rules: Rules): Outcome {
  const turn = new Turn({ ...state, tick: state.tick + 1 }, tape, rules);
  for (const order of state.working) turn.play(order);
  return { state: turn.state, executions: turn.executions, ended: turn.ended };
}

/** Takes one order out. */
export function cancelOrder(
  state: VenueState,
  order: Working,
  status: Ended["status"],
): { state: VenueState; ended: Ended } {
  return {
    state: { ...state, working: state.working.filter(({ no }) => no !== order.no) },
    ended: endedAs(order, status),
  };
}

function endedAs(order: Working, status: Ended["status"]): Ended {
  const { no, clientOrderId, filled, value } = order;
  return { no, clientOrderId, status, filled, value };
}

/** The last price at a tick, or undefined where the bars are gone. */
export function markAt(tape: PriceFeed, symbol: string, tick: number, rules: Rules): Amount | undefined {
  const recording = tape.known(symbol);
  return recording === undefined ? undefined : tickOf(recording, tape.calendar.instantOf(tick), rules).last;
}

/** A day order works on the day it came in and on the whole of the next; it ends before the open after that. */
function isOver(order: Working, today: number): boolean {
  return order.timeInForce === "day" && today > order.day + 1;
}

class Turn {
  state: VenueState;
  readonly executions: Execution[] = [];
  readonly ended: Ended[] = [];
  readonly #tape: PriceFeed;
  readonly #rules: Rules;
  readonly #now: Instant;
  readonly #moments = new Map<string, MarketTick>();
  /** What is left of each symbol's volume at this tick. */
  readonly #volume = new Map<string, Amount>();

  constructor(state: VenueState, tape: PriceFeed, rules: Rules) {
    this.state = state;
    this.#tape = tape;
    this.#rules = rules;
    this.#now = tape.calendar.instantOf(state.tick);
  }

  play(order: Working): void {
    if (isOver(order, this.#now.day)) return this.#end(order, "expired");
    const moment = this.#moment(order.symbol);
    if (moment === undefined) return;
    const { triggered, price } = matchOrder(order, moment, this.#rules);
    const now: Working = triggered ? { ...order, triggered } : order;
    const next = price === undefined ? now : this.#trade(now, price, moment);
    if (next === undefined) return;
    if (next.timeInForce === "ioc" || next.timeInForce === "fok") return this.#end(next, "cancelled");
    if (next !== order) this.#keep(next);
  }

  /** The order after its trade at this tick; undefined where that ended it. */
  #trade(order: Working, price: Amount, moment: MarketTick): Working | undefined {
    const leaves = leavesOf(order);
    const allowed = this.#allowed(order, price, leaves);
    const quantity = least(allowed, this.#volume.get(order.symbol) ?? moment.available ?? allowed);
    if (quantity.lt(leaves) && order.timeInForce === "fok") return order;
    const after = quantity.gt(ZERO) ? this.#fill(order, quantity, price, moment) : order;
    if (leavesOf(after).eq(ZERO)) return void this.#end(after, "filled");
    // Money or position, not volume, was what it lacked: waiting would not help it.
    if (allowed.lt(leaves) && quantity.eq(allowed)) return void this.#end(after, "cancelled");
    return after;
  }

  /** What the account may trade of it: closing is always allowed, opening as far as the money goes. */
  #allowed(order: Working, price: Amount, leaves: Amount): Amount {
    const closing = least(leaves, reducibleQuantity(order.side, heldOf(this.state, order.symbol)));
    if (order.reduceOnly === true) return closing;
    const opening = leaves.minus(closing);
    if (opening.eq(ZERO)) return leaves;
    if (order.side === "sell" && !this.#rules.allowShort) return closing;
    const others = { ...this.state, working: this.state.working.filter(({ no }) => no !== order.no) };
    const free = availableCash(others, (symbol) => this.#moment(symbol)?.last, this.#rules.commissionBps);
    return closing.plus(affordable(free, price, opening, this.#rules.commissionBps));
  }

  #fill(order: Working, quantity: Amount, price: Amount, moment: MarketTick): Working {
    const notional = quantity.times(price);
    const fee = feeOn(notional, this.#rules.commissionBps);
    const left = this.#volume.get(order.symbol) ?? moment.available;
    if (left !== undefined) this.#volume.set(order.symbol, left.minus(quantity));
    const after: Working = {
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
      at: this.#tape.calendar.timeAt(this.state.tick),
    });
    this.state = settled(this.state, order.symbol, order.side, quantity, price, fee);
    this.#keep(after);
    return after;
  }

  #keep(order: Working): void {
    this.state = { ...this.state, working: this.state.working.map((other) => (other.no === order.no ? order : other)) };
  }

  #end(order: Working, status: Ended["status"]): void {
    const { state, ended } = cancelOrder(this.state, order, status);
    this.state = state;
    this.ended.push(ended);
  }

  #moment(symbol: string): MarketTick | undefined {
    const known = this.#moments.get(symbol);
    const recording = known === undefined ? this.#tape.known(symbol) : undefined;
    if (recording === undefined) return known;
    const moment = tickOf(recording, this.#now, this.#rules);
    this.#moments.set(symbol, moment);
    return moment;
  }
}
