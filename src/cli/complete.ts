/**
 * Shell completion: `qoc complete zsh` prints the script of the shell, and the script runs `qoc complete -- words…` at
 * each Tab. Ids come from the running desk. If the desk is down or slow, no ids are offered.
 */
import { RootCommand, ShellCompDirective } from "@bomb.sh/tab";
import type { ArgumentEntry, CommandEntry, Completion } from "../commands/command-entry.ts";
import { oneLine } from "../commands/rendering/terminal-text.ts";
import { BUILTIN_COMMANDS } from "./builtin-commands.ts";
import { GLOBAL_FLAGS, kebab } from "./flags.ts";
import { nounsOf } from "./strict-args.ts";

export const SHELLS = ["zsh", "bash", "fish", "powershell"] as const;
export type Shell = (typeof SHELLS)[number];

/** Calls one command of the running desk. Rejects if the desk is down or slow. */
export type CompletionCall = (command: string, input: Readonly<Record<string, unknown>>) => Promise<unknown>;

interface Candidate {
  readonly value: string;
  readonly description: string;
}
type JsonObject = Readonly<Record<string, unknown>>;

const DESCRIPTION_CHARS_MAX = 60;
/** Shells evaluate the words of their scripts, so an id with any other character is not offered. */
const PLAIN_ID = /^[A-Za-z0-9][A-Za-z0-9._/-]*$/;

/**
 * Returns the script to source. The library prints the script with `console.log`, which is replaced during the call.
 */
export function completionScript(shell: Shell): string {
  const lines: string[] = [];
  const { log } = console;
  console.log = (line: string) => void lines.push(line);
  try {
    new RootCommand().setup("qoc", "qoc", shell);
  } finally {
    console.log = log;
  }
  return `${shell === "bash" ? BASH_WITHOUT_PACKAGE : ""}${lines.join("\n")}\n`;
}

/** The script of the library uses one function of the package bash-completion, which many systems lack. */
const BASH_WITHOUT_PACKAGE = `# Works with and without the package bash-completion.
if ! declare -F _get_comp_words_by_ref >/dev/null; then
  _get_comp_words_by_ref() {
    cur="\${COMP_WORDS[COMP_CWORD]}"
    prev="\${COMP_WORDS[COMP_CWORD-1]}"
    words=("\${COMP_WORDS[@]}")
    cword=$COMP_CWORD
  }
fi

`;

/**
 * Returns the completions of the last argument: lines of `value<TAB>description`, then the directive for the script.
 * The desk is called only if an id is needed, so the words are matched twice: first to learn which ids are needed, then
 * with the ids.
 */
export async function completions(
  words: readonly string[],
  entries: readonly CommandEntry[],
  callDesk: CompletionCall,
): Promise<string> {
  const needed = new Set<Completion>();
  match(words, entries, (kind) => {
    needed.add(kind);
    return [];
  });
  const [kind] = needed;
  const isPath =
    kind === "path" ||
    ((kind === "order" || kind === "proposal" || kind === "issue") && (words.at(-1) ?? "").includes("/"));
  const ids = kind === undefined || kind === "path" || isPath ? [] : await idsOf(kind, callDesk);
  const lines = match(words, entries, () => ids).map(({ value, description }) => `${value}\t${description}`);
  const directive = isPath
    ? ShellCompDirective.ShellCompDirectiveDefault
    : ShellCompDirective.ShellCompDirectiveNoFileComp;
  return `${[...lines, `:${directive}`].join("\n")}\n`;
}

/** Describes the commands to the library and returns its candidates. `offer` returns the ids of a kind. */
function match(
  words: readonly string[],
  entries: readonly CommandEntry[],
  offer: (kind: Completion) => readonly Candidate[],
): readonly Candidate[] {
  const root = new RootCommand();
  const handler = (argument: ArgumentEntry) => (add: (value: string, description: string) => void) => {
    for (const choice of argument.choices ?? []) add(choice, "");
    if (argument.completes === undefined) return;
    for (const { value, description } of offer(argument.completes)) add(value, description);
  };
  const addFlag = (command: Pick<RootCommand, "option">, flag: ArgumentEntry): void => {
    if (flag.type === "boolean") command.option(kebab(flag.name), flag.summary, flag.short);
    else command.option(kebab(flag.name), flag.summary, handler(flag), flag.short);
  };
  const visible = entries.filter(({ audience }) => audience !== "agent");
  // The library finds "orders list" only if "orders" is a command too.
  for (const noun of nounsOf(visible)) {
    const names = visible.filter(({ name }) => name.startsWith(`${noun} `)).map(({ name }) => name);
    root.command(noun, names.map((name) => name.slice(noun.length + 1)).join(", "));
  }
  for (const { name, summary } of BUILTIN_COMMANDS) root.command(name, summary);
  for (const { name, summary, args } of visible) {
    const command = root.command(name, summary);
    for (const argument of args.filter(({ hidden }) => hidden !== true)) {
      if (argument.kind === "flag") addFlag(command, argument);
      else command.argument(argument.name, handler(argument), argument.many);
    }
    for (const flag of GLOBAL_FLAGS) addFlag(command, flag);
  }
  for (const flag of GLOBAL_FLAGS) addFlag(root, flag);
  return candidatesFrom(root, words);
}

/** The library prints its candidates. With `console.log` silenced they stay in `completions`, unfiltered. */
function candidatesFrom(root: RootCommand, words: readonly string[]): readonly Candidate[] {
  const { log } = console;
  console.log = () => undefined;
  try {
    root.parse(words.length === 0 ? [""] : [...words]);
  } finally {
    console.log = log;
  }
  const typed = words.at(-1) ?? "";
  const prefix = typed.startsWith("--") && typed.includes("=") ? typed.slice(typed.indexOf("=") + 1) : typed;
  const candidates = new Map<string, Candidate>();
  for (const { value, description = "" } of root.completions) {
    if (value.startsWith(prefix) && !candidates.has(value))
      candidates.set(value, { value, description: oneLine(description).slice(0, DESCRIPTION_CHARS_MAX) });
  }
  return [...candidates.values()];
}

type IdKind = Exclude<Completion, "path">;

async function idsOf(kind: IdKind, callDesk: CompletionCall): Promise<readonly Candidate[]> {
  try {
    return (await IDS[kind](callDesk)).filter(({ value }) => PLAIN_ID.test(value));
  } catch {
    // The desk is down or slow: offer nothing.
    return [];
  }
}

const IDS: Readonly<Record<IdKind, (callDesk: CompletionCall) => Promise<readonly Candidate[]>>> = {
  order: (callDesk) => orderIds(callDesk, { limit: 100 }),
  proposal: (callDesk) => orderIds(callDesk, { state: "proposed" }),
  issue: (callDesk) => listIds(callDesk, "issues list", { value: "id", describe: titleOf }),
  connector: (callDesk) =>
    listIds(callDesk, "connectors list", { value: "name", describe: (connector) => textOf(connector, "state") }),
};

async function orderIds(callDesk: CompletionCall, input: JsonObject): Promise<readonly Candidate[]> {
  return ((await callDesk("orders list", input)) as readonly JsonObject[]).map((order) => {
    const terms = order["terms"] as JsonObject;
    const sentence = ["side", "quantity", "symbol"].map((name) => textOf(terms, name)).join(" ");
    return { value: textOf(order, "id"), description: `${textOf(order, "state")}: ${sentence}` };
  });
}

/** The items of any list as candidates. `value` is the field with the id. */
async function listIds(
  callDesk: CompletionCall,
  command: string,
  { value, describe }: { readonly value: string; readonly describe: (item: JsonObject) => string },
): Promise<readonly Candidate[]> {
  const items = (await callDesk(command, {})) as readonly JsonObject[];
  return items.map((item) => ({ value: textOf(item, value), description: describe(item) }));
}

function textOf(item: JsonObject, field: string): string {
  return String(item[field] ?? "");
}

function titleOf(issue: JsonObject): string {
  return (issue["untrusted"] as { readonly title: { readonly text: string } }).title.text;
}
