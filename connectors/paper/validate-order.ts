/** May this order come in? Pure: the state and the market in, the state with the order out, or a VenueRejection. */
import { VenueRejection } from "@qoc-app/sdk";
import { type Amount, ZERO, amount, most, textOf } from "./amount.ts";
import { type Marks, reducibleQuantity, availableCash, reservedCash, heldOf, leavesOf } from "./book.ts";
import { type MarketTick, type Pricing, slipped, touch } from "./market.ts";
import { isReached } from "./match.ts";
import type { VenueState, Working } from "./state.ts";
import type { Terms } from "./terms.ts";

/** Orders that may wait at a time, and symbols that may be held: the stored state must stay small. */
export const WORKING_MAX = 100;
export const HOLDINGS_MAX = 64;

export interface Rules extends Pricing {
  readonly commissionBps: Amount;
  readonly allowShort: boolean;
}

export interface Market {
  readonly marks: Marks;
  /** The instrument of the order, now. */
  readonly moment: MarketTick;
}

/** @throws VenueRejection with the figures. */
export function accept(state: VenueState, terms: Terms, market: Market, rules: Rules): VenueState {
  if (state.working.length >= WORKING_MAX)
    throw new VenueRejection(`${WORKING_MAX} orders are open; the venue takes no more`);
  const isNew = !state.holdings.some((held) => held.symbol === terms.symbol);
  const symbols = new Set([...state.holdings, ...state.working].map((entry) => entry.symbol));
  if (isNew && !symbols.has(terms.symbol) && symbols.size >= HOLDINGS_MAX) {
    throw new VenueRejection(`${HOLDINGS_MAX} symbols are held or on order; the venue takes no more`);
  }
  const order = opened(state, terms, market.moment, rules);
  if (terms.reduceOnly === true) checkReduces(state, order);
  if (terms.side === "sell" && !rules.allowShort) checkHeld(state, order);
  const next = { ...state, nextNo: state.nextNo + 1, working: [...state.working, order] };
  checkMoney(state, next, order, market.marks, rules);
  return next;
}

function opened(state: VenueState, terms: Terms, moment: MarketTick, rules: Rules): Working {
  const isTriggered = terms.stopPrice !== undefined && isReached(terms.side, moment.last, amount(terms.stopPrice));
  return {
    ...terms,
    no: state.nextNo,
    day: moment.day,
    reserve: textOf(reservePrice(terms, moment, rules)),
    filled: "0",
    value: "0",
    fills: 0,
    ...(isTriggered ? { triggered: true as const } : {}),
  };
}

/** The limit; without one, the touch or the stop where that is dearer, and the slippage. */
function reservePrice(terms: Terms, { last, tickSize }: MarketTick, rules: Rules): Amount {
  if (terms.limitPrice !== undefined) return amount(terms.limitPrice);
  const now = touch("buy", last, tickSize, rules.spreadBps);
  const stop = terms.stopPrice === undefined ? now : touch("buy", amount(terms.stopPrice), tickSize, rules.spreadBps);
  return slipped("buy", most(now, stop), tickSize, rules.slippageBps);
}

/** What orders of the same side and symbol will already take. */
function takenBy(state: VenueState, order: Working): Amount {
  return state.working
    .filter((other) => other.symbol === order.symbol && other.side === order.side)
    .reduce((sum, other) => sum.plus(leavesOf(other)), ZERO);
}

function checkHeld(state: VenueState, order: Working): void {
  const [held, taken] = [heldOf(state, order.symbol), takenBy(state, order)];
  if (amount(order.quantity).lte(held.minus(taken))) return;
  throw new VenueRejection(
    `cannot sell ${order.quantity} ${order.symbol}: ${textOf(held)} held, ${textOf(taken)} of it in open sell orders; ` +
      `short sales need allow_short = true in [connector.options]`,
  );
}

function checkReduces(state: VenueState, order: Working): void {
  const [held, taken] = [heldOf(state, order.symbol), takenBy(state, order)];
  if (amount(order.quantity).lte(reducibleQuantity(order.side, held).minus(taken))) return;
  throw new VenueRejection(
    `reduce-only ${order.side} ${order.quantity} ${order.symbol}: the position is ${textOf(held)}, ` +
      `open ${order.side} orders take ${textOf(taken)}`,
  );
}

function checkMoney(before: VenueState, after: VenueState, order: Working, marks: Marks, rules: Rules): void {
  const needed = reservedCash(after, rules.commissionBps).minus(reservedCash(before, rules.commissionBps));
  const free = most(ZERO, availableCash(before, marks, rules.commissionBps));
  if (needed.lte(free)) return;
  throw new VenueRejection(
    `insufficient buying power: ${order.side} ${order.quantity} ${order.symbol} at ${order.reserve} needs ${textOf(needed)}, ` +
      `${textOf(free)} is free`,
  );
}
