/** Decides what is due. Pure: the clock, the schedule and its record are arguments. */
import type { ScheduleRecord } from "../domain/config/schedule-state.ts";
import { type ScheduleConfig, timesOf } from "../workspace/schedule-config.ts";

/** A due time that is at most this old is on time; an older one was missed. */
export const ON_TIME_MS = 60_000;

/**
 * start: the due time is on time, or it was missed and the schedule makes up for missed ones once. missed: it is
 * skipped.
 */
export interface DueTime {
  readonly due: number;
  readonly action: "start" | "missed";
}

/**
 * The newest due time that has not counted yet; undefined: none. It covers all earlier due times: a sleep of days
 * leads to one start at most.
 */
export function dueNow(config: ScheduleConfig, record: Readonly<ScheduleRecord>, now: number): DueTime | undefined {
  const due = timesOf(config).latest(now);
  if (due === undefined || due <= Math.max(record.since, record.lastDue ?? 0)) return undefined;
  return { due, action: now - due <= ON_TIME_MS || config.missed === "once" ? "start" : "missed" };
}
