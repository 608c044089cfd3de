/** The one thread in which custom guards run: how it is started, asked once an order, and what it has said when it is lost. */
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { MessageChannel, type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import type { Piscina } from "piscina";
import { z } from "zod";
import type { GuardLine, GuardRow, GuardSource, GuardTask } from "../protocol/guard-messages.ts";
import type { Clock, Log } from "../domain/ports.ts";
import { permissionFlag } from "./transport.ts";

const MEMORY_MB = 64;

/** One thread, for ever: when it is lost, Piscina starts the next, which gets the same texts. */
export async function startPool(workerFile: string, sources: readonly GuardSource[], log: Log): Promise<Piscina> {
  const { Piscina } = await import("piscina");
  const own = dirname(dirname(createRequire(import.meta.url).resolve("piscina")));
  const pool = new Piscina({
    filename: workerFile,
    name: "judge",
    minThreads: 1,
    maxThreads: 1,
    idleTimeout: Number.POSITIVE_INFINITY,
    // Waiting by Atomics would never let the thread's loop turn, and each task's port is closed by that loop.
    atomics: "disabled",
    env: {},
    workerData: { sources },
    // The thread starts from files, so these two may be read; no guard has a way to.
    execArgv: [
      permissionFlag(),
      `--allow-fs-read=${workerFile}`,
      `--allow-fs-read=${own}/*`,
      "--no-warnings",
      "--no-addons",
    ],
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB, maxYoungGenerationSizeMb: 16, stackSizeMb: 4 },
  });
  pool.on("error", (error: Error) =>
    log.warn("the thread of the custom guards ended between two orders", { reason: error.message }),
  );
  return pool;
}

export interface GuardRequest {
  readonly chain: readonly number[];
  readonly asked: GuardTask["asked"];
  readonly ms: number;
  readonly clock: Clock;
}
export interface GuardReply {
  readonly rows: ReadonlyMap<number, GuardRow>;
  readonly lines: readonly GuardLine[];
  /** Why the task did not end by itself. */
  readonly problem?: string;
}

/** The chain as one task. When its time is over, Piscina ends the thread and starts another. */
export async function requestGuards(
  pool: Piscina | undefined,
  { chain, asked, ms, clock }: GuardRequest,
): Promise<GuardReply> {
  if (pool === undefined || chain.length === 0) return { rows: new Map(), lines: [] };
  const { port1, port2 } = new MessageChannel();
  const tooLong = new AbortController();
  const cancel = clock.after(ms, () => tooLong.abort());
  const task: GuardTask = { port: port2, chain, ...(asked === undefined ? {} : { asked }) };
  try {
    await pool.run(task, { transferList: [port2], signal: tooLong.signal });
    return heard(port1);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return {
      ...heard(port1),
      problem: tooLong.signal.aborted ? `did not answer in ${ms} ms` : `ended its thread: ${reason}`,
    };
  } finally {
    cancel();
    port1.close();
  }
}

const guardEvent = z.discriminatedUnion("e", [
  z.strictObject({
    e: z.literal("row"),
    guard: z.int(),
    outcome: z.enum(["allow", "block", "broken"]),
    text: z.string().max(1_000),
  }),
  z.strictObject({
    e: z.literal("log"),
    guard: z.int(),
    level: z.enum(["debug", "info", "warn", "error"]),
    text: z.string().max(1_000),
  }),
]);

/** Everything that was posted, also by a thread that is gone. Its first row is a guard's answer; what has no shape is none. */
function heard(port: MessagePort): GuardReply {
  const rows = new Map<number, GuardRow>();
  const lines: GuardLine[] = [];
  for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) {
    const { data } = guardEvent.safeParse(next.message);
    if (data?.e === "log") lines.push(data);
    else if (data !== undefined && !rows.has(data.guard)) rows.set(data.guard, data);
  }
  return { rows, lines };
}
