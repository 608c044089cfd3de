/** Commands of the command line itself. They are about commands, so they are not in the registry. */
import type { CommandEntry } from "../commands/command-entry.ts";

type BuiltinName = "help" | "complete";

function builtin(name: BuiltinName, summary: string, args: CommandEntry["args"]): CommandEntry {
  return { name, group: "desk", audience: "human", writes: [], summary, args, examples: [], runs: "local" };
}

export const HELP_COMMAND = builtin("help", "show help for a command or a topic; --all prints everything as Markdown", [
  {
    name: "words",
    kind: "positional",
    type: "string",
    value: "COMMAND|TOPIC",
    many: true,
    summary: "a command, a noun, or a topic",
  },
  { name: "all", kind: "flag", type: "boolean", summary: "print every command and topic as Markdown" },
]);

export const COMPLETE_COMMAND = builtin("complete", "print a completion script for zsh, bash, fish or powershell", [
  {
    name: "words",
    kind: "positional",
    type: "string",
    value: "SHELL",
    many: true,
    summary: "zsh, bash, fish or powershell",
  },
]);

export const BUILTIN_COMMANDS: readonly CommandEntry[] = [HELP_COMMAND, COMPLETE_COMMAND];
