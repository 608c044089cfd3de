/**
 * The shape of a command, and the only way in. Rows hold static words; schemas load on use, so that help does not import
 * zod. A door makes `{command, input, actor}` and decides nothing.
 */
import type { z } from "zod";
import type { Actor, Channel, Recorded } from "../domain/event.ts";
import { QocError } from "../domain/error.ts";
import type { Clock, Disk } from "../domain/ports.ts";
import type { Report } from "../conformance/report.ts";
import type { Desk } from "../trading/desk.ts";
import type { News } from "../trading/news.ts";
import type { ReadLog } from "../runs/read-log.ts";
import type { Runs } from "../runs/runs.ts";

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
  /** The same for a tool's schema, where the words for a person would be untrue. */
  readonly aboutForAgents?: string;
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
  /** What it writes is what the journal says already: a desk that only reads does it too. */
  readonly fromJournal?: true;
  readonly about: string;
  /** What it does where an agent calls it, if that is another thing. */
  readonly aboutForAgents?: string;
  readonly args: readonly Argument[];
  /** Real command lines, shown first in help. */
  readonly examples: readonly string[];
  /** Exit codes beyond 0, 1, 2 that it may end with. */
  readonly exits?: readonly number[];
  /** Answers with a stream of values: one JSON value a line under `--json`. */
  readonly streams?: boolean;
  /**
   * `always`: needs no running desk and runs in the caller's process (init, up, demo). `fallback`: asks the daemon first and
   * runs here where the desk is down (status, log, verify).
   */
  readonly runsLocally?: "always" | "fallback";
  load(): Promise<CommandBody>;
}

/** What a row does once it is called: schemas of its input and output, and the verb. */
export interface CommandBody {
  readonly input: z.ZodType;
  readonly output: z.ZodType;
  run(input: unknown, call: CommandContext): Promise<unknown>;
}

/** Ties the verb's input to its schema. */
export function body<I extends z.ZodType, O extends z.ZodType>(definition: {
  readonly input: I;
  readonly output: O;
  run(input: z.output<I>, call: CommandContext): Promise<unknown>;
}): CommandBody {
  return definition as CommandBody;
}

/** The desk behind a hot command. @throws DESK_DOWN where there is none. */
export function requireDesk(call: CommandContext): DeskServices {
  if (call.desk === undefined) throw new QocError("DESK_DOWN");
  return call.desk;
}

/** What a cold command was lent. */
export function localServices(call: CommandContext): LocalServices {
  if (call.local === undefined)
    throw new QocError("INTERNAL", { message: "this command runs at the caller's side only" });
  return call.local;
}

export interface CommandContext {
  readonly actor: Actor;
  readonly channel: Channel;
  /** The running desk; absent for a cold command. */
  readonly desk?: DeskServices;
  /** What the composition root lends a command that runs without a desk. */
  readonly local?: LocalServices;
  /** Emits one value of a stream; resolves when the reader can take more. */
  emit(value: unknown): Promise<void>;
  /** Progress, one line, for a person; never data. */
  note(line: string): void;
  readonly signal: AbortSignal;
  /** Is there a person at a terminal who may be asked? */
  readonly canAsk: boolean;
  /** The caller's current folder: relative paths start there. */
  readonly cwd: string;
  /** What an agent reads, one memory per run or session; absent for a person. */
  readonly sources?: ReadLog;
}

/** The running desk behind a command, and the few powers that are not the desk's own verbs. */
export interface DeskServices {
  readonly desk: Desk;
  /** Absent where nobody started the feeds. */
  readonly news?: News;
  readonly nodeVersion: string;
  /** The whole journal, oldest first. */
  readEvents(): Promise<readonly Recorded[]>;
  verify(note: (line: string) => void): Promise<JournalReport>;
  readLogs(options: LogQuery): Promise<readonly LogLine[]>;
  /** Calls `line` for each new log line until the signal aborts. */
  followLogs(options: LogQuery, line: (line: LogLine) => Promise<void>, signal: AbortSignal): Promise<void>;
  /** Resolves when everything journaled so far is in files. */
  settled(): Promise<void>;
  readonly runs: Runs;
  /** When an agent's token was last shown in this life of the desk, ms; undefined: not yet. */
  lastSeen(agent: string): number | undefined;
  /** Stops the daemon after the answer is out. */
  stop(): void;
}

export interface JournalReport {
  readonly records: number;
  readonly segments: number;
  readonly head: string;
  readonly ok: boolean;
  /** Approvals whose signature is the operator's; absent where the key is not on this machine. */
  readonly signatures?: number;
  readonly problem?: string;
}

export interface LogQuery {
  readonly tail: number;
  readonly connector?: string;
  readonly run?: string;
}
export type LogLine = Readonly<Record<string, unknown>>;

export interface CertifyRequest {
  /** An adapter's file or folder, or a connector's name. */
  readonly target: string;
  readonly from: string;
  /** The connector's own level by default. */
  readonly isolation?: "worker" | "process";
  /** Ids of cases; none: all. */
  readonly only: readonly string[];
}

/** For commands that need no desk: made by the composition root. */
export interface LocalServices {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly version: string;
  /** Makes a desk in a folder. */
  init(options: { path: string; name?: string; passphrase?: string }): Promise<unknown>;
  /** Runs the daemon until it is stopped, or starts one in the background and returns when it is ready. */
  up(options: { detach: boolean; from: string }, note: (line: string) => void, signal: AbortSignal): Promise<unknown>;
  /** The journal and files of a desk that is down, read-only. */
  statusOf(from: string): Promise<unknown>;
  verifyOf(from: string, note: (line: string) => void): Promise<JournalReport>;
  rebuildOf(from: string, note: (line: string) => void): Promise<unknown>;
  logOf(from: string, limit: number): Promise<unknown>;
  logsOf(from: string, options: LogQuery): Promise<readonly LogLine[]>;
  protectKey(from: string, passphrase: string): Promise<unknown>;
  newConnector(request: { readonly name: string; readonly from: string }): Promise<unknown>;
  /** Speaks MCP over standard input and output until the client goes away. */
  mcp(from: string, signal: AbortSignal): Promise<void>;
  certify(request: CertifyRequest, say: (line: string) => void): Promise<Report>;
  demo(options: { yes: boolean; path?: string }, io: DemoScreen, signal: AbortSignal): Promise<unknown>;
}

/** Where the demo tells its story and asks its one question. */
export interface DemoScreen {
  say(line: string): void;
  readonly canAsk: boolean;
}
