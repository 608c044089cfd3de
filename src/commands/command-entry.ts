/** The words of commands as plain JSON, and the look-up by name. This file loads nothing. */

export type Audience = "human" | "agent" | "both";

/** What live completion offers for an argument. */
export type Completion = "order" | "proposal" | "issue" | "connector" | "path";

/** One positional or flag of a command, derived from the command's input schema. */
export interface ArgumentEntry {
  /** The field of the input, in camelCase. The flag on the command line is the same name in kebab-case. */
  readonly name: string;
  readonly kind: "positional" | "flag";
  readonly type: "string" | "number" | "boolean";
  /** True: the command line must contain the argument. */
  readonly required?: boolean | undefined;
  /** The flag is required unless one of these is given. */
  readonly requiredUnless?: readonly string[] | undefined;
  /** A positional that takes all remaining words, or a flag that may be repeated. */
  readonly many?: boolean | undefined;
  /** "ID", "FILE", "N": the value's name in the usage line. */
  readonly value?: string | undefined;
  readonly summary: string;
  /** The description in the tool's schema, if `summary` is wrong for an agent. */
  readonly summaryForAgents?: string | undefined;
  /** One-letter short flag. */
  readonly short?: string | undefined;
  readonly choices?: readonly string[] | undefined;
  readonly completes?: Completion | undefined;
  /** Accepted, but left out of help and completion. */
  readonly hidden?: boolean | undefined;
}

export type CommandGroup = "desk" | "orders" | "research" | "connectors" | "runs" | "record";

/**
 * Everything about a command that is plain JSON. Help, completion of words and routing read only these entries, so they
 * load neither zod nor a command's file.
 */
export interface CommandEntry {
  /** The command's words: "orders propose". */
  readonly name: string;
  /** Other names of the command, shown in help: "run approve" for "approve". */
  readonly aliases?: readonly string[] | undefined;
  /** Earlier names that scripts may still use. Help and completion leave them out. */
  readonly hiddenAliases?: readonly string[] | undefined;
  readonly group: CommandGroup;
  readonly audience: Audience;
  /** What the command writes: workspace folders, or `journal`. Empty: the command only reads. */
  readonly writes: readonly string[];
  /** Everything it writes is derived from the journal, so a read-only desk runs it too. */
  readonly fromJournal?: boolean | undefined;
  /** Imperative, under 60 characters. */
  readonly summary: string;
  /** Further sentences for the command's help page and its tool. */
  readonly description?: string | undefined;
  /** Replaces summary and description in the tool's description, if they are wrong for an agent. */
  readonly summaryForAgents?: string | undefined;
  readonly args: readonly ArgumentEntry[];
  /** Complete command lines, shown first in help. */
  readonly examples: readonly string[];
  /** Exit codes beyond 0, 1 and 2 that the command may end with. */
  readonly exits?: readonly number[] | undefined;
  /** The command emits a stream of values: one JSON value a line under `--json`. */
  readonly streams?: boolean | undefined;
  /**
   * Where the command runs. `desk`: in the running desk. `local`: in the caller's process (init, up, demo).
   * `local-if-down`: in the running desk, or in the caller's process if the desk is down (status, decisions).
   * `local-if-silent`: as `local-if-down`, and also if the desk's process runs but does not answer or cannot record
   * (halt).
   */
  readonly runs: "desk" | "local" | "local-if-down" | "local-if-silent";
}

/** Returns the command with this name, otherwise the command with this alias. */
export function findCommand<E extends Pick<CommandEntry, "name" | "aliases" | "hiddenAliases">>(
  entries: readonly E[],
  name: string,
): E | undefined {
  return (
    entries.find((entry) => entry.name === name) ??
    entries.find(
      ({ aliases, hiddenAliases }) => aliases?.includes(name) === true || hiddenAliases?.includes(name) === true,
    )
  );
}
