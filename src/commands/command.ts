/**
 * What a command is: its words, one input schema, and its functions; and the services and ports that it is given.
 * An interface (command line, MCP, page) makes `{command, input, actor}` and decides nothing.
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
import type { CommandEntry } from "./command-entry.ts";
import { argumentsOf } from "./arguments.ts";
import { renderFields } from "./rendering/fields.ts";
import type { OutputStyle } from "./rendering/table-text.ts";

/** A command whose file is loaded: what the command line prints of its value. */
export interface RenderedCommand {
  /** Lines for a person or, off a terminal, for a program. A value of a stream is rendered alone. */
  render(value: unknown, style: OutputStyle): readonly string[];
  /** The exit code that belongs to a value; 0 if absent. */
  exitCode?(value: unknown, input: Readonly<Record<string, unknown>>): number;
  /** Replaces the usual call and print of the command line: reviews, questions, waiting. Returns the exit code. */
  cli?(session: CommandSession, input: Readonly<Record<string, unknown>>): Promise<number>;
}

/** Questions to the person at the terminal. */
export interface CommandPrompt {
  /** y/N; false for any other input, and if the terminal was closed. */
  confirm(question: string): Promise<boolean>;
  /** The line that was typed, trimmed; "" if the terminal was closed. */
  line(question: string): Promise<string>;
  /** The index of the choice; undefined after an empty line, q, or a closed terminal. Asks again after a wrong input. */
  choose(question: string, choices: readonly string[]): Promise<number | undefined>;
  /** Read without an echo; undefined if the terminal was closed. */
  secret(question: string): Promise<string | undefined>;
}

/** The port through which a command's `cli` hook uses the command line. */
export interface CommandSession {
  readonly flags: { readonly json: boolean; readonly yes: boolean };
  /** True if standard output is a terminal. */
  readonly isTty: boolean;
  /** undefined: no person can be asked. */
  readonly prompt: CommandPrompt | undefined;
  readonly signal: AbortSignal;
  /** Runs a command at the desk or, if the command runs locally, in this process. Values of a stream are printed. */
  call(command: string, input: Readonly<Record<string, unknown>>, channel?: Channel): Promise<unknown>;
  /** Prints a value on standard output, rendered by the named command, or as JSON under --json. */
  show(command: string, value: unknown): Promise<void>;
  /** Prints one line of progress on standard error; silent under --quiet and --json. */
  note(line: string): void;
  /** Prints lines on standard error for a person to read before a question. The lines are escaped by their renderer. */
  display(render: (style: OutputStyle) => readonly string[]): void;
  /** The text of `--passphrase-fd`; undefined: the flag was not given. @throws QocError USAGE if it cannot be read. */
  readPassphrase(): Promise<string | undefined>;
  /** The error as the running desk sent it; undefined: the error is of this process. */
  remoteError(error: unknown): { readonly code: string; readonly message: string; readonly hint: string } | undefined;
  /** True if no desk listens. */
  isDeskDown(error: unknown): boolean;
}

/** What the command's MCP tool says of itself. A tool that writes nothing is read-only and idempotent. */
export interface McpFacts {
  /** A second call with the same input changes nothing more. */
  readonly idempotent?: boolean;
  /** Asks a venue or a feed. */
  readonly openWorld?: boolean;
  /** Lists in the value that may be cut, each with the command that returns the whole list. */
  readonly lists?: Readonly<Record<string, string>>;
}

/** A command whose file is loaded. */
export interface Command extends RenderedCommand {
  readonly entry: CommandEntry;
  readonly input: z.ZodObject;
  readonly output: z.ZodType;
  readonly mcp: McpFacts;
  run(input: unknown, context: CommandContext): Promise<unknown>;
}

/** The commands of the desk: their entries at hand, their files loaded one by one. */
export interface CommandRegistry {
  readonly entries: readonly CommandEntry[];
  /** Imports the command's file. @throws if no command has this name; aliases are not names. */
  load(name: string): Promise<Command>;
}

export interface CommandDefinition<Input extends z.ZodObject, Value> extends Omit<CommandEntry, "args"> {
  /** The one declaration of the arguments: flags, positionals and the tool's schema are derived from it. */
  readonly input: Input;
  /** Checked against the value of `run`; fields that it does not name are removed. */
  readonly output: z.ZodType;
  readonly mcp?: McpFacts;
  run(input: z.output<Input>, context: CommandContext): Promise<Value>;
  /** By default each field on its own line. */
  render?(value: Value, style: OutputStyle): readonly string[];
  exitCode?(value: Value, input: z.output<Input>): number;
  cli?(session: CommandSession, input: Readonly<Record<string, unknown>>): Promise<number>;
}

/** Makes a command of its words, its input schema and its functions. */
export function defineCommand<Input extends z.ZodObject, Value>({
  input,
  output,
  mcp = {},
  run,
  render = renderFields,
  exitCode,
  cli,
  ...words
}: CommandDefinition<Input, Value>): Command {
  const entry: CommandEntry = { ...words, args: argumentsOf(input) };
  return { entry, input, output, mcp, run, render, exitCode, cli } as Command;
}

/** A row of the command table. */
export interface CommandRow extends CommandEntry {
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
  /** Records by journal format, in the order of the journal. */
  readonly formats: readonly { readonly format: number; readonly records: number }[];
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
