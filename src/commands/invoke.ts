/**
 * The only way in: look up, audience, parse, run, check the answer. An agent that names a human's command hears the same
 * words as for a word that does not exist, and the attempt is journaled.
 */
import type { z } from "zod";
import { QocError, messageOf } from "../domain/error.ts";
import { suggestion } from "../domain/ids.ts";
import type { CommandContext, CommandRow } from "./command.ts";

export interface Invocation {
  readonly command: string;
  readonly input: unknown;
}

export type Refusals = (command: string, actor: CommandContext["actor"], reason: string) => void;

export function findCommand(table: readonly CommandRow[], name: string): CommandRow | undefined {
  return table.find((row) => row.name === name || row.aliases?.includes(name) === true);
}

/** @throws QocError; anything else a verb throws becomes INTERNAL. */
export async function invoke(
  table: readonly CommandRow[],
  invocation: Invocation,
  call: CommandContext,
  refused: Refusals = () => undefined,
): Promise<unknown> {
  const row = admitted(table, invocation.command, call, refused);
  const { input: shape, output, run } = await row.load();
  const parsed = shape.safeParse(invocation.input);
  if (!parsed.success) throw new QocError("INVALID_INPUT", { command: row.name, message: inputMessage(parsed.error) });
  // Who asked is gone, or its run is over: nothing is begun for it.
  if (call.actor !== "human" && call.signal.aborted) throw new QocError("RUN_OVER");
  refuseUnrecorded(row, parsed.data, call);
  const answer = await attempt(() => run(parsed.data, call));
  const checked = output.safeParse(answer);
  if (!checked.success)
    throw new QocError("INTERNAL", { message: `${row.name} answered out of shape: ${inputMessage(checked.error)}` });
  // What the shape does not name stays here.
  return checked.data;
}

function admitted(table: readonly CommandRow[], name: string, call: CommandContext, refused: Refusals): CommandRow {
  const row = findCommand(table, name);
  const isHuman = call.actor === "human";
  if (row !== undefined && (isHuman ? row.audience !== "agent" : row.audience !== "human")) return row;
  if (isHuman) {
    throw new QocError("UNKNOWN_COMMAND", {
      name,
      suggestion: suggestion(
        name,
        table.map((known) => known.name),
      ),
    });
  }
  refused(name, call.actor, row === undefined ? "unknown" : "human only");
  throw new QocError("NOT_PERMITTED", { name });
}

/** @throws DESK_READ_ONLY where files would be written of which the journal cannot tell. What only a journal holds, it refuses itself. */
function refuseUnrecorded({ writes, fromJournal }: CommandRow, input: unknown, { desk: hot }: CommandContext): void {
  const reason = hot?.desk.readOnly();
  const isDry = (input as { readonly dryRun?: unknown } | undefined)?.dryRun === true;
  if (reason === undefined || isDry || fromJournal === true || writes.every((place) => place === "journal")) return;
  throw new QocError("DESK_READ_ONLY", { reason });
}

async function attempt(run: () => Promise<unknown>): Promise<unknown> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof QocError) throw error;
    throw new QocError("INTERNAL", { message: messageOf(error) }, { cause: error });
  }
}

/** The first problem with its field, and how many more there are. */
function inputMessage(error: z.ZodError): string {
  const [first] = error.issues;
  const path = first?.path.join(".") ?? "";
  const more = error.issues.length > 1 ? ` (and ${error.issues.length - 1} more)` : "";
  return `${path === "" ? "" : `${path}: `}${first?.message ?? "invalid"}${more}`;
}
