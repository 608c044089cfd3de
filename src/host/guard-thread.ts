/**
 * The one thread that runs custom guards: starts it, sends it one task per order, and collects results even if it ends
 * early.
 */
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { MessageChannel, type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import type { Piscina } from "piscina";
import * as z from "zod";
import type { GuardLogLine, GuardResultMessage, GuardSource, GuardTask } from "../protocol/guard-messages.ts";
import type { Clock, Log } from "../domain/ports.ts";
import { permissionFlag } from "./transport.ts";

const MEMORY_MB = 64;
const MESSAGE_CHARS_MAX = 1_000;

/** Starts a pool of one thread. If the thread is lost, Piscina starts another with the same sources. */
export async function startGuardPool(workerFile: string, sources: readonly GuardSource[], log: Log): Promise<Piscina> {
  const { Piscina } = await import("piscina");
  const piscinaFolder = dirname(dirname(createRequire(import.meta.url).resolve("piscina")));
  const pool = new Piscina({
    filename: workerFile,
    name: "runGuards",
    minThreads: 1,
    maxThreads: 1,
    idleTimeout: Number.POSITIVE_INFINITY,
    // With Atomics the thread's event loop would not run while it waits, and that loop closes the port of each task.
    atomics: "disabled",
    env: {},
    workerData: { sources },
    // The thread is loaded from these files. Guards themselves have no function that reads files.
    execArgv: [
      permissionFlag(),
      `--allow-fs-read=${workerFile}`,
      `--allow-fs-read=${piscinaFolder}/*`,
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

export interface GuardRequest extends Pick<GuardTask, "guards" | "subject"> {
  readonly timeoutMs: number;
  readonly clock: Clock;
}

export interface GuardReply {
  readonly results: ReadonlyMap<number, GuardResultMessage>;
  readonly lines: readonly GuardLogLine[];
  /** Why the task did not complete; undefined if it did. */
  readonly problem?: string | undefined;
}

/** Runs the guards as one task. After the timeout Piscina ends the thread and starts another. Never rejects. */
export async function requestGuards(
  pool: Piscina | undefined,
  { guards, subject, timeoutMs, clock }: GuardRequest,
): Promise<GuardReply> {
  if (pool === undefined || guards.length === 0) return { results: new Map(), lines: [] };
  const { port1, port2 } = new MessageChannel();
  const timeout = new AbortController();
  const cancel = clock.after(timeoutMs, () => timeout.abort());
  const task: GuardTask = { port: port2, guards, subject };
  try {
    await pool.run(task, { transferList: [port2], signal: timeout.signal });
    return receivedFrom(port1);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return {
      ...receivedFrom(port1),
      problem: timeout.signal.aborted ? `did not answer in ${timeoutMs} ms` : `ended its thread: ${reason}`,
    };
  } finally {
    cancel();
    port1.close();
  }
}

const guardEventSchema = z.discriminatedUnion("e", [
  z.strictObject({
    e: z.literal("result"),
    guard: z.int(),
    outcome: z.enum(["allow", "block", "broken"]),
    message: z.string().max(MESSAGE_CHARS_MAX),
  }),
  z.strictObject({
    e: z.literal("log"),
    guard: z.int(),
    level: z.enum(["debug", "info", "warn", "error"]),
    message: z.string().max(MESSAGE_CHARS_MAX),
  }),
]);

/** Reads everything that was posted, even by a thread that has ended. Only a guard's first result counts. */
function receivedFrom(port: MessagePort): GuardReply {
  const results = new Map<number, GuardResultMessage>();
  const lines: GuardLogLine[] = [];
  for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) {
    const { data } = guardEventSchema.safeParse(next.message);
    if (data?.e === "log") lines.push(data);
    else if (data !== undefined && !results.has(data.guard)) results.set(data.guard, data);
  }
  return { results, lines };
}
