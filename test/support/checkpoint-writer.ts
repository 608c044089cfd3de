/**
 * A program for tests to kill: appends the records of many days to a journal on the real disk, with a checkpoint after
 * every few records, and writes a line to standard output after each. Argument: the folder.
 */
import { writeSync } from "node:fs";
import { nodeDisk } from "../../src/workspace/disk.ts";
import { openCheckpointed } from "./checkpoint-harness.ts";
import { scenario } from "./journal-scenario.ts";

const [root = ""] = process.argv.slice(2);
const desk = await openCheckpointed(nodeDisk(), { root });
const { seq } = desk.journal.head;
writeSync(1, `opened ${seq} from ${desk.from}\n`);
const told = scenario();
if (seq === 0) told.desk().connector("paper").account("paper");
for (let n = 0; n < 500; n++) told.filled(`o${seq}-${n}`).wait(3_600_000);
// The wall clock goes on where the last run stopped.
const ahead = Math.max(0, desk.state.lastAt - (told.records()[0]?.at ?? 0));
for (const [index, recorded] of told.records().entries()) {
  desk.append({ ...recorded, at: recorded.at + ahead });
  if (index % 25 !== 24) continue;
  await desk.checkpoints.write();
  writeSync(1, `${desk.journal.head.seq}\n`);
}
