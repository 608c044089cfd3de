/** The value of a text that `state-text.ts` wrote. */
import type { ArchivedMap } from "../domain/archived-map.ts";
import { decimal } from "../domain/decimal.ts";
import { type PositionParts, PositionRecord, type UnreadChanges } from "../domain/account/position.ts";
import type { PositionChange } from "../domain/account/position-change.ts";
import { TradeSums, type TradeSumsParts } from "../domain/account/trade-sums.ts";
import { TextMap } from "../lib/text-map.ts";
import type { VenueFill } from "../domain/market/venue.ts";

export type Packed = string | number | boolean | null | readonly Packed[] | { readonly [name: string]: Packed };

/**
 * Puts the entries of archived maps into `maps`.
 * @throws TypeError or SyntaxError for lines that a {@link StateCut} did not write.
 */
export function stateOf(text: string | Iterable<string>, maps: readonly ArchivedMap<string, unknown>[] = []): unknown {
  return new StateReader(maps).read(typeof text === "string" ? text.split("\n") : text);
}

class StateReader {
  readonly #maps: readonly ArchivedMap<string, unknown>[];
  readonly #built: unknown[] = [];
  /** By the number of a part: what takes its lines. */
  readonly #takers: ((line: string) => void)[] = [];

  constructor(maps: readonly ArchivedMap<string, unknown>[]) {
    this.#maps = maps;
  }

  read(lines: Iterable<string>): unknown {
    let value: unknown;
    let isFirst = true;
    for (const line of lines) {
      // After the line break at the end.
      if (line === "") continue;
      if (isFirst) value = this.#unpack(JSON.parse(line) as Packed);
      else this.#takeLine(line);
      isFirst = false;
    }
    return value;
  }

  #takeLine(line: string): void {
    const end = line.indexOf("\t");
    const taker = this.#takers[Number(line.slice(0, end))];
    if (end === -1 || taker === undefined) throw new TypeError("a line of a state belongs to no part");
    taker(line.slice(end + 1));
  }

  #unpack(packed: Packed): unknown {
    if (typeof packed !== "object" || packed === null) return packed;
    if (!Array.isArray(packed)) return this.#unpackObject(packed as Record<string, unknown>);
    const [kind, part] = packed as readonly Packed[];
    if (kind === "u") return undefined;
    if (kind === "d") return decimal(String(part));
    if (kind === "=") return this.#built[Number(part)];
    return this.#unpackList(packed as readonly Packed[]);
  }

  /** The parsed object becomes the value: a copy of each would take as long as the parsing. */
  #unpackObject(object: Record<string, unknown>): unknown {
    this.#built.push(object);
    for (const name in object) {
      const member = object[name];
      if (typeof member === "object" && member !== null) object[name] = this.#unpack(member as Packed);
    }
    return object;
  }

  #unpackList(packed: readonly Packed[]): unknown {
    const [kind] = packed;
    const place = this.#built.push(undefined) - 1;
    const keep = <T>(value: T): T => {
      this.#built[place] = value;
      return value;
    };
    const at = (index: number): unknown => this.#unpack(packed[index] as Packed);
    switch (kind) {
      case "a": {
        const list = keep<unknown[]>([]);
        for (let i = 1; i < packed.length; i++) list.push(at(i));
        return list;
      }
      case "m": {
        const map = keep(new Map<unknown, unknown>());
        for (let i = 1; i < packed.length; i += 2) map.set(at(i), at(i + 1));
        return map;
      }
      case "s": {
        const set = keep(new Set<unknown>());
        for (let i = 1; i < packed.length; i++) set.add(at(i));
        return set;
      }
      case "list": {
        const list = keep<unknown[]>([]);
        this.#takers[Number(packed[1])] = (line) => {
          for (const each of JSON.parse(line) as Packed[]) list.push(this.#unpack(each));
        };
        return list;
      }
      case "map":
        return this.#filledLater(keep(new Map<unknown, unknown>()), packed[1]);
      default:
        return this.#unpackRecord(packed, keep);
    }
  }

  #unpackRecord(packed: readonly Packed[], keep: <T>(value: T) => T): unknown {
    const [kind, part] = packed;
    const at = (index: number): unknown => this.#unpack(packed[index] as Packed);
    switch (kind) {
      case "archived":
        return this.#archivedLater(part, packed[2], keep);
      case "texts":
        return this.#filledLater(keep(new TextMap<string, unknown>()), part);
      case "position":
        return keep(PositionRecord.from(at(1) as PositionParts, this.#changesLater(packed[2])));
      case "trades": {
        const sums = at(1) as TradeSumsParts["sums"];
        const fees = at(2) as TradeSumsParts["fees"];
        return keep(
          new TradeSums({ sums, fees, fills: this.#filledLater(new TextMap<string, VenueFill>(), packed[3]) }),
        );
      }
      default:
        throw new TypeError(`a state has no ${String(kind)}`);
    }
  }

  #filledLater<M extends Map<unknown, unknown>>(map: M, number: Packed | undefined): M {
    this.#takers[Number(number)] = (line) => {
      const entries = JSON.parse(line) as readonly Packed[];
      for (let i = 0; i < entries.length; i += 2)
        map.set(this.#unpack(entries[i] as Packed), this.#unpack(entries[i + 1] as Packed));
    };
    return map;
  }

  #archivedLater(table: unknown, number: Packed | undefined, keep: <T>(value: T) => T): unknown {
    const map = this.#maps.find((known) => known.table === table);
    if (map === undefined) throw new TypeError(`there is no archived map ${String(table)}`);
    this.#filledLater(keep(map), number);
    const fill = this.#takers[Number(number)];
    this.#takers[Number(number)] = (line) => {
      if (line.startsWith("[")) fill?.(line);
      else map.restore(this.#unpack(JSON.parse(line) as Packed) as Parameters<typeof map.restore>[0]);
    };
    return map;
  }

  #changesLater(number: Packed | undefined): UnreadChanges {
    const changes = { text: "", read: () => stateOf(changes.text) as readonly PositionChange[] };
    this.#takers[Number(number)] = (line) => (changes.text = line);
    return changes;
  }
}
