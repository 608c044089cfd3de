/**
 * Positions as a fold over fills. Lots are first in, first out (FIFO): a sale closes the oldest lot first, so realized
 * P&L needs no division and is exact. Fees are kept apart from P&L. A bust or a correction replays the instrument.
 */
import { type Decimal, ZERO, decimal, ratio } from "./decimal.ts";
import type { VenueFill } from "./venue.ts";

/** `quantity` is signed: below zero for a short lot. */
export interface Lot {
  quantity: Decimal;
  readonly price: Decimal;
}

/** A change of a position: a fill, the opening balance, or the venue's quantity that a human adopted. */
type PositionChange =
  | { readonly kind: "fill"; readonly key: string; fill: VenueFill }
  | { readonly kind: "opening"; readonly quantity: Decimal; readonly price: Decimal }
  | { readonly kind: "adopted"; readonly quantity: Decimal; readonly price: Decimal };

export interface PositionRecord {
  readonly connector: string;
  readonly symbol: string;
  quantity: Decimal;
  lots: Lot[];
  realizedPnl: Decimal;
  fees: Decimal;
  /** All changes, oldest first. Read only when a bust or a correction replays the position. */
  readonly movements: PositionChange[];
}

export function emptyPosition(connector: string, symbol: string): PositionRecord {
  return {
    connector,
    symbol,
    quantity: ZERO,
    lots: [],
    realizedPnl: ZERO,
    fees: ZERO,
    movements: [],
  };
}

export function openPosition(position: PositionRecord, quantity: Decimal, price: Decimal): void {
  const movement: PositionChange = { kind: "opening", quantity, price };
  position.movements.push(movement);
  move(position, movement);
}

/** Replaces the quantity by the venue's, as one lot at `price`. Realized P&L does not change. */
export function adoptQuantity(position: PositionRecord, quantity: Decimal, price: Decimal): void {
  const movement: PositionChange = { kind: "adopted", quantity, price };
  position.movements.push(movement);
  move(position, movement);
}

/** `isNew` false: a correction or bust changed the fill under this key, so the position is replayed. */
export function applyFillToPosition(position: PositionRecord, key: string, fill: VenueFill, isNew: boolean): void {
  if (isNew) {
    const movement: PositionChange = { kind: "fill", key, fill };
    position.movements.push(movement);
    move(position, movement);
    return;
  }
  const changed = position.movements.find((movement) => movement.kind === "fill" && movement.key === key);
  if (changed?.kind === "fill") changed.fill = fill;
  replay(position);
}

function replay(position: PositionRecord): void {
  position.quantity = ZERO;
  position.lots = [];
  position.realizedPnl = ZERO;
  position.fees = ZERO;
  for (const movement of position.movements) move(position, movement);
}

function move(position: PositionRecord, movement: PositionChange): void {
  switch (movement.kind) {
    case "opening":
      trade(position, movement.quantity, movement.price);
      return;
    case "adopted":
      if (position.quantity.eq(movement.quantity)) return;
      position.quantity = movement.quantity;
      position.lots = movement.quantity.eq(ZERO) ? [] : [{ quantity: movement.quantity, price: movement.price }];
      return;
    case "fill": {
      const { fill } = movement;
      if (fill.busts !== undefined) return;
      const quantity = decimal(fill.quantity);
      if (fill.fee !== undefined) position.fees = position.fees.plus(decimal(fill.fee));
      trade(position, fill.side === "buy" ? quantity : ZERO.minus(quantity), decimal(fill.price));
    }
  }
}

/** Closes the oldest lots of the opposite sign, then opens a lot with the remaining quantity. */
function trade(position: PositionRecord, signed: Decimal, price: Decimal): void {
  let remaining = signed;
  while (!remaining.eq(ZERO) && position.lots.length > 0) {
    const lot = position.lots[0] as Lot;
    if (lot.quantity.gt(ZERO) === remaining.gt(ZERO)) break;
    const closing = lot.quantity.abs().lte(remaining.abs()) ? lot.quantity : ZERO.minus(remaining);
    position.realizedPnl = position.realizedPnl.plus(closing.times(price.minus(lot.price)));
    remaining = remaining.plus(closing);
    lot.quantity = lot.quantity.minus(closing);
    if (lot.quantity.eq(ZERO)) position.lots.shift();
  }
  if (!remaining.eq(ZERO)) position.lots.push({ quantity: remaining, price });
  position.quantity = position.quantity.plus(signed);
}

/** Cost of the open lots divided by the quantity, to 8 places: for display. */
export function averagePrice(position: Readonly<PositionRecord>): Decimal | undefined {
  if (position.quantity.eq(ZERO)) return undefined;
  return ratio(costBasis(position), position.quantity, 8);
}

export function costBasis(position: Readonly<PositionRecord>): Decimal {
  return position.lots.reduce((sum, lot) => sum.plus(lot.quantity.times(lot.price)), ZERO);
}

export function unrealizedPnl(position: Readonly<PositionRecord>, mark: Decimal): Decimal {
  return position.quantity.times(mark).minus(costBasis(position));
}
