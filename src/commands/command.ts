/**
 * The shape of a command, and the only way in. Rows hold static words; schemas load on use, so that help does not import
 * zod. A door makes `{command, input, actor}` and decides nothing.
 */
import type { z } from "zod";
import type { Actor, Channel } from "../domain/event.ts";

export type Audience = "human" | "agent" | "both";

/** One argument or flag, in words that help, completions and the CLI parser share. */
export interface Argument {
  /** camelCase: the input's field. The flag is its kebab-case. */
  readonly name: string;
  readonly kind: "positional" | "flag";
  readonly type: "string" | "number" | "boolean";
  readonly required?: boolean;
  /** A positional that takes all the rest; a flag that may be repeated. */
  readonly many?: boolean;
  /** "ID", "FILE", "N": shown in usage. */
  readonly value?: string;
  readonly about: string;
  /** One-letter short flag. */
  readonly short?: string;
  readonly choices?: readonly string[];
  /** What live completion offers here. */
  readonly completes?: "order" | "proposal" | "issue" | "connector" | "path";
}

export interface Command {
  /** "orders propose". */
  readonly name: string;
  /** Other words for the same row: "run approve" for "approve". */
  readonly aliases?: readonly string[];
  readonly group: "desk" | "orders" | "research" | "connectors" | "runs" | "record";
  readonly audience: Audience;
  /** Where it writes: workspace folders, or `journal`. Empty: reads only. */
  readonly writes: readonly string[];
  readonly about: string;
  readonly args: readonly Argument[];
  /** Real command lines, shown first in help. */
  readonly examples: readonly string[];
  /** Exit codes beyond 0, 1, 2 that it may end with. */
  readonly exits?: readonly number[];
  /** Answers with a stream of values: one JSON value a line under `--json`. */
  readonly streams?: boolean;
  /** Needs no running desk: `cold` runs in this process (init, up, help, verify …). */
  readonly cold?: boolean;
  load(): Promise<CommandBody>;
}

/** `D` is the desk handed to it by the composition root. */
export interface CommandBody {
  readonly input: z.ZodType;
  readonly output: z.ZodType;
  run(input: never, call: CallContext): Promise<unknown>;
}

export interface CallContext {
  readonly actor: Actor;
  readonly channel: Channel;
  /** The desk's verbs, or undefined for a cold command. */
  readonly desk: unknown;
  /** Emits one value of a stream; resolves when the reader can take more. */
  emit(value: unknown): Promise<void>;
  /** Progress, one line, for a person; never data. */
  note(line: string): void;
  readonly signal: AbortSignal;
  /** The caller's current folder: relative paths start there. */
  readonly cwd: string;
}
