/**
 * The book of a position: what it holds, earned and paid after some of its changes. Lots are first in, first out
 * (FIFO): a sale closes the oldest lot first, so realized P&L needs no division and is exact.
 */
import { isBaseOf } from "./currency.ts";
import { type Decimal, ZERO, decimal, min, quotient, ratio } from "../decimal.ts";
import { type SplitRatio, splitQuantity } from "./split-ratio.ts";
import type { VenueFill } from "../market/venue.ts";

/**
 * `quantity` is signed: below zero for a short lot. `price` is undefined for a balance that the venue reports without
 * an average price.
 */
export interface Lot {
  quantity: Decimal;
  readonly price: Decimal | undefined;
  /** Of the whole lot. Present after a split, which may leave a price that no decimal states exactly. */
  cost?: Decimal | undefined;
}

/** Quantity, lots, realized P&L and fees after some of the movements. */
export interface PositionBook {
  quantity: Decimal;
  lots: Lot[];
  realizedPnl: Decimal;
  /** A lot without a price was closed: what it earned is not known. */
  hasUnknownPnl: boolean;
  fees: Map<string, Decimal>;
  /** Cost of the units that fees in the traded asset took, in the currency of the price. */
  assetFeeCost: Decimal;
}

export function emptyBook(): PositionBook {
  return { quantity: ZERO, lots: [], realizedPnl: ZERO, hasUnknownPnl: false, fees: new Map(), assetFeeCost: ZERO };
}

/** A copy that changes apart from the original. */
export function copyBook(book: PositionBook): PositionBook {
  return { ...book, lots: book.lots.map((lot) => ({ ...lot })), fees: new Map(book.fees) };
}

/** The cost of each lot stays. */
export function splitLots(position: PositionBook, splitRatio: SplitRatio): void {
  const lots: Lot[] = [];
  position.quantity = ZERO;
  for (const lot of position.lots) {
    const quantity = splitQuantity(lot.quantity, splitRatio);
    if (quantity.eq(ZERO)) continue;
    const cost = lot.cost ?? (lot.price === undefined ? undefined : lot.quantity.times(lot.price));
    lots.push({ quantity, cost, price: cost === undefined ? undefined : quotient(cost, quantity) });
    position.quantity = position.quantity.plus(quantity);
  }
  position.lots = lots;
}

/** Most decimals of the cost of a part of a split lot. The rest of the lot keeps what is rounded. */
const PART_PLACES = 8;

/** Removes units, of the sign of the lot, and returns what they cost; undefined if the price is not known. */
function takeUnits(lot: Lot, units: Decimal): Decimal | undefined {
  const { quantity, price, cost } = lot;
  lot.quantity = quantity.minus(units);
  if (cost === undefined) return price === undefined ? undefined : units.times(price);
  const taken = units.eq(quantity) ? cost : ratio(cost.times(units), quantity, PART_PLACES);
  lot.cost = cost.minus(taken);
  return taken;
}

export function adopt(position: PositionBook, quantity: Decimal, price: Decimal | undefined): void {
  if (position.quantity.eq(quantity)) return;
  if (price !== undefined) position.lots = [{ quantity, price }];
  else {
    // A position of the other side keeps nothing.
    if (position.quantity.times(quantity).lt(ZERO)) setQuantity(position, ZERO);
    setQuantity(position, quantity);
  }
  if (quantity.eq(ZERO)) position.lots = [];
  position.quantity = quantity;
}

/** Removes the oldest lots, or adds a lot without a price, until the quantity is this. It is of the same side. */
function setQuantity(position: PositionBook, quantity: Decimal): void {
  let excess = position.quantity.abs().minus(quantity.abs());
  if (excess.lt(ZERO)) {
    position.lots.push({ quantity: quantity.minus(position.quantity), price: undefined });
  }
  while (excess.gt(ZERO) && position.lots[0] !== undefined) {
    const [lot] = position.lots as [Lot];
    const removed = min(excess, lot.quantity.abs());
    excess = excess.minus(removed);
    takeUnits(lot, lot.quantity.gt(ZERO) ? removed : ZERO.minus(removed));
    if (lot.quantity.eq(ZERO)) position.lots.shift();
  }
  position.quantity = quantity;
}

/** A fee in the traded asset is taken from the newest lots, at their cost, so that it is no P&L. */
export function charge(position: PositionBook, fill: VenueFill, fee: Decimal): void {
  const currency = fill.feeCurrency ?? "";
  position.fees.set(currency, (position.fees.get(currency) ?? ZERO).plus(fee));
  if (currency === "" || !isBaseOf(fill.symbol, currency)) return;
  let rest = fee;
  while (rest.gt(ZERO)) {
    const lot = position.lots.at(-1);
    if (lot === undefined || lot.quantity.lt(ZERO)) break;
    const taken = min(rest, lot.quantity);
    rest = rest.minus(taken);
    const cost = takeUnits(lot, taken);
    if (cost !== undefined) position.assetFeeCost = position.assetFeeCost.plus(cost);
    if (lot.quantity.eq(ZERO)) position.lots.pop();
  }
  // A rebate adds to the position, and a fee beyond the position is owed.
  if (!rest.eq(ZERO)) {
    position.lots.push({ quantity: ZERO.minus(rest), price: decimal(fill.price) });
    position.assetFeeCost = position.assetFeeCost.plus(rest.times(decimal(fill.price)));
  }
  position.quantity = position.quantity.minus(fee);
}

/** Closes the oldest lots of the opposite sign, then opens a lot with the remaining quantity. */
export function trade(position: PositionBook, signed: Decimal, price: Decimal | undefined): void {
  let remaining = signed;
  while (!remaining.eq(ZERO) && position.lots.length > 0) {
    const lot = position.lots[0] as Lot;
    if (lot.quantity.gt(ZERO) === remaining.gt(ZERO)) break;
    const closing = lot.quantity.abs().lte(remaining.abs()) ? lot.quantity : ZERO.minus(remaining);
    const cost = takeUnits(lot, closing);
    if (price === undefined || cost === undefined) position.hasUnknownPnl = true;
    else position.realizedPnl = position.realizedPnl.plus(closing.times(price).minus(cost));
    remaining = remaining.plus(closing);
    if (lot.quantity.eq(ZERO)) position.lots.shift();
  }
  if (!remaining.eq(ZERO)) openLot(position, remaining, price);
  position.quantity = position.quantity.plus(signed);
}

/** Lots of one price that follow each other are one lot, so that what is bought again and again stays small. */
function openLot({ lots }: PositionBook, quantity: Decimal, price: Decimal | undefined): void {
  const last = lots.at(-1);
  const isSame = price !== undefined && last?.price?.eq(price) === true && last.cost === undefined;
  if (isSame) last.quantity = last.quantity.plus(quantity);
  else lots.push({ quantity, price });
}
