/** The lots of an instrument that became another one. */
import { type Decimal, ONE, ZERO, quotient, ratio as divided } from "../decimal.ts";
import { type Lot, Lots } from "./lots.ts";
import { type PositionBook, trade } from "./position-book.ts";
import { type SplitRatio, splitQuantity } from "./split-ratio.ts";

interface ExchangedLots {
  /** Of the new instrument. */
  readonly lots: readonly Lot[];
  readonly realized: Decimal;
  /** Cash was received for a lot whose cost is not known. */
  readonly isUnknown: boolean;
}

/** Decimals of the cash of one lot. The last lot takes what is rounded. */
const CASH_PLACES = 8;

/** `splitRatio`: new units for old ones; undefined: cash alone. The cash is that of all lots. */
export function exchangeLots(book: PositionBook, splitRatio: SplitRatio | undefined, cash: Decimal): ExchangedLots {
  const lots: Lot[] = [];
  let [realized, rest, isUnknown] = [ZERO, cash, false];
  const given = [...book.lots];
  for (const [place, { quantity: old, price, cost: stated }] of given.entries()) {
    const isLast = place === given.length - 1;
    const share = isLast ? rest : divided(cash.times(old), book.quantity, CASH_PLACES);
    rest = rest.minus(share);
    const quantity = splitRatio === undefined ? ZERO : splitQuantity(old, splitRatio);
    const paid = stated ?? (price === undefined ? undefined : old.times(price));
    const left = paid?.minus(share);
    if (left === undefined && !share.eq(ZERO)) isUnknown = true;
    // The cash is more than the cost, or nothing is left that could have one.
    const isAbove = left !== undefined && (quantity.eq(ZERO) || left.times(quantity).lt(ZERO));
    if (isAbove) realized = realized.minus(left);
    if (quantity.eq(ZERO)) continue;
    const cost = isAbove ? ZERO : left;
    lots.push({ quantity, cost, price: cost === undefined ? undefined : quotient(cost, quantity) });
  }
  return { lots, realized, isUnknown };
}

/** The lots that a spin-off takes out of these: the same units, with this share of their cost. */
export function carveLots(lots: Iterable<Readonly<Lot>>, share: Decimal): readonly Lot[] {
  return [...lots].map(({ quantity, price, cost: stated }) => {
    const cost = (stated ?? (price === undefined ? undefined : quantity.times(price)))?.times(share);
    return { quantity, cost, price: cost === undefined ? undefined : quotient(cost, quantity) };
  });
}

/** Leaves the rest of the cost. What cash in lieu realized is of this instrument. */
export function keepShare(
  book: PositionBook,
  { share, realized, isUnknown }: { readonly share: Decimal } & Pick<ExchangedLots, "realized" | "isUnknown">,
): void {
  book.realizedPnl = book.realizedPnl.plus(realized);
  if (isUnknown) book.hasUnknownPnl = true;
  const rest = ONE.minus(share);
  // The share that is kept and the share that leaves are products, so that no digit of the cost is lost.
  book.lots = Lots.of(carveLots(book.lots, rest));
}

export function giveLots(
  book: PositionBook,
  { realized, isUnknown }: Pick<ExchangedLots, "realized" | "isUnknown">,
): void {
  book.realizedPnl = book.realizedPnl.plus(realized);
  if (isUnknown) book.hasUnknownPnl = true;
  book.lots = new Lots();
  book.quantity = ZERO;
}

/** Lots of the other side are closed at the cost of those that arrive. */
export function receiveLots(book: PositionBook, lots: readonly Lot[]): void {
  for (const lot of lots) {
    if (book.quantity.times(lot.quantity).lt(ZERO)) {
      trade(book, lot.quantity, lot.price);
      continue;
    }
    book.lots.push({ ...lot });
    book.quantity = book.quantity.plus(lot.quantity);
  }
}
