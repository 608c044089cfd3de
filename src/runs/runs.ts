/** The port through which commands start agent runs, and its results. */
import type { Progress } from "../domain/ports.ts";
import type { Actor } from "../domain/event.ts";
import type { StartCause } from "../domain/config/schedule-event.ts";
import type { AgentFacts } from "../trading/doctor.ts";
import type { RunView } from "./run-issue.ts";

export interface StartOptions {
  /** By default the human. */
  readonly cause?: StartCause | undefined;
  /** Limits below those of `[agent]`. */
  readonly timeoutMs?: number | undefined;
  readonly maxCostUsd?: number | undefined;
}

export interface Runs {
  /**
   * Runs an agent on an issue and then on the issues that it queued; resolves when all of them have ended. A schedule
   * does not start an issue that an agent opened. @throws ISSUE_NOT_FOUND, ISSUE_RUNNING, ISSUE_BY_AGENT.
   */
  start(issue: string, progress: Progress, signal: AbortSignal, options?: StartOptions): Promise<RunReport>;
  /** Builds the context bundle without starting an agent. */
  dry(issue: string): Promise<DryRun>;
  /** Checks whether the configured agent program can be started on this machine. */
  check(): Promise<AgentFacts>;
  /**
   * Stops a run and drops what it queued; resolves when its end is recorded. What it proposed stays.
   * @throws RUN_NOT_RUNNING.
   */
  stop(run: string): Promise<void>;
  /** Adds an issue to the queue of the actor's run. @throws NO_RUN, QUEUE_FULL. */
  queue(actor: Actor, issue: string): Promise<Queued>;
}

export interface RunReport extends RunView {
  /** The runs of queued issues, in order. */
  readonly queued: readonly RunView[];
}

export interface DryRun {
  readonly issue: string;
  readonly runtime: string;
  readonly wouldRun: true;
  readonly bundle: string;
  readonly tools: readonly string[];
}

export interface Queued {
  readonly issue: string;
  /** Number of issues that wait in this run's queue. */
  readonly queued: number;
}
