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
export const openTranscript = (desk: { readonly disk: Disk; readonly root: string; readonly log: Log }, run: string): Transcript => {
  const { disk, root, log } = desk;
  const folder = `${root}/${LAYOUT.runs}`;
  const path = `${LAYOUT.runs}/${run}.ndjson`;
  let left = TRANSCRIPT_CHARS_MAX;
  let tail = prepare(disk, folder).catch((error: unknown) => log.warn(`${path}: ${messageOf(error)}`, { run }));
  const write = (text: string): void => {
    tail = tail.then(() => append(disk, `${root}/${path}`, `${text}\n`)).catch((error: unknown) => {
      if (left > 0) log.warn(`${path}: ${messageOf(error)}`, { run });
      left = 0;
    });
  };
  return {
    path,
    line: (text) => {
      if (left <= 0) return;
      left -= text.length + 1;
      write(left > 0 ? text : JSON.stringify({ cut: `more than ${TRANSCRIPT_CHARS_MAX} characters` }));
    },
    close: () => tail,
  };
};

const prepare = async (disk: Disk, folder: string): Promise<void> => {
  await disk.mkdir(folder, 0o700);
  const names = (await disk.list(folder)).filter(({ kind }) => kind === "file").map(({ name }) => name);
  // A run's name begins with its time.
  for (const name of names.toSorted().slice(0, Math.max(0, names.length - TRANSCRIPTS_KEPT + 1))) await disk.remove(`${folder}/${name}`);
};

const append = async (disk: Disk, path: string, text: string): Promise<void> => {
  const file = await disk.append(path);
  try {
    await file.write(text);
  } finally {
    await file.close();
  }
};
