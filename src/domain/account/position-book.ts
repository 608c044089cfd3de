/**
 * The book of a position: what it holds, earned and paid after some of its changes. Lots are first in, first out
 * (FIFO): a sale closes the oldest lot first, so realized P&L needs no division and is exact.
 */
import { isBaseOf } from "./currency.ts";
import { type Decimal, ZERO, decimal, min, quotient, ratio } from "../decimal.ts";
import { type Lot, Lots, type LotsParts } from "./lots.ts";
import { type SplitRatio, splitQuantity } from "./split-ratio.ts";
import type { VenueFill } from "../market/venue.ts";

/** Quantity, lots, realized P&L and fees after some of the movements. */
export interface PositionBook {
  quantity: Decimal;
  lots: Lots;
  realizedPnl: Decimal;
  /** A lot without a price was closed: what it earned is not known. */
  hasUnknownPnl: boolean;
  fees: Map<string, Decimal>;
  /** Cost of the units that fees in the traded asset took, in the currency of the price. */
  assetFeeCost: Decimal;
}

/** A book as plain data. */
export type BookParts = Omit<PositionBook, "lots"> & { readonly lots: LotsParts };

export function partsOfBook(book: PositionBook): BookParts {
  return { ...book, lots: book.lots.parts };
}

export function bookOf(parts: BookParts): PositionBook {
  return { ...parts, lots: new Lots(parts.lots) };
}

export function emptyBook(): PositionBook {
  return {
    quantity: ZERO,
    lots: new Lots(),
    realizedPnl: ZERO,
    hasUnknownPnl: false,
    fees: new Map(),
    assetFeeCost: ZERO,
  };
}

/** A copy that changes apart from the original. */
export function copyBook(book: PositionBook): PositionBook {
  return { ...book, lots: book.lots.copy(), fees: new Map(book.fees) };
}

/** The cost of each lot stays. The lots add up to the split quantity: three of 1 are 1 after a split 1:3. */
export function splitLots(position: PositionBook, splitRatio: SplitRatio): void {
  const lots = new Lots();
  let held = ZERO;
  position.quantity = ZERO;
  for (const lot of position.lots) {
    held = held.plus(lot.quantity);
    const quantity = splitQuantity(held, splitRatio).minus(position.quantity);
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
  if (price !== undefined) position.lots = Lots.of([{ quantity, price }]);
  else {
    // A position of the other side keeps nothing.
    if (position.quantity.times(quantity).lt(ZERO)) setQuantity(position, ZERO);
    setQuantity(position, quantity);
  }
  if (quantity.eq(ZERO)) position.lots = new Lots();
  position.quantity = quantity;
}

/** Removes the oldest lots, or adds a lot without a price, until the quantity is this. It is of the same side. */
function setQuantity(position: PositionBook, quantity: Decimal): void {
  let excess = position.quantity.abs().minus(quantity.abs());
  if (excess.lt(ZERO)) {
    position.lots.push({ quantity: quantity.minus(position.quantity), price: undefined });
  }
  for (let lot = position.lots.first(); lot !== undefined && excess.gt(ZERO); lot = position.lots.first()) {
    const removed = min(excess, lot.quantity.abs());
    excess = excess.minus(removed);
    takeUnits(lot, lot.quantity.gt(ZERO) ? removed : ZERO.minus(removed));
    if (lot.quantity.eq(ZERO)) position.lots.removeFirst();
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
    const lot = position.lots.last();
    if (lot === undefined || lot.quantity.lt(ZERO)) break;
    const taken = min(rest, lot.quantity);
    rest = rest.minus(taken);
    const cost = takeUnits(lot, taken);
    if (cost !== undefined) position.assetFeeCost = position.assetFeeCost.plus(cost);
    if (lot.quantity.eq(ZERO)) position.lots.removeLast();
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
  while (!remaining.eq(ZERO)) {
    const lot = position.lots.first();
    if (lot === undefined || lot.quantity.gt(ZERO) === remaining.gt(ZERO)) break;
    const closing = lot.quantity.abs().lte(remaining.abs()) ? lot.quantity : ZERO.minus(remaining);
    const cost = takeUnits(lot, closing);
    if (price === undefined || cost === undefined) position.hasUnknownPnl = true;
    else position.realizedPnl = position.realizedPnl.plus(closing.times(price).minus(cost));
    remaining = remaining.plus(closing);
    if (lot.quantity.eq(ZERO)) position.lots.removeFirst();
  }
  if (!remaining.eq(ZERO)) openLot(position, remaining, price);
  position.quantity = position.quantity.plus(signed);
}

/** Lots of one price that follow each other are one lot, so that what is bought again and again stays small. */
function openLot({ lots }: PositionBook, quantity: Decimal, price: Decimal | undefined): void {
  const last = lots.last();
  const isSame = price !== undefined && last?.price?.eq(price) === true && last.cost === undefined;
  if (isSame) last.quantity = last.quantity.plus(quantity);
  else lots.push({ quantity, price });
}
