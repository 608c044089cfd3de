/** Parses each feed in its own thread, so that a document that is slow to parse or large does not delay orders. */
import { Worker } from "node:worker_threads";
import { messageOf } from "../domain/errors/error.ts";
import type { Clock } from "../domain/ports.ts";
import { FeedError, type FeedItem } from "./feed-item.ts";
import type { FetchedFeed } from "./feed-fetch.ts";
import type { FeedResult, FeedTask } from "./feed-worker.ts";

/** Rejects with a FeedError, whose message is for the log. */
export type ReadFeed = (feed: FetchedFeed, url: string, signal: AbortSignal) => Promise<readonly FeedItem[]>;

export interface FeedReaderOptions {
  /** Absolute path of the built `feed-worker`. */
  readonly workerFile: string;
  readonly clock: Clock;
  readonly limits?: Partial<typeof LIMITS>;
}

const LIMITS = { ms: 10_000, megabytes: 256 };

export function feedReader({ workerFile, clock, limits: limitOptions }: FeedReaderOptions): ReadFeed {
  const limits = { ...LIMITS, ...limitOptions };
  return async ({ bytes, contentType }, url, signal) => {
    signal.throwIfAborted();
    const thread = new Worker(workerFile, {
      workerData: { bytes, contentType, url } satisfies FeedTask,
      env: {},
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: limits.megabytes },
    });
    try {
      return await waitForItems(thread, { clock, signal, limits });
    } finally {
      await thread.terminate();
    }
  };
}

interface WaitOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly limits: typeof LIMITS;
}

function waitForItems(thread: Worker, { clock, signal, limits }: WaitOptions): Promise<readonly FeedItem[]> {
  return new Promise((resolve, reject) => {
    const fail = (message: string, cause?: unknown): void => settle(() => reject(new FeedError(message, { cause })));
    const abort = (): void => settle(() => reject(signal.reason));
    const cancelTimeout = clock.after(limits.ms, () => fail(`parsing took longer than ${limits.ms / 1000} s`));
    const settle = (finish: () => void): void => {
      cancelTimeout();
      signal.removeEventListener("abort", abort);
      finish();
    };
    signal.addEventListener("abort", abort);
    thread.once("message", (result: FeedResult) =>
      "items" in result ? settle(() => resolve(result.items)) : fail(result.problem),
    );
    thread.once("error", (error) => {
      const isTooLarge = "code" in error && error.code === "ERR_WORKER_OUT_OF_MEMORY";
      fail(isTooLarge ? `parsing took more than ${limits.megabytes} MB` : messageOf(error), error);
    });
    thread.once("exit", () => fail("the thread ended without a result"));
  });
}
