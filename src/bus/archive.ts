/**
 * What has left the desk's memory: ended orders, their fills and other keys, in layers. A checkpoint writes one layer,
 * which is never changed; a later version of an entry is in a later layer. Digests of all that is read are in the index
 * or in the checkpoint, which the host's key signs.
 */
import { bufferView } from "../lib/buffer-view.ts";
import { type Archive, type ArchiveTable, ArchivedMap } from "../domain/archived-map.ts";
import { sha256Hex } from "../domain/digest.ts";
import { QocError, messageOf } from "../domain/errors/error.ts";
import type { FillKey } from "../domain/fills/fill.ts";
import type { CountedFill } from "../domain/fills/fill-state.ts";
import { ORDER_STATES, type OrderRecord } from "../domain/orders/order-state.ts";
import type { Disk } from "../domain/ports.ts";
import type { VenueFill } from "../domain/market/venue.ts";
import { type OrderId, isNamedByStem } from "../domain/ids.ts";
import {
  type IndexEntry,
  type IndexKind,
  type IndexRun,
  LINE_DIGEST_BYTES,
  type ListedEntry,
  aliasKey,
  listKey,
  nameKeys,
  sha256,
} from "./archive-index.ts";
import { PROJECTION_SECTIONS, type ProjectionPlan, type ProjectionSection } from "./kept-projection.ts";
import { stateOf } from "./state-reader.ts";
import { stateText } from "./state-text.ts";

export const SECTIONS = ["orders", "fills", "others", ...PROJECTION_SECTIONS] as const;
export type SectionName = (typeof SECTIONS)[number];

export interface SectionFacts {
  readonly from: number;
  readonly bytes: number;
  readonly sha256: string;
}

/** A layer in a checkpoint. */
export interface LayerFacts {
  readonly number: number;
  readonly bytes: number;
  readonly sections: Readonly<Record<SectionName, SectionFacts>>;
  readonly tradeTimes: ProjectionPlan["tradeTimes"];
}

/** A fill as the archive keeps it. `place`: among all fills, in the order of their arrival; -1 for a later version. */
export interface ArchivedFill {
  readonly fill: VenueFill;
  readonly counted: CountedFill | undefined;
  readonly place: number;
}

/** One line of a layer. It is found by its own key and by its aliases. */
export interface ArchiveLine {
  readonly table: ArchiveTable;
  readonly key: string;
  readonly value: unknown;
  /** Table and key, with {@link aliasOf}. */
  readonly aliases: readonly string[];
}

/** The orders by state and place, the orders by the time of their decision, and the fills by place. */
const LISTS = [...ORDER_STATES, "decided", "fills"] as const;
export type ListName = (typeof LISTS)[number];

export function listKeyOf(list: ListName, number: number): Buffer {
  return listKey(LISTS.indexOf(list), number);
}

export interface ListedOrders {
  readonly orders: readonly OrderRecord[];
  /** The orders that follow are before this number; undefined: no order follows. */
  readonly next: number | undefined;
}

export function aliasOf(table: ArchiveTable, key: string): string {
  return `${table}\0${key}`;
}

export function layerName(number: number): string {
  return `${String(number).padStart(6, "0")}.layer`;
}

export function runsOf(kind: IndexKind, runs: readonly IndexRun[]): readonly IndexRun[] {
  return runs.filter(({ facts }) => facts.kind === kind);
}

export function lineText(line: ArchiveLine): string {
  return `${stateText(line)}\n`;
}

export function lineDigest(line: Uint8Array): Buffer {
  return sha256(line).subarray(0, LINE_DIGEST_BYTES);
}

export interface ArchiveOptions {
  readonly disk: Disk;
  readonly dir: string;
  /** Called once, with the first error of a look-up. */
  onDamage(error: QocError): void;
}

export class DiskArchive implements Archive {
  readonly #options: ArchiveOptions;
  #layers: readonly LayerFacts[] = [];
  /** The newest of each kind first. */
  #runs: readonly IndexRun[] = [];
  #index: readonly IndexRun[] = [];
  #names: readonly IndexRun[] = [];
  #lists: readonly IndexRun[] = [];
  #damage: QocError | undefined;

  constructor(options: ArchiveOptions) {
    this.#options = options;
  }

  get layers(): readonly LayerFacts[] {
    return this.#layers;
  }

  get runs(): readonly IndexRun[] {
    return this.#runs;
  }

  /** These layers and runs replace those of before. */
  use(layers: readonly LayerFacts[], runs: readonly IndexRun[]): void {
    this.#layers = layers;
    this.#runs = runs;
    this.#index = runsOf("index", runs);
    this.#names = runsOf("names", runs);
    this.#lists = runsOf("lists", runs);
  }

  /** For the runs of the index. @throws if the file lacks the part. */
  readonly read = (name: string, offset: number, length: number): Uint8Array =>
    this.#options.disk.readPart(`${this.#options.dir}/${name}`, offset, length);

  find(table: ArchiveTable, key: string): unknown {
    const found = this.#findLine(table, key);
    return found === undefined ? undefined : valueOf(table, found.line);
  }

  /**
   * At least `count` orders of these lists before this number, if there are so many, the greatest number first. An
   * order is in the lists of its newest version.
   */
  orders(lists: readonly ListName[], before: number, count: number): ListedOrders {
    const listed = this.#listed(lists, before, count);
    const orders = listed.flatMap(({ entry }) => this.#newestAt(entry) ?? []);
    return { orders, next: listed.length < count ? undefined : listed.at(-1)?.number };
  }

  /** The keys of the fills at these places, by place. `end` is not included. */
  fillKeys(start: number, end: number): ReadonlyMap<number, FillKey> {
    const keys = new Map<number, FillKey>();
    for (const { number, entry } of this.#listed(["fills"], end, end - start))
      if (number >= start) keys.set(number, this.#line(entry).key as FillKey);
    return keys;
  }

  /** Entries with one number are returned together, so that the number is a cursor. */
  #listed(lists: readonly ListName[], before: number, count: number): readonly ListedEntry[] {
    const found: ListedEntry[] = [];
    const runs = lists.flatMap((list) => this.#lists.map((run) => run.listedBefore(listKeyOf(list, before))));
    try {
      for (const listed of mergedLists(runs)) {
        if (found.length >= count && listed.number !== found.at(-1)?.number) break;
        found.push(listed);
      }
    } catch (error) {
      throw this.#damaged("the index of lists", error);
    }
    return found;
  }

  /** undefined if another layer has a newer version of the order. */
  #newestAt(entry: IndexEntry): OrderRecord | undefined {
    const { key, value } = this.#line(entry);
    const hash = aliasKey(aliasOf("orders", key));
    for (const run of this.#index) {
      try {
        for (const { layer, offset, ...other } of run.find(hash)) {
          if (layer === entry.layer && offset === entry.offset) return value as OrderRecord;
          if (this.#line({ layer, offset, ...other }).key === key) return undefined;
        }
      } catch (error) {
        throw this.#damaged(run.facts.name, error);
      }
    }
    return undefined;
  }

  /** What a projection has moved into this layer, in its order. */
  values(layer: LayerFacts, name: ProjectionSection): readonly unknown[] {
    const lines = this.#section(layer, name).toString("utf8").split("\n");
    return lines.slice(0, -1).map((line) => stateOf(line));
  }

  /** The first ids that begin or end with this part. @throws ARCHIVE_DAMAGED. */
  idsNamedBy(part: string, most: number): readonly OrderId[] {
    const found = new Set<OrderId>();
    for (const key of nameKeys(part))
      for (const run of this.#names)
        for (const id of this.#idsAt(run, key)) {
          if (found.size === most) return [...found];
          if (isNamedByStem(id, part)) found.add(id);
        }
    return [...found];
  }

  *#idsAt(run: IndexRun, key: Buffer): Iterable<OrderId> {
    try {
      for (const entry of run.find(key)) yield this.#line(entry).key as OrderId;
    } catch (error) {
      throw this.#damaged(run.facts.name, error);
    }
  }

  #section(layer: LayerFacts, name: SectionName): Buffer {
    const { from, bytes, sha256: digest } = layer.sections[name];
    const file = layerName(layer.number);
    try {
      const section = bufferView(this.read(file, from, bytes));
      if (sha256Hex(section) !== digest) throw new Error(`its ${name} are not those that were written`);
      return section;
    } catch (error) {
      throw this.#damaged(file, error);
    }
  }

  #findLine(table: ArchiveTable, key: string): { readonly line: ArchiveLine; readonly entry: IndexEntry } | undefined {
    if (this.#index.length === 0) return undefined;
    const hash = aliasKey(aliasOf(table, key));
    for (const run of this.#index) {
      try {
        for (const entry of run.find(hash)) {
          const line = this.#line(entry);
          const isFound = line.table === table ? line.key === key : line.aliases.includes(aliasOf(table, key));
          if (isFound) return { line, entry };
        }
      } catch (error) {
        throw this.#damaged(run.facts.name, error);
      }
    }
    return undefined;
  }

  /** @throws ARCHIVE_DAMAGED. */
  #line({ layer, offset, length, digest }: IndexEntry): ArchiveLine {
    const file = layerName(layer);
    try {
      const bytes = bufferView(this.read(file, offset, length));
      if (!lineDigest(bytes).equals(digest)) throw new Error(`byte ${offset} is not what was written`);
      return stateOf(bytes.toString("utf8")) as ArchiveLine;
    } catch (error) {
      throw this.#damaged(file, error);
    }
  }

  #damaged(file: string, error: unknown): QocError {
    if (this.#damage === undefined) {
      this.#damage = new QocError("ARCHIVE_DAMAGED", { file, message: messageOf(error) }, { cause: error });
      this.#options.onDamage(this.#damage);
    }
    return this.#damage;
  }
}

function valueOf(table: ArchiveTable, { value }: ArchiveLine): unknown {
  switch (table) {
    case "fills":
      return (value as ArchivedFill).fill;
    case "counted":
      return (value as ArchivedFill).counted;
    case "stems":
    case "clientOrderIds":
    case "venueOrderIds":
      return (value as OrderRecord).id;
    default:
      return value;
  }
}

/** The greatest number first. */
function* mergedLists(lists: readonly Iterable<ListedEntry>[]): Iterable<ListedEntry> {
  const heads = lists.map((list) => {
    const entries = list[Symbol.iterator]();
    return { entries, next: entries.next() };
  });
  for (;;) {
    let first: (typeof heads)[number] | undefined;
    for (const head of heads)
      if (head.next.done !== true && (first === undefined || head.next.value.number > first.next.value.number))
        first = head;
    if (first === undefined) return;
    yield first.next.value;
    first.next = first.entries.next();
  }
}

/** The maps of a state that an archive holds a part of. */
export function archivedMapsIn(...values: readonly object[]): readonly ArchivedMap<string, unknown>[] {
  return values.flatMap((value) => Object.values(value)).filter((member) => member instanceof ArchivedMap);
}
