/**
 * What a command is: its words, one input schema, and its functions; and the services and ports that it is given.
 * An interface (command line, MCP) makes `{command, input, actor}` and decides nothing.
 */
import type { ConfigNotice } from "../domain/status-view.ts";
import type { OrderId } from "../domain/ids.ts";
import type * as z from "zod";
import type { Authority, SigningRequest } from "../domain/authority/authority.ts";
import type { Actor, Channel, Recorded, TradingState } from "../domain/event.ts";
import { QocError } from "../domain/errors/error.ts";
import type { RefusedAttempts } from "../domain/authority/refusal.ts";
import type { GapRange } from "../domain/authority/journal-head.ts";
import type { PageCaller } from "../domain/pages/page-session.ts";
import type { Clock, Disk, Progress } from "../domain/ports.ts";
import type { Report } from "../conformance/report.ts";
import type { Desk } from "../trading/desk.ts";
import type { DoctorCheck } from "../trading/doctor.ts";
import type { AuditCode } from "../trading/audit/audit-finding.ts";
import type { AuditResult } from "../trading/audit/audit-result.ts";
import type { EquityCurve } from "../domain/account/equity-curve.ts";
import type { News } from "../trading/market/news.ts";
import type { PageSessions } from "../trading/pages/page-sessions.ts";
import type { Passkeys } from "../trading/pages/passkeys.ts";
import type { RebuildView } from "../trading/projections/rebuild.ts";
import type { RecordedDesk } from "../trading/recorded-desk.ts";
import type { WorkingOrder } from "../trading/orders/working-orders.ts";
import type { ReadLog } from "../runs/read-log.ts";
import type { Runs } from "../runs/runs.ts";
import type { McpProgram } from "../workspace/client-config.ts";
import type { Scheduler } from "../runs/scheduler.ts";
import type { CommandEntry } from "./command-entry.ts";
import type { ConnectRequest, ConnectedVenue } from "./connected-venue.ts";
import type { DateRange } from "./date-range.ts";
import type { DeskLedger, LedgerQuery } from "./desk-ledger.ts";
import { lazy } from "../lib/lazy.ts";
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

/** Questions to the person at a terminal. Each method rejects on Ctrl-C. */
export interface Prompter {
  /** Returns true for yes. No is preselected; Escape, Ctrl-D and the end of the input mean no. */
  confirm(message: string): Promise<boolean>;
  /** Returns the typed line, trimmed. Escape, Ctrl-D and the end of the input return "". */
  text(message: string): Promise<string>;
  /**
   * Returns the index of the selected label. Escape, Ctrl-D and the end of the input return undefined. An abort of
   * `withdrawn` removes the question from the screen and returns undefined, too.
   */
  select(message: string, labels: readonly string[], withdrawn?: AbortSignal): Promise<number | undefined>;
  /** Returns the typed text, which is not echoed. Escape, Ctrl-D and the end of the input return undefined. */
  password(message: string): Promise<string | undefined>;
}

/** The port through which a command's `cli` hook uses the command line. */
export interface CommandSession {
  readonly flags: { readonly json: boolean; readonly yes: boolean; readonly quiet: boolean };
  /** True if standard output is a terminal. */
  readonly isTty: boolean;
  /** undefined if no person can answer: not a terminal, `--no-input`, `--json`, or CI. */
  readonly prompter: Prompter | undefined;
  readonly signal: AbortSignal;
  /**
   * Runs a command at the desk or, if the command runs locally, in this process. Values of a stream are printed.
   * `answers` is called after a desk in the foreground has printed that it answers.
   */
  call(command: string, input: Readonly<Record<string, unknown>>, answers?: () => Promise<void>): Promise<unknown>;
  /** Runs a command at the desk, although it also reads a desk that is down. @throws DESK_DOWN. */
  callDesk(command: string, input: Readonly<Record<string, unknown>>): Promise<unknown>;
  /** Prints a value on standard output, rendered by the named command, or as JSON under --json. */
  show(command: string, value: unknown): Promise<void>;
  /** On a terminal, replaces the lines of the last call, as many as its rows take; elsewhere prints the lines. */
  redraw(render: (style: OutputStyle) => readonly string[]): Promise<void>;
  /** Prints one line of progress on standard error; silent under --quiet and --json. */
  readonly progress: Progress;
  /** Prints lines on standard error for a person to read before a question. The lines are escaped by their renderer. */
  display(render: (style: OutputStyle) => readonly string[]): void;
  /** The text of `--passphrase-fd`; undefined: the flag was not given. @throws QocError USAGE if it cannot be read. */
  readPassphrase(): Promise<string | undefined>;
  /**
   * Signs a statement with a key of the operator on this machine; asks for the passphrase if the live key is needed.
   * @throws QocError KEY_REQUIRED, KEY_MISSING.
   */
  sign(request: SigningRequest): Promise<Authority>;
  /** `bytes` random bytes as hexadecimal text. */
  random(bytes: number): Promise<string>;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Opens a link that contains a code in the browser of this machine. No other process or user reads the code. */
  openLink(link: string): Promise<void>;
  /** The error as the running desk sent it; undefined: the error is of this process. */
  remoteError(error: unknown): DeskError | undefined;
  /** True if no desk listens. */
  isDeskDown(error: unknown): boolean;
}

/** An error that the running desk sent. */
export interface DeskError {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly data: unknown;
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
  readonly input: () => Input;
  /** Checked against the value of `run`; fields that it does not name are removed. */
  readonly output: () => z.ZodType;
  readonly mcp?: McpFacts;
  run(input: z.output<Input>, context: CommandContext): Promise<Value>;
  /** By default each field on its own line. */
  render?(value: Value, style: OutputStyle): readonly string[];
  exitCode?(value: Value, input: z.output<Input>): number;
  cli?(session: CommandSession, input: Readonly<Record<string, unknown>>): Promise<number>;
}

/** Makes a command of its words, its schemas and its functions. A client that only prints a value makes no schema. */
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
  const [inputSchema, outputSchema] = [lazy(input), lazy(output)];
  const entry = lazy((): CommandEntry => ({ ...words, args: argumentsOf(inputSchema()) }));
  return {
    get entry() {
      return entry();
    },
    get input() {
      return inputSchema();
    },
    get output() {
      return outputSchema();
    },
    ...({ mcp, run, render, exitCode, cli } as Pick<Command, "mcp" | "run" | "render" | "exitCode" | "cli">),
  };
}

/** The running desk. @throws DESK_DOWN if the command runs without one. */
export function requireDesk(context: CommandContext): DeskServices {
  if (context.desk === undefined) throw new QocError("DESK_DOWN");
  return context.desk;
}

/** The services of a command that runs in the caller's process. */
export function localServices(context: Pick<CommandContext, "local">): LocalServices {
  if (context.local === undefined) throw new QocError("INTERNAL", { message: "it runs in the caller's process only" });
  return context.local;
}

/** An error of the command line itself; exits with 2. */
export function usageError(command: string, message: string): QocError {
  return new QocError("USAGE", { message: `${command}: ${message}`, command });
}

export interface CommandContext {
  readonly actor: Actor;
  readonly channel: Channel;
  /** The page that calls; absent for a terminal and for agents. */
  readonly page?: PageCaller | undefined;
  /** The running desk; absent if the command runs in the caller's process. */
  readonly desk?: DeskServices;
  /** The services of a command that runs in the caller's process. */
  readonly local?: LocalServices;
  /** Emits one value of a stream; resolves when the reader can take the next. */
  emit(value: unknown): Promise<void>;
  /** Reports one line of progress for a person; never data. */
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** True if a person at a terminal can be asked. */
  readonly canAsk: boolean;
  /** The caller's current folder: relative paths start there. */
  readonly cwd: string;
  /** The sources that this agent session has read; absent for a person. */
  readonly sources?: ReadLog;
}

/** The running desk, and the services around it. */
export interface DeskServices {
  readonly desk: Desk;
  /** Absent if no feeds were started. */
  readonly news?: News;
  readonly nodeVersion: string;
  /** The whole journal, oldest first. */
  readEvents(): Promise<readonly Recorded[]>;
  verify(progress: Progress): Promise<JournalReport>;
  /** The equity of these dates in at most `most` points. The journal is read in a thread: the desk does not wait. */
  equity(range: DateRange, most: number): Promise<EquityCurve>;
  readLogs(options: LogQuery): Promise<readonly LogLine[]>;
  /** Calls `line` for each new log line until the signal aborts. */
  followLogs(options: LogQuery, line: (line: LogLine) => Promise<void>, signal: AbortSignal): Promise<void>;
  /** Resolves when everything journaled so far is in files. */
  settled(): Promise<void>;
  /** Resolves when everything journaled so far about the order is in its file. Waits for no inbox item. */
  orderSettled(id: OrderId): Promise<void>;
  readonly runs: Runs;
  readonly pages: PageSessions;
  readonly passkeys: Passkeys;
  /** The address of the page for a browser of this machine. */
  pageAddress(): string;
  /** How a program on this machine starts `qoc mcp` for this desk. */
  readonly mcpProgram: McpProgram;
  readonly scheduler: Scheduler;
  /** When an agent's token was last used since the desk started, ms; undefined: not yet. */
  lastSeen(agent: string): number | undefined;
  /** Calls refused to agents in the current minute, which the journal does not have yet, oldest first. */
  unrecordedRefusals(): readonly RefusedAttempts[];
  /** Stops the daemon after the response is sent. */
  stop(): void;
}

/** The report of `qoc journal verify`. `problem` and `code` are those of the first problem. */
export interface JournalReport extends AuditResult {
  readonly ok: boolean;
  readonly code?: AuditCode | undefined;
  readonly problem?: string | undefined;
  readonly records: number;
  /** Valid signatures of a human's decisions. */
  readonly signatures: number;
  readonly segments: number;
  readonly head: string;
  /** Files with a signed head of this desk on this machine. */
  readonly anchors: number;
  /** What the journal lacks, and no human accepted. */
  readonly gap: GapRange | null;
  /** The record that the checkpoint follows; null without a good one of this version. */
  readonly checkpoint: number | null;
  /** An unfinished last line, which a crash leaves; the next start moves it to a file of its own. */
  readonly torn: { readonly segment: string; readonly bytes: number } | null;
}

export interface LogQuery {
  readonly tail: number;
  readonly connector?: string | undefined;
  readonly run?: string | undefined;
}
export type LogLine = Readonly<Record<string, unknown>>;

export interface CertifyRequest {
  /** An adapter's file or folder, or a connector's name. */
  readonly target: string;
  readonly from: string;
  /** The connector's own level by default. */
  readonly isolation?: "worker" | "process" | undefined;
  /** Ids of cases; empty: all. */
  readonly only: readonly string[];
  /** Ends the certification. */
  readonly signal?: AbortSignal | undefined;
}

/** A desk that was made. */
export interface InitReport {
  readonly path: string;
  readonly name?: string;
  readonly port?: number;
  readonly connectors?: readonly string[];
  readonly key?: string;
  readonly next?: string;
}

/** A desk that is up. */
export interface UpReport {
  readonly workspace?: string;
  readonly path?: string;
  readonly pid?: number | undefined;
  readonly port?: number;
  readonly socket?: string;
  readonly readyMs?: number;
  /** The log file of a desk that was started in the background. */
  readonly log?: string;
  readonly trading?: string;
  /** Why trading is halted or reducing. */
  readonly tradingReason?: string | undefined;
  readonly readOnly?: string | undefined;
  readonly config?: readonly ConfigNotice[];
  readonly connectors?: readonly { readonly name: string; readonly state: string; readonly mode: string }[];
}

/** Whether the desk trades, and the orders that still work at their venues. */
export interface TradingReport {
  readonly trading: TradingState;
  readonly reason: string;
  /** false: the desk does not answer, and it starts in this state. */
  readonly up?: boolean | undefined;
  readonly working: readonly WorkingOrder[];
}

/** The files of a new connector. */
export interface NewConnectorReport {
  readonly name: string;
  readonly path: string;
  readonly files: readonly string[];
  /** The connector's table for desk.toml. */
  readonly table: string;
  readonly next: string;
}

/** What a command uses that runs in the caller's process. The composition root makes it. */
export interface LocalServices {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly version: string;
  /** Makes a desk in a folder. */
  init(request: { readonly path: string; readonly name?: string | undefined }): Promise<InitReport>;
  /** Runs the daemon until it is stopped, or starts one in the background and returns when it is ready. */
  up(
    options: { detach: boolean; halted: boolean; port: number | undefined; from: string },
    progress: Progress,
    signal: AbortSignal,
  ): Promise<UpReport>;
  /** The journal and files of a desk that is down, read-only. */
  recordOf(from: string): Promise<RecordedDesk>;
  /** The profit and loss by the journal, read in the caller's process: a running desk does not wait for it. */
  ledgerOf(from: string, query: LedgerQuery): Promise<DeskLedger>;
  /** Why a desk that is down would not start. */
  inspect(from: string): Promise<{ readonly checks: readonly DoctorCheck[] }>;
  /** Halts a desk that does not answer: by a file that the desk reads at its start and while it runs. */
  haltOf(from: string, reason: string): Promise<TradingReport>;
  verifyOf(from: string, progress: Progress): Promise<JournalReport>;
  rebuildOf(from: string, progress: Progress): Promise<RebuildView>;
  logsOf(from: string, options: LogQuery): Promise<readonly LogLine[]>;
  protectKey(from: string, passphrase: string): Promise<unknown>;
  /** @throws KEY_EXISTS if this machine has the desk's keys. */
  checkNewKeys(from: string): Promise<{ readonly path: string }>;
  /** Makes new keys on a machine that lacks them. */
  newKeys(from: string): Promise<{ readonly path: string; readonly live: boolean }>;
  /** Whether the keys can be written to this new file. @throws NEW_FILE_REFUSED. */
  checkExport(from: string, file: string): Promise<{ readonly file: string }>;
  /** Writes the keys to a new file; a relative path starts at `from`. */
  exportKeys(from: string, file: string, passphrase: string): Promise<{ readonly file: string }>;
  /** Whether this file may hold the keys. @throws KEY_EXISTS, KEYS_REFUSED. */
  checkImport(from: string, file: string): Promise<{ readonly file: string }>;
  importKeys(
    from: string,
    file: string,
    passphrase: string,
  ): Promise<{ readonly path: string; readonly live: boolean }>;
  /** Trusts a workspace of another user. A relative path starts at `from`. */
  trust(path: string, from: string): Promise<{ readonly path: string; readonly owners: readonly number[] }>;
  newConnector(request: { readonly name: string; readonly from: string }): Promise<NewConnectorReport>;
  /** Serves MCP over standard input and output until the client disconnects. */
  mcp(from: string, signal: AbortSignal): Promise<void>;
  certify(request: CertifyRequest, progress: Progress): Promise<Report>;
  /** Connects a new connector once, or writes its table. */
  connect(request: ConnectRequest, progress: Progress): Promise<ConnectedVenue>;
  demo(
    options: { readonly yes: boolean; readonly path?: string | undefined },
    screen: DemoScreen,
    signal: AbortSignal,
  ): Promise<unknown>;
}

/** Where the demo prints its steps and asks its one question. */
export interface DemoScreen {
  say(line: string): void;
  readonly canAsk: boolean;
}
