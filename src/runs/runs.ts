/** Agent runs, as commands see them. */
import type { Actor } from "../domain/event.ts";
import type { AgentFacts } from "../trading/doctor.ts";
import type { RunView } from "./run-issue.ts";

/** Agents at work. */
export interface Runs {
  /** Works on an issue, and on what the run queues; resolves at the end of it. */
  start(issue: string, note: (line: string) => void, signal: AbortSignal): Promise<RunReport>;
  /** What the agent would be told. */
  dry(issue: string): Promise<DryRun>;
  /** Could the configured agent be started here? */
  check(): Promise<AgentFacts>;
  /** Adds an issue to the run that the actor is. @throws NO_RUN, QUEUE_FULL. */
  queue(actor: Actor, issue: string): Promise<Queued>;
}

export interface RunReport extends RunView {
  /** What this run queued, in the order in which it was worked on. */
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
  /** Issues that wait in this run's queue. */
  readonly queued: number;
}
