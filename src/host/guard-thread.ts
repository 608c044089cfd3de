/**
 * The one thread that runs custom guards: starts it, sends it one task per order, and collects results even if it ends
 * early. It is a thread of the desk, or of a process of its own.
 */
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { MessageChannel, type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import type { Piscina } from "piscina";
import * as z from "zod";
import type { GuardLogLine, GuardResultMessage, GuardSource, GuardTask } from "../protocol/guard-messages.ts";
import type { Clock } from "../domain/ports.ts";
import { thrownMessage } from "../lib/thrown-text.ts";
import { readThreadErrors } from "./thread-errors.ts";
import { RUNTIME_FLAGS, permissionFlags } from "./transport.ts";

const MEMORY_MB = 64;
const MESSAGE_CHARS_MAX = 1_000;

export interface GuardThread {
  /** Runs the guards as one task. After the timeout the thread is ended and another one is started. Never rejects. */
  request(request: GuardRequest): Promise<GuardReply>;
  close(): Promise<void>;
}

export interface GuardThreadOptions {
  /** Absolute path of the thread's code. */
  readonly workerFile: string;
  /** Absolute path of the module piscina. */
  readonly piscinaFile: string;
  readonly sources: readonly GuardSource[];
  readonly clock: Clock;
  /** Called if the thread ended between two orders. */
  readonly onLost: (reason: string) => void;
}

/** The folder of the package: the thread is loaded from it. */
export function piscinaFolder(file: string): string {
  return dirname(dirname(file));
}

/** Starts a pool of one thread. If the thread is lost, Piscina starts another with the same sources. */
export function startGuardThread(options: GuardThreadOptions): GuardThread {
  readThreadErrors();
  const { workerFile, piscinaFile: file, sources, clock, onLost } = options;
  const { Piscina: Pool } = createRequire(workerFile)(file) as { readonly Piscina: typeof Piscina };
  const pool = new Pool({
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
      ...permissionFlags(),
      `--allow-fs-read=${workerFile}`,
      `--allow-fs-read=${piscinaFolder(file)}/*`,
      ...RUNTIME_FLAGS,
    ],
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB, maxYoungGenerationSizeMb: 16, stackSizeMb: 4 },
  });
  pool.on("error", (error: unknown) => onLost(thrownMessage(error)));
  return { request: (request) => runTask(pool, request, clock), close: () => pool.destroy() };
}

export interface GuardRequest extends Pick<GuardTask, "guards" | "subject"> {
  readonly timeoutMs: number;
}

export type GuardEvent = GuardResultMessage | GuardLogLine;

export interface GuardReply {
  /** Everything that the guards sent, in order. */
  readonly events: readonly GuardEvent[];
  /** Why the task did not complete; undefined if it did. */
  readonly problem?: string | undefined;
}

async function runTask(pool: Piscina, { guards, subject, timeoutMs }: GuardRequest, clock: Clock): Promise<GuardReply> {
  const { port1, port2 } = new MessageChannel();
  const timeout = new AbortController();
  const cancel = clock.after(timeoutMs, () => timeout.abort());
  const task: GuardTask = { port: port2, guards, subject };
  try {
    await pool.run(task, { transferList: [port2], signal: timeout.signal });
    return { events: receivedFrom(port1) };
  } catch (error) {
    return {
      events: receivedFrom(port1),
      problem: timeout.signal.aborted
        ? `did not answer in ${timeoutMs} ms`
        : `ended its thread: ${thrownMessage(error)}`,
    };
  } finally {
    cancel();
    port1.close();
  }
}

export const guardEventSchema = z.discriminatedUnion("e", [
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

/** Reads everything that was posted, even by a thread that has ended. */
function receivedFrom(port: MessagePort): readonly GuardEvent[] {
  const events: GuardEvent[] = [];
  for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) {
    const { data } = guardEventSchema.safeParse(next.message);
    if (data !== undefined) events.push(data);
  }
  return events;
}
