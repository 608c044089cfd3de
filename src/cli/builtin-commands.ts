/** Commands of the command line itself: they are about commands, so they stand beside the table and not in it. */
import { positional, toggle } from "../commands/row.ts";
import type { Words } from "./argv.ts";

export interface OwnRow extends Words {
  readonly own: "help" | "complete";
  readonly about: string;
}

export const OWN_ROWS: readonly OwnRow[] = [
  {
    own: "help",
    name: "help",
    writes: [],
    about: "help for a command or a topic; --all prints everything as Markdown",
    args: [
      positional("words", "COMMAND|TOPIC", "a command, a noun, or a topic", { required: false, many: true }),
      toggle("all", "every command and topic, as Markdown"),
    ],
  },
  {
    own: "complete",
    name: "complete",
    writes: [],
    about: "a completion script for zsh, bash, fish or powershell",
    args: [positional("words", "SHELL", "zsh, bash, fish or powershell", { required: false, many: true })],
  },
];
