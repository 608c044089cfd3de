/**
 * Writes checkpoints while the desk runs: after each segment of the journal, or after as many bytes as the state has,
 * and at the desk's stop. What leaves memory is written in slices, so that no other work waits; the state itself is
 * written down at one record.
 */
import { setImmediate } from "node:timers/promises";
import type { ArchivedMap } from "../domain/archived-map.ts";
import { SerialQueue } from "../lib/serial-queue.ts";
import type { DeskState } from "../domain/desk-state.ts";
import { messageOf } from "../domain/errors/error.ts";
import type { DeskEvent, Recorded } from "../domain/event.ts";
import {
  EVICTION_LIMITS,
  type Eviction,
  type EvictionLimits,
  isFull,
  mayLeaveMemory,
  planEviction,
} from "../domain/eviction.ts";
import type { FillKey } from "../domain/fills/fill.ts";
import type { OrderId } from "../domain/ids.ts";
import type { Clock, Disk, Log } from "../domain/ports.ts";
import type { ActivityKey } from "../domain/account/venue-activity.ts";
import { type DiskArchive, type LayerFacts, aliasOf, archivedMapsIn, layerName } from "./archive.ts";
import type { IndexRun } from "./archive-index.ts";
import {
  type Lines,
  type OrderNames,
  type PreparedLine,
  fillLine,
  namesOf,
  orderLine,
  plainLine,
} from "./archive-lines.ts";
import { isEmptyLayer, sectionLines, slices, writeLayer, writeRuns } from "./archive-writer.ts";
import { CHECKPOINT_FILE, type CheckpointState, checkpointText } from "./checkpoint.ts";
import type { Journal } from "./journal.ts";
import type { KeptProjection } from "./kept-projection.ts";
import { stateText } from "./state-text.ts";

export interface CheckpointerOptions {
  readonly disk: Disk;
  /** The folder of the checkpoint. */
  readonly dir: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly version: string;
  readonly deskId: string;
  readonly journal: Pick<Journal, "flush" | "head" | "sealed">;
  readonly state: DeskState;
  readonly others: CheckpointState["others"];
  readonly kept: KeptProjection;
  readonly archive: DiskArchive;
  sign(text: string): string;
  /** Whether the journal is whole and written. */
  mayWrite(): boolean;
  /** The record of the checkpoint that the start has read; 0 without one. */
  readonly from: number;
  /** Whether a start that finds the event after its checkpoint reads the whole journal. */
  readonly needsWholeJournal?: (event: DeskEvent) => boolean;
  readonly limits?: EvictionLimits;
}

export interface Checkpointer {
  /** Called with each record that is on disk. Returns at once. */
  take(recorded: Recorded): void;
  /** Writes a checkpoint of now. Never rejects: a failure is logged, and the next segment tries again. */
  write(): Promise<void>;
  /** Writes the last checkpoint, if enough records, or a decision, have followed the one before. */
  close(): Promise<void>;
}

/** Fewer records are read faster than a checkpoint is written. */
const RECORDS_MIN = 1_000;
/** Of texts of agents that are kept in memory; a proposal has two. */
const AUTHORS_KEPT = 1_000;

export function openCheckpointer(options: CheckpointerOptions): Checkpointer {
  return new SegmentCheckpointer(options);
}

interface Plan extends Eviction {
  readonly authors: readonly string[];
}

class SegmentCheckpointer implements Checkpointer {
  readonly #options: CheckpointerOptions;
  readonly #maps: readonly ArchivedMap<string, unknown>[];
  #lastSeq: number;
  #segments: number;
  /** The length of the last state's text. */
  #stateChars = 0;
  /** The last record that the next start must not find after its checkpoint. */
  #lastDecision = 0;
  readonly #writes = new SerialQueue();

  constructor(options: CheckpointerOptions) {
    this.#options = options;
    this.#maps = archivedMapsIn(options.state, options.others);
    this.#lastSeq = options.from;
    // Without a checkpoint the first record starts one, if the journal is long.
    this.#segments = options.from === 0 ? 0 : options.journal.sealed.length;
  }

  take({ seq, event }: Recorded): void {
    if (this.#options.needsWholeJournal?.(event) === true) this.#lastDecision = seq;
    const { sealed } = this.#options.journal;
    if (sealed.length <= this.#segments || this.#writes.isBusy) return;
    const bytes = sealed.slice(this.#segments).reduce((sum, segment) => sum + segment.bytes, 0);
    if (bytes < this.#stateChars) return;
    this.#segments = sealed.length;
    void this.write();
  }

  write(): Promise<void> {
    return this.#writes.run(() => this.#write());
  }

  async close(): Promise<void> {
    await this.#writes.idle();
    const isSlow = this.#lastSeq > 0 && this.#lastDecision > this.#lastSeq;
    if (isSlow || this.#options.journal.head.seq - this.#lastSeq >= RECORDS_MIN) await this.write();
  }

  async #write(): Promise<void> {
    const { log, mayWrite } = this.#options;
    try {
      while (mayWrite() && (await this.#writeOne())) await setImmediate();
    } catch (error) {
      log.error(`the checkpoint is not written: ${messageOf(error)}`);
    }
  }

  /** Returns whether more may leave memory than one checkpoint takes. */
  async #writeOne(): Promise<boolean> {
    const { disk, dir, journal, state, others, archive, version, deskId, clock, sign } = this.#options;
    const { limits = EVICTION_LIMITS } = this.#options;
    await disk.mkdir(dir);
    for (const map of this.#maps) map.takeTouched();
    const plan = { ...planEviction(state, limits), authors: this.#oldAuthors() };
    const kept = this.#options.kept.plan();
    const sections = await sectionLines(kept, clock);
    const lines = await this.#prepare(plan);
    this.#prepareAgain(lines);
    // From here to the text of the state nothing else runs: all of it is of one record.
    const evicted = this.#evictedBy(lines);
    const { seq, hash } = journal.head;
    const whole = { state, others, kept: kept.rest() };
    const text = stateText(whole, { evictedOf: (map) => new Set(evicted.get(map)?.keys()) });
    this.#stateChars = text.length;
    for (const map of this.#maps) map.takeTouched();
    await journal.flush();
    const segments = journal.sealed.filter((segment) => segment.seq <= seq);
    const number = (archive.layers.at(-1)?.number ?? 0) + 1;
    const layers = [...archive.layers];
    let { runs } = archive;
    const contents = { lines: [...lines.values()], sections };
    if (!isEmptyLayer(contents)) {
      const { tradeTimes } = kept;
      const { facts, entries } = await writeLayer(this.#options, { number, tradeTimes }, contents);
      layers.push(facts);
      runs = await writeRuns(this.#options, number, entries);
    }
    const facts = {
      version,
      desk: deskId,
      seq,
      hash,
      at: clock.now(),
      segments,
      layers,
      runs: runs.map((run) => run.facts),
    };
    if (!this.#options.mayWrite()) return false;
    await disk.writeAtomic(`${dir}/${CHECKPOINT_FILE}`, checkpointText(facts, text, sign));
    archive.use(layers, runs);
    for (const map of this.#maps) {
      map.attach(archive);
      map.evict(evicted.get(map) ?? new Map(), map.takeTouched());
    }
    kept.remove();
    this.#lastSeq = seq;
    await this.#removeOthers(layers, runs);
    return kept.isFull || isFull(plan, limits);
  }

  /** Writes down what leaves memory, by table and key. */
  async #prepare({ orders, fills, activities, authors }: Plan): Promise<Lines> {
    const { state, others } = this.#options;
    const lines: Lines = new Map();
    const names = namesOf(state);
    const pause = slices(this.#options.clock);
    const put = (line: PreparedLine | undefined): void => {
      if (line !== undefined) lines.set(aliasOf(line.table, line.key), line);
    };
    for (const id of orders) {
      const order = state.orders.get(id);
      if (order !== undefined) put(orderLine(order, names.get(id) ?? []));
      await pause();
    }
    let place = state.fills.archived;
    for (const key of fills) {
      put(fillLine(state, key, state.fills.isReplaced(key) ? -1 : place++));
      await pause();
    }
    for (const key of activities) put(plainLine("activities", key, state.activities.get(key)));
    for (const key of authors) put(plainLine("authors", key, others.authors.get(key)));
    return lines;
  }

  /** Writes down again what has changed since, and leaves out what stays in memory after all. */
  #prepareAgain(lines: Lines): void {
    const { state } = this.#options;
    const touched = this.#maps.map((map) => ({ table: map.table, keys: map.takeTouched() }));
    const names = namesOf(state);
    for (const { table, keys } of touched)
      for (const key of keys) {
        const known = lines.get(aliasOf(table === "counted" ? "fills" : table, key));
        if (known === undefined) continue;
        const again = this.#lineAgain(known, names);
        if (again === undefined) lines.delete(aliasOf(known.table, known.key));
        else lines.set(aliasOf(known.table, known.key), again);
      }
  }

  #lineAgain({ table, key, place }: PreparedLine, names: OrderNames): PreparedLine | undefined {
    const { state, others } = this.#options;
    if (table === "fills") return fillLine(state, key as FillKey, place);
    if (table === "activities") return plainLine(table, key, state.activities.get(key as ActivityKey));
    if (table === "authors") return plainLine(table, key, others.authors.get(key));
    const order = state.orders.get(key as OrderId);
    if (order === undefined || !mayLeaveMemory(state, order)) return undefined;
    return orderLine(order, names.get(order.id) ?? []);
  }

  /** By map: the keys of these lines with their groups. */
  #evictedBy(lines: Lines): ReadonlyMap<ArchivedMap<string, unknown>, ReadonlyMap<string, string>> {
    const byTable = new Map<string, Map<string, string>>();
    const put = (table: string, key: string, group: string): void => {
      const keys = byTable.get(table) ?? new Map<string, string>();
      byTable.set(table, keys.set(key, group));
    };
    for (const { table, key, aliases, group } of lines.values()) {
      put(table, key, group);
      for (const alias of aliases) {
        const end = alias.indexOf("\0");
        put(alias.slice(0, end), alias.slice(end + 1), "");
      }
    }
    return new Map(this.#maps.map((map) => [map, byTable.get(map.table) ?? new Map<string, string>()]));
  }

  /** Layers and runs of no checkpoint: of an earlier archive, of a write that was cut off, or merged. */
  async #removeOthers(layers: readonly LayerFacts[], runs: readonly IndexRun[]): Promise<void> {
    const { disk, dir } = this.#options;
    const used = new Set([...layers.map(({ number }) => layerName(number)), ...runs.map(({ facts }) => facts.name)]);
    for (const { name, kind } of await disk.list(dir))
      if (kind === "file" && ARCHIVE_FILE.test(name) && !used.has(name)) await disk.remove(`${dir}/${name}`);
  }

  #oldAuthors(): readonly string[] {
    const keys = [...(this.#options.others.authors.keys() ?? [])];
    return keys.slice(0, Math.max(0, keys.length - AUTHORS_KEPT));
  }
}

const ARCHIVE_FILE = /^\d{6,}(\.layer|-\d{6,}\.(index|names|lists))$/;
