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
import type { OrderRecord } from "../domain/orders/order-state.ts";
import type { Disk } from "../domain/ports.ts";
import type { VenueFill } from "../domain/market/venue.ts";
import { type OrderId, isNamedByStem } from "../domain/ids.ts";
import {
  type IndexEntry,
  type IndexKind,
  type IndexRun,
  LINE_DIGEST_BYTES,
  aliasKey,
  nameKeys,
  sha256,
} from "./archive-index.ts";
import { PROJECTION_SECTIONS, type ProjectionPlan, type ProjectionSection } from "./kept-projection.ts";
import { stateOf, stateText } from "./state-text.ts";

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
  /** The newest record that its entries contain, and its time, ms. */
  readonly seq: number;
  readonly at: number;
  readonly sections: Readonly<Record<SectionName, SectionFacts>>;
  /** The smallest place of an order, which is the number of its first record; 0 without orders. */
  readonly firstPlace: number;
  /** Orders by their state. */
  readonly states: Readonly<Record<string, number>>;
  /** The place of its first new fill among all fills, and how many are new. */
  readonly firstFill: number;
  readonly newFills: number;
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
  }

  /** For the runs of the index. @throws if the file lacks the part. */
  readonly read = (name: string, offset: number, length: number): Uint8Array =>
    this.#options.disk.readPart(`${this.#options.dir}/${name}`, offset, length);

  find(table: ArchiveTable, key: string): unknown {
    const found = this.#findLine(table, key);
    return found === undefined ? undefined : valueOf(table, found.line);
  }

  /** The orders of a layer of which it has the newest version, those that were proposed last first. */
  async orders(layer: LayerFacts): Promise<Iterable<OrderRecord>> {
    const section = this.#section(layer, "orders");
    const { from } = layer.sections.orders;
    const isNewest = ({ id }: OrderRecord, offset: number): boolean => {
      const entry = this.#findLine("orders", id)?.entry;
      return entry?.layer === layer.number && entry.offset === from + offset;
    };
    return (function* () {
      for (const { text, offset } of linesBackward(section)) {
        const order = (stateOf(text) as ArchiveLine).value as OrderRecord;
        if (isNewest(order, offset)) yield order;
      }
    })();
  }

  /** The fills that were new in this layer, in the order of their arrival, as they were then. */
  async fills(layer: LayerFacts): Promise<readonly (ArchivedFill & { readonly key: FillKey })[]> {
    const section = this.#section(layer, "fills");
    const fills = [...linesBackward(section)].map(({ text }) => {
      const { key, value } = stateOf(text) as ArchiveLine;
      return { ...(value as ArchivedFill), key: key as FillKey };
    });
    return fills.filter(({ place }) => place >= 0).toReversed();
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

  #line({ layer, offset, length, digest }: IndexEntry): ArchiveLine {
    const bytes = bufferView(this.read(layerName(layer), offset, length));
    if (!lineDigest(bytes).equals(digest)) throw new Error(`byte ${offset} of layer ${layer} is not what was written`);
    return stateOf(bytes.toString("utf8")) as ArchiveLine;
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

function* linesBackward(section: Buffer): Iterable<{ readonly text: string; readonly offset: number }> {
  let end = section.length;
  while (end > 0) {
    const start = section.lastIndexOf(10, end - 2) + 1;
    yield { text: section.toString("utf8", start, end), offset: start };
    end = start;
  }
}

/** The maps of a state that an archive holds a part of. */
export function archivedMapsIn(...values: readonly object[]): readonly ArchivedMap<string, unknown>[] {
  return values.flatMap((value) => Object.values(value)).filter((member) => member instanceof ArchivedMap);
}
