/** Worker thread that reads the whole journal for one task, posts the result and exits. */
import { parentPort, workerData } from "node:worker_threads";
import { messageOf } from "../domain/errors/error.ts";
import { equityOf } from "../commands/read-ledger.ts";
import { equityCurve } from "../trading/account/equity-curve.ts";
import { nodeDisk } from "../workspace/disk.ts";
import type { JournalMessage, JournalTask } from "./journal-thread.ts";
import { readLedger } from "./read-ledger.ts";
import { verifyJournal } from "./verify-journal.ts";

const port = parentPort;
function post(message: JournalMessage): void {
  port?.postMessage(message);
}

function run(task: JournalTask): Promise<unknown> {
  return task.kind === "verify" ? verify(task) : readEquity(task);
}

function verify({ place }: Extract<JournalTask, { kind: "verify" }>): Promise<unknown> {
  return verifyJournal({ ...place, disk: nodeDisk() }, { line: (line) => post({ line }) });
}

async function readEquity({ place, config, range, most }: Extract<JournalTask, { kind: "equity" }>): Promise<unknown> {
  return equityCurve(equityOf(await readLedger({ ...place, disk: nodeDisk() }, { config }), range), most);
}

run(workerData as JournalTask).then(
  (result) => post({ result }),
  (error: unknown) => post({ problem: messageOf(error) }),
);
