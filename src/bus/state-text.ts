/**
 * The text of a value of the desk's state; `state-reader.ts` has the value of such a text. Unlike JSON, the text keeps
 * maps, sets, decimals, `undefined`, and which objects are one: an order in flight is the same object in two maps.
 *
 * The text has lines. A plain object is a JSON object; everything else is an array whose first element names its kind.
 * The first line has the value, without what grows with orders and fills: of that, entries are in lines of their own,
 * which begin with the number of their part. So a {@link StateCut} can be written in many turns of the event loop. The
 * changes of each position are a line that is read when the position changes.
 */
import { ArchivedMap } from "../domain/archived-map.ts";
import { isDecimal } from "../domain/decimal.ts";
import { PositionRecord } from "../domain/account/position.ts";
import { TradeSums } from "../domain/account/trade-sums.ts";
import { TextMap } from "../lib/text-map.ts";
import { PlaceTable } from "./place-table.ts";
import type { Packed } from "./state-reader.ts";

export interface CutOptions {
  /** The keys of an archived map that are left out, because the archive has them. */
  evictedOf?(map: ArchivedMap<string, unknown>): Pick<ReadonlyMap<string, unknown>, "has">;
  /** Maps and lists that grow with orders and fills. Their entries do not change, or are positions or lists of such. */
  readonly growing?: ReadonlySet<object>;
  /** Of a line, about. */
  readonly lineChars?: number | undefined;
}

/** Writes the lines of a part. */
type LaterPart = () => Generator<string>;

const NOTHING: ReadonlyMap<string, unknown> = new Map();
const LINE_CHARS = 16_384;
/** A larger map or list of an order is a part of its own. More than a position keeps of what it changes in place. */
const LARGE = 256;

/**
 * A value at one moment. The constructor writes the first line and lists what follows; {@link lines} writes the rest,
 * at any later time, of the same moment. It relies on this:
 *
 * - an archived map keeps what is set or taken, as it was: the fold changes no order that it has not taken;
 * - a position keeps a copy of itself before its first change;
 * - all other entries that are listed are never changed in place: fills, entries of a history, intents.
 *
 * For example, an order that is filled between two lines is written without the fill, as it was at the cut.
 */
export class StateCut {
  readonly first: string;
  readonly #options: CutOptions;
  readonly #places = new PlaceTable();
  readonly #maps: ArchivedMap<string, unknown>[] = [];
  /** Listed and not yet written. */
  #later: LaterPart[] = [];
  #parts = 0;
  #isFirst = true;

  /** @throws TypeError for a value of another kind, and for a number that JSON does not hold. */
  constructor(value: unknown, options: CutOptions = {}) {
    this.#options = options;
    try {
      this.first = JSON.stringify(this.#pack(value));
    } catch (error) {
      this.release();
      throw error;
    }
    this.#isFirst = false;
  }

  /** All lines. A line is written when it is asked for. */
  *lines(): Generator<string> {
    yield this.first;
    yield* this.#laterLines();
  }

  /** Ends the copies. */
  release(): void {
    for (const map of this.#maps) map.release();
  }

  *#laterLines(): Generator<string> {
    const parts = this.#later;
    this.#later = [];
    for (const lines of parts) yield* lines();
  }

  *#listLines(number: number, list: readonly unknown[]): Generator<string> {
    const line = new PartLine(number, this.#options.lineChars);
    for (const each of list) {
      line.add(this.#pack(each));
      if (line.isFull) yield* this.#ended(line);
    }
    yield* this.#ended(line);
  }

  *#mapLines(number: number, { keys, values }: MapEntries): Generator<string> {
    const line = new PartLine(number, this.#options.lineChars);
    for (const [index, key] of keys.entries()) {
      line.add(this.#pack(key));
      line.add(this.#pack(values[index]));
      if (line.isFull) yield* this.#ended(line);
    }
    yield* this.#ended(line);
  }

  /** The line, and the parts that its entries have. */
  *#ended(line: PartLine): Generator<string> {
    if (!line.isEmpty) yield line.take();
    yield* this.#laterLines();
  }

  *#archivedLines(number: number, map: ArchivedMap<string, unknown>): Generator<string> {
    const line = new PartLine(number, this.#options.lineChars);
    const entries = map.heldEntries(this.#options.evictedOf?.(map) ?? NOTHING);
    let next = entries.next();
    for (; next.done !== true; next = entries.next()) {
      const { key, value, before } = next.value;
      line.add(key);
      line.add(map.isCopied ? this.#packHeld(value, before) : this.#pack(before));
      if (line.isFull) yield* this.#ended(line);
    }
    yield* this.#ended(line);
    yield `${number}\t${JSON.stringify(this.#pack({ ...next.value }))}`;
    yield* this.#laterLines();
  }

  #pack(each: unknown): Packed {
    if (each === undefined) return ["u"];
    if (each === null || typeof each === "string" || typeof each === "boolean") return each;
    if (typeof each === "number" && Number.isFinite(each)) return each;
    if (typeof each !== "object") throw new TypeError(`a state has no ${typeof each}`);
    if (isDecimal(each)) return ["d", each.toFixed()];
    const known = this.#places.get(each);
    if (known !== undefined) return ["=", known];
    this.#places.add(each);
    return this.#packObject(each);
  }

  /** `before`: the value as it was at the cut. Other parts find it as the object that it is. */
  #packHeld(value: unknown, before: unknown): Packed {
    if (typeof value !== "object" || value === null) return this.#pack(value);
    const known = this.#places.get(value);
    if (known !== undefined) return ["=", known];
    this.#places.addChanging(value);
    return this.#packObject(before as object);
  }

  #packObject(each: object): Packed {
    if (Array.isArray(each))
      return this.#isApart(each, each.length) ? ["list", this.#putList([...each])] : this.#packList("a", each);
    if (each instanceof ArchivedMap) return this.#packArchived(each);
    if (each instanceof PositionRecord) return this.#packPosition(each);
    if (each instanceof TradeSums) {
      const { fills, sums, fees } = each.parts;
      return ["trades", this.#pack(sums), this.#pack(fees), this.#putMap(fills)];
    }
    if (each instanceof TextMap) return ["texts", this.#putMap(each)];
    if (each instanceof Map) return this.#isApart(each, each.size) ? ["map", this.#putMap(each)] : this.#packMap(each);
    if (each instanceof Set) return this.#packList("s", each);
    const prototype: unknown = Object.getPrototypeOf(each);
    if (prototype !== Object.prototype && prototype !== null)
      throw new TypeError(`a state has no ${each.constructor.name}`);
    return isItsOwnJson(each) ? (each as Packed) : this.#packMembers(each);
  }

  #isApart(each: object, size: number): boolean {
    if (this.#isFirst) return this.#options.growing?.has(each) === true;
    return size > LARGE;
  }

  /** Returns the number of the part. */
  #put(linesOf: (number: number) => Generator<string>): number {
    const number = this.#parts++;
    this.#later.push(() => linesOf(number));
    return number;
  }

  #putList(list: readonly unknown[]): number {
    return this.#put((number) => this.#listLines(number, list));
  }

  #putMap(map: ReadonlyMap<unknown, unknown>): number {
    const entries = entriesOf(map);
    return this.#put((number) => this.#mapLines(number, entries));
  }

  #packArchived(map: ArchivedMap<string, unknown>): Packed {
    map.hold();
    this.#maps.push(map);
    return ["archived", map.table, this.#put((number) => this.#archivedLines(number, map))];
  }

  #packPosition(position: PositionRecord): Packed {
    const { parts, changes } = position.takeHeld();
    const text = "text" in changes ? changes.text : stateText(changes);
    const lines = function* (number: number): Generator<string> {
      yield `${number}\t${text}`;
    };
    return ["position", this.#pack(parts), this.#put(lines)];
  }

  #packList(kind: string, values: Iterable<unknown>): Packed {
    const packed: Packed[] = [kind];
    for (const each of values) packed.push(this.#pack(each));
    return packed;
  }

  #packMap(map: ReadonlyMap<unknown, unknown>): Packed {
    const packed: Packed[] = ["m"];
    map.forEach((each, key) => packed.push(this.#pack(key), this.#pack(each)));
    return packed;
  }

  #packMembers(each: object): Packed {
    return Object.fromEntries(Object.entries(each).map(([name, member]) => [name, this.#pack(member)]));
  }
}

/** Some entries of a part. */
class PartLine {
  readonly #number: number;
  readonly #chars: number;
  #text = "";

  constructor(number: number, chars = LINE_CHARS) {
    this.#number = number;
    this.#chars = chars;
  }

  add(packed: Packed): void {
    this.#text += `${this.isEmpty ? "" : ","}${JSON.stringify(packed)}`;
  }

  get isEmpty(): boolean {
    return this.#text === "";
  }

  get isFull(): boolean {
    return this.#text.length >= this.#chars;
  }

  take(): string {
    const text = this.#text;
    this.#text = "";
    return `${this.#number}\t[${text}]`;
  }
}

interface MapEntries {
  readonly keys: readonly unknown[];
  readonly values: readonly unknown[];
}

/** As they are now. The values of a map are of one kind. */
function entriesOf(map: ReadonlyMap<unknown, unknown>): MapEntries {
  const keys = [...map.keys()];
  const values = [...map.values()];
  const [first] = values;
  if (Array.isArray(first)) return { keys, values: values.map((list) => [...(list as readonly unknown[])]) };
  if (first instanceof PositionRecord) for (const position of values) (position as PositionRecord).hold();
  return { keys, values };
}

/** Whether JSON holds all members as they are: most objects, such as fills, are written without a copy. */
function isItsOwnJson(each: object): boolean {
  for (const name in each) {
    const member: unknown = each[name as never];
    const isHeld =
      typeof member === "string" ||
      typeof member === "boolean" ||
      (typeof member === "number" && Number.isFinite(member));
    if (!isHeld) return false;
  }
  return true;
}

/** @throws TypeError for a value of another kind, and for a number that JSON does not hold. */
export function stateText(value: unknown): string {
  const cut = new StateCut(value);
  const text = [...cut.lines()].join("\n");
  cut.release();
  return text;
}
