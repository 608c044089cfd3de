/** The part of the desk's state about schedules: which are accepted, their newest due time, and what runs used. */
import type { DeskEvent, ProposalSeen, Recorded } from "../event.ts";
import type { Digest } from "../ids.ts";
import type { ScheduleEvent, ScheduleOutcome, StartCause } from "./schedule-event.ts";

export interface ScheduleRecord {
  /** Of the text that took force; undefined: removed. */
  digest: Digest | undefined;
  path: string;
  /** Due times after this count, ms: when it was accepted, or its pause ended. */
  since: number;
  isPaused: boolean;
  /** The newest due time that was started or skipped, ms. A due time counts once. */
  lastDue: number | undefined;
  last: ScheduleResult | undefined;
}

/** What the latest due time, or start by a human, led to. */
export interface ScheduleResult {
  /** Absent: a human started it. */
  readonly due?: number | undefined;
  readonly at: number;
  readonly outcome: ScheduleOutcome;
  readonly reason?: string | undefined;
  /** The agent's run; absent for a snapshot. */
  readonly run?: string | undefined;
  /** The run's summary, or the snapshot. */
  readonly path?: string | undefined;
}

/** An agent run that a schedule started, or that such a run queued. */
export interface ScheduledRun {
  readonly schedule: string;
  readonly at: number;
  readonly runtime: string;
  /** In USD; undefined: the run has not ended, or its program reports no cost. */
  cost: string | undefined;
  proposals: number;
}

export interface SchedulesState {
  /** By the schedule's id; also schedules that were removed, so that no due time counts twice. */
  readonly records: Map<string, ScheduleRecord>;
  /** The runs that schedules started within the last two days. */
  readonly runs: Map<string, ScheduledRun>;
}

export function noSchedules(): SchedulesState {
  return { records: new Map(), runs: new Map() };
}

/** A calendar day has at most 25 hours, and a run may last a day. */
const RUNS_KEPT_MS = 50 * 60 * 60 * 1000;

/** The events that change nothing but this part of the state. */
export const SCHEDULE_EVENTS: ReadonlySet<DeskEvent["type"]> = new Set([
  "schedule.accepted",
  "schedule.removed",
  "schedule.paused",
  "schedule.resumed",
  "schedule.ended",
  "snapshot.started",
] satisfies ScheduleEvent["type"][]);

/** Applies one record of the journal. Most events change nothing here. */
export function applyScheduleEvent(state: SchedulesState, { at, event }: Recorded): void {
  switch (event.type) {
    case "schedule.accepted": {
      const { path, digest } = event;
      Object.assign(recordOf(state, event.schedule), { path, digest, since: at });
      return;
    }
    case "schedule.removed":
      Object.assign(recordOf(state, event.schedule), { digest: undefined, isPaused: false });
      return;
    case "schedule.paused":
      recordOf(state, event.schedule).isPaused = true;
      return;
    case "schedule.resumed": {
      const record = recordOf(state, event.schedule);
      record.isPaused = false;
      // Due times that passed during the pause are not missed.
      record.since = at;
      return;
    }
    case "schedule.ended": {
      const { schedule, due, outcome, reason, summary: path } = event;
      recordResult(state, { by: "schedule", schedule, due }, { at, outcome, reason, path });
      return;
    }
    case "snapshot.started":
      recordResult(state, event.cause, { at, outcome: "started" });
      return;
    case "snapshot.taken":
      recordResult(state, event.cause, { at, outcome: "done", path: event.path });
      return;
    case "run.started":
      recordResult(state, event.cause, { at, outcome: "started", run: event.run });
      countRun(state, at, event);
      return;
    case "run.ended":
      endRun(state, at, event);
      return;
    default:
  }
}

function recordOf(state: SchedulesState, schedule: string): ScheduleRecord {
  let record = state.records.get(schedule);
  if (record === undefined) {
    record = { digest: undefined, path: "", since: 0, isPaused: false, lastDue: undefined, last: undefined };
    state.records.set(schedule, record);
  }
  return record;
}

function recordResult(state: SchedulesState, cause: StartCause | undefined, result: ScheduleResult): void {
  if (cause === undefined || cause.by === "run" || cause.schedule === undefined) return;
  const record = recordOf(state, cause.schedule);
  const due = cause.by === "schedule" ? cause.due : undefined;
  if (due !== undefined) record.lastDue = Math.max(due, record.lastDue ?? due);
  record.last = { ...result, due };
}

/** A run that a human started counts for no limit, and neither do the runs that it queues. */
function countRun(state: SchedulesState, at: number, event: Extract<DeskEvent, { type: "run.started" }>): void {
  for (const [run, earlier] of state.runs) if (earlier.at < at - RUNS_KEPT_MS) state.runs.delete(run);
  const { run, cause, runtime } = event;
  const schedule =
    cause?.by === "schedule" ? cause.schedule : cause?.by === "run" ? state.runs.get(cause.run)?.schedule : undefined;
  if (schedule !== undefined) state.runs.set(run, { schedule, at, runtime, cost: undefined, proposals: 0 });
}

function endRun(state: SchedulesState, at: number, event: Extract<DeskEvent, { type: "run.ended" }>): void {
  const { run, outcome, summary: path, cost } = event;
  const counted = state.runs.get(run);
  if (counted !== undefined) counted.cost = cost;
  for (const record of state.records.values())
    if (record.last?.run === run) record.last = { ...record.last, at, outcome, path };
}

/** Counts a new proposal of a scheduled run. */
export function countProposal(state: SchedulesState, { actor }: ProposalSeen): void {
  const counted = state.runs.get(actor.replace(/^agent:/, ""));
  if (counted !== undefined) counted.proposals += 1;
}
