/** Cash and positions: their value, the cash reserved for open orders, available cash, and the effect of a trade. */
import {
  type Amount,
  ONE,
  ZERO,
  amount,
  basisPoints,
  floorTo,
  min,
  max,
  nearest,
  quotient,
  textOf,
} from "../amount.ts";
import type { Side } from "./market.ts";
import type { Holding, VenueState, WorkingOrder } from "./state.ts";

const CENT = amount("0.01");

/** Returns the last price of a symbol; undefined if it has no bars. */
export type Marks = (symbol: string) => Amount | undefined;

type VenueBook = Pick<VenueState, "cash" | "holdings" | "working">;

/** Rounded to a cent, halves upwards. */
export function feeOn(notional: Amount, commissionBps: Amount): Amount {
  return nearest(basisPoints(notional, commissionBps), CENT);
}

export function positionOf(book: Pick<VenueBook, "holdings">, symbol: string): Amount {
  const holding = book.holdings.find((other) => other.symbol === symbol);
  return holding === undefined ? ZERO : amount(holding.quantity);
}

export function remainingQuantity(order: WorkingOrder): Amount {
  return amount(order.quantity).minus(amount(order.filled));
}

/** Value of a position at the last price, or at cost if there is no price. */
export function valueOf(holding: Holding, marks: Marks): Amount {
  return amount(holding.quantity).times(marks(holding.symbol) ?? amount(holding.averagePrice));
}

/**
 * Cash reserved for open orders: reserve price and commission of the quantity that does not close a position. Earlier
 * orders close a position first.
 */
export function reservedCash(book: VenueBook, commissionBps: Amount): Amount {
  const closable = new Map<string, Amount>();
  let sum = ZERO;
  for (const order of book.working) {
    const key = `${order.side} ${order.symbol}`;
    const reducible = closable.get(key) ?? reducibleQuantity(order.side, positionOf(book, order.symbol));
    const remaining = remainingQuantity(order);
    const opening = max(ZERO, remaining.minus(reducible));
    closable.set(key, max(ZERO, reducible.minus(remaining)));
    const notional = opening.times(amount(order.reserve));
    sum = sum.plus(notional).plus(feeOn(notional, commissionBps));
  }
  return sum;
}

/** The quantity of a position that an order of this side can close. */
export function reducibleQuantity(side: Side, position: Amount): Amount {
  return max(ZERO, side === "buy" ? position.times(amount("-1")) : position);
}

/**
 * Cash minus the reserved cash, and minus twice the value of short positions: their proceeds and as much again. May be
 * negative.
 */
export function availableCash(book: VenueBook, marks: Marks, commissionBps: Amount): Amount {
  let available = amount(book.cash).minus(reservedCash(book, commissionBps));
  for (const holding of book.holdings) {
    const value = valueOf(holding, marks);
    if (value.lt(ZERO)) available = available.plus(value).plus(value);
  }
  return available;
}

/** Cash plus the value of all positions. */
export function netValue(book: VenueBook, marks: Marks): Amount {
  return book.holdings.reduce((sum, holding) => sum.plus(valueOf(holding, marks)), amount(book.cash));
}

export interface Purchase {
  readonly cash: Amount;
  readonly price: Amount;
  /** The largest quantity. */
  readonly most: Amount;
  readonly lot: Amount;
}

/** The quantity in whole lots that `cash` buys at a price, including commission. */
export function affordable({ cash, price, most, lot }: Purchase, commissionBps: Amount): Amount {
  const fits = (quantity: Amount): boolean => {
    const notional = quantity.times(price);
    return notional.plus(feeOn(notional, commissionBps)).lte(cash);
  };
  if (fits(most)) return most;
  const unit = price.times(ONE.plus(basisPoints(ONE, commissionBps)));
  const lots = (sum: Amount): Amount => min(most, floorTo(max(ZERO, quotient(sum, unit)), lot));
  const quantity = lots(cash);
  // The fee is rounded to a cent, so the last lot may be too expensive.
  return fits(quantity) ? quantity : lots(cash.minus(CENT));
}

export interface Trade {
  readonly symbol: string;
  readonly side: Side;
  readonly quantity: Amount;
  readonly price: Amount;
  readonly fee: Amount;
}

/** Returns the book after a trade. Cash changes by exactly quantity times price, and by the fee. */
export function applyTrade<B extends VenueBook>(book: B, { symbol, side, quantity, price, fee }: Trade): B {
  const notional = quantity.times(price);
  const cash = amount(book.cash).minus(fee);
  return {
    ...book,
    cash: textOf(side === "buy" ? cash.minus(notional) : cash.plus(notional)),
    holdings: updateHoldings(book.holdings, symbol, side === "buy" ? quantity : ZERO.minus(quantity), price),
  };
}

function updateHoldings(
  holdings: readonly Holding[],
  symbol: string,
  change: Amount,
  price: Amount,
): readonly Holding[] {
  const old = holdings.find((other) => other.symbol === symbol);
  const [before, average] = old === undefined ? [ZERO, price] : [amount(old.quantity), amount(old.averagePrice)];
  const after = before.plus(change);
  const next = { symbol, quantity: textOf(after), averagePrice: textOf(averageAfter(before, average, change, price)) };
  if (old === undefined) return [...holdings, next];
  return holdings.flatMap((other) => (other.symbol !== symbol ? [other] : after.eq(ZERO) ? [] : [next]));
}

/** Increasing a position averages the price, reducing keeps it, and crossing zero starts at the trade's price. */
function averageAfter(before: Amount, average: Amount, change: Amount, price: Amount): Amount {
  const after = before.plus(change);
  const grows = before.times(change).gte(ZERO);
  if (grows) return quotient(before.times(average).plus(change.times(price)), after);
  return before.times(after).gt(ZERO) ? average : price;
}
