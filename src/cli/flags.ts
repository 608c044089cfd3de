/** How a flag is spelled, and the flags of every command, which may be anywhere on the line. */
import type { ArgumentEntry } from "../commands/command-entry.ts";

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
  /** The folder of `-C`; undefined: the current folder. */
  readonly workspace: string | undefined;
  /** The file descriptor of the operator's passphrase. */
  readonly passphraseFd: number | undefined;
}

/** Returns the name of a flag without its dashes: `limit-price` for the field `limitPrice`. */
export function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/**
 * Returns a flag as a row of a help page: its spelling, and its summary with the choices that the summary does not
 * name.
 */
export function flagRow(flag: ArgumentEntry): readonly [name: string, text: string] {
  const { short, summary, choices } = flag;
  const namesAll = choices?.every((choice) => summary.includes(choice)) ?? true;
  const text = namesAll ? summary : `${summary} (${choices?.join(", ")})`;
  return [`${short === undefined ? "" : `-${short}, `}${flagUsage(flag)}`, text];
}

/** `--limit N`, `--json`. */
export function flagUsage({ name, type, value }: ArgumentEntry): string {
  return `--${kebab(name)}${type === "boolean" ? "" : ` ${value ?? "VALUE"}`}`;
}

function toggle(name: keyof Globals, summary: string, short?: string): ArgumentEntry {
  return { name, kind: "flag", type: "boolean", summary, short };
}

/** In the order of the help page. */
export const GLOBAL_FLAGS: readonly ArgumentEntry[] = [
  toggle("json", "print the value as JSON on stdout, errors as JSON on stderr"),
  toggle("quiet", "print no progress", "q"),
  toggle("verbose", "print the cause and the details of an error", "v"),
  toggle("noColor", "print no colours; NO_COLOR=1 does the same"),
  toggle("noInput", "never prompt; fail if an answer is needed"),
  {
    name: "workspace",
    kind: "flag",
    type: "string",
    short: "C",
    value: "DIR",
    summary: "the desk's folder (default: this folder or one above it)",
  },
  toggle("yes", "answer prompts with yes; never approves an order", "y"),
  toggle("dryRun", "show the effect without making changes, if supported"),
  {
    name: "passphraseFd",
    kind: "flag",
    type: "number",
    value: "N",
    summary: "read the operator's passphrase from this file descriptor",
  },
  toggle("help", "show help for the command", "h"),
  toggle("version", "print the version", "V"),
];

/** `values` has an entry for each flag on the line. */
export function globalsFrom(values: ReadonlyMap<string, readonly string[]>): Globals {
  const has = (name: keyof Globals): boolean => values.has(name);
  const passphraseFd = values.get("passphraseFd")?.[0];
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
    workspace: values.get("workspace")?.[0],
    passphraseFd: passphraseFd === undefined ? undefined : Number(passphraseFd),
  };
}
