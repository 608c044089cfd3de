/** Runs one checked command line. This file and what it imports is what each command loads but help and completion. */
import type { CommandEntry } from "../commands/command-entry.ts";
import type { CommandRegistry } from "../commands/command.ts";
import { EXIT } from "../domain/errors/error.ts";
import { BUILTIN_COMMANDS, COMPLETE_COMMAND, HELP_COMMAND } from "./builtin-commands.ts";
import type { CliDeps } from "./cli-deps.ts";
import { type CommandTreeInput, dispatch } from "./command-tree.ts";
import type { Globals } from "./flags.ts";
import { openSession } from "./session.ts";
import { type CheckedLine, usage } from "./strict-args.ts";

export interface LineContext {
  readonly registry: CommandRegistry;
  readonly deps: CliDeps;
  readonly signal: AbortSignal;
  /** The commands of the command line itself. */
  readonly builtIn: {
    complete(words: readonly string[]): Promise<number>;
    help(words: readonly string[], isAll: boolean): Promise<number>;
  };
}

/** Lets citty parse the line and find its command. Returns the exit code. */
export function runLine({ words, globals }: CheckedLine<CommandEntry>, context: LineContext): Promise<number> {
  const { registry, builtIn } = context;
  return dispatch(words, [...registry.entries, ...BUILTIN_COMMANDS], async (entry, input) => {
    const operands = (input["words"] as readonly string[] | undefined) ?? [];
    if (entry === COMPLETE_COMMAND) return builtIn.complete(operands);
    if (entry === HELP_COMMAND) return builtIn.help(operands, input["all"] === true);
    return perform(entry, { ...context, input, globals });
  });
}

interface ParsedRun extends LineContext {
  readonly input: CommandTreeInput;
  readonly globals: Globals;
}

/** Calls the command and prints its value, unless the command's own `cli` hook does both. */
async function perform(entry: CommandEntry, run: ParsedRun): Promise<number> {
  const { registry, deps } = run;
  const session = openSession(run);
  const input = await withStdin(entry, run.input, deps);
  const command = await registry.load(entry.name);
  if (command.cli !== undefined) return command.cli(session, input);
  const value = await session.call(entry.name, input);
  if (value === undefined) return EXIT.done;
  await session.show(entry.name, value);
  return command.exitCode?.(value, input) ?? EXIT.done;
}

/** A value `-` is replaced by standard input. On a terminal a line on standard error says that the command waits. */
async function withStdin(entry: CommandEntry, input: CommandTreeInput, { io }: CliDeps): Promise<CommandTreeInput> {
  const names = Object.entries(input).flatMap(([name, value]) => (value === "-" ? [name] : []));
  const [name] = names;
  if (name === undefined) return input;
  if (names.length > 1) throw usage(entry, `only one of ${names.join(", ")} can be read from standard input`);
  if (io.isTty.in) io.err("Reading from standard input (Ctrl-D to finish)\n");
  return { ...input, [name]: await io.stdinText() };
}
