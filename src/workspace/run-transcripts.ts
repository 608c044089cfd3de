/** What a run's program said, line by line: `.qoc/runs/<run>.ndjson`. Kept for whoever asks later what happened; not the record. */
import { messageOf } from "../domain/error.ts";
import type { Disk, Log } from "../domain/ports.ts";
import { LAYOUT } from "./layout.ts";

export interface Transcript {
  /** From the workspace. */
  readonly path: string;
  /** Written behind; what comes after the limit is left out, and it is said. */
  line(text: string): void;
  /** Resolves once everything is written. */
  close(): Promise<void>;
}

export const TRANSCRIPT_CHARS_MAX = 32 * 1024 * 1024;
/** The newest that are kept. */
export const TRANSCRIPTS_KEPT = 200;

/** A disk that fails costs the transcript and not the run. */
export function openTranscript(
  desk: { readonly disk: Disk; readonly root: string; readonly log: Log },
  run: string,
): Transcript {
  const { disk, root, log } = desk;
  const folder = `${root}/${LAYOUT.runs}`;
  const path = `${LAYOUT.runs}/${run}.ndjson`;
  let left = TRANSCRIPT_CHARS_MAX;
  let waiting: string[] = [];
  let working: Promise<void> | undefined;
  let ready: Promise<void> | undefined;
  const drain = async (): Promise<void> => {
    try {
      await (ready ??= prepare(disk, folder));
      while (waiting.length > 0) {
        const text = `${waiting.join("\n")}\n`;
        waiting = [];
        await append(disk, `${root}/${path}`, text);
      }
    } catch (error) {
      log.warn(`${path}: ${messageOf(error)}`, { run });
      left = 0;
      waiting = [];
    }
    working = undefined;
  };
  return {
    path,
    line: (text) => {
      if (left <= 0) return;
      left -= text.length + LINE_COST;
      waiting.push(left > 0 ? text : JSON.stringify({ cut: `more than ${TRANSCRIPT_CHARS_MAX} characters` }));
      working ??= drain();
    },
    close: async () => {
      for (let now = working; now !== undefined; now = working) await now;
    },
  };
}

/** Of a line, besides its characters: lines without any are bounded too. */
const LINE_COST = 64;

async function prepare(disk: Disk, folder: string): Promise<void> {
  await disk.mkdir(folder, 0o700);
  const names = (await disk.list(folder)).filter(({ kind }) => kind === "file").map(({ name }) => name);
  // A run's name begins with its time.
  for (const name of names.toSorted().slice(0, Math.max(0, names.length - TRANSCRIPTS_KEPT + 1)))
    await drop(disk, `${folder}/${name}`);
}

async function drop(disk: Disk, path: string): Promise<void> {
  try {
    await disk.remove(path);
  } catch (error) {
    // Another run that began with this one may have been first.
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
