/**
 * The pages of `qoc help`, made from the entries of the commands alone, so that they load no command and are never out
 * of date.
 */
import { type ArgumentEntry, type CommandEntry, type CommandGroup, findCommand } from "../commands/command-entry.ts";
import { EXIT, QocError } from "../domain/errors/error.ts";
import { suggestion } from "../domain/ids.ts";
import { BUILTIN_COMMANDS } from "./builtin-commands.ts";
import { GLOBAL_FLAGS, flagRow, flagUsage } from "./flags.ts";
import { EXIT_MEANINGS, TOPICS, type Topic, type TopicLine } from "./help-topics.ts";
import { nounsOf } from "./strict-args.ts";

const WIDTH = 80;
const NAME_WIDTH_MAX = 28;

/** The commands of the first hour, in the order in which a new user needs them. */
const FIRST_COMMANDS = [
  "init",
  "up",
  "status",
  "run",
  "orders show",
  "approve",
  "reject",
  "cancel",
  "halt",
  "doctor",
] as const;

const GROUPS: readonly (readonly [group: CommandGroup, title: string])[] = [
  ["desk", "desk"],
  ["orders", "orders"],
  ["research", "research"],
  ["runs", "agents"],
  ["connectors", "connectors"],
  ["record", "records"],
];
/** The topics that go with a group's commands. */
const TOPICS_OF_GROUP: Readonly<Record<CommandGroup, readonly string[]>> = {
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
 * Returns the page of a command, a noun or a topic; "" returns the first page.
 * @throws QocError UNKNOWN_COMMAND with the closest name.
 */
export function helpFor(name: string, entries: readonly CommandEntry[]): string {
  const visible = visibleEntries(entries);
  if (name === "") return page(firstPage(visible));
  const entry = findCommand(visible, name);
  if (entry !== undefined) return page(commandPage(entry, visible));
  // "connectors" is a noun and a topic: its page has both.
  const topic = TOPICS.find((candidate) => candidate.name === name);
  const verbs = verbsOf(name, visible);
  const lines = [
    ...(verbs.length === 0 ? [] : nounPage(name, verbs)),
    ...(verbs.length === 0 || topic === undefined ? [] : [""]),
    ...(topic === undefined ? [] : topicPage(topic)),
  ];
  if (lines.length > 0) return page(lines);
  const names = [...visible, ...TOPICS].map((candidate) => candidate.name);
  throw new QocError("UNKNOWN_COMMAND", { name, suggestion: suggestion(name, [...names, ...nounsOf(visible)]) });
}

/** Returns every command and topic as one Markdown document. */
export function helpMarkdown(entries: readonly CommandEntry[]): string {
  const visible = visibleEntries(entries);
  const fenced = (lines: readonly string[]): readonly string[] => ["```", ...lines, "```", ""];
  return page([
    "# qoc",
    "",
    ...fenced(overview(visible)),
    ...visible.flatMap((entry) => [`## qoc ${entry.name}`, "", ...fenced(commandPage(entry, visible))]),
    ...TOPICS.flatMap((topic) => [`## ${topic.name}: ${topic.summary}`, "", ...fenced(prose(topic.text()))]),
  ]);
}

function visibleEntries(entries: readonly CommandEntry[]): readonly CommandEntry[] {
  return entries.filter(({ audience }) => audience !== "agent");
}

function page(lines: readonly string[]): string {
  return `${lines.join("\n").trimEnd()}\n`;
}

/** Fits a terminal of 24 rows, the prompt of the shell included. */
function firstPage(entries: readonly CommandEntry[]): readonly string[] {
  const first = FIRST_COMMANDS.flatMap((name) => entries.filter((entry) => entry.name === name));
  const others = entries.filter((entry) => !entry.name.includes(" ") && !first.includes(entry));
  return [
    "qoc: a trading desk in a folder. Agents propose, you approve, guards check.",
    "usage: qoc <command> [flags]; the first commands:",
    ...summaries(first),
    "",
    ...columns([
      ["others", others.map(({ name }) => name).join(", ")],
      [
        "nouns",
        nounsOf(entries)
          .filter((noun) => entries.every(({ name }) => name !== noun))
          .join(", "),
      ],
      ["topics", TOPICS.map(({ name }) => name).join(", ")],
    ]),
    "",
    "qoc help <command|noun|topic> shows its page; qoc help --all shows everything.",
  ];
}

/** Every command by group, the flags and the topics. */
function overview(entries: readonly CommandEntry[]): readonly string[] {
  return [
    "usage: qoc <command> [flags]",
    "",
    ...GROUPS.flatMap(([group, title]) => {
      const members = entries.filter((entry) => entry.group === group);
      return members.length === 0 ? [] : [title, ...summaries(members), ""];
    }),
    "help",
    ...summaries(BUILTIN_COMMANDS),
    "",
    "flags of every command",
    ...columns(GLOBAL_FLAGS.map(flagRow)),
    "",
    "topics",
    ...columns(TOPICS.map(({ name, summary }) => [name, summary])),
  ];
}

function summaries(entries: readonly CommandEntry[]): readonly string[] {
  return columns(entries.map(({ name, summary }) => [name, summary]));
}

/** The commands of a noun under the names that start with the noun. */
function verbsOf(noun: string, entries: readonly CommandEntry[]): readonly (readonly [name: string, text: string])[] {
  return entries.flatMap(({ name, aliases, summary }) =>
    [name, ...(aliases ?? [])]
      .filter((candidate) => candidate.startsWith(`${noun} `))
      .map((candidate) => [candidate, summary] as const),
  );
}

function nounPage(noun: string, verbs: readonly (readonly [name: string, text: string])[]): readonly string[] {
  return [
    `usage: qoc ${noun} <command> [flags]`,
    "",
    "commands",
    ...columns(verbs),
    "",
    `help: qoc help ${noun} <command>`,
  ];
}

function commandPage(entry: CommandEntry, entries: readonly CommandEntry[]): readonly string[] {
  const args = entry.args.filter(({ hidden }) => hidden !== true);
  const positionals = args.filter(({ kind }) => kind === "positional");
  const flags = args.filter(({ kind }) => kind === "flag");
  const exits = [...USUAL_EXITS, ...(entry.exits ?? [])];
  const text = [entry.summary, entry.description].filter((part) => part !== undefined).join(". ");
  return [
    ...fill(["qoc", entry.name, ...args.map(usageOf)], "usage: ", "       "),
    "",
    ...entry.examples.flatMap(exampleLines),
    "",
    ...fill(text.split(" "), "", ""),
    ...((entry.aliases ?? []).length === 0
      ? []
      : [`also: ${entry.aliases?.map((alias) => `qoc ${alias}`).join(", ")}`]),
    "",
    ...titled("arguments", columns(positionals.map(({ name, value, summary }) => [value ?? name, summary]))),
    ...titled("flags", columns(flags.map(flagRow))),
    "flags of every command: qoc help flags",
    "",
    "exit codes",
    ...columns(exits.map((code) => [String(code), EXIT_MEANINGS.get(code) ?? ""])),
    "",
    ...fill(seeAlso(entry, entries), "see also: ", "          "),
  ];
}

/** A word of a shell; what is in quotes is not broken. */
const SHELL_WORD = /(?:"[^"]*"|'[^']*'|[^\s"'])+/g;

/** A long example goes on in the next line after a backslash, as a shell reads it. */
function exampleLines(example: string): readonly string[] {
  const lines = fill(example.match(SHELL_WORD) ?? [], "  ", "      ", example.length + 2 > WIDTH ? WIDTH - 2 : WIDTH);
  return lines.map((line, index) => (index === lines.length - 1 ? line : `${line} \\`));
}

function titled(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [title, ...lines, ""];
}

function usageOf(argument: ArgumentEntry): string {
  const word = argument.kind === "positional" ? (argument.value ?? argument.name) : flagUsage(argument);
  const repeated = argument.many === true ? `${word}…` : word;
  return argument.required === true ? repeated : `[${repeated}]`;
}

/** Commands of the same noun first, then of the same group, then topics. Each item ends with a comma but the last. */
function seeAlso(entry: CommandEntry, entries: readonly CommandEntry[]): readonly string[] {
  const nounOf = ({ name }: CommandEntry): string => name.split(" ")[0] ?? name;
  const others = entries.filter((other) => other.group === entry.group && other.name !== entry.name);
  const sorted = others.toSorted((a, b) => Number(nounOf(b) === nounOf(entry)) - Number(nounOf(a) === nounOf(entry)));
  const items = [
    ...sorted.slice(0, SEE_COMMANDS_MAX).map(({ name }) => `qoc ${name}`),
    ...TOPICS_OF_GROUP[entry.group].map((topic) => `qoc help ${topic}`),
  ];
  return items.map((item, index) => (index === items.length - 1 ? item : `${item},`));
}

function topicPage(topic: Topic): readonly string[] {
  return [`${topic.name}: ${topic.summary}`, "", ...prose(topic.text())];
}

/** Fills paragraphs and aligns tables. Neighbouring lines of one kind form one paragraph or one table. */
function prose(lines: readonly TopicLine[]): readonly string[] {
  const blocks: TopicLine[][] = [];
  for (const line of lines) {
    const block = blocks.at(-1);
    const previous = block?.[0];
    if (block === undefined || isAlone(previous) || isAlone(line) || typeof previous !== typeof line)
      blocks.push([line]);
    else block.push(line);
  }
  return blocks.flatMap((block) => {
    const rows = block.filter((line) => typeof line !== "string");
    if (rows.length > 0) return columns(rows);
    const paragraph = block.join(" ");
    const margin = paragraph.startsWith(" ") ? "  " : "";
    return fill(paragraph.trim().split(" "), margin, margin);
  });
}

function isAlone(line: TopicLine | undefined): boolean {
  return line === "" || (typeof line === "string" && line.startsWith(" "));
}

/**
 * Names on the left, texts on the right. A long text continues below itself; a long name has its text on the next line.
 */
function columns(rows: readonly (readonly [name: string, text: string])[]): readonly string[] {
  const width = Math.min(NAME_WIDTH_MAX, Math.max(0, ...rows.map(([name]) => name.length)));
  return rows.flatMap(([name, text]) => {
    const margin = " ".repeat(width + 4);
    const first = `  ${name.padEnd(width)}  `;
    const words = text.split(" ");
    return name.length > width ? [`  ${name}`, ...fill(words, margin, margin)] : fill(words, first, margin);
  });
}

/** Fills lines of `width` columns with items, which are not broken themselves. */
function fill(items: readonly string[], first: string, rest: string, width = WIDTH): readonly string[] {
  const lines: string[] = [];
  let line = first;
  for (const item of items) {
    const isStart = line === first || line === rest;
    if (!isStart && line.length + 1 + item.length > width) {
      lines.push(line);
      line = rest + item;
    } else line += isStart ? item : ` ${item}`;
  }
  return [...lines, line];
}
