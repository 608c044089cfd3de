/**
 * Objects by identity, each with the number of its place. The objects are divided among many maps by what their first
 * members are, because a map that grows to twice its size moves all its entries in one turn: 20 ms for 200,000.
 */
const MAPS = 64;
/** So many first objects are in one map. */
const FIRST = 1_000;
/** Of an object, to choose its map. */
const MEMBERS = 3;

export class PlaceTable {
  readonly #first = new Map<object, number>();
  /** Of objects that do not change while they are here. */
  #maps: readonly Map<object, number>[] = [];
  readonly #changing = new Map<object, number>();
  #size = 0;

  get(each: object): number | undefined {
    const known = this.#first.get(each) ?? this.#changing.get(each);
    return known ?? (this.#maps.length === 0 ? undefined : this.#mapOf(each).get(each));
  }

  add(each: object): void {
    const map = this.#first.size < FIRST ? this.#first : this.#mapOf(each);
    map.set(each, this.#size++);
  }

  /** For an object whose members may change: few, such as orders. */
  addChanging(each: object): void {
    this.#changing.set(each, this.#size++);
  }

  #mapOf(each: object): Map<object, number> {
    if (this.#maps.length === 0) this.#maps = Array.from({ length: MAPS }, () => new Map<object, number>());
    return this.#maps[(Array.isArray(each) ? 0 : mixOf(each, true)) % MAPS] as Map<object, number>;
  }
}

/** @returns a number from 0. The same members give the same number. */
function mixOf(each: object, isOuter: boolean): number {
  let mix = 0;
  let members = 0;
  for (const name in each) {
    const member: unknown = each[name as never];
    if (typeof member === "string") mix = Math.imul(mix, 31) + ending(member);
    else if (typeof member === "number") mix = Math.imul(mix, 31) + (member | 0);
    else if (isOuter && typeof member === "object" && member !== null) mix = Math.imul(mix, 31) + mixOf(member, false);
    if (++members === MEMBERS) break;
  }
  return mix >>> 0;
}

/** Texts such as ids differ at their ends. */
function ending(text: string): number {
  const { length } = text;
  return length < 3
    ? length
    : (text.charCodeAt(length - 1) * 7 + text.charCodeAt(length - 2)) * 7 + text.charCodeAt(length - 3);
}
