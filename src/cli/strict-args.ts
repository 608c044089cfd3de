/**
 * The strict check in front of citty. citty alone accepts unknown flags, repeated flags, missing values and extra
 * words; on a command line that moves money each of them must stop the command before it runs. The check reads the
 * words of a shell, finds the command, and returns the same words in a normal form that citty cannot misread.
 */
import { QocError } from "../domain/errors/error.ts";
import { suggestion } from "../domain/ids.ts";
import { type ArgumentEntry, type CommandEntry, findCommand } from "../commands/command-entry.ts";
import { GLOBAL_FLAGS, type Globals, globalsFrom, kebab } from "./flags.ts";

/** The line names a noun and no verb (`qoc orders`). */
export class MissingVerb extends QocError {
  readonly noun: string;

  constructor(noun: string, verbs: readonly string[]) {
    super("UNKNOWN_COMMAND", { name: noun, suggestion: expected(verbs) });
    this.noun = noun;
  }
}

/** The fields of a command that the check reads. */
export type CommandSyntax = Pick<CommandEntry, "name" | "aliases" | "hiddenAliases" | "args" | "writes">;

export interface CheckedLine<Entry extends CommandSyntax> {
  /** undefined if the line names no command (`qoc`, `qoc --help`), or a noun with --help (`qoc orders --help`). */
  readonly entry: Entry | undefined;
  /** The noun of a line that has no verb and asks for help. */
  readonly noun: string | undefined;
  readonly globals: Globals;
  /**
   * The line in normal form: the command's name, its flags as `--name` or `--name=value`, `--`, its positionals. Global
   * flags are left out. Empty if the line names no command.
   */
  readonly words: readonly string[];
}

/** A word that is a value although it starts with a dash. `-` alone means standard input. */
const DASH_VALUE = /^-(\d|\.\d|$)/;
const INTEGER = /^\d{1,9}$/;

export function usage(entry: Pick<CommandEntry, "name"> | undefined, message: string): QocError {
  return new QocError("USAGE", {
    message: entry === undefined ? message : `${entry.name}: ${message}`,
    command: entry?.name ?? "",
  });
}

/** With one of these a noun alone asks about the noun. */
const NEEDS_NO_VERB: ReadonlySet<string> = new Set(["--help", "-h", "--version", "-V"]);

/**
 * Checks a whole command line. With --help or --version, missing arguments are not an error.
 * @throws QocError UNKNOWN_COMMAND or USAGE, both with exit code 2.
 */
export function checkCommandLine<Entry extends CommandSyntax>(
  argv: readonly string[],
  entries: readonly Entry[],
): CheckedLine<Entry> {
  const { entry, noun, remaining } = commandOfLine(argv, entries);
  // A noun alone lists, with the flags of its list.
  const list = entry === undefined && noun !== undefined ? findCommand(entries, `${noun} list`) : undefined;
  if (list !== undefined && !remaining.some((word) => NEEDS_NO_VERB.has(word)))
    return checkCommandLine([...list.name.split(" "), ...remaining], entries);
  const flags = [...GLOBAL_FLAGS, ...(entry?.args.filter(({ kind }) => kind === "flag") ?? [])];
  const { values, positionals } = readWords(entry, remaining, flags);
  const globals = globalsFrom(values);
  const needsNothing = globals.help || globals.version;
  if (entry === undefined) {
    if (noun !== undefined && !needsNothing) throw new MissingVerb(noun, namesOf(noun, entries));
    if (positionals[0] !== undefined) throw unknownCommand(positionals[0], entries);
    return { entry, noun, globals, words: [] };
  }
  if (!needsNothing) {
    checkDryRun(entry, globals);
    checkRequired(entry, values, positionals);
  }
  const words = [...entry.name.split(" "), ...flagWords(entry, values), "--", ...positionals];
  return { entry, noun, globals, words };
}

/** The nouns of two-word commands, in the order of the commands. */
export function nounsOf(entries: readonly Pick<CommandEntry, "name">[]): readonly string[] {
  return [...new Set(entries.flatMap(({ name }) => (name.includes(" ") ? [name.slice(0, name.indexOf(" "))] : [])))];
}

interface FoundCommand<Entry> {
  readonly entry: Entry | undefined;
  readonly noun: string | undefined;
  /** The line without the words of the command. */
  readonly remaining: readonly string[];
}

/** Finds the command whose name or alias is the first words of the line. Global flags may be between these words. */
function commandOfLine<Entry extends CommandSyntax>(
  argv: readonly string[],
  entries: readonly Entry[],
): FoundCommand<Entry> {
  const words = leadingWords(argv);
  const without = (used: readonly LeadingWord[]): readonly string[] =>
    argv.filter((_, index) => !used.some((word) => word.index === index));
  for (const count of [2, 1]) {
    if (words.length < count) continue;
    const used = words.slice(0, count);
    const name = used.map(({ word }) => word).join(" ");
    const entry = findCommand(entries, name);
    if (entry !== undefined) return { entry, noun: undefined, remaining: without(used) };
  }
  const [first, second] = words;
  if (first === undefined) return { entry: undefined, noun: undefined, remaining: argv };
  if (second === undefined && nounsOf(entries).includes(first.word))
    return { entry: undefined, noun: first.word, remaining: without([first]) };
  throw unknownCommand(second === undefined ? first.word : `${first.word} ${second.word}`, entries);
}

interface LeadingWord {
  readonly word: string;
  readonly index: number;
}

/**
 * The first two words that are not flags. A word after a command's own flag may be its value, so the search ends there.
 */
function leadingWords(argv: readonly string[]): readonly LeadingWord[] {
  const words: LeadingWord[] = [];
  for (let index = 0; index < argv.length && words.length < 2; index++) {
    const word = argv[index] ?? "";
    if (!word.startsWith("-") || DASH_VALUE.test(word)) {
      words.push({ word, index });
      continue;
    }
    const consumed = globalWordsAt(argv, index);
    if (consumed === 0) break;
    index += consumed - 1;
  }
  return words;
}

/** The number of words that the global flags at `index` consist of; 0 if another flag is there. */
function globalWordsAt(argv: readonly string[], index: number): number {
  const word = argv[index] ?? "";
  if (word.startsWith("--")) {
    const [name] = word.slice(2).split("=", 1);
    const flag = GLOBAL_FLAGS.find((candidate) => kebab(candidate.name) === name);
    if (flag === undefined) return 0;
    return flag.type === "boolean" || word.includes("=") ? 1 : 2;
  }
  for (let at = 1; at < word.length; at++) {
    const flag = GLOBAL_FLAGS.find(({ short }) => short === word[at]);
    if (flag === undefined) return 0;
    if (flag.type !== "boolean") return at + 1 < word.length ? 1 : 2;
  }
  return 1;
}

/** Without a close name, the error lists the commands of the noun. */
function unknownCommand(words: string, entries: readonly CommandSyntax[]): QocError {
  const [noun = "", verb] = words.split(" ");
  const ofNoun = namesOf(noun, entries);
  if (verb !== undefined && ofNoun.length > 0) {
    const close = suggestion(words, ofNoun);
    return new QocError("UNKNOWN_COMMAND", { name: words, suggestion: close === "" ? expected(ofNoun) : close });
  }
  const names = entries.flatMap(({ name, aliases }) => [name, ...(aliases ?? [])]);
  const close = suggestion(words, names);
  // A noun alone lists.
  const firstWords = names.map((name) => name.split(" ", 1)[0] ?? "");
  return new QocError("UNKNOWN_COMMAND", {
    name: close === "" ? noun : words,
    suggestion: close === "" ? suggestion(noun, firstWords) : close,
  });
}

/** The visible names of the noun's commands. */
function namesOf(noun: string, entries: readonly CommandSyntax[]): readonly string[] {
  const names = entries.flatMap(({ name, aliases }) => [name, ...(aliases ?? [])]);
  return names.filter((name) => name.startsWith(`${noun} `));
}

function expected(names: readonly string[]): string {
  return ` (expected ${names.join(", ")})`;
}

/** Values by the name of the flag; booleans are "". */
type FlagValues = ReadonlyMap<string, readonly string[]>;

interface ReadWords {
  readonly values: FlagValues;
  readonly positionals: readonly string[];
}

function readWords(
  entry: CommandSyntax | undefined,
  argv: readonly string[],
  flags: readonly ArgumentEntry[],
): ReadWords {
  const values = new Map<string, string[]>();
  const positionals: string[] = [];
  const queue = [...argv];
  const add = (flag: ArgumentEntry, value: string): void => {
    const earlier = values.get(flag.name) ?? [];
    if (earlier.length > 0 && flag.many !== true) throw usage(entry, `${spelled(flag)} is repeated; give it once`);
    values.set(flag.name, [...earlier, value]);
  };
  for (let word = queue.shift(); word !== undefined; word = queue.shift()) {
    if (word === "--") {
      positionals.push(...queue.splice(0));
    } else if (!word.startsWith("-") || DASH_VALUE.test(word)) {
      positionals.push(word);
    } else if (word.startsWith("--")) {
      const end = word.indexOf("=");
      const name = end === -1 ? word : word.slice(0, end);
      // Files write `limit_price`.
      const flag = flags.find((candidate) => spelled(candidate) === name.replaceAll("_", "-"));
      if (flag === undefined) throw unknownFlag(entry, name, flags);
      add(flag, valueOf(entry, flag, { attached: end === -1 ? undefined : word.slice(end + 1), queue }));
    } else {
      readShortFlags({ entry, word, queue, flags, add });
    }
  }
  return { values, positionals };
}

/** Reads `-q`, `-qy`, `-Cdesk` or `-C desk`. */
function readShortFlags(line: {
  readonly entry: CommandSyntax | undefined;
  readonly word: string;
  readonly queue: string[];
  readonly flags: readonly ArgumentEntry[];
  add(flag: ArgumentEntry, value: string): void;
}): void {
  const { entry, word, queue, flags, add } = line;
  for (let at = 1; at < word.length; at++) {
    const flag = flags.find(({ short }) => short === word[at]);
    if (flag === undefined) throw unknownFlag(entry, `-${word[at]}`, flags);
    if (flag.type === "boolean") {
      add(flag, "");
      continue;
    }
    const attached = word.slice(at + 1);
    add(flag, valueOf(entry, flag, { attached: attached === "" ? undefined : attached, queue }));
    return;
  }
}

/** Takes the value of a flag from the same word or from the next one, and checks it. */
function valueOf(
  entry: CommandSyntax | undefined,
  flag: ArgumentEntry,
  { attached, queue }: { readonly attached: string | undefined; readonly queue: string[] },
): string {
  const name = spelled(flag);
  if (flag.type === "boolean") {
    if (attached !== undefined) throw usage(entry, `${name} takes no value`);
    return "";
  }
  const value = attached ?? queue.shift();
  if (value === undefined) throw usage(entry, `${name} needs a value: ${flag.value ?? "VALUE"}`);
  // A word that looks like a flag is the next flag; the value was forgotten.
  if (attached === undefined && value.startsWith("-") && !DASH_VALUE.test(value))
    throw usage(
      entry,
      `${name} needs a value before ${value}; write a value that starts with a dash as ${name}=${value}`,
    );
  return checkValue(entry, flag, { value, name });
}

function checkValue(
  entry: CommandSyntax | undefined,
  argument: ArgumentEntry,
  { value, name }: { readonly value: string; readonly name: string },
): string {
  if (value === "") throw usage(entry, `${name} is empty; it needs a value: ${argument.value ?? "VALUE"}`);
  const quoted = JSON.stringify(value);
  if (argument.choices !== undefined && !argument.choices.includes(value)) {
    const close = suggestion(value, argument.choices);
    throw usage(entry, `invalid ${name} ${quoted}: expected ${listed(argument.choices)}${close}`);
  }
  if (argument.type === "number" && !INTEGER.test(value))
    throw usage(entry, `invalid ${name} ${quoted}: expected a whole number`);
  return value;
}

function checkDryRun(entry: CommandSyntax, globals: Globals): void {
  if (globals.dryRun && entry.writes.length > 0 && !entry.args.some(({ name }) => name === "dryRun"))
    throw usage(entry, "--dry-run is not supported by this command; nothing was changed");
}

function checkRequired(entry: CommandSyntax, values: FlagValues, positionals: readonly string[]): void {
  const missing: { readonly name: string; readonly summary: string }[] = [];
  const remaining = [...positionals];
  for (const argument of entry.args.filter(({ kind }) => kind === "positional")) {
    const name = argument.value ?? argument.name;
    const words = argument.many === true ? remaining.splice(0) : remaining.splice(0, 1);
    for (const value of words) checkValue(entry, argument, { value, name });
    if (words.length === 0 && argument.required === true) missing.push({ name, summary: argument.summary });
  }
  const extra = remaining.map((word) => JSON.stringify(word)).join(" ");
  if (remaining.length > 0) throw usage(entry, `unexpected ${extra}; put text with spaces in quotes`);
  for (const flag of entry.args.filter(({ kind }) => kind === "flag")) {
    const { required, requiredUnless } = flag;
    const isRequired = required === true || requiredUnless?.every((name) => !values.has(name)) === true;
    if (isRequired && !values.has(flag.name)) missing.push({ name: spelled(flag), summary: flag.summary });
  }
  const [first] = missing;
  if (first === undefined) return;
  if (missing.length === 1) throw usage(entry, `${first.name} is missing: ${first.summary}`);
  throw usage(
    entry,
    `${listed(
      missing.map(({ name }) => name),
      "and",
    )} are missing`,
  );
}

function flagWords(entry: CommandSyntax, values: FlagValues): readonly string[] {
  return entry.args.flatMap((flag) =>
    flag.kind === "flag"
      ? (values.get(flag.name) ?? []).map((value) =>
          flag.type === "boolean" ? spelled(flag) : `${spelled(flag)}=${value}`,
        )
      : [],
  );
}

function unknownFlag(entry: CommandSyntax | undefined, name: string, flags: readonly ArgumentEntry[]): QocError {
  const close = suggestion(
    name.replace(/^-+/, ""),
    flags.map((flag) => kebab(flag.name)),
  ).replace("mean ", "mean --");
  return usage(entry, `unknown flag ${name}${close}`);
}

function spelled(flag: ArgumentEntry): string {
  return `--${kebab(flag.name)}`;
}

/** "a", "a or b", "a, b or c". */
function listed(words: readonly string[], conjunction: "or" | "and" = "or"): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} ${conjunction} ${words.at(-1)}`;
}
