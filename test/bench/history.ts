/**
 * Row 6b: a start from a checkpoint after a long history, compared with a start after a short one, each in a process of
 * its own. The real writer makes both: journal, fold and checkpoints.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodeDisk } from "../../src/workspace/disk.ts";
import { type HarnessOptions, openCheckpointed } from "../support/checkpoint-harness.ts";
import { historyReads } from "./history-reads.ts";
import { type Row, SHORT, median, say } from "./measure.ts";
import { orderEventsOf } from "./orders-scenario.ts";

const LONG = SHORT ? 20_000 : 1_000_000;
const FEW = 1_000;
const ROUNDS = SHORT ? 3 : 15;
const OPTIONS = { segmentBytes: 4 * 1024 * 1024, fillsKept: 200 };
/** Between two records, ms: orders leave memory a quarter of an hour after their end. */
const STEP_MS = 5_000;
/** Records between two flushes, and between two checkpoints: about a segment. */
const FLUSHED = 500;
const CHECKPOINTED = 10_000;
/** The argument of the process that starts once. */
const ONCE = "--start-in=";

export interface WrittenHistory extends Pick<HarnessOptions, "identity" | "version"> {
  /** The folder of journal and checkpoints. */
  readonly root: string;
  readonly records: number;
}

/** Appends the records to the journal of that folder, and lets what is old leave memory. */
export async function writeHistory({ records, ...options }: WrittenHistory): Promise<void> {
  const desk = await openCheckpointed(nodeDisk(), { ...OPTIONS, ...options });
  const isNew = desk.state.seq === 0;
  let at = Date.UTC(2026, 0, 5);
  for (const event of orderEventsOf(records)) {
    if (!isNew && (event.type === "desk.created" || event.type === "desk.started")) continue;
    desk.append({ seq: 0, at: (at += STEP_MS), epoch: 1, event });
    const { seq } = desk.state;
    if (seq % FLUSHED === 0) await desk.journal.flush();
    if (seq % CHECKPOINTED === 0) await desk.checkpoints.write();
  }
  if (records > FEW) await desk.checkpoints.write();
  await desk.journal.close();
  if (desk.errors.length > 0) throw new Error(desk.errors[0]);
}

interface Start {
  readonly ms: number;
  readonly megabytes: number;
}

/** The work of the process; undefined if this process is another one. */
export async function startOnce(): Promise<Start | undefined> {
  const root = process.argv.find((word) => word.startsWith(ONCE))?.slice(ONCE.length);
  if (root === undefined) return undefined;
  const started = performance.now();
  const desk = await openCheckpointed(nodeDisk(), { ...OPTIONS, root });
  const ms = performance.now() - started;
  global.gc?.();
  const megabytes = process.memoryUsage.rss() / 1e6;
  if (desk.state.seq === 0) throw new Error("the journal is empty");
  return { ms, megabytes };
}

function start(root: string): Start {
  const args = ["--expose-gc", process.argv[1] ?? "", `${ONCE}${root}`];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" })) as Start;
}

export async function history(): Promise<readonly Row[]> {
  const root = mkdtempSync(join(tmpdir(), "qoc-bench-"));
  const [long, few] = [join(root, "long"), join(root, "few")];
  say(`  ${LONG} records ...`);
  await writeHistory({ root: long, records: LONG });
  await writeHistory({ root: few, records: FEW });
  const starts = Array.from({ length: ROUNDS }, () => ({ long: start(long), few: start(few) }));
  const reads = await historyReads({ long, few }, OPTIONS);
  rmSync(root, { recursive: true });
  const of = (which: "long" | "few", what: keyof Start): number => median(starts.map((each) => each[which][what]));
  const row = (name: string, what: keyof Start, { unit, target }: { unit: string; target: string }): Row => ({
    n: 6.1,
    name,
    what: `${name} of a start with ${LONG} records and a checkpoint`,
    floor: `with ${FEW} records`,
    ours: `${of("long", what).toFixed(0)} ${unit}`,
    base: `${of("few", what).toFixed(0)} ${unit}`,
    ratio: of("long", what) / of("few", what),
    spread: 1,
    target,
  });
  return [
    row("time", "ms", { unit: "ms", target: "<= 1.5" }),
    row("memory", "megabytes", { unit: "MB", target: "<= 1.3" }),
    ...reads,
  ];
}
