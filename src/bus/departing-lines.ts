/**
 * What leaves memory with the next checkpoint, written down in slices. What changes meanwhile is written down again:
 * most of it in slices too, and the rest in the turn of the checkpoint's cut, so that every line is of its record.
 */
import type { ArchivedMap } from "../domain/archived-map.ts";
import type { ActivityKey } from "../domain/account/venue-activity.ts";
import { type Eviction, mayLeaveMemory } from "../domain/eviction.ts";
import type { FillKey } from "../domain/fills/fill.ts";
import type { OrderId } from "../domain/ids.ts";
import { aliasOf } from "./archive.ts";
import { OrderNames, type PreparedLine, fillLine, orderLine, plainLine } from "./archive-lines.ts";
import type { TurnPause } from "./archive-index.ts";
import type { CheckpointState } from "./checkpoint.ts";

export interface DeparturePlan extends Eviction {
  readonly authors: readonly string[];
}

type Maps = readonly ArchivedMap<string, unknown>[];
/** The keys that leave a map, with their groups, in the order in which they leave. */
export type LeavingKeys = ReadonlyMap<string, string>;

const NOTHING: LeavingKeys = new Map();
/** So few changes are written down again within a turn. */
const FEW = 500;
/** Where records come as fast as they are written down again, it ends all the same. */
const ROUNDS = 8;

export class DepartingLines {
  readonly #whole: Pick<CheckpointState, "state" | "others">;
  readonly #maps: Maps;
  readonly #pause: TurnPause;
  readonly #names = new OrderNames();
  /** By table and key. */
  readonly #lines = new Map<string, PreparedLine>();
  /** By table. */
  readonly #leaving = new Map<string, Map<string, string>>();

  constructor(whole: Pick<CheckpointState, "state" | "others">, maps: Maps, pause: TurnPause) {
    this.#whole = whole;
    this.#maps = maps;
    this.#pause = pause;
  }

  get lines(): readonly PreparedLine[] {
    return [...this.#lines.values()];
  }

  leaving(map: ArchivedMap<string, unknown>): LeavingKeys {
    return this.#leaving.get(map.table) ?? NOTHING;
  }

  /** The maps record what is touched from before the plan on. */
  async prepare({ orders, fills, activities, authors }: DeparturePlan): Promise<void> {
    const { state, others } = this.#whole;
    for (const map of [state.byClientOrderId, state.byVenueOrderId] as const)
      for (const [key, id] of map.entries()) {
        this.#names.add(map.table, key, id);
        await this.#pause();
      }
    for (const id of orders) {
      const order = state.orders.get(id);
      if (order !== undefined) this.#put(orderLine(order, this.#names.of(id)));
      await this.#pause();
    }
    let place = state.fills.archived;
    for (const key of fills) {
      this.#put(fillLine(state, key, state.fills.isReplaced(key) ? -1 : place++));
      await this.#pause();
    }
    for (const key of activities) this.#put(plainLine("activities", key, state.activities.get(key)));
    for (const key of authors) this.#put(plainLine("authors", key, others.authors.get(key)));
    for (let round = 0; round < ROUNDS && (await this.#catchUp()) > FEW; round++);
  }

  /** In slices. Returns how many keys were touched. */
  async #catchUp(): Promise<number> {
    let count = 0;
    for (const [table, key] of this.#touched()) {
      this.#again(table, key);
      count += 1;
      await this.#pause();
    }
    return count;
  }

  /** Writes down again what has changed since, and leaves out what stays in memory after all. */
  finish(): void {
    for (const [table, key] of this.#touched()) this.#again(table, key);
  }

  *#touched(): Generator<readonly [table: string, key: string]> {
    const { state } = this.#whole;
    const touched = this.#maps.map((map) => ({ map, keys: map.takeTouched() }));
    for (const map of [state.byClientOrderId, state.byVenueOrderId] as const)
      for (const key of touched.find((each) => each.map.table === map.table)?.keys ?? []) {
        const id = (map as ReadonlyMap<string, OrderId>).get(key);
        if (id !== undefined) this.#names.add(map.table, key, id);
      }
    for (const { map, keys } of touched) for (const key of keys) yield [map.table, key];
  }

  #again(table: string, key: string): void {
    const known = this.#lines.get(`${table === "counted" ? "fills" : table}\0${key}`);
    if (known === undefined) return;
    const line = this.#lineOf(known);
    if (line === undefined) this.#remove(known);
    else this.#put(line);
  }

  #lineOf({ table, key, place }: PreparedLine): PreparedLine | undefined {
    const { state, others } = this.#whole;
    if (table === "fills") return fillLine(state, key as FillKey, place);
    if (table === "activities") return plainLine(table, key, state.activities.get(key as ActivityKey));
    if (table === "authors") return plainLine(table, key, others.authors.get(key));
    const order = state.orders.get(key as OrderId);
    if (order === undefined || !mayLeaveMemory(state, order)) return undefined;
    return orderLine(order, this.#names.of(order.id));
  }

  #put(line: PreparedLine | undefined): void {
    if (line === undefined) return;
    this.#lines.set(aliasOf(line.table, line.key), line);
    this.#leave(line.table, line.key, line.group);
    for (const [table, key] of aliasParts(line)) this.#leave(table, key, "");
  }

  #leave(table: string, key: string, group: string): void {
    const keys = this.#leaving.get(table);
    if (keys === undefined) this.#leaving.set(table, new Map([[key, group]]));
    else keys.set(key, group);
  }

  #remove(line: PreparedLine): void {
    this.#lines.delete(aliasOf(line.table, line.key));
    this.#leaving.get(line.table)?.delete(line.key);
    for (const [table, key] of aliasParts(line)) this.#leaving.get(table)?.delete(key);
  }
}

function aliasParts({ aliases }: PreparedLine): readonly (readonly [table: string, key: string])[] {
  return aliases.map((alias) => {
    const end = alias.indexOf("\0");
    return [alias.slice(0, end), alias.slice(end + 1)];
  });
}
