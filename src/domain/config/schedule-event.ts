/** The events of schedules and snapshots. Only the human changes schedules. */
import type { Authority } from "../authority/authority.ts";
import type { DecimalText } from "../decimal.ts";
import type { Digest } from "../ids.ts";

/**
 * What started an agent run or a snapshot. `schedule` with `due`: the clock; the due time in ms. `human` with
 * `schedule`: `qoc schedules run`. `run`: an agent queued the issue during that run.
 */
export type StartCause =
  | { readonly by: "human"; readonly schedule?: string | undefined }
  | { readonly by: "schedule"; readonly schedule: string; readonly due: number }
  | { readonly by: "run"; readonly run: string };

/** What a start at a due time, or by a human, led to. */
export type ScheduleOutcome = "started" | "done" | "failed" | "stopped" | "skipped";

/**
 * A schedule takes force: a file in schedules/ with the signature of the human over its text, or a table of desk.toml
 * without one, because desk.toml is accepted as a whole.
 */
export interface ScheduleAccepted {
  readonly type: "schedule.accepted";
  readonly schedule: string;
  readonly path: string;
  readonly digest: Digest;
  readonly authority?: Authority | undefined;
}
export interface ScheduleRemoved {
  readonly type: "schedule.removed";
  readonly schedule: string;
}
export interface SchedulePaused {
  readonly type: "schedule.paused";
  readonly schedule: string;
}
/** Ends a pause; the digest is that of the schedule that was signed. */
export interface ScheduleResumed {
  readonly type: "schedule.resumed";
  readonly schedule: string;
  readonly digest: Digest;
  readonly authority?: Authority | undefined;
}
/** A due time passed without an agent run: nothing was started, or the snapshot failed. */
export interface ScheduleEnded {
  readonly type: "schedule.ended";
  readonly schedule: string;
  readonly due: number;
  readonly outcome: "skipped" | "failed";
  readonly reason: string;
  /** The summary of a run that had nothing to do. */
  readonly summary?: string | undefined;
}

/** A schedule begins a snapshot. */
export interface SnapshotStarted {
  readonly type: "snapshot.started";
  readonly cause: StartCause;
}
export interface SnapshotTaken {
  readonly type: "snapshot.taken";
  readonly path: string;
  /** null if the accounts cannot be added up: a rate is missing. */
  readonly nav: DecimalText | null;
  /** Of a snapshot that a schedule began. */
  readonly cause?: StartCause | undefined;
}
export type ScheduleEvent =
  | ScheduleAccepted
  | ScheduleRemoved
  | SchedulePaused
  | ScheduleResumed
  | ScheduleEnded
  | SnapshotStarted;
