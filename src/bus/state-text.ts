/**
 * The text of a value of the desk's state, and the value of such a text. Unlike JSON, the text keeps maps, sets,
 * decimals, `undefined`, and which objects are one: an order in flight is the same object in two maps.
 *
 * A plain object is a JSON object. Everything else is an array whose first element names its kind. The changes of each
 * position are a line of their own, which is read when the position changes.
 */
import { ArchivedMap, type ArchivedMapParts } from "../domain/archived-map.ts";
import { decimal, isDecimal } from "../domain/decimal.ts";
import {
  type PositionChange,
  type PositionParts,
  PositionRecord,
  type UnreadChanges,
} from "../domain/account/position.ts";
import { TradeSums, type TradeSumsParts } from "../domain/account/trade-sums.ts";

type Packed = string | number | boolean | null | readonly Packed[] | { readonly [name: string]: Packed };

export interface WriteOptions {
  /** The keys of an archived map that are left out, because the archive has them. */
  evictedOf?(map: ArchivedMap<string, unknown>): ReadonlySet<string>;
}

const NOTHING: ReadonlySet<string> = new Set();

/** @throws TypeError for a value of another kind, and for a number that JSON does not hold. */
export function stateText(value: unknown, { evictedOf = () => NOTHING }: WriteOptions = {}): string {
  const places = new Map<object, number>();
  const deferred: string[] = [];
  const pack = (each: unknown): Packed => {
    if (each === undefined) return ["u"];
    if (each === null || typeof each === "string" || typeof each === "boolean") return each;
    if (typeof each === "number" && Number.isFinite(each)) return each;
    if (typeof each !== "object") throw new TypeError(`a state has no ${typeof each}`);
    if (isDecimal(each)) return ["d", each.toFixed()];
    const known = places.get(each);
    if (known !== undefined) return ["=", known];
    places.set(each, places.size);
    return packObject(each);
  };
  const packObject = (each: object): Packed => {
    if (Array.isArray(each)) return packList("a", each);
    if (each instanceof ArchivedMap) return ["archived", each.table, pack(each.partsWithout(evictedOf(each)))];
    if (each instanceof PositionRecord)
      return ["position", pack(each.parts), deferred.push(each.changesText((changes) => stateText(changes)))];
    if (each instanceof TradeSums) return ["trades", pack(each.parts)];
    if (each instanceof Map) return packMap(each);
    if (each instanceof Set) return packList("s", each);
    const prototype: unknown = Object.getPrototypeOf(each);
    if (prototype !== Object.prototype && prototype !== null)
      throw new TypeError(`a state has no ${each.constructor.name}`);
    return isItsOwnJson(each) ? (each as Packed) : packMembers(each);
  };
  const packList = (kind: string, values: Iterable<unknown>): Packed => {
    const packed: Packed[] = [kind];
    for (const each of values) packed.push(pack(each));
    return packed;
  };
  const packMap = (map: ReadonlyMap<unknown, unknown>): Packed => {
    const packed: Packed[] = ["m"];
    map.forEach((each, key) => packed.push(pack(key), pack(each)));
    return packed;
  };
  const packMembers = (each: object): Packed =>
    Object.fromEntries(Object.entries(each).map(([name, member]) => [name, pack(member)]));
  return [JSON.stringify(pack(value)), ...deferred].join("\n");
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

/**
 * Puts the entries of archived maps into `maps`.
 * @throws TypeError or SyntaxError for a text that {@link stateText} did not write.
 */
export function stateOf(text: string, maps: readonly ArchivedMap<string, unknown>[] = []): unknown {
  const lines = text.split("\n");
  const built: unknown[] = [];
  const keep = <T>(place: number, value: T): T => {
    built[place] = value;
    return value;
  };
  const unpack = (packed: Packed): unknown => {
    if (typeof packed !== "object" || packed === null) return packed;
    if (!Array.isArray(packed)) return unpackObject(packed as Record<string, unknown>);
    const [kind, part] = packed as readonly Packed[];
    if (kind === "u") return undefined;
    if (kind === "d") return decimal(String(part));
    if (kind === "=") return built[Number(part)];
    return unpackList(packed as readonly Packed[]);
  };
  // The parsed object becomes the value: a copy of each would take as long as the parsing.
  const unpackObject = (object: Record<string, unknown>): unknown => {
    built.push(object);
    for (const name in object) {
      const member = object[name];
      if (typeof member === "object" && member !== null) object[name] = unpack(member as Packed);
    }
    return object;
  };
  const unpackList = (packed: readonly Packed[]): unknown => {
    const [kind, part] = packed;
    const place = built.push(undefined) - 1;
    const at = (index: number): unknown => unpack(packed[index] as Packed);
    switch (kind) {
      case "a": {
        const list = keep<unknown[]>(place, []);
        for (let i = 1; i < packed.length; i++) list.push(at(i));
        return list;
      }
      case "m": {
        const map = keep(place, new Map<unknown, unknown>());
        for (let i = 1; i < packed.length; i += 2) map.set(at(i), at(i + 1));
        return map;
      }
      case "s": {
        const set = keep(place, new Set<unknown>());
        for (let i = 1; i < packed.length; i++) set.add(at(i));
        return set;
      }
      case "archived": {
        const map = maps.find(({ table }) => table === part);
        if (map === undefined) throw new TypeError(`there is no archived map ${String(part)}`);
        keep(place, map).restore(at(2) as ArchivedMapParts<string, unknown>);
        return map;
      }
      case "position":
        return keep(place, PositionRecord.from(at(1) as PositionParts, changesOf(lines[Number(packed[2])])));
      case "trades":
        return keep(place, new TradeSums(at(1) as TradeSumsParts));
      default:
        throw new TypeError(`a state has no ${String(kind)}`);
    }
  };
  return unpack(JSON.parse(lines[0] ?? "") as Packed);
}

/** @throws TypeError if there is no such line. */
function changesOf(text: string | undefined): UnreadChanges {
  if (text === undefined) throw new TypeError("a position has no changes");
  return { text, read: () => stateOf(text) as readonly PositionChange[] };
}
