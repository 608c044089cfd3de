/**
 * Prints a failure: three lines for a person, one JSON object for a program. Known data of the order is printed on
 * stdout.
 */
import type { CommandEntry } from "../commands/command-entry.ts";
import { EXIT, QocError } from "../domain/errors/error.ts";
import { knownError } from "../domain/errors/known-error.ts";
import { Interrupted } from "./prompts.ts";
import { RemoteError } from "./client.ts";
import { shownTimes } from "../commands/rendering/local-time.ts";
import { labelledParts, oneLine, wrap } from "../commands/rendering/terminal-text.ts";
import type { Io } from "./io.ts";
import { painter } from "../commands/rendering/paint.ts";
import type { CliDeps } from "./cli-deps.ts";
import { jsonText, renderValue } from "./render.ts";

export interface OutputMode {
  readonly json: boolean;
  readonly verbose: boolean;
}

export interface ErrorReport {
  /** The command that failed; undefined: the line named none. */
  readonly entry: CommandEntry | undefined;
  readonly deps: Pick<CliDeps, "io" | "registry">;
  readonly mode: OutputMode;
}

/** Prints the failure, and returns the exit code. */
export async function reportError(error: unknown, { entry, deps, mode }: ErrorReport): Promise<number> {
  const { io } = deps;
  // A command that runs in this process, or waits, reports the interruption as the cause of its own error.
  if (error instanceof Interrupted || (error instanceof Error && error.cause instanceof Interrupted))
    return EXIT.interrupted;
  // The reader of the pipe has gone (`qoc logs | head`): not a failure.
  if ((error as NodeJS.ErrnoException | undefined)?.code === "EPIPE") return EXIT.done;
  const isOurs = error instanceof QocError || error instanceof RemoteError;
  const known = isOurs ? error : knownError(error);
  if (known.data !== undefined && entry !== undefined) await io.out(await dataText(known.data, entry, { deps, mode }));
  if (mode.json) io.err(`${jsonText(known.toJSON(), 0)}\n`);
  else for (const line of linesFor(known, io, mode.verbose)) io.err(`${line}\n`);
  return known.exit;
}

/** The order of a refused approval is rendered as a receipt. Other facts are for programs. */
async function dataText(
  data: unknown,
  entry: CommandEntry,
  { deps, mode }: Pick<ErrorReport, "deps" | "mode">,
): Promise<string> {
  const registry = await deps.registry();
  const isResult = mode.json || (await registry.load(entry.name)).output.safeParse(data).success;
  return isResult ? renderValue(data, { entry, registry, io: deps.io, json: mode.json }) : "";
}

function linesFor(error: QocError | RemoteError, io: Io, isVerbose: boolean): readonly string[] {
  const paint = painter(io.colour.err);
  const { details } = error.toJSON();
  const width = io.isTty.err ? io.columns : Infinity;
  const [message = "", ...more] = wrap(oneLine(shownTimes({ isTty: io.isTty.err }, error.message)), width - 2);
  return [
    `${paint("red", "✗")} ${message}`,
    ...more.map((line) => `  ${line}`),
    paint("dim", `code ${oneLine(error.code)}`),
    ...labelledParts("next: ", oneLine(error.hint.trim()), width),
    ...(isVerbose && details !== undefined ? [`details: ${jsonText(details, 0)}`] : []),
    ...(isVerbose && error.cause instanceof Error
      ? (error.cause.stack ?? error.cause.message).split("\n").map(oneLine)
      : []),
  ];
}
