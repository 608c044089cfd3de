/** Words of a shell into a row of the command table, its input, and the flags that every command knows. */
import { type ParseArgsConfig, parseArgs } from "node:util";
import { QocError } from "../domain/error.ts";
import { suggestion } from "../domain/ids.ts";
import type { ArgumentEntry, CommandEntry } from "../commands/command-entry.ts";

export interface Globals {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly noColor: boolean;
  readonly noInput: boolean;
  readonly yes: boolean;
  readonly dryRun: boolean;
  readonly help: boolean;
  readonly version: boolean;
  /** The folder given by `-C`; undefined: the current one. */
  readonly workspace: string | undefined;
  /** A file descriptor that holds the operator's passphrase. */
  readonly passphraseFd: number | undefined;
}

/** What of a row the parser needs; `help` and `complete` have no more than this. */
export type Words = Pick<CommandEntry, "name" | "aliases" | "hiddenAliases" | "args" | "writes">;

export interface Parsed<R extends Words> {
  /** undefined: no command was named (`qoc`, `qoc --help`). */
  readonly row: R | undefined;
  readonly input: Readonly<Record<string, unknown>>;
  readonly globals: Globals;
}

type Options = NonNullable<ParseArgsConfig["options"]>;

/** The flags that stand anywhere, with every command. Help prints them in this order. */
export const GLOBAL_FLAGS: readonly ArgumentEntry[] = [
  {
    name: "json",
    kind: "flag",
    type: "boolean",
    summary: "the bare value as JSON on stdout, errors as JSON on stderr",
  },
  { name: "quiet", kind: "flag", type: "boolean", short: "q", summary: "no progress on stderr" },
  {
    name: "verbose",
    kind: "flag",
    type: "boolean",
    short: "v",
    summary: "more on stderr: an error's cause and details",
  },
  { name: "noColor", kind: "flag", type: "boolean", summary: "no colours; NO_COLOR=1 does the same" },
  { name: "noInput", kind: "flag", type: "boolean", summary: "never ask; fail where an answer is needed" },
  {
    name: "workspace",
    kind: "flag",
    type: "string",
    short: "C",
    value: "DIR",
    summary: "the desk's folder; else the current one or above it",
  },
  { name: "yes", kind: "flag", type: "boolean", short: "y", summary: "answer yes; never approves an order by itself" },
  { name: "dryRun", kind: "flag", type: "boolean", summary: "show what would be done; commands that cannot refuse it" },
  {
    name: "passphraseFd",
    kind: "flag",
    type: "number",
    value: "N",
    summary: "read the operator's passphrase from this file descriptor",
  },
  { name: "help", kind: "flag", type: "boolean", short: "h", summary: "help for the command" },
  { name: "version", kind: "flag", type: "boolean", short: "V", summary: "print the version" },
];

/** Globals with their value in the same word, and short ones run together: `-Cdesk`, `-qy`, `--workspace=desk`. */
const ONE_WORD_GLOBAL = /^(-C.+|-[qvyhV]+|--(workspace|passphrase-fd)=.*)$/;

/** `limitPrice` as a flag: `limit-price`. */
export function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/**
 * @throws QocError UNKNOWN_COMMAND, or USAGE for an unknown flag, a word too many, a missing or a bad value; all exit with 2.
 */
export function parseArgv<R extends Words>(argv: readonly string[], table: readonly R[]): Parsed<R> {
  const { row, rest } = findRow(argv, table);
  const flags = [...GLOBAL_FLAGS, ...(row?.args.filter(({ kind }) => kind === "flag") ?? [])];
  const said = readFlags(row, rest, flags);
  const globals = globalsOf(row, said.values);
  if (row === undefined || globals.help || globals.version) {
    const [word] = said.positionals;
    if (row === undefined && word !== undefined) throw unknownCommand(word, table);
    return { row, input: {}, globals };
  }
  return { row, input: { ...flagInput(row, said.values), ...positionalInput(row, said.positionals) }, globals };
}

/** The row whose words open the line, globals skipped, and the line without those words. */
function findRow<R extends Words>(
  argv: readonly string[],
  table: readonly R[],
): { row: R | undefined; rest: readonly string[] } {
  const words = leadingWords(argv);
  const named = (name: string): R | undefined =>
    table.find((row) => row.name === name) ??
    table.find((row) => row.aliases?.includes(name) === true || row.hiddenAliases?.includes(name) === true);
  for (const count of [2, 1]) {
    if (words.length < count) continue;
    const taken = words.slice(0, count);
    const row = named(taken.map(({ word }) => word).join(" "));
    if (row !== undefined)
      return { row, rest: argv.filter((_, index) => !taken.some((known) => known.index === index)) };
  }
  const [first, second] = words;
  if (first !== undefined)
    throw unknownCommand(second === undefined ? first.word : `${first.word} ${second.word}`, table);
  return { row: undefined, rest: argv };
}

/** The first two words that are no flags; a word after a row's own flag may be its value, so the search ends there. */
function leadingWords(argv: readonly string[]): readonly { word: string; index: number }[] {
  const words: { word: string; index: number }[] = [];
  for (let index = 0; index < argv.length && words.length < 2; index++) {
    const word = argv[index] ?? "";
    if (!word.startsWith("-") || word === "-") {
      words.push({ word, index });
      continue;
    }
    const flag = GLOBAL_FLAGS.find(({ name, short }) => word === `--${kebab(name)}` || word === `-${short}`);
    if (flag === undefined && !ONE_WORD_GLOBAL.test(word)) break;
    if (flag !== undefined && flag.type !== "boolean") index += 1;
  }
  return words;
}

/** A noun alone (`qoc orders`) or a misspelt verb is answered with what stands under the noun. */
function unknownCommand(words: string, table: readonly Words[]): QocError {
  const [noun = "", verb] = words.split(" ");
  const names = table.flatMap((row) => [row.name, ...(row.aliases ?? [])]);
  const under = names.filter((name) => name.startsWith(`${noun} `));
  if (under.length > 0) {
    const near = verb === undefined ? "" : suggestion(`${noun} ${verb}`, under);
    return new QocError("UNKNOWN_COMMAND", {
      name: words,
      suggestion: near === "" ? ` (there is ${under.join(", ")})` : near,
    });
  }
  const two = suggestion(words, names);
  return new QocError("UNKNOWN_COMMAND", {
    name: two === "" ? noun : words,
    suggestion: two === "" ? suggestion(noun, names) : two,
  });
}

interface RawFlags {
  readonly values: ReadonlyMap<string, readonly (string | true)[]>;
  readonly positionals: readonly string[];
}

function readFlags(row: Words | undefined, rest: readonly string[], flags: readonly ArgumentEntry[]): RawFlags {
  const options: Options = Object.fromEntries(
    flags.map(({ name, type, short }) => [
      kebab(name),
      {
        type: type === "boolean" ? "boolean" : "string",
        multiple: true,
        ...(short === undefined ? {} : { short }),
      } as const,
    ]),
  );
  const { tokens } = parseArgs({ args: [...rest], options, strict: false, allowPositionals: true, tokens: true });
  const values = new Map<string, (string | true)[]>();
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") positionals.push(token.value);
    if (token.kind !== "option") continue;
    const flag = flags.find(({ name }) => kebab(name) === token.name);
    if (flag === undefined) throw unknownFlag(row, token.rawName, flags);
    values.set(flag.name, [...(values.get(flag.name) ?? []), flagValue(row, flag, token)]);
  }
  return { values, positionals };
}

interface OptionToken {
  readonly value?: string | undefined;
  readonly inlineValue?: boolean | undefined;
}

function flagValue(row: Words | undefined, flag: ArgumentEntry, { value, inlineValue }: OptionToken): string | true {
  if (flag.type === "boolean") {
    if (value !== undefined) throw usage(row, `--${kebab(flag.name)} takes no value`);
    return true;
  }
  // What looks like a flag after this one is the next flag, and the value was forgotten.
  if (value !== undefined && inlineValue !== true && /^-./.test(value)) {
    const name = `--${kebab(flag.name)}`;
    throw usage(row, `${name} needs a value before ${value}; one that starts with a dash is written ${name}=${value}`);
  }
  if (value === undefined) throw usage(row, `--${kebab(flag.name)} needs a value: ${flag.value ?? "VALUE"}`);
  if (flag.choices !== undefined && !flag.choices.includes(value)) {
    const near = suggestion(value, flag.choices);
    throw usage(
      row,
      `--${kebab(flag.name)} is one of ${flag.choices.join(", ")}; ${JSON.stringify(value)} is not${near}`,
    );
  }
  if (flag.type === "number" && !/^\d{1,9}$/.test(value)) {
    throw usage(row, `--${kebab(flag.name)} takes a whole number; ${JSON.stringify(value)} is none`);
  }
  return value;
}

function unknownFlag(row: Words | undefined, rawName: string, flags: readonly ArgumentEntry[]): QocError {
  const near = suggestion(
    rawName.replace(/^-+/, ""),
    flags.map(({ name }) => kebab(name)),
  ).replace("mean ", "mean --");
  return usage(row, `unknown flag ${rawName}${near}`);
}

export function usage(row: Words | undefined, message: string): QocError {
  return new QocError("USAGE", {
    message: row === undefined ? message : `${row.name}: ${message}`,
    command: row?.name ?? "",
  });
}

function globalsOf(row: Words | undefined, values: RawFlags["values"]): Globals {
  const has = (name: string): boolean => values.has(name);
  const last = (name: string): string | undefined => values.get(name)?.findLast((value) => value !== true);
  const fd = last("passphraseFd");
  if (has("dryRun") && row !== undefined && row.writes.length > 0 && !row.args.some(({ name }) => name === "dryRun")) {
    throw usage(row, "it has no dry run, so nothing was done");
  }
  return {
    json: has("json"),
    quiet: has("quiet"),
    verbose: has("verbose"),
    noColor: has("noColor"),
    noInput: has("noInput"),
    yes: has("yes"),
    dryRun: has("dryRun"),
    help: has("help"),
    version: has("version"),
    workspace: last("workspace"),
    passphraseFd: fd === undefined ? undefined : Number(fd),
  };
}

function flagInput(row: Words, values: RawFlags["values"]): Record<string, unknown> {
  const input: Record<string, unknown> = {};
  for (const flag of row.args.filter(({ kind }) => kind === "flag")) {
    const said = values.get(flag.name);
    if (said === undefined && flag.required === true)
      throw usage(row, `--${kebab(flag.name)} is missing: ${flag.summary}`);
    if (said === undefined) continue;
    const isRepeated = said.length > 1 && flag.many !== true && flag.type !== "boolean";
    if (isRepeated) throw usage(row, `--${kebab(flag.name)} was given ${said.length} times`);
    const typed = flag.type === "number" ? said.map(Number) : said;
    input[flag.name] = flag.many === true ? typed : typed[0];
  }
  return input;
}

function positionalInput(row: Words, words: readonly string[]): Record<string, unknown> {
  const input: Record<string, unknown> = {};
  const left = [...words];
  for (const argument of row.args.filter(({ kind }) => kind === "positional")) {
    if (argument.many === true) {
      input[argument.name] = left.splice(0);
      continue;
    }
    const word = left.shift();
    if (word !== undefined) input[argument.name] = word;
    else if (argument.required === true)
      throw usage(row, `${argument.value ?? argument.name} is missing: ${argument.summary}`);
  }
  const extra = left.map((word) => JSON.stringify(word)).join(" ");
  if (left.length > 0) throw usage(row, `unexpected ${extra}; words with spaces stand in quotes`);
  return input;
}
