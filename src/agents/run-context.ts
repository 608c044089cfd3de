/** What one run of an agent's program works with: the world, what it was started with, and when it is to end. */
import type { Disk } from "../domain/ports.ts";
import type { Transcript } from "../workspace/run-transcripts.ts";
import type { ProcessEnd, ProcessDeps, Running } from "./process.ts";
import type { AgentProgram, AgentSettings, RunEndpoint, RunTask } from "./runtime.ts";
import type { RunFolders } from "./bubblewrap.ts";

export interface LaunchDeps extends ProcessDeps {
  readonly disk: Disk;
  /** The desk's own environment, of which little is lent. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where a program stands that is named as the shell would name it, and its real path; undefined: nowhere. */
  readonly find: (program: string) => Promise<{ readonly path: string; readonly real: string } | undefined>;
  /** Where a path leads through any links; undefined: nowhere. */
  readonly realPath: (path: string) => Promise<string | undefined>;
  /** A new empty folder that nobody else may read, with its way back. */
  readonly privateFolder: () => Promise<{ readonly path: string; remove(): Promise<void> }>;
  /** The Node that runs the desk; programs written in JavaScript ask for it by name. */
  readonly node: string;
  /** What no agent's program may see, by real paths: homes, keys, sockets, other runs. */
  readonly hidden: readonly string[];
  /** The workspace, which no agent's program sees. */
  readonly workspace: string;
  /** Where what a run's program says is kept. */
  readonly transcript: (run: string) => Transcript;
}

export interface LaunchOptions {
  readonly world: LaunchDeps;
  readonly settings: AgentSettings;
  /** Opens the way in for a run. */
  readonly door: (run: string) => RunEndpoint;
  /** Hears of each tool that the program itself did not let its agent use. */
  readonly refused: (run: string, tool: string) => void;
}

/** Why a run cannot start or go on, in words for the operator. */
export class RunAborted extends Error {}

export interface RunWork {
  readonly program: AgentProgram;
  readonly launch: LaunchOptions;
  readonly task: RunTask;
  readonly door: RunEndpoint;
  readonly folders: RunFolders;
  readonly note: (line: string) => void;
  readonly signal: AbortSignal;
  /** How much of the run's time is gone. */
  spentMs(): number;
}

export const STOPPED = "it was stopped by the operator";

/** Its end, which the operator may bring about. */
export async function endOf(running: Running, signal: AbortSignal): Promise<ProcessEnd> {
  const abort = (): void => running.stop(STOPPED);
  signal.addEventListener("abort", abort, { once: true });
  if (signal.aborted) abort();
  const end = await running.over;
  signal.removeEventListener("abort", abort);
  return end;
}
