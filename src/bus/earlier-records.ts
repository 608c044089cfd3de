/** Checks the records that a start from a checkpoint does not read, while the desk runs. */
import { bufferView } from "../lib/buffer-view.ts";
import type { Clock, Disk } from "../domain/ports.ts";
import { type JournalProblem, type ScanStart, listSegments } from "./journal-read.ts";
import { GENESIS, readLinks } from "./journal-record.ts";

/** A slice of this time, and then a pause, so that the check uses a sixth of the processor. */
const SLICE_MS = 4;
const PAUSE_MS = 20;

export interface EarlierRecords {
  readonly disk: Disk;
  readonly dir: string;
  readonly clock: Clock;
  /** The record of the checkpoint. */
  readonly from: Pick<ScanStart, "hash">;
  isStopped(): boolean;
}

/**
 * Resolves to the first record up to that of the checkpoint that is damaged or does not follow the record before it;
 * undefined if all are as they were written, or if the check is stopped.
 */
export async function checkEarlierRecords({
  disk,
  dir,
  clock,
  from,
  isStopped,
}: EarlierRecords): Promise<JournalProblem | undefined> {
  let prev = GENESIS;
  let sliceEnd = clock.monotonic() + SLICE_MS;
  for (const segment of await listSegments(disk, dir)) {
    const bytes = bufferView(await disk.read(`${dir}/${segment}`));
    let start = 0;
    for (let line = 1; start < bytes.length; line++) {
      if (clock.monotonic() > sliceEnd) {
        await new Promise<void>((resolve) => clock.after(PAUSE_MS, resolve));
        sliceEnd = clock.monotonic() + SLICE_MS;
      }
      if (isStopped()) return undefined;
      const newline = bytes.indexOf(10, start);
      const links = newline === -1 ? "has no newline" : readLinks(bytes.subarray(start, newline));
      if (typeof links === "string") return { segment, line, message: links };
      if (links.prev !== prev) return { segment, line, message: "does not contain the hash of the line before it" };
      prev = links.hash;
      if (prev === from.hash) return undefined;
      start = newline + 1;
    }
  }
  return { segment: "", line: 0, message: "does not have the record of the checkpoint" };
}
