/** What a runtime is: something that works on an issue through the desk's commands and nothing else. */

/** One command, as the agent's actor. Rejects with a QocError as any caller's would. */
export type AgentCall = (command: string, input: Record<string, unknown>) => Promise<unknown>;

export interface RunTask {
  readonly run: string;
  readonly issue: { readonly id: string; readonly path: string; readonly title: string; readonly symbols: readonly string[]; readonly body: string };
}

export interface RunResult {
  /** What it did, in the agent's own words; untrusted text. */
  readonly summary: string;
  readonly proposals: readonly string[];
}

export interface Runtime {
  readonly name: string;
  work(task: RunTask, call: AgentCall, note: (line: string) => void, signal: AbortSignal): Promise<RunResult>;
}
