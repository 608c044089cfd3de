/** Opens a journal on an in-memory disk, and creates small events for it. */
import { type Journal, openJournal } from "../../src/bus/journal.ts";
import type { JournalScan } from "../../src/bus/journal-read.ts";
import type { QocError } from "../../src/domain/errors/error.ts";
import type { DeskEvent } from "../../src/domain/event.ts";
import { type CrashDisk, crashDisk } from "./crash-disk.ts";
import { type FakeClock, fakeClock } from "./fake-clock.ts";
import { type QuietLog, quietLog } from "./quiet-log.ts";

export const JOURNAL_DIR = "/desk/.qoc/journal";
export const FIRST_SEGMENT = `${JOURNAL_DIR}/000001.ndjson`;

export interface JournalHarness {
  readonly disk: CrashDisk;
  readonly clock: FakeClock;
  readonly log: QuietLog;
  readonly scan: JournalScan;
  readonly journal: Journal;
  readonly failures: QocError[];
}

export async function openJournalHarness(
  disk: CrashDisk = crashDisk(),
  segmentBytes?: number,
): Promise<JournalHarness> {
  const clock = fakeClock();
  const log = quietLog();
  const failures: QocError[] = [];
  const { scan, journal } = await openJournal({
    disk,
    dir: JOURNAL_DIR,
    clock,
    log,
    onFailure: (failure) => failures.push(failure),
    ...(segmentBytes === undefined ? {} : { segmentBytes }),
  });
  if (journal === undefined) throw new Error(`the journal is corrupt: ${JSON.stringify(scan.corrupt)}`);
  return { disk, clock, log, scan, journal, failures };
}

export function runStarted(run: string): DeskEvent {
  return { type: "run.started", run, issue: "001", runtime: "demo" };
}

/** Resolves after everything that waits only for promises has run. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Returns "pending", "resolved", or the error code of the rejection. */
export async function outcomeOf(promise: Promise<unknown>): Promise<string> {
  const pending = Symbol("pending");
  try {
    return (await Promise.race([promise, settled().then(() => pending)])) === pending ? "pending" : "resolved";
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : String(error);
  }
}
