/**
 * Starts scheduled tasks. One runs at a time, and it waits until no other run is under way; the others wait in a queue
 * with at most one entry for each schedule. A due time counts once: the record of its start is on disk before the run.
 */
import type { ScheduleView } from "../domain/status-view.ts";
import { unlessAborted } from "../lib/aborted.ts";
import { QocError, messageOf } from "../domain/errors/error.ts";
import type { StartCause } from "../domain/config/schedule-event.ts";
import type { Progress } from "../domain/ports.ts";
import type { ScheduleRecord } from "../domain/config/schedule-state.ts";
import { iso } from "../lib/time.ts";
import { LAYOUT } from "../workspace/layout.ts";
import { type ScheduleConfig, timesOf } from "../workspace/schedule-config.ts";
import { problemOf, findSchedule } from "../trading/config/change-schedules.ts";
import type { Desk } from "../trading/desk.ts";
import { type FoundSchedule, findSchedules, scheduleViews } from "../trading/config/schedule-views.ts";
import type { AgentRuns } from "./agent-runs.ts";
import { dueNow } from "./due-times.ts";
import { type TaskReport, runTask } from "./run-task.ts";

/** A task that waits or runs. */
export interface QueuedTask {
  readonly schedule: string;
  readonly task: string;
  /** ISO; null: a human started it. */
  readonly due: string | null;
  readonly state: "waiting" | "running";
}

export interface SchedulesReport {
  readonly schedules: readonly ScheduleView[];
  readonly queue: readonly QueuedTask[];
}

export interface Scheduler {
  /** Starts the timer. */
  start(): void;
  report(): Promise<SchedulesReport>;
  /** The tasks that wait and run, in the order of their starts. */
  queue(): readonly QueuedTask[];
  /** Looks at the schedules now; resolves when what is due is in the queue. */
  refresh(): Promise<void>;
  /** Runs the task of one schedule now, after what waits before it, without the limits a day. */
  runNow(ref: string, progress: Progress, signal: AbortSignal): Promise<TaskReport>;
  /** Resolves once nothing waits or runs. */
  idle(): Promise<void>;
  /** Stops the timer and the running task. */
  close(): Promise<void>;
}

interface Entry {
  readonly config: ScheduleConfig;
  readonly cause: StartCause;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  isRunning: boolean;
  readonly resolve: (report: TaskReport) => void;
  readonly reject: (error: unknown) => void;
  /** The listener of `signal` that takes the entry out of the queue. */
  readonly withdraw: () => void;
}

export interface SchedulerOptions {
  readonly desk: Desk;
  readonly runs: Pick<AgentRuns, "start" | "idle">;
}

/** The machine may sleep and the wall clock may be set, so a timer for a due time is never longer. */
const TICK_MS = 15_000;

export function createScheduler(options: SchedulerOptions): Scheduler {
  return new DeskScheduler(options);
}

class DeskScheduler implements Scheduler {
  readonly #desk: Desk;
  readonly #runs: SchedulerOptions["runs"];
  readonly #queue: Entry[] = [];
  readonly #stopping = new AbortController();
  /** The problems that were logged, by path. */
  readonly #logged = new Map<string, string>();
  #cancelTick: () => void = () => undefined;
  #refreshing: Promise<void> | undefined;
  #working: Promise<void> | undefined;

  constructor({ desk, runs }: SchedulerOptions) {
    this.#desk = desk;
    this.#runs = runs;
  }

  start(): void {
    void this.#tick();
  }

  queue(): readonly QueuedTask[] {
    return this.#queue.map(({ config, cause, isRunning }): QueuedTask => ({
      schedule: config.id,
      task: config.task,
      due: cause.by === "schedule" ? iso(cause.due) : null,
      state: isRunning ? "running" : "waiting",
    }));
  }

  async report(): Promise<SchedulesReport> {
    return { schedules: await scheduleViews(this.#desk), queue: this.queue() };
  }

  refresh(): Promise<void> {
    return (this.#refreshing ??= this.#evaluate().finally(() => (this.#refreshing = undefined)));
  }

  async runNow(ref: string, progress: Progress, signal: AbortSignal): Promise<TaskReport> {
    const found = await findSchedule(this.#desk, ref);
    if (found.config === undefined) throw problemOf(found);
    if (found.state === "unsigned") throw new QocError("SCHEDULE_NOT_ACCEPTED", { path: found.path, name: found.id });
    if (this.#queue.length > 0) progress.line(`waits for ${this.#queue.map(({ config }) => config.id).join(", ")}`);
    return this.#add(found.config, { by: "human", schedule: found.id }, progress, signal);
  }

  async idle(): Promise<void> {
    while (this.#working !== undefined) await this.#working;
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    this.#cancelTick();
    await this.#refreshing;
    await this.#working;
  }

  async #tick(): Promise<void> {
    let next: number | undefined;
    try {
      await this.refresh();
      next = await this.#nextDue();
    } catch (error) {
      this.#desk.log.error(`schedules: ${messageOf(error)}`);
    }
    if (this.#stopping.signal.aborted) return;
    const { clock } = this.#desk;
    const untilDue = next === undefined ? TICK_MS : next - clock.now();
    this.#cancelTick = clock.after(Math.min(TICK_MS, Math.max(1, untilDue)), () => void this.#tick());
  }

  async #nextDue(): Promise<number | undefined> {
    const now = this.#desk.clock.now();
    const times = (await findSchedules(this.#desk)).flatMap(({ config, state }) =>
      config === undefined || state !== "active" ? [] : [timesOf(config).next(now) ?? Infinity],
    );
    return times.length === 0 ? undefined : Math.min(...times);
  }

  async #evaluate(): Promise<void> {
    const { state } = this.#desk;
    // What cannot be recorded does not start.
    if (this.#desk.readOnly() !== undefined || this.#stopping.signal.aborted) return;
    const schedules = await findSchedules(this.#desk);
    this.#logProblems(schedules);
    for (const { config, state: condition } of schedules) {
      if (config === undefined || condition !== "active") continue;
      if (config.path === LAYOUT.config) await this.#takeFromConfig(config);
      const record = state.schedules.records.get(config.id);
      if (record !== undefined) await this.#startIfDue(config, record);
    }
  }

  /** A table of desk.toml that is new or changed has no due time before this moment. */
  async #takeFromConfig({ id: schedule, path, digest }: ScheduleConfig): Promise<void> {
    const record = this.#desk.state.schedules.records.get(schedule);
    if (record?.digest === digest && record.path === path) return;
    await this.#desk.commit({ type: "schedule.accepted", schedule, path, digest });
  }

  async #startIfDue(config: ScheduleConfig, record: ScheduleRecord): Promise<void> {
    const dueTime = dueNow(config, record, this.#desk.clock.now());
    if (dueTime === undefined) return;
    const { due, action } = dueTime;
    const earlier = this.#queue.find((entry) => entry.config.id === config.id && entry.cause.by === "schedule");
    if (earlier?.cause.by === "schedule" && earlier.cause.due === due) return;
    if (action === "missed") return this.#end(config, due, "the desk was down or the machine slept at that time");
    if (earlier !== undefined)
      return this.#end(config, due, `its earlier task ${earlier.isRunning ? "is under way" : "waits in the queue"}`);
    const progress: Progress = { line: () => undefined };
    const cause: StartCause = { by: "schedule", schedule: config.id, due };
    // A failure is recorded and logged by the task itself.
    void this.#add(config, cause, progress, this.#stopping.signal).catch(() => undefined);
  }

  async #end({ id: schedule }: ScheduleConfig, due: number, reason: string): Promise<void> {
    this.#desk.log.warn(`schedule ${schedule}, due ${iso(due)}, is skipped: ${reason}`);
    await this.#desk.commit({ type: "schedule.ended", schedule, due, outcome: "skipped", reason });
  }

  #add(config: ScheduleConfig, cause: StartCause, progress: Progress, caller: AbortSignal): Promise<TaskReport> {
    const signal = AbortSignal.any([caller, this.#stopping.signal]);
    if (signal.aborted) return Promise.reject(new QocError("DESK_DOWN"));
    const added = new Promise<TaskReport>((resolve, reject) => {
      const withdraw = (): void => this.#withdraw(entry);
      const entry: Entry = { config, cause, progress, signal, isRunning: false, resolve, reject, withdraw };
      this.#queue.push(entry);
      signal.addEventListener("abort", withdraw, { once: true });
    });
    this.#working ??= this.#drain().finally(() => (this.#working = undefined));
    return added;
  }

  /** Takes an entry out of the queue whose caller went away before its task began. */
  #withdraw(entry: Entry): void {
    const index = this.#queue.indexOf(entry);
    if (index === -1 || entry.isRunning) return;
    this.#queue.splice(index, 1);
    entry.reject(new QocError("DESK_DOWN"));
  }

  async #drain(): Promise<void> {
    for (let entry = this.#queue[0]; entry !== undefined; entry = this.#queue[0]) {
      await unlessAborted(entry.signal, this.#runs.idle()).catch(() => undefined);
      if (this.#queue[0] !== entry) continue;
      try {
        entry.isRunning = true;
        entry.resolve(await this.#run(entry));
      } catch (error) {
        entry.reject(error);
      }
      this.#queue.shift();
      // A signal with a listener stays in memory as long as the desk runs.
      entry.signal.removeEventListener("abort", entry.withdraw);
    }
  }

  async #run({ config, cause, progress, signal }: Entry): Promise<TaskReport> {
    if (cause.by === "schedule") {
      const current = (await findSchedules(this.#desk)).find(({ id }) => id === config.id);
      if (current?.state !== "active" || current.config?.digest !== config.digest) {
        await this.#end(config, cause.due, "it was paused, changed or removed while it waited");
        throw new QocError("SCHEDULE_UNKNOWN", { name: config.id, suggestion: "" });
      }
    }
    return runTask({ desk: this.#desk, runs: this.#runs, config, cause, progress, signal });
  }

  /** Each problem is logged when it is found, and again when its text changes. */
  #logProblems(schedules: readonly FoundSchedule[]): void {
    const current = new Set(schedules.map(({ path }) => path));
    for (const path of this.#logged.keys()) if (!current.has(path)) this.#logged.delete(path);
    for (const { path, problem, fix } of schedules) {
      if (problem === undefined) this.#logged.delete(path);
      else if (this.#logged.get(path) !== problem) {
        this.#logged.set(path, problem);
        this.#desk.log.error(`schedules: ${problem} (${fix ?? ""})`);
      }
    }
  }
}
