/** Reads each feed in a thread of its own, so that a document made to be slow or large holds up nobody's orders. */
import { Worker } from "node:worker_threads";
import { messageOf } from "../domain/error.ts";
import type { Clock } from "../domain/ports.ts";
import { FeedError, type FeedItem } from "./feed.ts";
import type { Fetched } from "./feed-fetch.ts";
import type { FeedAnswer, FeedTask } from "./feed-worker.ts";

/** @throws FeedError in words for the log. */
export type ReadFeed = (fetched: Fetched, url: string, signal: AbortSignal) => Promise<readonly FeedItem[]>;

export interface FeedReaderOptions {
  /** Absolute path of `feed-worker`, as built. */
  readonly workerFile: string;
  readonly clock: Clock;
  readonly limits?: Partial<typeof LIMITS>;
}

const LIMITS = { ms: 10_000, megabytes: 256 };

export function feedReader({ workerFile, clock, limits: given = {} }: FeedReaderOptions): ReadFeed {
  const limits = { ...LIMITS, ...given };
  return async ({ bytes, contentType }, url, signal) => {
    signal.throwIfAborted();
    const thread = new Worker(workerFile, {
      workerData: { bytes, contentType, url } satisfies FeedTask,
      env: {},
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: limits.megabytes },
    });
    try {
      return await answerOf(thread, { clock, signal, limits });
    } finally {
      await thread.terminate();
    }
  };
}

interface Wait {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly limits: typeof LIMITS;
}

function answerOf(thread: Worker, { clock, signal, limits }: Wait): Promise<readonly FeedItem[]> {
  return new Promise((resolve, reject) => {
    const fail = (why: string, cause?: unknown): void => settle(() => reject(new FeedError(why, { cause })));
    const stop = (): void => settle(() => reject(signal.reason));
    const cancel = clock.after(limits.ms, () => fail(`reading it took longer than ${limits.ms / 1000} s`));
    const settle = (end: () => void): void => {
      cancel();
      signal.removeEventListener("abort", stop);
      end();
    };
    signal.addEventListener("abort", stop);
    thread.once("message", (told: FeedAnswer) =>
      "items" in told ? settle(() => resolve(told.items)) : fail(told.problem),
    );
    thread.once("error", (error) => {
      const isTooLarge = "code" in error && error.code === "ERR_WORKER_OUT_OF_MEMORY";
      fail(isTooLarge ? `reading it took more than ${limits.megabytes} MB` : messageOf(error), error);
    });
    thread.once("exit", () => fail("its thread ended without an answer"));
  });
}
