/**
 * The append-only journal. `append` assigns the sequence number at once; `committed` resolves when the record is on
 * disk. Group commit: one write and its sync run at a time, and records that are appended meanwhile go into the next
 * write. After a failed write or sync the journal acknowledges nothing more, because the kernel may mark lost
 * pages as clean.
 */
import { QocError, messageOf } from "../domain/errors/error.ts";
import type { DeskEvent, Recorded } from "../domain/event.ts";
import type { AppendFile, Clock, Disk, Log } from "../domain/ports.ts";
import {
  type JournalScan,
  type ScanOptions,
  type ScanStart,
  type SealedSegment,
  scanJournal,
  segmentName,
} from "./journal-read.ts";
import { LineBuffer } from "./line-buffer.ts";
import { counted } from "../lib/counted.ts";

export interface Appended {
  readonly recorded: Recorded;
  readonly committed: Promise<void>;
}

export interface Journal {
  /** Synchronous: the order and the sequence number are final when it returns. `durable` requests a flush now. */
  append(event: DeskEvent, options?: { durable?: boolean }): Appended;
  /** The error after which the journal accepts no records; undefined while it works. */
  readonly failure: QocError | undefined;
  readonly head: { readonly seq: number; readonly hash: string };
  /** The newest record that is on disk. */
  readonly durable: { readonly seq: number; readonly hash: string };
  /** The segments that are not written any more. */
  readonly sealed: readonly SealedSegment[];
  /** The epoch of the records that follow. A copied desk starts a new epoch. */
  epoch: number;
  /** Resolves when everything appended so far is on disk. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

export interface JournalOptions {
  readonly disk: Disk;
  readonly dir: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly segmentBytes?: number;
  readonly onFailure?: (failure: QocError) => void;
  /** Receives each existing record as it is read. The scan then keeps no records. */
  readonly take?: (recorded: Recorded, hash: string) => void;
  /** Only the records after this one are read. */
  readonly from?: ScanStart | undefined;
  /** As of a scan. */
  readonly openChecker?: ScanOptions["openChecker"];
}

/** A start after a crash reads the records since the last segment began. */
const SEGMENT_BYTES = 4 * 1024 * 1024;
const SYNCED = { isSynced: true };
/** The latest flush of a record without `durable`. */
const LAZY_MS = 50;

/** Lines that are written to disk together, with one promise for all callers that wait for them. */
interface Batch {
  readonly lines: LineBuffer;
  readonly committed: Promise<void>;
  resolve(): void;
  reject(error: unknown): void;
}

function openBatch(lines: LineBuffer): Batch {
  let resolve: () => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const committed = new Promise<void>((yes, no) => ([resolve, reject] = [yes, no]));
  // Some callers of `append` ignore the promise.
  committed.catch(() => undefined);
  return { lines, committed, resolve, reject };
}

/**
 * Reads the existing records, moves a torn tail aside, and opens the journal for appending. A corrupt journal is not
 * opened for writing: the scan has the problem, and the desk serves reads only.
 */
export async function openJournal({
  take,
  from,
  openChecker,
  ...options
}: JournalOptions): Promise<{ scan: JournalScan; journal: Journal | undefined }> {
  const { disk, dir } = options;
  await disk.mkdir(dir);
  // The open journal does not keep `take`, which may refer to all that was read.
  const scan = await scanJournal(disk, dir, { take, from, openChecker });
  if (scan.corrupt !== undefined || scan.lacksStart === true) return { scan, journal: undefined };
  if (scan.torn !== undefined) await setAside(options, scan.torn);
  const file = await disk.append(`${dir}/${segmentName(Math.max(1, scan.segments.length))}`, SYNCED);
  const journal = new SegmentedJournal(options, scan, file);
  try {
    journal.requireNoOtherWriter(scan.bytes);
  } catch (error) {
    await journal.close();
    throw failureOf(error);
  }
  return { scan, journal };
}

/** Another desk, or a program that replaces files, has changed the journal. */
class OtherWriterError extends Error {}

function failureOf(error: unknown): QocError {
  const fix =
    error instanceof OtherWriterError
      ? "end what else writes the folder .qoc/journal: another desk, or a program that synchronises or restores files"
      : "check the disk and its free space";
  return new QocError("JOURNAL_FAILED", { message: messageOf(error), fix }, { cause: error });
}

/** Keeps the torn bytes for inspection. They were never acknowledged. */
async function setAside({ disk, dir, log }: JournalOptions, torn: NonNullable<JournalScan["torn"]>): Promise<void> {
  const path = `${dir}/${torn.segment}`;
  const bytes = await disk.read(path);
  await disk.mkdir(`${dir}/torn`);
  await disk.writeAtomic(`${dir}/torn/${torn.segment}.${torn.offset}`, bytes.subarray(torn.offset));
  await disk.truncate(path, torn.offset);
  log.warn(`journal ${torn.segment}: an unfinished last line of ${counted(torn.bytes, "byte")} was set aside in torn/`);
}

class SegmentedJournal implements Journal {
  readonly #options: JournalOptions;
  #seq: number;
  #hash: string;
  #durable: { readonly seq: number; readonly hash: string };
  #number: number;
  #file: AppendFile;
  #next: Batch | undefined;
  /** The lines that are being written. */
  #writing: Batch | undefined;
  /** Of the batch before: one buffer is filled while the other is written. */
  #spare: LineBuffer | undefined;
  #flushing: Promise<void> | undefined;
  #cancelLazy: (() => void) | undefined;
  #failure: QocError | undefined;
  readonly sealed: SealedSegment[];
  epoch = 0;

  constructor(options: JournalOptions, { head, sealed, segments }: JournalScan, file: AppendFile) {
    this.#options = options;
    this.sealed = [...sealed];
    this.#seq = head.seq;
    this.#hash = head.hash;
    this.#durable = head;
    this.#number = Math.max(1, segments.length);
    this.#file = file;
  }

  get failure(): QocError | undefined {
    return this.#failure;
  }

  get head(): { seq: number; hash: string } {
    return { seq: this.#seq, hash: this.#hash };
  }

  get durable(): { readonly seq: number; readonly hash: string } {
    return this.#durable;
  }

  append(event: DeskEvent, { durable = false }: { durable?: boolean } = {}): Appended {
    if (this.#failure !== undefined) throw this.#failure;
    const recorded: Recorded = { seq: this.#seq + 1, at: this.#options.clock.now(), epoch: this.epoch, event };
    const batch = this.#next ?? this.#openBatch();
    // Throws for a line that is too large, before anything has changed.
    this.#hash = batch.lines.append(recorded, this.#hash);
    this.#next = batch;
    this.#seq = recorded.seq;
    if (durable) this.#start();
    else this.#cancelLazy ??= this.#options.clock.after(LAZY_MS, () => this.#start());
    return { recorded, committed: batch.committed };
  }

  /** Waits for the records of this moment only: further records may arrive without a pause. */
  async flush(): Promise<void> {
    if (this.#next !== undefined) this.#start();
    await (this.#next ?? this.#writing)?.committed;
    if (this.#failure !== undefined) throw this.#failure;
  }

  async close(): Promise<void> {
    await this.flush().catch(() => undefined);
    while (this.#flushing !== undefined) await this.#flushing;
    this.#cancelLazy?.();
    await this.#file.close();
  }

  #openBatch(): Batch {
    const lines = this.#spare ?? new LineBuffer();
    this.#spare = undefined;
    return openBatch(lines);
  }

  #start(): void {
    this.#cancelLazy?.();
    this.#cancelLazy = undefined;
    this.#flushing ??= this.#drain();
  }

  async #drain(): Promise<void> {
    // Records that are appended in the same tick share one flush.
    await Promise.resolve();
    while (this.#next !== undefined && this.#failure === undefined) {
      const batch = this.#next;
      [this.#writing, this.#next] = [batch, undefined];
      // The last record of the batch: later records go into the next batch.
      const { head } = this;
      try {
        await this.#write(batch);
        this.#durable = head;
        batch.resolve();
        batch.lines.clear();
        this.#spare = batch.lines;
      } catch (error) {
        this.#fail(error, batch);
      }
    }
    this.#writing = undefined;
    // Synchronous after the last check of the queue: a record that is appended from now on starts the next drain.
    this.#flushing = undefined;
  }

  async #write({ lines }: Batch): Promise<void> {
    if (this.#file.size >= (this.#options.segmentBytes ?? SEGMENT_BYTES)) await this.#roll();
    this.requireNoOtherWriter();
    await this.#file.write(lines.bytes);
    await this.#file.sync();
    this.requireNoOtherWriter();
  }

  /**
   * A desk in a container, or on another machine that has the folder, is no process that the lock shows. Two desks that
   * append to one journal could each send an order of one proposal: a desk that finds what another wrote writes no
   * more, so no intent of it becomes durable. Takes microseconds. @throws OtherWriterError.
   */
  requireNoOtherWriter(expected = this.#file.size): void {
    const { disk, dir } = this.#options;
    const { size: actual, isAtPath } = this.#file.actual();
    const name = segmentName(this.#number);
    // A program that synchronises folders replaces a file by a copy: what is written to the old one is lost.
    if (!isAtPath) throw new OtherWriterError(`${name} was removed or replaced by another program`);
    if (actual !== expected)
      throw new OtherWriterError(`${name} has ${actual} bytes instead of ${expected}: another program wrote`);
    const next = segmentName(this.#number + 1);
    if (disk.readSmall(`${dir}/${next}`, 0) !== "absent") throw new OtherWriterError(`another program wrote ${next}`);
  }

  async #roll(): Promise<void> {
    this.sealed.push({ bytes: this.#file.size, ...this.#durable });
    await this.#file.close();
    this.#number += 1;
    this.#file = await this.#options.disk.append(`${this.#options.dir}/${segmentName(this.#number)}`, SYNCED);
    this.requireNoOtherWriter(0);
  }

  #fail(error: unknown, batch: Batch): void {
    const failure = failureOf(error);
    this.#failure = failure;
    batch.reject(failure);
    this.#next?.reject(failure);
    this.#next = undefined;
    this.#options.log.error(failure.message);
    this.#options.onFailure?.(failure);
  }
}
