/** The thread in which a start compares the lines of a long journal with their hashes. */
import { Worker } from "node:worker_threads";
import type { LineChecker } from "../bus/segment-reader.ts";

/** It holds two segments, which are outside of this. */
const MEGABYTES_MAX = 64;

/** `packageRoot`: the folder in which Qoc is installed. */
export function openLineChecker(packageRoot: string): LineChecker {
  const worker = new Worker(`${packageRoot}/dist/sandbox/line-check.cjs`, {
    env: {},
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: MEGABYTES_MAX },
  });
  let isEnded = false;
  const waiting: ((end: number) => void)[] = [];
  const end = (): void => {
    isEnded = true;
    for (const resolve of waiting.splice(0)) resolve(0);
  };
  worker.on("message", (matching: number) => waiting.shift()?.(matching));
  // Without the thread the start compares the lines itself.
  worker.on("error", end);
  worker.on("exit", end);
  return {
    check: (segment) => {
      if (isEnded) return Promise.resolve(0);
      return new Promise((resolve) => {
        waiting.push(resolve);
        // A copy: reading changes single bytes for a moment.
        worker.postMessage(segment, []);
      });
    },
    close: () => void worker.terminate(),
  };
}
