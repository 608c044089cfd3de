/** The interfaces of agent runtimes: what works on an issue, through the desk's commands only. */
import type { Progress } from "../domain/ports.ts";

/** Runs a command as the agent. Rejects with the command's QocError. */
export type AgentCall = (command: string, input: Record<string, unknown>) => Promise<unknown>;

export interface RunTask {
  readonly run: string;
  readonly issue: {
    readonly id: string;
    readonly path: string;
    readonly title: string;
    readonly symbols: readonly string[];
    readonly body: string;
  };
  /** The text that the agent gets before it starts; see `context-bundle.ts`. */
  readonly bundle: string;
}

/** The resources that a run used, as far as its program reports them. */
export interface RunUse {
  /** null if the program does not report turns. */
  readonly turns: number | null;
  readonly toolCalls: number;
  /** The cost that the program reports, or null. Only an estimate of a bill, so it is not a decimal. */
  readonly costUsd: number | null;
}

export interface RunResult {
  /** The agent's summary of its work; untrusted. */
  readonly summary: string;
  readonly proposals: readonly string[];
  /** Why the run failed, in the desk's words; undefined if it did not. */
  readonly failure?: string | undefined;
  readonly use?: RunUse;
  /** For the record: sandbox, limits, transcript, version of the program. */
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface Runtime {
  readonly name: string;
  run(task: RunTask, call: AgentCall, progress: Progress, signal: AbortSignal): Promise<RunResult>;
}

/** The MCP endpoint of one run. */
export interface RunEndpoint {
  readonly url: string;
  readonly token: string;
  /** The names of the run's tools, as `tools/list` returns them: `qoc_status`. */
  readonly tools: readonly string[];
  /** Whether the client has requested `tools/list`. */
  hasListed(): boolean;
  /** The listener gets the tool's name at the start of each call. */
  onCall(listener: (tool: string) => void): void;
  /** Revokes the token; resolves once the running calls are over. */
  close(): Promise<void>;
}

/** `[agent]` of desk.toml, as far as it concerns the launch of an agent. */
export interface AgentSettings {
  /** Replaces the runtime's default command; required for `command` and `acp`. */
  readonly command?: readonly string[] | undefined;
  readonly model?: string | undefined;
  readonly maxTurns: number;
  readonly maxCostUsd: number;
  readonly timeoutMs: number;
  /** Names of environment variables that the program gets besides `AgentProgram.passthroughEnv`. */
  readonly env: readonly string[];
  /** Starts a program with tools of its own even if no sandbox is available. */
  readonly unconfined: boolean;
}

/** What a program reports, in one form for all programs. */
export type AgentEvent =
  /** The MCP connection is established. Desk tools by the desk's names; other tools by their own. */
  | { readonly kind: "ready"; readonly tools: readonly string[] }
  | { readonly kind: "turn" }
  | { readonly kind: "call"; readonly tool: string }
  /** The program itself denied the tool, so the call did not reach the desk. */
  | { readonly kind: "denied"; readonly tool: string }
  /** The program has or used a tool that is not the desk's: the run is stopped. */
  | { readonly kind: "violation"; readonly detail: string }
  | { readonly kind: "message"; readonly text: string }
  /** A message of the program, not of its model: shown to the operator, not part of the summary. */
  | { readonly kind: "note"; readonly text: string }
  /** The total cost so far. */
  | { readonly kind: "cost"; readonly usd: number }
  | { readonly kind: "end"; readonly text?: string | undefined; readonly failure?: string | undefined };

export interface LaunchRequest {
  readonly endpoint: RunEndpoint;
  readonly settings: AgentSettings;
  readonly bundle: string;
  /** Variables of the desk's environment that the program gets. */
  readonly passedEnv: Readonly<Record<string, string>>;
  /** An empty folder of this run for the program's configuration. */
  readonly setupFolder: string;
  /** The working folder; empty except for its boundary (see `gitBoundary`). */
  readonly cwd: string;
}

export interface LaunchCommand {
  readonly argv: readonly string[];
  /** Variables besides `LaunchRequest.passedEnv`. */
  readonly env: Readonly<Record<string, string>>;
  /** Files to create in `setupFolder`: content by name. */
  readonly files: Readonly<Record<string, string>>;
}

/** How to talk to a started program over standard input and output. */
export interface Conversation {
  readonly initialInput: string;
  /** Whether standard input stays open after `initialInput`. */
  readonly keepsInputOpen: boolean;
  /** Parses one line of standard output. Returns undefined if the line is not in the program's format. */
  readLine(line: string, send: (text: string) => void): readonly AgentEvent[] | undefined;
}

/** How one vendor's program is launched and understood. */
export interface AgentProgram {
  readonly name: string;
  /** Variables of the desk's environment that the program needs to reach its model. */
  readonly passthroughEnv: readonly string[];
  /** The first version that has the flags we use; checked with `--version`. */
  readonly minVersion?: string;
  /**
   * How the desk verifies the tools of the program:
   * - `announced`: the program reports its tools before anything else, and is stopped unless they are exactly the
   * run's.
   * - `listed`: the program must have requested `tools/list` before its first call.
   * - `unknown`: no verification is possible.
   */
  readonly toolDiscovery: "announced" | "listed" | "unknown";
  /** Whether it may have tools of its own (a shell, files): it then needs a sandbox, or `unconfined = true`. */
  readonly hasOwnTools: boolean;
  /** Whether it reports its completion with an `end` event; otherwise the exit code alone counts. */
  readonly reportsCompletion: boolean;
  launchCommand(request: LaunchRequest): LaunchCommand;
  openConversation(request: LaunchRequest): Conversation;
}
