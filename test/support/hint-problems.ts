/** Commands in texts that a person pastes. A command begins with `qoc` and ends at a semicolon, a comma or the end. */
import { BUILTIN_COMMANDS } from "../../src/cli/builtin-commands.ts";
import { TOPICS } from "../../src/cli/help-topics.ts";
import { checkCommandLine } from "../../src/cli/strict-args.ts";
import { COMMANDS } from "./commands.ts";

const ENTRIES = [...COMMANDS, ...BUILTIN_COMMANDS];
const WORD = /\s*((?:"[^"]*"|'[^']*'|[^\s"',;])+)/y;

/** The words after each `qoc` of a hint, as a shell splits them. */
function commandsIn(text: string): readonly (readonly string[])[] {
  return [...text.matchAll(/(?<![\w./-])qoc(?= )/g)].map(({ index }) => {
    const words: string[] = [];
    WORD.lastIndex = index + "qoc".length;
    for (let match = WORD.exec(text); match !== null; match = WORD.exec(text))
      words.push((match[1] ?? "").replace(/["']/g, ""));
    const end = words.findIndex((word) => ["&&", "|", "(", "#", "│"].some((sign) => word.startsWith(sign)));
    return end === -1 ? words : words.slice(0, end);
  });
}

/** Why a command of the text does not parse; empty if each does. */
export function problemsIn(text: string): readonly string[] {
  return commandsIn(text).flatMap((words) => {
    try {
      const { entry } = checkCommandLine(words, ENTRIES);
      const page = entry?.name === "help" ? words.slice(1).join(" ") : "";
      const isPage =
        page === "" || [...ENTRIES, ...TOPICS].some(({ name }) => name === page || name.startsWith(`${page} `));
      return isPage ? [] : [`qoc ${words.join(" ")}: no such page`];
    } catch (error) {
      return [`qoc ${words.join(" ")}: ${error instanceof Error ? error.message : String(error)}`];
    }
  });
}
