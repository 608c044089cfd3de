/**
 * The append-only journal. `append` gives a place in the order at once; `committed` resolves when the record is on disk.
 * Group commit: one write and one fdatasync are under way at a time, and whatever was appended meanwhile goes into the next.
 * After a failed write or sync nothing is acknowledged any more: pages may be marked clean though they were lost.
 */
import { QocError, messageOf } from "../domain/error.ts";
import type { DeskEvent, Recorded } from "../domain/event.ts";
import type { AppendFile, Clock, Disk, Log } from "../domain/ports.ts";
import { type JournalScan, scanJournal, segmentName } from "./journal-read.ts";
import { writeLine } from "./journal-record.ts";

export interface Appended {
  readonly recorded: Recorded;
  readonly committed: Promise<void>;
}

export interface Journal {
  /** Synchronous: order and sequence are settled when it returns. `durable` asks for a flush now. */
  append(event: DeskEvent, options?: { durable?: boolean }): Appended;
  /** Why it no longer takes records, where it does not. */
  readonly failure: QocError | undefined;
  readonly head: { readonly seq: number; readonly hash: string };
  /** The life of the desk that later records belong to. */
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
  /** Takes each record that is there already, as it is read; none is kept in the scan then. */
  readonly take?: (recorded: Recorded) => void;
}

const SEGMENT_BYTES = 8 * 1024 * 1024;
/** A record that nobody waits for is flushed at the latest after this. */
const LAZY_MS = 50;

/** Lines that go to disk together, and the one promise that all who wait for them share. */
interface Batch {
  readonly lines: string[];
  readonly committed: Promise<void>;
  resolve(): void;
  reject(error: unknown): void;
}

function openBatch(): Batch {
  let resolve: () => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const committed = new Promise<void>((yes, no) => ([resolve, reject] = [yes, no]));
  // Not everyone who appends waits.
  committed.catch(() => undefined);
  return { lines: [], committed, resolve, reject };
}

/**
 * Reads what is there, sets a torn tail aside, and opens for appending. A corrupt journal is not opened for writing: the scan
 * says why, and the caller serves reads only.
 */
export async function openJournal(
  options: JournalOptions,
): Promise<{ scan: JournalScan; journal: Journal | undefined }> {
  const { disk, dir } = options;
  await disk.mkdir(dir);
  const scan = await scanJournal(disk, dir, options.take === undefined ? {} : { take: options.take });
  if (scan.corrupt !== undefined) return { scan, journal: undefined };
  if (scan.torn !== undefined) await setAside(options, scan.torn);
  const number = Math.max(1, scan.segments.length);
  const file = await disk.append(`${dir}/${segmentName(number)}`);
  return { scan, journal: new SegmentedJournal(options, scan.head, number, file) };
}

/** The torn bytes are kept: they were never acknowledged, but a person may want to look. */
async function setAside({ disk, dir, log }: JournalOptions, torn: NonNullable<JournalScan["torn"]>): Promise<void> {
  const path = `${dir}/${torn.segment}`;
  const bytes = await disk.read(path);
  await disk.mkdir(`${dir}/torn`);
  await disk.writeAtomic(`${dir}/torn/${torn.segment}.${torn.offset}`, bytes.subarray(torn.offset));
  await disk.truncate(path, torn.offset);
  log.warn(`journal ${torn.segment}: an unfinished last line of ${torn.bytes} bytes was set aside in torn/`);
}

class SegmentedJournal implements Journal {
  readonly #options: JournalOptions;
  #seq: number;
  #hash: string;
  #number: number;
  #file: AppendFile;
  #next: Batch | undefined;
  #flushing: Promise<void> | undefined;
  #cancelLazy: (() => void) | undefined;
  #failure: QocError | undefined;
  epoch = 0;

  constructor(options: JournalOptions, head: { seq: number; hash: string }, number: number, file: AppendFile) {
    this.#options = options;
    this.#seq = head.seq;
    this.#hash = head.hash;
    this.#number = number;
    this.#file = file;
  }

  get failure(): QocError | undefined {
    return this.#failure;
  }

  get head(): { seq: number; hash: string } {
    return { seq: this.#seq, hash: this.#hash };
  }

  append(event: DeskEvent, { durable = false }: { durable?: boolean } = {}): Appended {
    if (this.#failure !== undefined) throw this.#failure;
    const recorded: Recorded = { seq: this.#seq + 1, at: this.#options.clock.now(), epoch: this.epoch, event };
    const line = writeLine(recorded, this.#hash);
    this.#seq = recorded.seq;
    this.#hash = line.hash;
    this.#next ??= openBatch();
    const { committed, lines } = this.#next;
    lines.push(line.text);
    if (durable) this.#start();
    else this.#cancelLazy ??= this.#options.clock.after(LAZY_MS, () => this.#start());
    return { recorded, committed };
  }

  async flush(): Promise<void> {
    if (this.#next !== undefined) this.#start();
    while (this.#flushing !== undefined) await this.#flushing;
    if (this.#failure !== undefined) throw this.#failure;
  }

  async close(): Promise<void> {
    await this.flush().catch(() => undefined);
    this.#cancelLazy?.();
    await this.#file.close();
  }

  #start(): void {
    this.#cancelLazy?.();
    this.#cancelLazy = undefined;
    this.#flushing ??= this.#drain();
  }

  async #drain(): Promise<void> {
    // One turn of the loop: what is appended in the same breath shares the flush.
    await Promise.resolve();
    while (this.#next !== undefined && this.#failure === undefined) {
      const batch = this.#next;
      this.#next = undefined;
      try {
        await this.#write(batch);
        batch.resolve();
      } catch (error) {
        this.#fail(error, batch);
      }
    }
    // In the same step as the last look at the queue: whatever is appended from now on starts a drain of its own.
    this.#flushing = undefined;
  }

  async #write({ lines }: Batch): Promise<void> {
    if (this.#file.size >= (this.#options.segmentBytes ?? SEGMENT_BYTES)) await this.#roll();
    await this.#file.write(lines.join(""));
    await this.#file.sync();
  }

  async #roll(): Promise<void> {
    await this.#file.close();
    this.#number += 1;
    this.#file = await this.#options.disk.append(`${this.#options.dir}/${segmentName(this.#number)}`);
  }

  #fail(error: unknown, batch: Batch): void {
    const failure = new QocError("JOURNAL_FAILED", { message: messageOf(error) }, { cause: error });
    this.#failure = failure;
    batch.reject(failure);
    this.#next?.reject(failure);
    this.#next = undefined;
    this.#options.log.error(failure.message);
    this.#options.onFailure?.(failure);
  }
}
