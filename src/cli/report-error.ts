/** How a failure is told: three lines for a person, one object for a program; what is known of the order goes to stdout. */
import type { CommandEntry } from "../commands/command-entry.ts";
import { EXIT, QocError, messageOf } from "../domain/error.ts";
import { Interrupted } from "./prompts.ts";
import { RemoteError } from "./client.ts";
import { oneLine } from "../commands/rendering/terminal-text.ts";
import type { Io } from "./io.ts";
import { painter } from "../commands/rendering/paint.ts";
import { jsonText, render } from "./render.ts";

export interface OutputMode {
  readonly json: boolean;
  readonly verbose: boolean;
}

/** Prints the failure of `row` (undefined: the line named none) and answers the exit code. */
export async function reportError(
  error: unknown,
  row: CommandEntry | undefined,
  io: Io,
  manner: OutputMode,
): Promise<number> {
  // A command that runs in this process reports the interruption as the cause of its own error.
  if (error instanceof Interrupted || (error instanceof QocError && error.cause instanceof Interrupted))
    return EXIT.interrupted;
  // The reader of a pipe has gone (`qoc logs | head`): it has what it wanted.
  if ((error as NodeJS.ErrnoException | undefined)?.code === "EPIPE") return EXIT.done;
  const isOurs = error instanceof QocError || error instanceof RemoteError;
  const known = isOurs ? error : new QocError("INTERNAL", { message: messageOf(error) }, { cause: error });
  if (known.data !== undefined && row !== undefined) await io.out(render(row, known.data, io, manner.json));
  if (manner.json) io.err(`${jsonText(known.toJSON(), 0)}\n`);
  else for (const line of linesFor(known, io, manner.verbose)) io.err(`${line}\n`);
  return known.exit;
}

function linesFor(error: QocError | RemoteError, io: Io, isVerbose: boolean): readonly string[] {
  const paint = painter(io.colour.err);
  const { details } = error.toJSON();
  return [
    `${paint("red", "✗")} ${oneLine(error.message)}`,
    paint("dim", `code ${oneLine(error.code)}`),
    `next: ${oneLine(error.hint.trim())}`,
    ...(isVerbose && details !== undefined ? [`details: ${jsonText(details, 0)}`] : []),
    ...(isVerbose && error.cause instanceof Error
      ? (error.cause.stack ?? error.cause.message).split("\n").map(oneLine)
      : []),
  ];
}
