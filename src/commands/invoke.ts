/**
 * Runs a command for every interface: finds it, checks the caller's audience, parses the input, refuses a write that
 * cannot be recorded, runs it, and checks the output. An agent that names a human's command gets the error of an
 * unknown name, and the attempt is recorded.
 */
import type * as z from "zod";
import "../lib/schema-words.ts";
import { QocError } from "../domain/errors/error.ts";
import { knownError } from "../domain/errors/known-error.ts";
import { suggestion } from "../domain/ids.ts";
import type { RefusalLog } from "../domain/authority/refusal.ts";
import { inputForAgents } from "./arguments.ts";
import { type CommandEntry, findCommand } from "./command-entry.ts";
import type { CommandContext, CommandRegistry } from "./command.ts";

export interface Invocation {
  readonly command: string;
  readonly input: unknown;
}

/** @throws QocError; any other error of a command becomes INTERNAL. */
export async function invoke(
  registry: CommandRegistry,
  invocation: Invocation,
  context: CommandContext,
  refusals?: RefusalLog,
): Promise<unknown> {
  const entry = permittedCommand(registry.entries, invocation.command, context, refusals);
  const command = await registry.load(entry.name);
  const schema = context.actor === "human" ? command.input : inputForAgents(command.input);
  const input = schema.safeParse(withFieldNames(invocation.input, schema));
  if (!input.success) {
    const message = issueMessage(input.error, Object.keys(schema.shape));
    throw new QocError("INVALID_INPUT", { command: entry.name, message });
  }
  // The agent is gone, or its run is over: nothing more is started for it.
  if (context.actor !== "human" && context.signal.aborted) throw new QocError("RUN_OVER");
  refuseUnrecordedWrite(entry, input.data, context);
  const value = await runCommand(() => command.run(input.data, context));
  const output = command.output.safeParse(value);
  if (!output.success) {
    const message = `${entry.name} returned a value that does not match its schema: ${issueMessage(output.error)}`;
    throw new QocError("INTERNAL", { message });
  }
  return output.data;
}

/** The names that files have for fields of commands, besides those that differ in underscores only. */
const FILE_NAMES: Readonly<Record<string, string>> = {
  action: "side",
  order_type: "type",
  cancels: "cancel",
  replaces: "replace",
};

/** Renames `limit_price`, as files have it, to `limitPrice`. A field that is set twice is left for the schema. */
function withFieldNames(input: unknown, { shape }: z.ZodObject): unknown {
  if (typeof input !== "object" || input === null || Array.isArray(input)) return input;
  // Most callers have the schema's names.
  if (Object.keys(input).every((key) => Object.hasOwn(shape, key))) return input;
  const entries = Object.entries(input).map(([key, value]): [string, unknown] => {
    const name = FILE_NAMES[key] ?? key.replaceAll(/[_-]([a-z])/g, (_match, letter: string) => letter.toUpperCase());
    return Object.hasOwn(shape, key) || !Object.hasOwn(shape, name) || Object.hasOwn(input, name)
      ? [key, value]
      : [name, value];
  });
  // Of two spellings of one field, only the first is renamed.
  return new Set(entries.map(([key]) => key)).size === entries.length ? Object.fromEntries(entries) : input;
}

function permittedCommand(
  entries: readonly CommandEntry[],
  name: string,
  { actor }: CommandContext,
  refusals: RefusalLog | undefined,
): CommandEntry {
  const entry = findCommand(entries, name);
  const excluded = actor === "human" ? "agent" : "human";
  if (entry !== undefined && entry.audience !== excluded) return entry;
  if (actor === "human") {
    const names = entries.map((known) => known.name);
    throw new QocError("UNKNOWN_COMMAND", { name, suggestion: suggestion(name, names) });
  }
  refusals?.record({ actor, command: name, reason: entry === undefined ? "unknown" : "human only" });
  throw new QocError("NOT_PERMITTED", { name });
}

/**
 * @throws DESK_READ_ONLY if the command would write files that the journal could not record. A command that writes only
 * the journal is refused by the journal itself.
 */
function refuseUnrecordedWrite({ writes, fromJournal }: CommandEntry, input: unknown, { desk }: CommandContext): void {
  const reason = desk?.desk.readOnly();
  const isDryRun = (input as { readonly dryRun?: unknown } | undefined)?.dryRun === true;
  if (reason === undefined || isDryRun || fromJournal === true || writes.every((place) => place === "journal")) return;
  throw new QocError("DESK_READ_ONLY", { reason });
}

async function runCommand(run: () => Promise<unknown>): Promise<unknown> {
  try {
    return await run();
  } catch (error) {
    throw knownError(error);
  }
}

const ISSUES_NAMED = 10;

/** Each issue with its field, as files have its name, and of very many the number of the others. */
function issueMessage({ issues }: z.ZodError, names: readonly string[] = []): string {
  const named = issues.slice(0, ISSUES_NAMED).map((issue) => {
    const path = issue.path.join(".").replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    return `${path === "" ? "" : `${path}: `}${issueWords(issue, names)}`;
  });
  const others = issues.length - named.length;
  return `${named.join("; ")}${others > 0 ? ` (and ${others} more)` : ""}`;
}

/** What is wrong with a value, in words for the person or agent that sent it. */
function issueWords(issue: z.core.$ZodIssue, names: readonly string[]): string {
  if (issue.code !== "unrecognized_keys") return issue.message;
  return issue.keys.map((key) => `unknown field ${JSON.stringify(key)}${suggestion(key, names)}`).join(", ");
}
