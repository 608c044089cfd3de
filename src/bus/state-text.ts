/**
 * The text of a value of the desk's state, and the value of such a text. Unlike JSON, the text keeps maps, sets,
 * decimals, `undefined`, and which objects are one: an order in flight is the same object in two maps.
 *
 * A plain object is a JSON object. Everything else is an array whose first element names its kind.
 */
import { ArchivedMap, type ArchivedMapParts } from "../domain/archived-map.ts";
import { decimal, isDecimal } from "../domain/decimal.ts";
import { type PositionParts, PositionRecord } from "../domain/account/position.ts";
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
    if (Array.isArray(each)) return ["a", ...each.map(pack)];
    if (each instanceof ArchivedMap) return ["archived", each.table, pack(each.partsWithout(evictedOf(each)))];
    if (each instanceof PositionRecord) return ["position", pack(each.parts)];
    if (each instanceof TradeSums) return ["trades", pack(each.parts)];
    if (each instanceof Map) return ["m", ...[...each].flat().map(pack)];
    if (each instanceof Set) return ["s", ...[...each].map(pack)];
    const prototype: unknown = Object.getPrototypeOf(each);
    if (prototype !== Object.prototype && prototype !== null)
      throw new TypeError(`a state has no ${each.constructor.name}`);
    return Object.fromEntries(Object.entries(each).map(([name, member]) => [name, pack(member)]));
  };
  return JSON.stringify(pack(value));
}

/**
 * Puts the entries of archived maps into `maps`.
 * @throws TypeError or SyntaxError for a text that {@link stateText} did not write.
 */
export function stateOf(text: string, maps: readonly ArchivedMap<string, unknown>[] = []): unknown {
  const built: unknown[] = [];
  const keep = <T>(place: number, value: T): T => {
    built[place] = value;
    return value;
  };
  const unpack = (packed: Packed): unknown => {
    if (typeof packed !== "object" || packed === null) return packed;
    if (!Array.isArray(packed)) return unpackObject(packed as { readonly [name: string]: Packed });
    const [kind, ...parts] = packed as readonly Packed[];
    if (kind === "u") return undefined;
    if (kind === "d") return decimal(String(parts[0]));
    if (kind === "=") return built[Number(parts[0])];
    return unpackList(String(kind), parts);
  };
  const unpackObject = (packed: { readonly [name: string]: Packed }): unknown => {
    const object: Record<string, unknown> = {};
    built.push(object);
    for (const [name, member] of Object.entries(packed))
      Object.defineProperty(object, name, {
        value: unpack(member),
        enumerable: true,
        writable: true,
        configurable: true,
      });
    return object;
  };
  const unpackList = (kind: string, parts: readonly Packed[]): unknown => {
    const place = built.push(undefined) - 1;
    switch (kind) {
      case "a": {
        const list = keep<unknown[]>(place, []);
        for (const part of parts) list.push(unpack(part));
        return list;
      }
      case "m": {
        const map = keep(place, new Map<unknown, unknown>());
        for (let i = 0; i < parts.length; i += 2) map.set(unpack(parts[i] as Packed), unpack(parts[i + 1] as Packed));
        return map;
      }
      case "s": {
        const set = keep(place, new Set<unknown>());
        for (const part of parts) set.add(unpack(part));
        return set;
      }
      case "archived": {
        const map = maps.find(({ table }) => table === parts[0]);
        if (map === undefined) throw new TypeError(`there is no archived map ${String(parts[0])}`);
        keep(place, map).restore(unpack(parts[1] as Packed) as ArchivedMapParts<string, unknown>);
        return map;
      }
      case "position":
        return keep(place, PositionRecord.from(unpack(parts[0] as Packed) as PositionParts));
      case "trades":
        return keep(place, new TradeSums(unpack(parts[0] as Packed) as TradeSumsParts));
      default:
        throw new TypeError(`a state has no ${kind}`);
    }
  };
  return unpack(JSON.parse(text) as Packed);
}
