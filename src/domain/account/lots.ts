/**
 * The lots of a position in the order in which they were opened. A position that is bought for years at ever other
 * prices has as many lots as purchases, and FIFO needs the price of each. Sales read the oldest, and fees in the traded
 * asset and guards the newest; so those between are kept as texts, with some 15 bytes for each lot, and read when they
 * become the oldest or the newest.
 */
import { type Decimal, ZERO, decimal } from "../decimal.ts";

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

/** Lots as one text. */
interface PackedLots {
  readonly text: string;
  /** Of all of them; undefined if the price of a lot is not known. */
  readonly cost: Decimal | undefined;
}

/** The state of {@link Lots} as plain data. */
export interface LotsParts {
  readonly oldest: readonly Lot[];
  readonly packed: readonly PackedLots[];
  readonly newest: readonly Lot[];
}

/** Lots of one text. At most twice as many of the newest are kept as objects. */
export const LOTS_PACKED = 64;
/** A base follows its book by some texts at most. */
const SHARED_MAX = 8;

export class Lots implements Iterable<Readonly<Lot>> {
  #oldest: Lot[];
  readonly #packed: PackedLots[];
  #newest: Lot[];

  constructor({ oldest, packed, newest }: LotsParts = { oldest: [], packed: [], newest: [] }) {
    this.#oldest = [...oldest];
    this.#packed = [...packed];
    this.#newest = [...newest];
  }

  static of(lots: Iterable<Lot>): Lots {
    const made = new Lots();
    for (const lot of lots) made.push(lot);
    return made;
  }

  get parts(): LotsParts {
    return { oldest: this.#oldest, packed: this.#packed, newest: this.#newest };
  }

  /** A copy whose lots change apart from the original. The texts do not change, and are the same. */
  copy(): Lots {
    const copied = (lots: readonly Lot[]): Lot[] => lots.map((lot) => ({ ...lot }));
    return new Lots({ oldest: copied(this.#oldest), packed: this.#packed, newest: copied(this.#newest) });
  }

  /** The oldest lot, which may be changed; undefined without lots. */
  first(): Lot | undefined {
    if (this.#oldest.length === 0) this.#oldest = unpacked(this.#packed.shift());
    return this.#oldest[0] ?? this.#newest[0];
  }

  removeFirst(): void {
    if (this.first() !== undefined) (this.#oldest.length > 0 ? this.#oldest : this.#newest).shift();
  }

  /** The newest lot, which may be changed; undefined without lots. */
  last(): Lot | undefined {
    if (this.#newest.length === 0) this.#newest = unpacked(this.#packed.pop());
    return this.#newest.at(-1) ?? this.#oldest.at(-1);
  }

  removeLast(): void {
    if (this.last() !== undefined) (this.#newest.length > 0 ? this.#newest : this.#oldest).pop();
  }

  push(lot: Lot): void {
    this.#newest.push(lot);
    if (this.#newest.length >= 2 * LOTS_PACKED) this.#packed.push(packed(this.#newest.splice(0, LOTS_PACKED)));
  }

  /** The oldest first. */
  *[Symbol.iterator](): Iterator<Readonly<Lot>> {
    yield* this.#oldest;
    for (const each of this.#packed) yield* unpacked(each);
    yield* this.#newest;
  }

  *newestFirst(): Iterable<Readonly<Lot>> {
    yield* reversed(this.#newest);
    for (const each of reversed(this.#packed)) yield* reversed(unpacked(each));
    yield* reversed(this.#oldest);
  }

  /** The newest lot to read. */
  get newest(): Readonly<Lot> | undefined {
    return this.#newest.at(-1) ?? unpacked(this.#packed.at(-1)).at(-1) ?? this.#oldest.at(-1);
  }

  /** Quantity × price of all lots; undefined if the price of a lot is not known. */
  get cost(): Decimal | undefined {
    return sum([costOf(this.#oldest), ...this.#packed.map(({ cost }) => cost), costOf(this.#newest)]);
  }

  /** Uses the texts of the other lots where they are equal, so that each is in memory once. */
  shareTexts(other: Lots): void {
    const known = other.#packed.slice(-SHARED_MAX);
    for (let place = Math.max(0, this.#packed.length - SHARED_MAX); place < this.#packed.length; place++) {
      const equal = known.find(({ text }) => text === this.#packed[place]?.text);
      if (equal !== undefined) this.#packed[place] = equal;
    }
  }
}

function* reversed<T>(values: readonly T[]): Iterable<T> {
  for (let place = values.length - 1; place >= 0; place--) yield values[place] as T;
}

function sum(costs: readonly (Decimal | undefined)[]): Decimal | undefined {
  let all: Decimal | undefined = ZERO;
  for (const cost of costs) all = cost === undefined ? undefined : all?.plus(cost);
  return all;
}

function costOf(lots: readonly Lot[]): Decimal | undefined {
  return sum(
    lots.map(({ quantity, price, cost }) => cost ?? (price === undefined ? undefined : quantity.times(price))),
  );
}

/** `10@100.25;5@;7@14.28571429=100`: quantity, price, and the cost if the lot has one. */
function packed(lots: readonly Lot[]): PackedLots {
  const texts = lots.map(({ quantity, price, cost }) => {
    const whole = cost === undefined ? "" : `=${cost.toFixed()}`;
    return `${quantity.toFixed()}@${price?.toFixed() ?? ""}${whole}`;
  });
  return { text: texts.join(";"), cost: costOf(lots) };
}

function unpacked(lots: PackedLots | undefined): Lot[] {
  return (lots?.text.split(";") ?? []).map((text) => {
    const [quantity = "", rest = ""] = text.split("@");
    const [price = "", cost] = rest.split("=");
    const known = { quantity: decimal(quantity), price: price === "" ? undefined : decimal(price) };
    return cost === undefined ? known : { ...known, cost: decimal(cost) };
  });
}
