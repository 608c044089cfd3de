/** Runs the task of a schedule once: an agent run on an issue, or a snapshot of the book. */
import { messageOf } from "../domain/errors/error.ts";
import type { StartCause } from "../domain/config/schedule-event.ts";
import type { Progress } from "../domain/ports.ts";
import { iso } from "../lib/time.ts";
import { remainingCostUsd } from "../trading/config/daily-limits.ts";
import type { Desk } from "../trading/desk.ts";
import { type SnapshotView, takeSnapshot } from "../trading/account/snapshot.ts";
import { type ScheduleConfig, SNAPSHOT_TASK } from "../workspace/schedule-config.ts";
import type { AgentRuns } from "./agent-runs.ts";
import { findTask } from "./find-task.ts";
import { causeText, writeSummary } from "./run-issue.ts";
import type { RunReport } from "./runs.ts";

/** `skipped`: there was nothing to do. */
export type TaskReport =
  | { readonly kind: "run"; readonly report: RunReport }
  | { readonly kind: "snapshot"; readonly snapshot: SnapshotView }
  | { readonly kind: "skipped"; readonly reason: string; readonly path: string };

export interface TaskOptions {
  readonly desk: Desk;
  readonly runs: Pick<AgentRuns, "start">;
  readonly config: ScheduleConfig;
  readonly cause: StartCause;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** The statuses of an issue that still needs work. */
const UNRESOLVED: ReadonlySet<string> = new Set(["open", "in-progress", "blocked", "review"]);

/**
 * Runs the task; a due time that leads to no run is recorded with the reason before this rejects.
 * @throws the error that kept the task from starting, or the failure of the snapshot.
 */
export async function runTask(options: TaskOptions): Promise<TaskReport> {
  const { desk, config, cause } = options;
  desk.log.info(`schedule ${config.id} starts ${config.task}: ${causeText(cause)}`);
  try {
    return config.task === SNAPSHOT_TASK ? await snapshotTask(options) : await issueTask(options);
  } catch (error) {
    desk.log.error(`schedule ${config.id}: ${messageOf(error)}`);
    if (cause.by === "schedule" && desk.readOnly() === undefined) {
      const { schedule, due } = cause;
      const last = desk.state.schedules.records.get(schedule)?.last;
      const outcome = last?.due === due && last.outcome === "started" ? "failed" : "skipped";
      await desk.commit({ type: "schedule.ended", schedule, due, outcome, reason: messageOf(error) });
    }
    throw error;
  }
}

async function snapshotTask({ desk, cause }: TaskOptions): Promise<TaskReport> {
  await desk.commit({ type: "snapshot.started", cause });
  return { kind: "snapshot", snapshot: await takeSnapshot(desk, "host", cause) };
}

async function issueTask(options: TaskOptions): Promise<TaskReport> {
  const { desk, runs, config, cause, progress, signal } = options;
  const maxCostUsd = cause.by === "schedule" ? remainingCostUsd(desk) : undefined;
  const issue = await findTask(desk, config.task);
  if (config.skipIfNoOpenIssues && !(await hasUnresolvedIssue(desk, issue))) return nothingToDo(options, issue);
  const report = await runs.start(issue, progress, signal, { cause, timeoutMs: config.timeoutMs, maxCostUsd });
  return { kind: "run", report };
}

/** The task's own issue does not count. */
async function hasUnresolvedIssue({ workspace }: Desk, own: string): Promise<boolean> {
  return (await workspace.issues.heads()).some(({ path, status }) => path !== own && UNRESOLVED.has(status));
}

async function nothingToDo({ desk, config, cause }: TaskOptions, issue: string): Promise<TaskReport> {
  const reason = "no other issue is open, so there is nothing to do";
  const facts = { issue, cause: causeText(cause), outcome: "skipped", reason };
  const stamp = iso(desk.clock.now());
  const path = await writeSummary(desk, { stamp, task: config.task, facts, text: `${reason}\n` });
  if (cause.by === "schedule") {
    const { schedule, due } = cause;
    await desk.commit({ type: "schedule.ended", schedule, due, outcome: "skipped", reason, summary: path });
  }
  desk.history.request(`schedule ${config.id}: nothing to do`);
  return { kind: "skipped", reason, path };
}
