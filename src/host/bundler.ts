/**
 * Runs esbuild, whose program all connectors share. A file can end that program, for example by 20 million brackets: it
 * is started again, and what others bundled beside it is bundled once more.
 */
import type * as esbuild from "esbuild";
import { messageOf } from "../domain/errors/error.ts";
import { SerialQueue } from "../lib/serial-queue.ts";

export type Bundler = Pick<typeof esbuild, "build" | "context" | "stop">;

/** What every bundle of the host is: one text for the oldest Node, and its source map. */
export const ONE_TEXT = {
  bundle: true,
  write: false,
  format: "cjs",
  platform: "node",
  target: "node20",
  sourcemap: "external",
  // Only positions are mapped. Without the sources, the map of a large package is a third of the size.
  sourcesContent: false,
  outfile: "bundle.cjs",
  logLevel: "silent",
} as const satisfies esbuild.BuildOptions;

export function textsOf({ outputFiles }: Pick<esbuild.BuildResult<typeof ONE_TEXT>, "outputFiles">) {
  const output = (suffix: string): string => outputFiles.find(({ path }) => path.endsWith(suffix))?.text ?? "";
  return { code: output(".cjs"), map: output(".map") };
}

/** esbuild has no code for it. */
const ENDED = /^The service (was stopped|is no longer running)/;

/** How often the program was started again. */
let restarts = 0;
/** One at a time, so that a file which ends the program ends no other's second attempt. */
const secondAttempts = new SerialQueue();

export async function withBundler<T>(work: (bundler: Bundler) => Promise<T>): Promise<T> {
  const bundler = await import("esbuild");
  const attempt = async (): Promise<{ readonly result: T } | undefined> => {
    const before = restarts;
    try {
      return { result: await work(bundler) };
    } catch (error) {
      if (!ENDED.test(messageOf(error))) throw error;
      // The first that notices it: another may have started the program again since.
      if (before === restarts) {
        restarts += 1;
        await bundler.stop();
      }
      return undefined;
    }
  };
  const done = (await attempt()) ?? (await secondAttempts.run(attempt));
  if (done === undefined) throw new Error("the bundler ended while it read these files: one is too deep or too large");
  return done.result;
}
