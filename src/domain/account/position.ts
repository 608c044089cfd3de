/**
 * Positions as a fold over fills. Fees are kept apart from P&L, by currency; a fee in the traded asset reduces the
 * quantity held. The newest changes are kept: a bust or a correction of one of them replays them. Older changes are
 * added up in a base, and a bust or a correction of one of them is a reversal: a trade of the opposite side at its
 * price, which leaves quantity and cash exact. Only the division into realized and unrealized P&L then follows the lots
 * of today.
 */
import { isBaseOf } from "./currency.ts";
import { type Decimal, ONE, ZERO, decimal, quotient } from "../decimal.ts";
import { type Lot, Lots } from "./lots.ts";
import {
  type BookParts,
  adopt,
  bookOf,
  charge,
  copyBook,
  emptyBook,
  partsOfBook,
  type PositionBook,
  splitLots,
  trade,
} from "./position-book.ts";
import { carveLots, exchangeLots, giveLots, keepShare, receiveLots } from "./position-exchange.ts";
import { type AdoptedBalance, type FillChange, type PositionChange, timeOf } from "./position-change.ts";
import { type SplitRatio, splitFill } from "./split-ratio.ts";
import type { VenueFill } from "../market/venue.ts";

interface LotExchange {
  /** undefined: cash alone. */
  readonly ratio: SplitRatio | undefined;
  readonly cash: Decimal;
  /** ms. */
  readonly at: number;
}

interface DatedSplit {
  readonly ratio: SplitRatio;
  /** ms. */
  readonly at: number;
}

/** At least as many of the newest changes are kept, and at most twice as many. */
export const CHANGES_KEPT = 64;

/** Changes as a checkpoint has them. Most positions do not change for long, and then nothing reads their changes. */
export interface UnreadChanges {
  readonly text: string;
  read(): readonly PositionChange[];
}

/** The state of a {@link PositionRecord} as plain data. */
export interface PositionParts {
  readonly connector: string;
  readonly symbol: string;
  readonly multiplier: Decimal;
  readonly book: BookParts;
  readonly base: BookParts;
  readonly baseAt: number | null;
  readonly splits: readonly DatedSplit[];
}

/** A {@link PositionRecord} as it was at one moment. */
export interface PositionSnapshot {
  readonly parts: PositionParts;
  readonly changes: UnreadChanges | readonly PositionChange[];
}

/**
 * The position in one instrument. A change of an earlier fill is replayed when the position is read next, so that many
 * busts and corrections in a row cost one replay.
 */
export class PositionRecord {
  readonly connector: string;
  readonly symbol: string;
  #multiplier: Decimal = ONE;
  /** After the changes that are not kept. */
  #base = emptyBook();
  /** The latest time of a change in the base, ms. */
  #baseAt = Number.NEGATIVE_INFINITY;
  readonly #kept: PositionChange[] = [];
  #unread: UnreadChanges | undefined;
  readonly #fills = new Map<string, FillChange>();
  readonly #splits: DatedSplit[] = [];
  #book = emptyBook();
  #isStale = false;
  /** Since {@link hold}: as it was then; "unchanged" until the first change. */
  #held: PositionSnapshot | "unchanged" | undefined;

  constructor(connector: string, symbol: string) {
    this.connector = connector;
    this.symbol = symbol;
  }

  /** `changes`: those of {@link takeHeld}. */
  static from(parts: PositionParts, changes: UnreadChanges): PositionRecord {
    const position = new PositionRecord(parts.connector, parts.symbol);
    position.#multiplier = parts.multiplier;
    position.#book = bookOf(parts.book);
    position.#base = bookOf(parts.base);
    position.#baseAt = parts.baseAt ?? Number.NEGATIVE_INFINITY;
    position.#splits.push(...parts.splits);
    position.#unread = changes;
    return position;
  }

  /** All but the changes. */
  get parts(): PositionParts {
    const { connector, symbol, multiplier } = this;
    const baseAt = Number.isFinite(this.#baseAt) ? this.#baseAt : null;
    const [book, base] = [partsOfBook(this.#current()), partsOfBook(this.#base)];
    return { connector, symbol, multiplier, book, base, baseAt, splits: this.#splits };
  }

  /** The next {@link takeHeld} returns the position of now, whatever changes until then. */
  hold(): void {
    this.#held = "unchanged";
  }

  /** As it was at the last `hold`; else as it is, until its next change. */
  takeHeld(): PositionSnapshot {
    const held = this.#held;
    this.#held = undefined;
    if (typeof held === "object") return held;
    return { parts: this.parts, changes: this.#unread ?? this.#kept };
  }

  /** Each change calls it first. */
  #keepHeld(): void {
    if (this.#held !== "unchanged") return;
    const { parts } = this;
    const [book, base] = [partsOfBook(copyBook(this.#current())), partsOfBook(copyBook(this.#base))];
    const changes = this.#unread ?? this.#kept.map((change) => (change.kind === "fill" ? { ...change } : change));
    this.#held = { parts: { ...parts, book, base, splits: [...parts.splits] }, changes };
  }

  /** The units that one contract stands for. Of all its trades: a venue that corrects it corrects the P&L. */
  get multiplier(): Decimal {
    return this.#multiplier;
  }
  set multiplier(multiplier: Decimal) {
    this.#keepHeld();
    this.#multiplier = multiplier;
  }

  get quantity(): Decimal {
    return this.#current().quantity;
  }
  /** The oldest first. Most are read from texts: who needs some of them takes them one by one. */
  get lots(): Iterable<Readonly<Lot>> {
    return this.#current().lots;
  }
  get newestLot(): Readonly<Lot> | undefined {
    return this.#current().lots.newest;
  }
  get lotsNewestFirst(): Iterable<Readonly<Lot>> {
    return this.#current().lots.newestFirst();
  }
  /** Quantity × price of the open lots, without the multiplier; undefined if the price of a lot is not known. */
  get cost(): Decimal | undefined {
    return this.#current().lots.cost;
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
  /** The newest changes, oldest first. */
  get movements(): readonly Readonly<PositionChange>[] {
    return this.#changes();
  }

  add(movement: PositionChange): void {
    this.#keepHeld();
    this.#changes();
    this.#keep(movement);
    if (!this.#isStale) move(this.#book, movement);
    if (this.#changes().length >= 2 * CHANGES_KEPT) this.#growBase();
  }

  /** Adds the fee to a fill that is counted. */
  completeFill(key: string, fill: VenueFill): void {
    this.#keepHeld();
    const known = this.#changeOf(key);
    if (known === undefined) {
      this.add({ kind: "fee", fill: this.#inUnitsOfNow(fill) });
      return;
    }
    const { fee: earlierFee } = known.fill;
    known.fill = fill;
    if (this.#isStale || fill.fee === undefined) return;
    // To replay all fills for each fee would cost their square. Only a fee in the traded asset changes lots.
    const isLast = known === this.#changes().at(-1);
    if (earlierFee === undefined && (isLast || !isBaseOf(fill.symbol, fill.feeCurrency ?? "")))
      charge(this.#book, fill, decimal(fill.fee));
    else this.#isStale = true;
  }

  /** Counts this version of a fill. `counted`: the version that counts until now, which it replaces. */
  applyFill(key: string, fill: VenueFill, counted?: VenueFill): void {
    this.#keepHeld();
    const known = this.#changeOf(key);
    if (known !== undefined) {
      known.fill = fill;
      this.#isStale = true;
      return;
    }
    if (counted !== undefined) this.add({ kind: "reversal", fill: this.#inUnitsOfNow(counted) });
    this.add({ kind: "fill", key, fill });
  }

  /** Whether a split is dated less than `ms` before or after `at` (ms). */
  hasSplitWithin(ms: number, at: number): boolean {
    return this.#splits.some((known) => Math.abs(known.at - at) < ms);
  }

  /** Whether a change after this time (ms) is in the base, which cannot be divided any more. */
  hasBaseAfter(at: number): boolean {
    return this.#baseAt >= at;
  }

  /** Multiplies what was held at that time (ms): later fills are in the new units already. */
  split(splitRatio: SplitRatio, at: number): void {
    this.#keepHeld();
    this.#splits.push({ ratio: splitRatio, at });
    const kept = this.#changes();
    let place = kept.length;
    while (place > 0 && timeOf(kept[place - 1]) >= at) place -= 1;
    kept.splice(place, 0, { kind: "split", ratio: splitRatio, at });
    this.#isStale = true;
  }

  /** Takes all lots out: what is received for them, with its cost. Cash above the cost is realized. */
  exchange({ ratio, cash, at }: LotExchange): readonly Lot[] {
    const exchanged = exchangeLots(this.#current(), ratio, cash);
    this.add({ kind: "given", realized: exchanged.realized, isUnknown: exchanged.isUnknown, at });
    return exchanged.lots;
  }

  /** Takes a share of the cost out: what is received for it. The units stay. */
  spinOff({ ratio, cash, at, share }: LotExchange & { readonly share: Decimal }): readonly Lot[] {
    const { lots, quantity } = this.#current();
    const carved = { ...emptyBook(), quantity, lots: Lots.of(carveLots(lots, share)) };
    const { lots: received, realized, isUnknown } = exchangeLots(carved, ratio, cash);
    this.add({ kind: "carved", share, realized, isUnknown, at });
    return received;
  }

  /** Adds lots of another instrument that became this one. */
  receive(lots: readonly Lot[], at: number): void {
    this.add({ kind: "received", lots, at });
  }

  #changeOf(key: string): FillChange | undefined {
    this.#changes();
    return this.#fills.get(key);
  }

  #changes(): PositionChange[] {
    const unread = this.#unread;
    this.#unread = undefined;
    for (const change of unread?.read() ?? []) this.#keep(change);
    return this.#kept;
  }

  #keep(movement: PositionChange): void {
    this.#kept.push(movement);
    if (movement.kind === "fill") this.#fills.set(movement.key, movement);
  }

  /** Moves the older changes into the base. The book stays as it is. */
  #growBase(): void {
    const kept = this.#changes();
    for (const movement of kept.splice(0, kept.length - CHANGES_KEPT)) {
      move(this.#base, movement);
      if (movement.kind === "fill") this.#fills.delete(movement.key);
      const at = timeOf(movement);
      if (Number.isFinite(at)) this.#baseAt = Math.max(this.#baseAt, at);
    }
    this.#base.lots.shareTexts(this.#book.lots);
  }

  #inUnitsOfNow(fill: VenueFill): VenueFill {
    const later = this.#splits.filter(({ at }) => at > fill.at);
    return later.reduce((units, split) => splitFill(units, split.ratio), fill);
  }

  #current(): PositionBook {
    if (this.#isStale) {
      this.#book = copyBook(this.#base);
      for (const movement of this.#changes()) move(this.#book, movement);
      this.#isStale = false;
    }
    return this.#book;
  }
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
    case "given":
      giveLots(position, movement);
      return;
    case "carved":
      keepShare(position, movement);
      return;
    case "received":
      receiveLots(position, movement.lots);
      return;
    case "fee":
      charge(position, movement.fill, decimal(movement.fill.fee ?? "0"));
      return;
    case "fill":
      count(position, movement.fill, 1);
      return;
    case "reversal":
      count(position, movement.fill, -1);
  }
}

function count(position: PositionBook, fill: VenueFill, sign: 1 | -1): void {
  if (fill.busts !== undefined) return;
  const signed = (amount: Decimal, isAdded: boolean): Decimal => (isAdded ? amount : ZERO.minus(amount));
  trade(position, signed(decimal(fill.quantity), (fill.side === "buy") === (sign === 1)), decimal(fill.price));
  if (fill.fee !== undefined) charge(position, fill, signed(decimal(fill.fee), sign === 1));
}

/** Cost of the open lots divided by the quantity, for display; undefined if not known. */
export function averagePrice(position: Readonly<PositionRecord>): Decimal | undefined {
  const cost = costBasis(position);
  return cost === undefined || position.quantity.eq(ZERO) ? undefined : quotient(cost, position.quantity);
}

/** Quantity × price of the open lots, without the multiplier; undefined if the price of a lot is not known. */
export function costBasis(position: Readonly<PositionRecord>): Decimal | undefined {
  return position.cost;
}

/** undefined if the price of a lot is not known. */
export function unrealizedPnl(position: Readonly<PositionRecord>, mark: Decimal): Decimal | undefined {
  const cost = costBasis(position);
  return cost === undefined ? undefined : position.quantity.times(mark).minus(cost).times(position.multiplier);
}
