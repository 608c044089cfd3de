/**
 * Reads the whole journal of a running desk in a thread: it takes seconds for a long one, and the desk goes on. One
 * task at a time, whatever number of pages asks.
 */
import { Worker } from "node:worker_threads";
import type { JournalReport } from "../commands/command.ts";
import type { DateRange } from "../commands/date-range.ts";
import type { Progress } from "../domain/ports.ts";
import { SerialQueue } from "../lib/serial-queue.ts";
import type { EquityCurve } from "../domain/account/equity-curve.ts";
import type { DeskConfig } from "../workspace/config.ts";
import type { LedgerPlace } from "./read-ledger.ts";
import type { VerifiedPlace } from "./verify-journal.ts";

interface EquitySource {
  readonly place: Omit<LedgerPlace, "disk">;
  readonly config: Pick<DeskConfig, "account" | "workspace">;
}

export type JournalTask =
  | { readonly kind: "verify"; readonly place: Omit<VerifiedPlace, "disk"> }
  | (EquitySource & { readonly kind: "equity"; readonly range: DateRange; readonly most: number });

/** What the thread posts: lines of progress, then a result or a problem. */
export type JournalMessage = { readonly line: string } | { readonly result: unknown } | { readonly problem: string };

/** The thread of a task. The memory of the process is its own: a journal too large for this ends the thread alone. */
const MEGABYTES_MAX = 2_048;

export class JournalThread {
  readonly #file: string;
  readonly #queue = new SerialQueue();

  /** `packageRoot`: the folder in which Qoc is installed. */
  constructor(packageRoot: string) {
    this.#file = `${packageRoot}/dist/src/app/journal-worker.js`;
  }

  verify(place: Omit<VerifiedPlace, "disk">, progress: Progress): Promise<JournalReport> {
    const { root, home, version, env } = place;
    const task: JournalTask = { kind: "verify", place: { root, home, version, env: { ...env } } };
    return this.#run(task, progress) as Promise<JournalReport>;
  }

  equity({ place, config }: EquitySource, range: DateRange, most: number): Promise<EquityCurve> {
    const { account, workspace } = config;
    const task: JournalTask = { kind: "equity", place, config: { account, workspace }, range, most };
    return this.#run(task) as Promise<EquityCurve>;
  }

  #run(task: JournalTask, progress?: Progress): Promise<unknown> {
    return this.#queue.run(async () => {
      const thread = new Worker(this.#file, {
        workerData: task,
        env: {},
        execArgv: [],
        resourceLimits: { maxOldGenerationSizeMb: MEGABYTES_MAX },
      });
      try {
        return await resultOf(thread, progress);
      } finally {
        await thread.terminate();
      }
    });
  }
}

function resultOf(thread: Worker, progress: Progress | undefined): Promise<unknown> {
  return new Promise((resolve, reject) => {
    thread.on("message", (message: JournalMessage) => {
      if ("line" in message) progress?.line(message.line);
      else if ("result" in message) resolve(message.result);
      else reject(new Error(`the journal could not be read: ${message.problem}`));
    });
    thread.once("error", reject);
    thread.once("exit", () => reject(new Error("the thread that reads the journal ended without a result")));
    // A desk that stops does not wait for it. Listeners that are added later would keep the process.
    thread.unref();
  });
}
