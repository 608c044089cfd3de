/** The schedules of the desk as they are now: those of desk.toml and of schedules/, with their state and next times. */
import type { ScheduleState, ScheduleView } from "../../domain/status-view.ts";
import { QocError } from "../../domain/errors/error.ts";
import { iso } from "../../lib/time.ts";
import { type ScheduleConfig, readScheduleFile, timesOf } from "../../workspace/schedule-config.ts";
import type { ScheduleFile } from "../../workspace/schedules.ts";
import { LAYOUT } from "../../workspace/layout.ts";
import { plainPath } from "../../workspace/path-policy.ts";
import type { Desk } from "../desk.ts";
import type { RecordedDesk } from "../recorded-desk.ts";

export interface FoundSchedule {
  /** Empty if the file's name cannot be one. */
  readonly id: string;
  readonly path: string;
  readonly state: ScheduleState;
  /** undefined: broken. */
  readonly config: ScheduleConfig | undefined;
  /** Why it does not run, and what to do; undefined if it runs, or if the human paused or disabled it. */
  readonly problem: string | undefined;
  readonly fix: string | undefined;
}

type ScheduleDesk = Pick<Desk, "workspace" | "config" | "state">;

const NEXT_SHOWN = 3;

/** All schedules, those of desk.toml first. A broken file does not hide the others. */
export async function findSchedules(desk: ScheduleDesk): Promise<readonly FoundSchedule[]> {
  const inConfig = desk.config.schedules.map((config) => foundSchedule(desk, config));
  const taken = new Set(inConfig.map(({ id }) => id.toLowerCase()));
  const files = await desk.workspace.schedules.list();
  const found = files.map((file): FoundSchedule => {
    const schedule = fileSchedule(desk, file);
    const key = schedule.id.toLowerCase();
    if (schedule.id !== "" && taken.has(key)) {
      const problem = `${schedule.path}: another schedule has this name`;
      return { ...schedule, state: "broken", config: undefined, problem, fix: "rename one of them" };
    }
    taken.add(key);
    return schedule;
  });
  return [...inConfig, ...found];
}

function fileSchedule(desk: ScheduleDesk, file: ScheduleFile): FoundSchedule {
  const path = plainPath(file.path);
  const broken = { id: file.id ?? "", path, state: "broken", config: undefined } as const;
  if (file.id === undefined || file.text === undefined)
    return { ...broken, problem: file.problem ?? "", fix: `correct or remove ${path}` };
  try {
    return foundSchedule(desk, readScheduleFile(file.text, file.id, desk.config.workspace.timezone));
  } catch (error) {
    if (!(error instanceof QocError)) throw error;
    return { ...broken, problem: error.message, fix: `correct ${path}, then qoc schedules accept ${file.id}` };
  }
}

function foundSchedule({ state }: ScheduleDesk, config: ScheduleConfig): FoundSchedule {
  const { id, path, digest } = config;
  const record = state.schedules.records.get(id);
  const isSigned = path === LAYOUT.config || (record?.digest === digest && record.path === path);
  if (!isSigned) {
    const { message, hint } = new QocError("SCHEDULE_NOT_ACCEPTED", { path, name: id });
    return { id, path, state: "unsigned", config, problem: message, fix: hint };
  }
  const stateOf = !config.enabled ? "disabled" : record?.isPaused === true ? "paused" : "active";
  return { id, path, state: stateOf, config, problem: undefined, fix: undefined };
}

export async function scheduleViews(desk: ScheduleDesk & Pick<Desk, "clock">): Promise<readonly ScheduleView[]> {
  return (await findSchedules(desk)).map((schedule) => scheduleView(desk, schedule));
}

/** The schedules of a desk that is down: its state is up to date, but no command on one works. */
export async function recordedScheduleViews(desk: RecordedDesk): Promise<readonly ScheduleView[]> {
  return (await scheduleViews(desk)).map((view) => ({ ...view, fix: desk.fixWhileDown(view.fix) }));
}

export function scheduleView({ state, clock }: Pick<Desk, "state" | "clock">, found: FoundSchedule): ScheduleView {
  const { id, path, config, problem, fix } = found;
  const record = state.schedules.records.get(id);
  const last = record?.last;
  return {
    name: id,
    path,
    state: found.state,
    title: config?.title ?? null,
    task: config?.task ?? null,
    cron: config?.cron ?? null,
    timezone: config?.timezone ?? null,
    missed: config?.missed ?? null,
    skipIfNoOpenIssues: config?.skipIfNoOpenIssues ?? null,
    timeoutMinutes: config?.timeoutMs === undefined ? null : config.timeoutMs / 60_000,
    digest: config?.digest ?? null,
    next:
      config === undefined || found.state !== "active"
        ? []
        : nextTimes(config, Math.max(clock.now(), record?.lastDue ?? 0)),
    last:
      last === undefined
        ? null
        : {
            due: last.due === undefined ? null : iso(last.due),
            at: iso(last.at),
            outcome: last.outcome,
            reason: last.reason ?? null,
            run: last.run ?? null,
            path: last.path ?? null,
          },
    problem: problem ?? null,
    fix: fix ?? null,
  };
}

/** The due times after `from`, ISO. */
export function nextTimes(config: ScheduleConfig, from: number): readonly string[] {
  const times: string[] = [];
  const { next } = timesOf(config);
  for (let at = next(from); at !== undefined && times.length < NEXT_SHOWN; at = next(at)) times.push(iso(at));
  return times;
}
