/** What a runtime is: something that works on an issue through the desk's commands and nothing else. */

/** One command, as the agent's actor. Rejects with a QocError as any caller's would. */
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
  /** Everything the agent is told before it starts; see `context.ts`. */
  readonly bundle: string;
}

/** What a run used up, as far as its runtime tells. */
export interface RunUse {
  /** null: its program does not tell. */
  readonly turns: number | null;
  readonly toolCalls: number;
  /** What the model's maker charges, in the runtime's own words; null: not told. A bill and no balance, so not a decimal. */
  readonly costUsd: number | null;
}

export interface RunResult {
  /** What it did, in the agent's own words; untrusted text. */
  readonly summary: string;
  readonly proposals: readonly string[];
  /** Why the run did not end as it should; absent: it did. The desk's own words. */
  readonly failure?: string;
  readonly use?: RunUse;
  /** How the agent was kept, for the record: version, sandbox. */
  readonly facts?: Readonly<Record<string, string>>;
}

export interface Runtime {
  readonly name: string;
  work(task: RunTask, call: AgentCall, note: (line: string) => void, signal: AbortSignal): Promise<RunResult>;
}

/** The way in for one run: it ends when it is closed, at the next request. */
export interface RunEndpoint {
  readonly url: string;
  readonly token: string;
  /** Names of the tools behind it, as `tools/list` gives them: `qoc_status`. */
  readonly tools: readonly string[];
  /** Has its holder asked which tools there are? */
  hasListed(): boolean;
  /** Tells of each call as it comes in, by its tool's name. */
  onCall(listener: (tool: string) => void): void;
  /** Lets nothing more in; resolves once the calls under way are over. */
  close(): Promise<void>;
}

/** `[agent]` of desk.toml, as far as it concerns how an agent is started. */
export interface AgentSettings {
  /** Another program than the runtime's own name; for `command` and `acp` the one to start. */
  readonly command?: readonly string[] | undefined;
  readonly model?: string | undefined;
  readonly maxTurns: number;
  readonly maxCostUsd: number;
  readonly timeoutMs: number;
  /** Names of environment variables lent to the agent besides those that its maker's program needs. */
  readonly env: readonly string[];
  /** Starts a program that has hands of its own even where no sandbox is there to hold it. */
  readonly unconfined: boolean;
}

/** What a runtime's program says, in one language for all of them. */
export type AgentEvent =
  /** Its tools are known and its connection stands. Names as the desk spells them; a foreign one keeps its own. */
  | { readonly kind: "ready"; readonly tools: readonly string[] }
  | { readonly kind: "turn" }
  | { readonly kind: "call"; readonly tool: string }
  /** A tool that the program itself did not let through, so that the desk never heard of it. */
  | { readonly kind: "refused"; readonly tool: string }
  /** It has or used hands that are not the desk's: the run is over. */
  | { readonly kind: "foreign"; readonly what: string }
  | { readonly kind: "say"; readonly text: string }
  /** For who watches, and no part of its account: a word of the program and not of its model. */
  | { readonly kind: "note"; readonly text: string }
  /** The bill so far. */
  | { readonly kind: "cost"; readonly usd: number }
  | { readonly kind: "end"; readonly text?: string; readonly failure?: string };

export interface LaunchRequest {
  readonly door: RunEndpoint;
  readonly settings: AgentSettings;
  readonly bundle: string;
  /** What is lent of the desk's environment, by name. */
  readonly lent: Readonly<Record<string, string>>;
  /** An empty folder of this run for the program's configuration; exists when the program starts. */
  readonly setup: string;
  /** Empty but for its boundary, and where the program is started. */
  readonly cwd: string;
}

export interface LaunchCommand {
  readonly argv: readonly string[];
  /** Set besides what is lent from the desk's own environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Files in `setup`, by name. */
  readonly files: Readonly<Record<string, string>>;
}

/** One conversation with a started program: what is written to it first, and what each of its lines means. */
export interface Conversation {
  readonly opening: string;
  /** More is written after the opening, so its standard input stays open. */
  readonly answers: boolean;
  /** One line of its standard output; undefined: it is not in this program's language. */
  read(line: string, send: (text: string) => void): readonly AgentEvent[] | undefined;
}

/** How one maker's program is started and understood. */
export interface AgentProgram {
  readonly name: string;
  /** Variables of the desk's environment that its maker's program needs to reach its model. */
  readonly passthroughEnv: readonly string[];
  /** The first version whose switches hold; asked with `--version`. */
  readonly minVersion?: string;
  /**
   * How the desk knows its tools: it `says` them before anything else, and is stopped where they are not exactly the door's;
   * or the door must have been `asked` for them before the first call; or nothing is known of it.
   */
  readonly toolDiscovery: "announced" | "listed" | "unknown";
  /** It may have hands of its own (a shell, files), so it needs a sandbox, or the operator's word. */
  readonly hasOwnTools: boolean;
  /** It tells of its own end by an `end` event; one without is an end by exit code alone. */
  readonly reportsCompletion: boolean;
  line(ask: LaunchRequest): LaunchCommand;
  talk(ask: LaunchRequest): Conversation;
}
