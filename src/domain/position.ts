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
type FillChange = { readonly kind: "fill"; readonly key: string; fill: VenueFill };
type PositionChange =
  | FillChange
  | { readonly kind: "opening"; readonly quantity: Decimal; readonly price: Decimal }
  | { readonly kind: "adopted"; readonly quantity: Decimal; readonly price: Decimal };

/** Quantity, lots, realized P&L and fees after some of the movements. */
interface PositionBook {
  quantity: Decimal;
  lots: Lot[];
  realizedPnl: Decimal;
  fees: Decimal;
}

function emptyBook(): PositionBook {
  return { quantity: ZERO, lots: [], realizedPnl: ZERO, fees: ZERO };
}

/**
 * The position in one instrument. A change of an earlier fill is replayed when the position is read next, so that many
 * busts and corrections in a row cost one replay.
 */
export class PositionRecord {
  readonly connector: string;
  readonly symbol: string;
  readonly #movements: PositionChange[] = [];
  readonly #fills = new Map<string, FillChange>();
  #book = emptyBook();
  #isStale = false;

  constructor(connector: string, symbol: string) {
    this.connector = connector;
    this.symbol = symbol;
  }

  get quantity(): Decimal {
    return this.#current().quantity;
  }
  get lots(): readonly Readonly<Lot>[] {
    return this.#current().lots;
  }
  get realizedPnl(): Decimal {
    return this.#current().realizedPnl;
  }
  get fees(): Decimal {
    return this.#current().fees;
  }
  /** All changes, oldest first. */
  get movements(): readonly Readonly<PositionChange>[] {
    return this.#movements;
  }

  /** Whether a version of this fill is one of the changes. */
  hasFill(key: string): boolean {
    return this.#fills.has(key);
  }

  add(movement: PositionChange): void {
    this.#movements.push(movement);
    if (movement.kind === "fill") this.#fills.set(movement.key, movement);
    if (!this.#isStale) move(this.#book, movement);
  }

  /** Counts this version of a fill. A correction or bust replaces the earlier version at its place. */
  applyFill(key: string, fill: VenueFill): void {
    const known = this.#fills.get(key);
    if (known === undefined) this.add({ kind: "fill", key, fill });
    else {
      known.fill = fill;
      this.#isStale = true;
    }
  }

  #current(): PositionBook {
    if (this.#isStale) {
      this.#book = emptyBook();
      for (const movement of this.#movements) move(this.#book, movement);
      this.#isStale = false;
    }
    return this.#book;
  }
}

export function openPosition(position: PositionRecord, quantity: Decimal, price: Decimal): void {
  position.add({ kind: "opening", quantity, price });
}

/** Replaces the quantity by the venue's, as one lot at `price`. Realized P&L does not change. */
export function adoptQuantity(position: PositionRecord, quantity: Decimal, price: Decimal): void {
  position.add({ kind: "adopted", quantity, price });
}

function move(position: PositionBook, movement: PositionChange): void {
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
function trade(position: PositionBook, signed: Decimal, price: Decimal): void {
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
