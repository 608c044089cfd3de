/** Money and holdings: what is owned, what open orders hold back, what is left to spend, and what a trade changes. */
import {
  type Amount,
  ONE,
  ZERO,
  amount,
  basisPoints,
  floorTo,
  least,
  most,
  nearest,
  quotient,
  textOf,
} from "./amount.ts";
import { LOT, type Side } from "./market.ts";
import type { Holding, VenueState, Working } from "./state.ts";

const CENT = amount("0.01");

/** The last price of a symbol; undefined where its bars are gone. */
export type Marks = (symbol: string) => Amount | undefined;

type VenueBook = Pick<VenueState, "cash" | "holdings" | "working">;

/** Rounded to a cent, halves upwards. */
export function feeOn(notional: Amount, commissionBps: Amount): Amount {
  return nearest(basisPoints(notional, commissionBps), CENT);
}

export function heldOf(book: Pick<VenueBook, "holdings">, symbol: string): Amount {
  const holding = book.holdings.find((held) => held.symbol === symbol);
  return holding === undefined ? ZERO : amount(holding.quantity);
}

export function leavesOf(order: Working): Amount {
  return amount(order.quantity).minus(amount(order.filled));
}

/** A holding at the last price, or at what it cost where there is none. */
export function valueOf(holding: Holding, marks: Marks): Amount {
  return amount(holding.quantity).times(marks(holding.symbol) ?? amount(holding.averagePrice));
}

/**
 * What open orders hold back: for each buy beyond the short position it closes, and each sell beyond the long one, its
 * reserve price and commission. Earlier orders close first.
 */
export function reservedCash(book: VenueBook, commissionBps: Amount): Amount {
  const closable = new Map<string, Amount>();
  let sum = ZERO;
  for (const order of book.working) {
    const key = `${order.side} ${order.symbol}`;
    const left = closable.get(key) ?? reducibleQuantity(order.side, heldOf(book, order.symbol));
    const leaves = leavesOf(order);
    const opening = most(ZERO, leaves.minus(left));
    closable.set(key, most(ZERO, left.minus(leaves)));
    const notional = opening.times(amount(order.reserve));
    sum = sum.plus(notional).plus(feeOn(notional, commissionBps));
  }
  return sum;
}

/** How much of a position an order of this side would close. */
export function reducibleQuantity(side: Side, held: Amount): Amount {
  return most(ZERO, side === "buy" ? held.times(amount("-1")) : held);
}

/** Cash less what open orders hold back; a short position holds its proceeds and as much again. May be negative. */
export function availableCash(book: VenueBook, marks: Marks, commissionBps: Amount): Amount {
  let free = amount(book.cash).minus(reservedCash(book, commissionBps));
  for (const holding of book.holdings) {
    const value = valueOf(holding, marks);
    if (value.lt(ZERO)) free = free.plus(value).plus(value);
  }
  return free;
}

/** Cash plus the value of all holdings. */
export function netValue(book: VenueBook, marks: Marks): Amount {
  return book.holdings.reduce((sum, holding) => sum.plus(valueOf(holding, marks)), amount(book.cash));
}

/** How many whole lots `money` buys at a price, commission included; at most `wanted`. */
export function affordable(money: Amount, price: Amount, wanted: Amount, commissionBps: Amount): Amount {
  const fits = (quantity: Amount): boolean => {
    const notional = quantity.times(price);
    return notional.plus(feeOn(notional, commissionBps)).lte(money);
  };
  if (fits(wanted)) return wanted;
  const unit = price.times(ONE.plus(basisPoints(ONE, commissionBps)));
  const lots = (sum: Amount): Amount => least(wanted, floorTo(most(ZERO, quotient(sum, unit)), LOT));
  const all = lots(money);
  // The fee is rounded to a cent, so the last lot may not fit after all.
  return fits(all) ? all : lots(money.minus(CENT));
}

/** The book after a trade. Cash moves by exactly quantity times price, and the fee. */
export function settled<B extends VenueBook>(
  book: B,
  symbol: string,
  side: Side,
  quantity: Amount,
  price: Amount,
  fee: Amount,
): B {
  const notional = quantity.times(price);
  const cash = amount(book.cash).minus(fee);
  return {
    ...book,
    cash: textOf(side === "buy" ? cash.minus(notional) : cash.plus(notional)),
    holdings: moved(book.holdings, symbol, side === "buy" ? quantity : ZERO.minus(quantity), price),
  };
}

function moved(holdings: readonly Holding[], symbol: string, change: Amount, price: Amount): readonly Holding[] {
  const old = holdings.find((held) => held.symbol === symbol);
  const [held, average] = old === undefined ? [ZERO, price] : [amount(old.quantity), amount(old.averagePrice)];
  const now = held.plus(change);
  const next = { symbol, quantity: textOf(now), averagePrice: textOf(averageAfter(held, average, change, price)) };
  if (old === undefined) return [...holdings, next];
  return holdings.flatMap((other) => (other.symbol !== symbol ? [other] : now.eq(ZERO) ? [] : [next]));
}

/** Adding blends, reducing keeps, crossing zero starts anew. */
function averageAfter(held: Amount, average: Amount, change: Amount, price: Amount): Amount {
  const now = held.plus(change);
  const grows = held.times(change).gte(ZERO);
  if (grows) return quotient(held.times(average).plus(change.times(price)), now);
  return held.times(now).gt(ZERO) ? average : price;
}
