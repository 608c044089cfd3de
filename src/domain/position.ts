/**
 * Positions as a fold over fills. Lots are first in, first out (FIFO): a sale closes the oldest lot first, so realized
 * P&L needs no division and is exact. Fees are kept apart from P&L, by currency; a fee in the traded asset reduces the
 * quantity held. A bust or a correction replays the instrument.
 */
import { isBaseOf } from "./currency.ts";
import { type Decimal, ONE, ZERO, decimal, min, quotient, ratio } from "./decimal.ts";
import { type SplitRatio, splitQuantity } from "./split-ratio.ts";
import type { VenueFill } from "./venue.ts";

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

interface AdoptedBalance {
  readonly quantity: Decimal;
  readonly price: Decimal | undefined;
  /** When the desk recorded it, ms. */
  readonly at: number;
}

/** A change of a position: a fill, the opening balance, the venue's quantity that a human adopted, or a split. */
type FillChange = { readonly kind: "fill"; readonly key: string; fill: VenueFill };
type PositionChange =
  | FillChange
  | { readonly kind: "opening"; readonly quantity: Decimal; readonly price: Decimal | undefined }
  | ({ readonly kind: "adopted" } & AdoptedBalance)
  | { readonly kind: "split"; readonly ratio: SplitRatio; readonly at: number };

/** Quantity, lots, realized P&L and fees after some of the movements. */
interface PositionBook {
  quantity: Decimal;
  lots: Lot[];
  realizedPnl: Decimal;
  /** A lot without a price was closed: what it earned is not known. */
  hasUnknownPnl: boolean;
  fees: Map<string, Decimal>;
  /** Cost of the units that fees in the traded asset took, in the currency of the price. */
  assetFeeCost: Decimal;
}

function emptyBook(): PositionBook {
  return { quantity: ZERO, lots: [], realizedPnl: ZERO, hasUnknownPnl: false, fees: new Map(), assetFeeCost: ZERO };
}

/**
 * The position in one instrument. A change of an earlier fill is replayed when the position is read next, so that many
 * busts and corrections in a row cost one replay.
 */
export class PositionRecord {
  readonly connector: string;
  readonly symbol: string;
  /** The units that one contract stands for. Of all its trades: a venue that corrects it corrects the P&L. */
  multiplier: Decimal = ONE;
  readonly #movements: PositionChange[] = [];
  readonly #fills = new Map<string, FillChange>();
  readonly #splitTimes: number[] = [];
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
  /** Of the closed lots whose price is known. */
  get realizedPnl(): Decimal {
    return this.#current().realizedPnl.times(this.multiplier);
  }
  get hasUnknownPnl(): boolean {
    return this.#current().hasUnknownPnl;
  }
  /** By currency; "" for fees without one, which are in the currency of the price. */
  get fees(): ReadonlyMap<string, Decimal> {
    return this.#current().fees;
  }
  /** Cost of the units that fees in the traded asset took, as far as it is known, in the currency of the price. */
  get assetFeeCost(): Decimal {
    return this.#current().assetFeeCost;
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

  /** Adds the fee to a fill that is counted. */
  completeFill(key: string, fill: VenueFill): void {
    const known = this.#fills.get(key);
    if (known === undefined) return;
    const { fee: earlierFee } = known.fill;
    known.fill = fill;
    if (this.#isStale || fill.fee === undefined) return;
    // To replay all fills for each fee would cost their square. Only a fee in the traded asset changes lots.
    const isLast = known === this.#movements.at(-1);
    if (earlierFee === undefined && (isLast || !isBaseOf(fill.symbol, fill.feeCurrency ?? "")))
      charge(this.#book, fill, decimal(fill.fee));
    else this.#isStale = true;
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

  /** Whether a split is dated less than `ms` before or after `at` (ms). */
  hasSplitWithin(ms: number, at: number): boolean {
    return this.#splitTimes.some((known) => Math.abs(known - at) < ms);
  }

  /** Multiplies what was held at that time (ms): later fills are in the new units already. */
  split(splitRatio: SplitRatio, at: number): void {
    this.#splitTimes.push(at);
    let place = this.#movements.length;
    while (place > 0 && timeOf(this.#movements[place - 1]) >= at) place -= 1;
    this.#movements.splice(place, 0, { kind: "split", ratio: splitRatio, at });
    this.#isStale = true;
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

function timeOf(change: PositionChange | undefined): number {
  if (change === undefined || change.kind === "opening") return Number.NEGATIVE_INFINITY;
  return change.kind === "fill" ? change.fill.at : change.at;
}

export function openPosition(position: PositionRecord, quantity: Decimal, price: Decimal | undefined): void {
  position.add({ kind: "opening", quantity, price });
}

/**
 * Takes the venue's quantity, as one lot at the venue's average price. Without an average price the known lots stay:
 * the newest ones cover a smaller quantity, and a lot without a price is added for a larger one. Realized P&L does not
 * change.
 */
export function adoptQuantity(position: PositionRecord, balance: AdoptedBalance): void {
  position.add({ kind: "adopted", ...balance });
}

function move(position: PositionBook, movement: PositionChange): void {
  switch (movement.kind) {
    case "opening":
      trade(position, movement.quantity, movement.price);
      return;
    case "adopted":
      adopt(position, movement.quantity, movement.price);
      return;
    case "split":
      splitLots(position, movement.ratio);
      return;
    case "fill": {
      const { fill } = movement;
      if (fill.busts !== undefined) return;
      const quantity = decimal(fill.quantity);
      trade(position, fill.side === "buy" ? quantity : ZERO.minus(quantity), decimal(fill.price));
      if (fill.fee !== undefined) charge(position, fill, decimal(fill.fee));
    }
  }
}

/** The cost of each lot stays. */
function splitLots(position: PositionBook, splitRatio: SplitRatio): void {
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

function adopt(position: PositionBook, quantity: Decimal, price: Decimal | undefined): void {
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
function charge(position: PositionBook, fill: VenueFill, fee: Decimal): void {
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
function trade(position: PositionBook, signed: Decimal, price: Decimal | undefined): void {
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
  if (!remaining.eq(ZERO)) position.lots.push({ quantity: remaining, price });
  position.quantity = position.quantity.plus(signed);
}

/** Cost of the open lots divided by the quantity, for display; undefined if not known. */
export function averagePrice(position: Readonly<PositionRecord>): Decimal | undefined {
  const cost = costBasis(position);
  return cost === undefined || position.quantity.eq(ZERO) ? undefined : quotient(cost, position.quantity);
}

/** Quantity × price of the open lots, without the multiplier; undefined if the price of a lot is not known. */
export function costBasis(position: Readonly<PositionRecord>): Decimal | undefined {
  let sum = ZERO;
  for (const { quantity, price, cost } of position.lots) {
    if (price === undefined) return undefined;
    sum = sum.plus(cost ?? quantity.times(price));
  }
  return sum;
}

/** undefined if the price of a lot is not known. */
export function unrealizedPnl(position: Readonly<PositionRecord>, mark: Decimal): Decimal | undefined {
  const cost = costBasis(position);
  return cost === undefined ? undefined : position.quantity.times(mark).minus(cost).times(position.multiplier);
}
