/**
 * The commands as a citty program: nouns with verbs, built lazily from the entries. citty parses the words that the
 * strict check has put into normal form, finds the command, and calls `perform`.
 */
import { type ArgDef, type ArgsDef, type CommandDef, defineCommand, runCommand } from "citty";
import type { ArgumentEntry, CommandEntry } from "../commands/command-entry.ts";
import { EXIT } from "../domain/errors/error.ts";
import { kebab } from "./flags.ts";

export type CommandTreeInput = Readonly<Record<string, unknown>>;

/** Runs one command with its parsed input and returns the exit code. */
export type Perform = (entry: CommandEntry, input: CommandTreeInput) => Promise<number>;

/** Parses `words`, runs the command that they name, and returns its exit code. Rejects as `perform` does. */
export async function dispatch(
  words: readonly string[],
  entries: readonly CommandEntry[],
  perform: Perform,
): Promise<number> {
  // citty drops the result of a sub-command.
  let exitCode: number = EXIT.usage;
  const record: PerformAndRecord = async (entry, input) => {
    exitCode = await perform(entry, input);
  };
  await runCommand(program(words, entries, record), { rawArgs: [...words] });
  return exitCode;
}

type PerformAndRecord = (entry: CommandEntry, input: CommandTreeInput) => Promise<void>;

function program(words: readonly string[], entries: readonly CommandEntry[], perform: PerformAndRecord): CommandDef {
  const [firstWord = ""] = words;
  const twoWords = words.slice(0, 2).join(" ");
  // A word may be a command and a noun: `snapshot` and `snapshot list`.
  const subCommand = (word: string) => (): CommandDef => {
    const entry = entries.find(({ name }) => name === word);
    return entry === undefined || entries.some(({ name }) => name === twoWords) ? noun(word) : leaf(entry);
  };
  const noun = (word: string): CommandDef => {
    const verbs = entries.filter(({ name }) => name.startsWith(`${word} `));
    return defineCommand({
      meta: { name: word, description: verbs.map(({ summary }) => summary).join("; ") },
      subCommands: Object.fromEntries(verbs.map((entry) => [entry.name.slice(word.length + 1), () => leaf(entry)])),
    });
  };
  const leaf = (entry: CommandEntry): CommandDef =>
    defineCommand({
      meta: { name: entry.name, description: entry.summary },
      args: argumentDefinitions(entry.args),
      run: ({ args, rawArgs }) => perform(entry, inputOf(entry.args, args, rawArgs)),
    });
  return defineCommand({
    meta: { name: "qoc", description: "a trading desk in a folder" },
    // The strict check has found the command, and help is not citty's.
    subCommands: { [firstWord]: subCommand(firstWord) },
  });
}

function argumentDefinitions(args: readonly ArgumentEntry[]): ArgsDef {
  return Object.fromEntries(args.map((argument) => [argument.name, argumentDefinition(argument)]));
}

function argumentDefinition({ kind, type, summary, short, choices, required, value }: ArgumentEntry): ArgDef {
  if (kind === "positional") return { type: "positional", description: summary, required: required === true };
  const common = {
    description: summary,
    required: required === true,
    alias: short ?? [],
  };
  if (type === "boolean") return { type: "boolean", ...common };
  const valueHint = value ?? "VALUE";
  if (choices !== undefined) return { type: "enum", options: [...choices], valueHint, ...common };
  return { type: "string", valueHint, ...common };
}

/** citty keeps one value of a repeated flag, so the values of such a flag are read from the words. */
function inputOf(
  args: readonly ArgumentEntry[],
  parsed: Readonly<Record<string, unknown>>,
  words: readonly string[],
): CommandTreeInput {
  const input: Record<string, unknown> = {};
  const flagWords = words.slice(0, words.indexOf("--"));
  for (const { name, kind, type, many } of args) {
    const prefix = `--${kebab(name)}=`;
    const value =
      many !== true
        ? parsed[name]
        : kind === "positional"
          ? restOf(parsed, args, name)
          : flagWords.filter((word) => word.startsWith(prefix)).map((word) => word.slice(prefix.length));
    if (value === undefined || (Array.isArray(value) && value.length === 0)) continue;
    input[name] = type === "number" ? numbersOf(value) : value;
  }
  return input;
}

/** citty lists all positionals, also those that have a name of their own. */
function restOf(parsed: Readonly<Record<string, unknown>>, args: readonly ArgumentEntry[], name: string): unknown {
  const positionals = args.filter(({ kind }) => kind === "positional");
  return (parsed["_"] as readonly string[] | undefined)?.slice(positionals.findIndex((known) => known.name === name));
}

function numbersOf(value: unknown): number | readonly number[] {
  return Array.isArray(value) ? value.map(Number) : Number(value);
}
