/** `qoc help`: made from the rows of the command table and nothing else, so that it cannot be out of date. */
import type { ArgumentEntry, CommandEntry } from "../commands/command-entry.ts";
import { EXIT, QocError } from "../domain/error.ts";
import { suggestion } from "../domain/ids.ts";
import { GLOBAL_FLAGS, kebab } from "./argv.ts";
import { EXIT_WORDS, TOPICS, type Topic, type TopicLine } from "./help-topics.ts";

const WIDTH = 80;
const GROUPS: readonly (readonly [group: CommandEntry["group"], title: string])[] = [
  ["desk", "the desk"],
  ["orders", "orders"],
  ["research", "research"],
  ["runs", "agents"],
  ["connectors", "connectors"],
  ["record", "the record"],
];
/** The topics that go with a group's commands. */
const SEE: Readonly<Record<CommandEntry["group"], readonly string[]>> = {
  desk: ["workspace", "environment"],
  orders: ["guards", "security"],
  research: ["agents"],
  runs: ["agents"],
  connectors: ["connectors"],
  record: ["workspace"],
};
const SEE_COMMANDS_MAX = 4;
/** Every command may end with these. */
const USUAL_EXITS: readonly number[] = [EXIT.done, EXIT.failed, EXIT.usage];

/**
 * `words` are what follows `help`: nothing, a command, a topic.
 * @throws UNKNOWN_COMMAND with the nearest name.
 */
export function helpFor(words: readonly string[], table: readonly CommandEntry[]): string {
  const rows = table.filter(({ audience }) => audience !== "agent");
  if (words.length === 0) return text(overview(rows));
  const name = words.join(" ");
  const row = rows.find((known) => known.name === name || known.aliases?.includes(name) === true);
  if (row !== undefined) return text(commandHelp(row, rows));
  // "connectors" is a noun with commands and a topic; both are told.
  const under = rows.filter((known) => known.name.startsWith(`${name} `));
  const topic = TOPICS.find((known) => known.name === name);
  const page = [...(topic === undefined ? [] : [...topicHelp(topic), ""]), ...list(under)];
  if (page.length > 0) return text(page);
  throw new QocError("UNKNOWN_COMMAND", {
    name,
    suggestion: suggestion(
      name,
      [...rows, ...TOPICS].map((known) => known.name),
    ),
  });
}

/** Every command and topic as one Markdown document. */
export function helpMarkdown(table: readonly CommandEntry[]): string {
  const rows = table.filter(({ audience }) => audience !== "agent");
  const fenced = (lines: readonly string[]): readonly string[] => ["```", ...lines, "```", ""];
  return text([
    "# qoc",
    "",
    ...fenced(overview(rows)),
    ...rows.flatMap((row) => [`## qoc ${row.name}`, "", ...fenced(commandHelp(row, rows))]),
    ...TOPICS.flatMap((topic) => [`## ${topic.name}: ${topic.about}`, "", ...fenced(prose(topic.text()))]),
  ]);
}

function text(lines: readonly string[]): string {
  return `${lines.join("\n").trimEnd()}\n`;
}

function overview(rows: readonly CommandEntry[]): readonly string[] {
  return [
    "qoc: a trading desk in a folder. Agents propose, you approve, guards check, connectors send.",
    "",
    "usage: qoc <command> [flags]",
    "",
    "  qoc init my-desk && cd my-desk && qoc up",
    "  qoc status",
    "",
    ...GROUPS.flatMap(([group, title]) => {
      const members = rows.filter((row) => row.group === group);
      return members.length === 0 ? [] : [title, ...list(members), ""];
    }),
    "flags of every command",
    ...flagLines(GLOBAL_FLAGS),
    "",
    "help",
    ...columns([
      ["qoc help <command>", "usage, examples, flags, exit codes"],
      ["qoc help <topic>", TOPICS.map(({ name }) => name).join(", ")],
      ["qoc help --all", "all of it as Markdown"],
      ["qoc complete <shell>", "completions for zsh, bash, fish, powershell"],
    ]),
  ];
}

function list(rows: readonly CommandEntry[]): readonly string[] {
  return columns(rows.map((row) => [row.name, row.summary]));
}

function commandHelp(row: CommandEntry, rows: readonly CommandEntry[]): readonly string[] {
  const positionals = row.args.filter(({ kind }) => kind === "positional");
  const flags = row.args.filter(({ kind }) => kind === "flag");
  const exits = [...USUAL_EXITS, ...(row.exits ?? [])];
  return [
    ...wrapped(usageOf(row), "usage: ", "       ").map(broken),
    "",
    ...row.examples.map((example) => `  ${example}`),
    "",
    ...wrapped(row.summary, "", ""),
    ...(row.aliases === undefined ? [] : [`also: ${row.aliases.map((alias) => `qoc ${alias}`).join(", ")}`]),
    "",
    ...titled("arguments", columns(positionals.map((argument) => [argument.value ?? argument.name, argument.summary]))),
    ...titled("flags", flagLines(flags)),
    "flags of every command: see qoc help",
    "",
    "exit codes",
    ...columns(exits.map((code) => [String(code), EXIT_WORDS.get(code) ?? ""])),
    "",
    ...wrapped(seeAlso(row, rows).map(unbroken).join(", "), "see also: ", "          ").map(broken),
  ];
}

function titled(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [title, ...lines, ""];
}

function usageOf(row: CommandEntry): string {
  const shown = row.args.map((argument) => {
    const word = argument.kind === "positional" ? (argument.value ?? argument.name) : spelled(argument);
    const many = argument.many === true ? `${word}…` : word;
    const isRequired = argument.required === true;
    return unbroken(isRequired ? many : `[${many}]`);
  });
  return ["qoc", row.name, ...shown].join(" ");
}

function spelled(flag: ArgumentEntry): string {
  return `--${kebab(flag.name)}${flag.type === "boolean" ? "" : ` ${flag.value ?? "VALUE"}`}`;
}

function flagLines(flags: readonly ArgumentEntry[]): readonly string[] {
  return columns(
    flags.map((flag) => [`${flag.short === undefined ? "" : `-${flag.short}, `}${spelled(flag)}`, choicesOf(flag)]),
  );
}

function choicesOf(flag: ArgumentEntry): string {
  const says = flag.choices?.every((choice) => flag.summary.includes(choice)) ?? true;
  return says ? flag.summary : `${flag.summary} (${flag.choices?.join(", ")})`;
}

/** Commands of the same noun first, then of the same group, then topics. */
function seeAlso(row: CommandEntry, rows: readonly CommandEntry[]): readonly string[] {
  const noun = (name: string): string => name.split(" ")[0] ?? name;
  const others = rows.filter((other) => other.group === row.group && other.name !== row.name);
  const near = others.toSorted(
    (a, b) => Number(noun(b.name) === noun(row.name)) - Number(noun(a.name) === noun(row.name)),
  );
  return [
    ...near.slice(0, SEE_COMMANDS_MAX).map(({ name }) => `qoc ${name}`),
    ...SEE[row.group].map((topic) => `qoc help ${topic}`),
  ];
}

/** Words that stay on one line while it is filled. */
function unbroken(words: string): string {
  return words.replaceAll(" ", "\u00a0");
}
function broken(line: string): string {
  return line.replaceAll("\u00a0", " ");
}

function topicHelp(topic: Topic): readonly string[] {
  return [`${topic.name}: ${topic.about}`, "", ...prose(topic.text())];
}

/** Fills paragraphs and aligns tables: lines of one kind that stand together are one of either. */
function prose(lines: readonly TopicLine[]): readonly string[] {
  const blocks: TopicLine[][] = [];
  for (const line of lines) {
    const block = blocks.at(-1);
    const before = block?.[0];
    if (block === undefined || isApart(before) || isApart(line) || typeof before !== typeof line) blocks.push([line]);
    else block.push(line);
  }
  return blocks.flatMap((block) => {
    const rows = block.filter((line) => typeof line !== "string");
    if (rows.length > 0) return columns(rows);
    const words = block.join(" ");
    const margin = words.startsWith(" ") ? "  " : "";
    return wrapped(words.trim(), margin, margin);
  });
}

function isApart(line: TopicLine | undefined): boolean {
  return line === "" || (typeof line === "string" && line.startsWith(" "));
}

/** Names on the left, words on the right, both whole; words that do not fit go on below themselves. */
function columns(rows: readonly (readonly [name: string, words: string])[]): readonly string[] {
  const width = Math.min(28, Math.max(0, ...rows.map(([name]) => name.length)));
  return rows.flatMap(([name, words]) => {
    const margin = " ".repeat(width + 4);
    const first = `  ${name.padEnd(width)}  `;
    return name.length > width ? [`  ${name}`, ...wrapped(words, margin, margin)] : wrapped(words, first, margin);
  });
}

function wrapped(words: string, first: string, rest: string): readonly string[] {
  const lines: string[] = [];
  let line = first;
  for (const word of words.split(" ")) {
    const isStart = line === first || line === rest;
    if (!isStart && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = rest + word;
    } else line += isStart ? word : ` ${word}`;
  }
  return [...lines, line];
}
