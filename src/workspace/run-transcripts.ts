/**
 * .qoc/runs/: the raw output of agent programs, one NDJSON file for each run. For diagnosis only; the journal decides.
 */
import { messageOf } from "../domain/errors/error.ts";
import type { Disk, Log } from "../domain/ports.ts";
import { LAYOUT, type WorkspaceRoot } from "./layout.ts";

export interface Transcript {
  /** Relative to the workspace. */
  readonly path: string;
  /** Queues a line. Drops everything after the size limit; a last line says so. */
  line(text: string): void;
  /** Resolves when everything is written. */
  close(): Promise<void>;
}

export const TRANSCRIPT_CHARS_MAX = 32 * 1024 * 1024;
/** Older transcripts are removed. */
export const TRANSCRIPTS_KEPT = 200;
/** Other files may be there, also of the operator: an archive can make the folder a link to another one. */
const TRANSCRIPT = /^run-.*\.ndjson$/;
/** The cost of a line besides its characters, so that empty lines are limited too. */
const LINE_COST = 64;

export class RunTranscripts {
  readonly #workspace: WorkspaceRoot;

  constructor(workspace: WorkspaceRoot) {
    this.#workspace = workspace;
  }

  /** If the disk fails, the transcript ends with a warning in `log` and the run goes on. */
  open(run: string, log: Log): Transcript {
    return new TranscriptWriter(this.#workspace, run, log);
  }
}

class TranscriptWriter implements Transcript {
  readonly path: string;
  readonly #disk: Disk;
  readonly #root: string;
  readonly #run: string;
  readonly #log: Log;
  #remaining = TRANSCRIPT_CHARS_MAX;
  #queue: string[] = [];
  #draining: Promise<void> | undefined;
  #prepared: Promise<void> | undefined;

  constructor({ disk, root }: WorkspaceRoot, run: string, log: Log) {
    this.path = `${LAYOUT.runs}/${run}.ndjson`;
    this.#disk = disk;
    this.#root = root;
    this.#run = run;
    this.#log = log;
  }

  line(text: string): void {
    if (this.#remaining <= 0) return;
    this.#remaining -= text.length + LINE_COST;
    const isWithinLimit = this.#remaining > 0;
    this.#queue.push(isWithinLimit ? text : JSON.stringify({ cut: `more than ${TRANSCRIPT_CHARS_MAX} characters` }));
    this.#draining ??= this.#drain();
  }

  async close(): Promise<void> {
    while (this.#draining !== undefined) await this.#draining;
  }

  async #drain(): Promise<void> {
    try {
      await (this.#prepared ??= prepareFolder(this.#disk, `${this.#root}/${LAYOUT.runs}`));
      while (this.#queue.length > 0) {
        const text = `${this.#queue.join("\n")}\n`;
        this.#queue = [];
        await append(this.#disk, `${this.#root}/${this.path}`, text);
      }
    } catch (error) {
      this.#log.warn(`${this.path}: ${messageOf(error)}`, { run: this.#run });
      this.#remaining = 0;
      this.#queue = [];
    }
    this.#draining = undefined;
  }
}

/** Creates the folder and removes the oldest transcripts, so that the new one fits. */
async function prepareFolder(disk: Disk, folder: string): Promise<void> {
  await disk.mkdir(folder, 0o700);
  const names = (await disk.list(folder)).flatMap(({ kind, name }) =>
    kind === "file" && TRANSCRIPT.test(name) ? [name] : [],
  );
  // The name of a run starts with its time.
  for (const name of names.toSorted().slice(0, Math.max(0, names.length - TRANSCRIPTS_KEPT + 1)))
    await removeIfPresent(disk, `${folder}/${name}`);
}

async function removeIfPresent(disk: Disk, path: string): Promise<void> {
  try {
    await disk.remove(path);
  } catch (error) {
    // A run that started at the same time may have removed the file first.
    if ((await disk.facts(path)) !== undefined) throw error;
  }
}

async function append(disk: Disk, path: string, text: string): Promise<void> {
  const file = await disk.append(path);
  try {
    await file.write(text);
  } finally {
    await file.close();
  }
}
