/** What leaves memory as lines of a layer. */
import type { ArchiveTable } from "../domain/archived-map.ts";
import type { DeskState } from "../domain/desk-state.ts";
import type { FillKey } from "../domain/fills/fill.ts";
import type { OrderId } from "../domain/ids.ts";
import { type OrderRecord, decidedAt, placeOf } from "../domain/orders/order-state.ts";
import { type ArchiveLine, type ArchivedFill, type ListName, aliasOf, lineText } from "./archive.ts";

/** A line of the layer that is to be written. */
export interface PreparedLine extends Pick<ArchiveLine, "table" | "key" | "aliases"> {
  readonly text: Buffer;
  /** The group of the entry in its map. */
  readonly group: string;
  /** The lines of a section are in this order. */
  readonly place: number;
  /** The lists that have it, with its number in each. */
  readonly lists: readonly (readonly [list: ListName, number: number])[];
}

/** The other names by which each order in memory is found. */
export class OrderNames {
  readonly #names = new Map<OrderId, string[]>();

  /** `table` and `key`: where an index has the id. */
  add(table: ArchiveTable, key: string, id: OrderId): void {
    const name = aliasOf(table, key);
    const known = this.#names.get(id);
    if (known === undefined) this.#names.set(id, [name]);
    else if (!known.includes(name)) known.push(name);
  }

  of(id: OrderId): readonly string[] {
    return this.#names.get(id) ?? [];
  }
}

export function orderLine(order: Readonly<OrderRecord>, names: readonly string[]): PreparedLine {
  const aliases = [aliasOf("stems", order.id.toLowerCase()), ...names];
  const text = Buffer.from(lineText({ table: "orders", key: order.id, value: order, aliases }));
  const place = placeOf(order);
  const lists = [[order.state, place] as const, ["decided", decidedAt(order)] as const];
  return { table: "orders", key: order.id, aliases, text, group: order.state, place, lists };
}

export function fillLine(state: DeskState, key: FillKey, place: number): PreparedLine | undefined {
  const [fill, counted] = [state.fills.get(key), state.counted.get(key)];
  if (fill === undefined) return undefined;
  const aliases = counted === undefined ? [] : [aliasOf("counted", key)];
  const value: ArchivedFill = { fill, counted, place };
  return {
    table: "fills",
    key,
    aliases,
    text: Buffer.from(lineText({ table: "fills", key, value, aliases })),
    group: "",
    place,
    lists: place < 0 ? [] : [["fills", place]],
  };
}

export function plainLine(table: ArchiveTable, key: string, value: unknown): PreparedLine | undefined {
  if (value === undefined) return undefined;
  const text = Buffer.from(lineText({ table, key, value, aliases: [] }));
  return { table, key, aliases: [], text, group: "", place: 0, lists: [] };
}
