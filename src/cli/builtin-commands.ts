/** Commands of the command line itself: they are about commands, so they stand beside the table and not in it. */
import type { ArgumentEntry } from "../commands/command-entry.ts";
import type { Words } from "./argv.ts";

export interface OwnRow extends Words {
  readonly own: "help" | "complete";
  readonly about: string;
}

function words(value: string, summary: string): ArgumentEntry {
  return { name: "words", kind: "positional", type: "string", many: true, value, summary };
}

export const OWN_ROWS: readonly OwnRow[] = [
  {
    own: "help",
    name: "help",
    writes: [],
    about: "help for a command or a topic; --all prints everything as Markdown",
    args: [
      words("COMMAND|TOPIC", "a command, a noun, or a topic"),
      { name: "all", kind: "flag", type: "boolean", summary: "every command and topic, as Markdown" },
    ],
  },
  {
    own: "complete",
    name: "complete",
    writes: [],
    about: "a completion script for zsh, bash, fish or powershell",
    args: [words("SHELL", "zsh, bash, fish or powershell")],
  },
];
