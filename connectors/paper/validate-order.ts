/** Validates a new order. Pure: returns the state with the order, or throws VenueRejection. */
import { VenueRejection } from "@qoc-app/sdk";
import { type Amount, ZERO, amount, max, textOf } from "../amount.ts";
import { type Marks, reducibleQuantity, availableCash, reservedCash, positionOf, remainingQuantity } from "./book.ts";
import { type MarketTick, type Pricing, withSlippage, bestAt } from "./market.ts";
import { isReached } from "./match.ts";
import type { VenueState, WorkingOrder } from "./state.ts";
import type { Terms } from "./terms.ts";

/** Limits of open orders and of symbols with a position or an order, because the stored state must stay small. */
export const WORKING_MAX = 100;
export const HOLDINGS_MAX = 64;

export interface Rules extends Pricing {
  readonly commissionBps: Amount;
  readonly allowShort: boolean;
}

export interface OrderMarket {
  readonly marks: Marks;
  /** The order's instrument at the current tick. */
  readonly marketTick: MarketTick;
}

/** @throws VenueRejection with the amounts. */
export function acceptOrder(state: VenueState, terms: Terms, market: OrderMarket, rules: Rules): VenueState {
  if (state.working.length >= WORKING_MAX)
    throw new VenueRejection(`the venue's limit of ${WORKING_MAX} open orders is reached`);
  const isNew = !state.holdings.some((holding) => holding.symbol === terms.symbol);
  const symbols = new Set([...state.holdings, ...state.working].map((entry) => entry.symbol));
  if (isNew && !symbols.has(terms.symbol) && symbols.size >= HOLDINGS_MAX) {
    throw new VenueRejection(`the venue's limit of ${HOLDINGS_MAX} symbols with positions or orders is reached`);
  }
  const order = toWorkingOrder(state, terms, market.marketTick, rules);
  if (terms.reduceOnly === true) assertReduces(state, order);
  if (terms.side === "sell" && !rules.allowShort) assertCovered(state, order);
  const next = { ...state, nextNo: state.nextNo + 1, working: [...state.working, order] };
  assertBuyingPower({ before: state, after: next, order, marks: market.marks, rules });
  return next;
}

function toWorkingOrder(state: VenueState, terms: Terms, marketTick: MarketTick, rules: Rules): WorkingOrder {
  const isTriggered = terms.stopPrice !== undefined && isReached(terms.side, marketTick.last, amount(terms.stopPrice));
  return {
    ...terms,
    no: state.nextNo,
    day: marketTick.day,
    reserve: textOf(reservePrice(terms, marketTick, rules)),
    filled: "0",
    value: "0",
    fills: 0,
    triggered: isTriggered ? true : undefined,
  };
}

/** The limit price; without a limit, the higher of ask and stop price, plus slippage. */
function reservePrice(terms: Terms, marketTick: MarketTick, rules: Rules): Amount {
  if (terms.limitPrice !== undefined) return amount(terms.limitPrice);
  const ask = bestAt("buy", marketTick.last, marketTick, rules.spreadBps);
  const stop =
    terms.stopPrice === undefined
      ? ask
      : max(amount(terms.stopPrice), bestAt("buy", amount(terms.stopPrice), marketTick, rules.spreadBps));
  return withSlippage("buy", max(ask, stop), marketTick.tickSize, rules.slippageBps);
}

/** Remaining quantity of open orders of the same side and symbol. */
function openQuantity(state: VenueState, order: WorkingOrder): Amount {
  return state.working
    .filter((other) => other.symbol === order.symbol && other.side === order.side)
    .reduce((sum, other) => sum.plus(remainingQuantity(other)), ZERO);
}

function assertCovered(state: VenueState, order: WorkingOrder): void {
  const [position, inOrders] = [positionOf(state, order.symbol), openQuantity(state, order)];
  if (amount(order.quantity).lte(position.minus(inOrders))) return;
  throw new VenueRejection(
    `cannot sell ${order.quantity} ${order.symbol}: ${textOf(position)} held, ${textOf(inOrders)} of it in open ` +
      `sell orders; ` +
      `short sales need allow_short = true in [connector.options]`,
  );
}

function assertReduces(state: VenueState, order: WorkingOrder): void {
  const [position, inOrders] = [positionOf(state, order.symbol), openQuantity(state, order)];
  if (amount(order.quantity).lte(reducibleQuantity(order.side, position).minus(inOrders))) return;
  throw new VenueRejection(
    `reduce-only ${order.side} ${order.quantity} ${order.symbol}: the position is ${textOf(position)}, ` +
      `open ${order.side} orders take ${textOf(inOrders)}`,
  );
}

interface BuyingPowerCheck {
  readonly before: VenueState;
  readonly after: VenueState;
  readonly order: WorkingOrder;
  readonly marks: Marks;
  readonly rules: Rules;
}

function assertBuyingPower({ before, after, order, marks, rules }: BuyingPowerCheck): void {
  const needed = reservedCash(after, rules.commissionBps).minus(reservedCash(before, rules.commissionBps));
  const available = max(ZERO, availableCash(before, marks, rules.commissionBps));
  if (needed.lte(available)) return;
  throw new VenueRejection(
    `insufficient buying power: ${order.side} ${order.quantity} ${order.symbol} at ${order.reserve} needs ` +
      `${textOf(needed)}, ` +
      `${textOf(available)} is available`,
  );
}
