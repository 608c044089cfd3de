/**
 * A program for tests to kill: appends durable records to a journal on the real disk as fast as possible, and writes a
 * record's number to standard output once the record is acknowledged. Arguments: folder, maximum number of records, and
 * `two-steps` if the file is written and then synced, as on file systems that do not write through.
 */
import { writeSync } from "node:fs";
import { openJournal } from "../../src/bus/journal.ts";
import { QocError } from "../../src/domain/errors/error.ts";
import { nodeDisk } from "../../src/workspace/disk.ts";
import { diskWith } from "../../src/workspace/disk-with.ts";
import { quietLog } from "./quiet-log.ts";

const [dir = "", most = "0", form] = process.argv.slice(2);
const real = nodeDisk();
const disk = form === "two-steps" ? diskWith(real, { append: (path) => real.append(path) }) : real;
function say(line: string): void {
  return void writeSync(1, `${line}\n`);
}
const clock = { now: () => Date.now(), monotonic: () => performance.now(), after: () => () => undefined };

const { scan, journal } = await openJournal({ disk, dir, clock, log: quietLog(), segmentBytes: 16 * 1024 });
if (journal === undefined) {
  say(`corrupt ${JSON.stringify(scan.corrupt)}`);
  process.exit(4);
}
const opened = journal;
say(`opened ${scan.head.seq}`);

/** Three records at a time, so that a flush carries more than one record. */
function breath(): Promise<void>[] {
  return [1, 2, 3].map(() => {
    const { recorded, committed } = opened.append(
      { type: "run.started", run: "x".repeat(200), issue: "001", runtime: "demo" },
      { durable: true },
    );
    return committed.then(() => say(String(recorded.seq)));
  });
}

try {
  while (journal.head.seq < scan.head.seq + Number(most)) await Promise.all(breath());
} catch (error) {
  say(`failed ${error instanceof QocError ? error.code : String(error)}`);
  // A later record must be refused immediately as well.
  try {
    breath();
    say("accepted after a failure");
  } catch {
    process.exit(3);
  }
}
