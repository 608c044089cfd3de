/**
 * Shell completions: `qoc complete zsh` prints the shell's script, and the script asks `qoc complete -- words…` at each Tab. Ids
 * are asked from the running desk; without one there are none, and the shell is never kept waiting.
 */
import { RootCommand, ShellCompDirective } from "@bomb.sh/tab";
import type { ArgumentEntry, CommandEntry } from "../commands/command-entry.ts";
import { GLOBAL_FLAGS, kebab } from "./flags.ts";
import { oneLine } from "../commands/rendering/terminal-text.ts";

export const SHELLS = ["zsh", "bash", "fish", "powershell"] as const;
export type Shell = (typeof SHELLS)[number];

/** One command of the running desk; rejects where it is down or slow. */
export type AskDesk = (command: string, input: Readonly<Record<string, unknown>>) => Promise<unknown>;

interface Candidate {
  readonly value: string;
  readonly about: string;
}
type Live = NonNullable<ArgumentEntry["completes"]>;
type Rows = readonly Readonly<Record<string, unknown>>[];

/** Words of the door itself, which stand in no table. */
const DOOR_WORDS: readonly Candidate[] = [
  { value: "help", about: "help for a command or a topic" },
  { value: "complete", about: "completions for your shell" },
];
const ABOUT_CHARS_MAX = 60;
/** Shell scripts evaluate words; an id never holds anything else, so anything else is not offered. */
const PLAIN = /^[A-Za-z0-9][A-Za-z0-9._/-]*$/;

/** The script to source. tab prints it with console.log, so that is borrowed while it does. */
export function completionScript(shell: Shell): string {
  const lines: string[] = [];
  const { log } = console;
  console.log = (line: string) => void lines.push(line);
  try {
    new RootCommand().setup("qoc", "qoc", shell);
  } finally {
    console.log = log;
  }
  return `${lines.join("\n")}\n`;
}

/**
 * What fits after `words`, the last of which is being typed: `value<TAB>about` lines and the directive for the script. The desk is
 * asked only where an id is wanted, so the words are walked twice: once to learn what is wanted, once to answer.
 */
export async function completions(
  words: readonly string[],
  table: readonly CommandEntry[],
  ask: AskDesk,
): Promise<string> {
  const wanted = new Set<Live>();
  walk(words, table, (live) => {
    wanted.add(live);
    return [];
  });
  const [live] = wanted;
  const isPath =
    live === "path" ||
    ((live === "order" || live === "proposal" || live === "issue") && (words.at(-1) ?? "").includes("/"));
  const candidates = live === undefined || isPath ? [] : await idsOf(live, ask);
  const lines = walk(words, table, () => candidates).map(({ value, about }) => `${value}\t${about}`);
  const directive = isPath
    ? ShellCompDirective.ShellCompDirectiveDefault
    : ShellCompDirective.ShellCompDirectiveNoFileComp;
  return `${[...lines, `:${directive}`].join("\n")}\n`;
}

/** Lets tab find what fits, offering `offer(kind)` where a live kind is wanted. */
function walk(
  words: readonly string[],
  table: readonly CommandEntry[],
  offer: (live: Live) => readonly Candidate[],
): readonly Candidate[] {
  const root = new RootCommand();
  const handler = (argument: ArgumentEntry) => (give: (value: string, about: string) => void) => {
    for (const choice of argument.choices ?? []) give(choice, "");
    if (argument.completes !== undefined) for (const { value, about } of offer(argument.completes)) give(value, about);
  };
  const option = (command: Pick<RootCommand, "option">, flag: ArgumentEntry): void => {
    if (flag.type === "boolean") command.option(kebab(flag.name), flag.summary, flag.short);
    else command.option(kebab(flag.name), flag.summary, handler(flag), flag.short);
  };
  const rows = table.filter(({ audience }) => audience !== "agent");
  // tab finds "orders list" only where "orders" is known too.
  const nouns = new Set(rows.flatMap(({ name }) => (name.includes(" ") ? [name.split(" ")[0] ?? ""] : [])));
  for (const noun of nouns) {
    const verbs = rows.filter(({ name }) => name.startsWith(`${noun} `)).map(({ name }) => name.slice(noun.length + 1));
    root.command(noun, verbs.join(", "));
  }
  for (const { value, about } of DOOR_WORDS) root.command(value, about);
  for (const row of rows) {
    const command = root.command(row.name, row.summary);
    for (const argument of row.args) {
      if (argument.kind === "flag") option(command, argument);
      else command.argument(argument.name, handler(argument), argument.many);
    }
    for (const flag of GLOBAL_FLAGS) option(command, flag);
  }
  for (const flag of GLOBAL_FLAGS) option(root, flag);
  return matching(root, words);
}

/** tab prints what it found; silenced, it leaves it in `completions`, which are filtered here as it would. */
function matching(root: RootCommand, words: readonly string[]): readonly Candidate[] {
  const { log } = console;
  console.log = () => undefined;
  try {
    root.parse(words.length === 0 ? [""] : [...words]);
  } finally {
    console.log = log;
  }
  const typed = words.at(-1) ?? "";
  const start = typed.startsWith("--") && typed.includes("=") ? typed.slice(typed.indexOf("=") + 1) : typed;
  const found = new Map<string, Candidate>();
  for (const { value, description = "" } of root.completions) {
    if (value.startsWith(start) && !found.has(value))
      found.set(value, { value, about: oneLine(description).slice(0, ABOUT_CHARS_MAX) });
  }
  return [...found.values()];
}

async function idsOf(live: Exclude<Live, "path">, ask: AskDesk): Promise<readonly Candidate[]> {
  try {
    return (await LIVE[live](ask)).filter(({ value }) => PLAIN.test(value));
  } catch {
    // The desk is down or slow: nothing is offered, and the shell goes on.
    return [];
  }
}

function word(row: Readonly<Record<string, unknown>>, name: string): string {
  return String(row[name] ?? "");
}
async function orders(ask: AskDesk, input: Readonly<Record<string, unknown>>): Promise<readonly Candidate[]> {
  return ((await ask("orders list", input)) as Rows).map((row) => {
    const terms = row["terms"] as Readonly<Record<string, unknown>>;
    const what = ["side", "quantity", "symbol"].map((name) => word(terms, name)).join(" ");
    return { value: word(row, "id"), about: `${word(row, "state")}: ${what}` };
  });
}
/** Any list as candidates: which field is the value, which tells about it. */
async function listed(
  ask: AskDesk,
  command: string,
  value: string,
  about: (row: Rows[number]) => string,
): Promise<readonly Candidate[]> {
  return ((await ask(command, {})) as Rows).map((row) => ({ value: word(row, value), about: about(row) }));
}
function titleOf(row: Rows[number]): string {
  return (row["untrusted"] as { readonly title: { readonly text: string } }).title.text;
}

const LIVE: Readonly<Record<Exclude<Live, "path">, (ask: AskDesk) => Promise<readonly Candidate[]>>> = {
  order: (ask) => orders(ask, { limit: 100 }),
  proposal: (ask) => orders(ask, { state: "proposed" }),
  issue: (ask) => listed(ask, "issues list", "id", titleOf),
  connector: (ask) => listed(ask, "connectors list", "name", (row) => word(row, "state")),
};
