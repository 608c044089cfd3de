/** One run of an agent's program: its dependencies, its inputs, and how it is stopped. */
import type { Disk, Progress } from "../domain/ports.ts";
import type { RefusalLog } from "../domain/authority/refusal.ts";
import type { Transcript } from "../workspace/run-transcripts.ts";
import type { RunFolders } from "./bubblewrap.ts";
import type { ProcessDeps, ProcessEnd, RunningProcess } from "./process.ts";
import type { AgentProgram, AgentSettings, RunEndpoint, RunTask } from "./runtime.ts";

export interface LaunchDeps extends ProcessDeps {
  readonly disk: Disk;
  /** The desk's own environment; a program gets only the variables that are named for it. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Searches the PATH. Returns the path and the real path (links resolved), or undefined. */
  readonly findProgram: (program: string) => Promise<{ readonly path: string; readonly real: string } | undefined>;
  /** Resolves symbolic links; undefined if the path does not exist. */
  readonly realPath: (path: string) => Promise<string | undefined>;
  /** Creates an empty folder that only this user may read. */
  readonly createPrivateFolder: () => Promise<{ readonly path: string; remove(): Promise<void> }>;
  /** The Node that runs the desk; programs written in JavaScript look for `node` on their PATH. */
  readonly nodePath: string;
  /** Real paths that no agent program may read: home, keys, sockets, other runs. */
  readonly hidden: readonly string[];
  /** Real paths of the files that hold the secrets of connectors, as desk.toml names them now. */
  readonly secretFiles: () => readonly string[];
  /** The workspace's path; no agent program may read it. */
  readonly workspace: string;
  readonly openTranscript: (run: string) => Transcript;
}

export interface LaunchOptions {
  readonly deps: LaunchDeps;
  readonly settings: AgentSettings;
  readonly openEndpoint: (run: string) => RunEndpoint;
  /** Gets each tool that the program itself denied its agent. */
  readonly refusals: RefusalLog;
}

/** A run cannot start or continue; the message is for the operator. */
export class RunAborted extends Error {}

export interface ProgramRun {
  readonly program: AgentProgram;
  readonly launch: LaunchOptions;
  readonly task: RunTask;
  readonly endpoint: RunEndpoint;
  readonly folders: RunFolders;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** Milliseconds since the run began. */
  elapsedMs(): number;
}

export const STOPPED_BY_OPERATOR = "stopped by the operator";

/** Waits until the process has ended; the signal stops it. */
export async function waitForEnd(running: RunningProcess, signal: AbortSignal): Promise<ProcessEnd> {
  const abort = (): void => running.stop(STOPPED_BY_OPERATOR);
  signal.addEventListener("abort", abort, { once: true });
  if (signal.aborted) abort();
  const end = await running.ended;
  signal.removeEventListener("abort", abort);
  return end;
}
