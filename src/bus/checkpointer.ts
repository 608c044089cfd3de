/**
 * Writes checkpoints while the desk runs: after each segment of the journal, or after as many bytes as the state has,
 * and at the desk's stop. What leaves memory and the state are written in slices, so that no other work waits. All of
 * the state is as it was at one record: see {@link StateCut}.
 */
import { setImmediate } from "node:timers/promises";
import type { ArchivedMap } from "../domain/archived-map.ts";
import { SerialQueue } from "../lib/serial-queue.ts";
import { type DeskState, growingParts } from "../domain/desk-state.ts";
import { messageOf } from "../domain/errors/error.ts";
import type { DeskEvent, Recorded } from "../domain/event.ts";
import { EVICTION_LIMITS, type EvictionLimits, isFull, planEviction } from "../domain/eviction.ts";
import type { Clock, Disk, Log } from "../domain/ports.ts";
import { type DiskArchive, type LayerFacts, archivedMapsIn, layerName } from "./archive.ts";
import type { IndexRun } from "./archive-index.ts";
import { isEmptyLayer, sectionLines, slices, writeLayer, writeRuns } from "./archive-writer.ts";
import { DepartingLines } from "./departing-lines.ts";
import { CHECKPOINT_FILE, type CheckpointState, checkpointBytes } from "./checkpoint.ts";
import type { Journal } from "./journal.ts";
import type { KeptProjection, ProjectionPlan } from "./kept-projection.ts";
import { StateCut } from "./state-text.ts";

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
  /** Of a line of the state, about. */
  readonly lineChars?: number | undefined;
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

class SegmentCheckpointer implements Checkpointer {
  readonly #options: CheckpointerOptions;
  readonly #maps: readonly ArchivedMap<string, unknown>[];
  #lastSeq: number;
  #segments: number;
  /** Of the last state's text. */
  #stateBytes = 0;
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
    if (bytes < this.#stateBytes) return;
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
    const { disk, dir, journal, state, archive, version, deskId, clock, sign } = this.#options;
    const { limits = EVICTION_LIMITS } = this.#options;
    const pause = slices(clock);
    await disk.mkdir(dir);
    for (const map of this.#maps) map.takeTouched();
    const plan = { ...(await planEviction(state, limits, pause)), authors: this.#oldAuthors() };
    const kept = this.#options.kept.plan();
    const sections = await sectionLines(kept, clock);
    const departing = new DepartingLines(this.#options, this.#maps, pause);
    await departing.prepare(plan);
    // From here to the end of the cut nothing else runs: all of it is of one record.
    departing.finish();
    const { seq, hash } = journal.head;
    const cut = this.#cut(kept.rest(), departing);
    for (const map of this.#maps) map.takeTouched();
    const stateLines = await this.#written(cut);
    await journal.flush();
    const segments = journal.sealed.filter((segment) => segment.seq <= seq);
    const number = (archive.layers.at(-1)?.number ?? 0) + 1;
    const layers = [...archive.layers];
    let { runs } = archive;
    const contents = { lines: departing.lines, sections };
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
    const bytes = await checkpointBytes(facts, stateLines, { sign, pause });
    await disk.writeAtomic(`${dir}/${CHECKPOINT_FILE}`, bytes);
    archive.use(layers, runs);
    for (const map of this.#maps) map.attach(archive);
    kept.remove();
    this.#lastSeq = seq;
    for (const map of this.#maps)
      for (const [key, group] of departing.leaving(map)) {
        map.evict(key, group);
        await pause();
      }
    await this.#removeOthers(layers, runs);
    return kept.isFull || isFull(plan, limits);
  }

  /** The state of now, without what leaves memory. */
  #cut(rest: ReturnType<ProjectionPlan["rest"]>, departing: DepartingLines): StateCut {
    const { state, others, lineChars } = this.#options;
    return new StateCut(
      { state, others, kept: rest.value },
      {
        evictedOf: (map) => departing.leaving(map),
        growing: new Set([...growingParts(state), ...rest.growing]),
        lineChars,
      },
    );
  }

  async #written(cut: StateCut): Promise<readonly Buffer[]> {
    const pause = slices(this.#options.clock);
    const lines: Buffer[] = [];
    this.#stateBytes = 0;
    try {
      for (const line of cut.lines()) {
        const bytes = Buffer.from(`${line}\n`);
        this.#stateBytes += bytes.length;
        lines.push(bytes);
        await pause();
      }
    } finally {
      cut.release();
    }
    return lines;
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
