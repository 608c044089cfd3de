/** Decisions of the human on schedules: add, accept, remove, pause and resume. What lets a schedule run is signed. */
import type { Authority } from "../../domain/authority/authority.ts";
import { digestOf } from "../../domain/digest.ts";
import { QocError } from "../../domain/errors/error.ts";
import { type Digest, isFileStem, suggestion } from "../../domain/ids.ts";
import { LAYOUT } from "../../workspace/layout.ts";
import { type NewSchedule, readScheduleFile, schedulePath, scheduleText } from "../../workspace/schedule-config.ts";
import type { SignedDecision } from "../keys/authority.ts";
import type { Desk } from "../desk.ts";
import { type FoundSchedule, findSchedules } from "./schedule-views.ts";

/** The signature of the human's client. */
export interface ScheduleDecision {
  readonly authority?: Authority | undefined;
}

function signedSchedule(id: string, digest: Digest): SignedDecision {
  return { action: "schedule", id, digest, shown: "", mode: "", key: "desk" };
}

/**
 * Finds a schedule by its name or its path. @throws SCHEDULE_UNKNOWN; the problem of a file that cannot be read is in
 * the result.
 */
export async function findSchedule(desk: Desk, ref: string): Promise<FoundSchedule> {
  const all = await findSchedules(desk);
  const match = all.find(({ id }) => id === ref) ?? all.find(({ path }) => path === ref && path !== LAYOUT.config);
  if (match !== undefined) return match;
  const names = all.map(({ id }) => id);
  throw new QocError("SCHEDULE_UNKNOWN", { name: ref, suggestion: suggestion(ref, names) });
}

/**
 * Writes a file in schedules/, which takes force at once.
 * @throws INVALID_INPUT, CONFIG_INVALID, SCHEDULE_EXISTS, and the errors of a signature.
 */
export function addSchedule(desk: Desk, schedule: NewSchedule, decision: ScheduleDecision): Promise<FoundSchedule> {
  // If two files of one name are added at once, the journal must not accept the text that is not written.
  return desk.workspace.schedules.additions.run(() => writeSchedule(desk, schedule, decision));
}

async function writeSchedule(desk: Desk, schedule: NewSchedule, decision: ScheduleDecision): Promise<FoundSchedule> {
  const { name } = schedule;
  const path = schedulePath(name);
  if (!isFileStem(name) || name.toLowerCase().endsWith(".toml")) {
    const message = `${JSON.stringify(name)} is not a name: letters, digits, . _ and -, at most 100`;
    throw new QocError("INVALID_INPUT", { command: "schedules add", message });
  }
  const existing = (await findSchedules(desk)).find(({ id }) => id.toLowerCase() === name.toLowerCase());
  if (existing !== undefined) throw new QocError("SCHEDULE_EXISTS", { name: existing.id, path: existing.path });
  const text = scheduleText(schedule);
  try {
    readScheduleFile(text, name, desk.config.workspace.timezone);
  } catch (error) {
    if (!(error instanceof QocError)) throw error;
    const message = `${String(error.details["key"] ?? "")}: ${String(error.details["message"] ?? error.message)}`;
    throw new QocError("INVALID_INPUT", { command: "schedules add", message }, { cause: error });
  }
  // The record comes first: a file without a record does not run, and a record without a file does nothing.
  await accept(desk, { id: name, path, digest: digestOf(text) }, decision);
  const written = await desk.workspace.schedules.create(name, text);
  recordFile(desk, written.path, digestOf(text));
  return findSchedule(desk, name);
}

/** Lets a file run that a human wrote or edited. `digest`: of the text that the human read. @throws FILE_CHANGED. */
export async function acceptSchedule(
  desk: Desk,
  ref: string,
  { digest, ...decision }: ScheduleDecision & { readonly digest: string },
): Promise<FoundSchedule> {
  const found = await findSchedule(desk, ref);
  const { config } = found;
  if (config === undefined) throw problemOf(found);
  if (found.path === LAYOUT.config) throw new QocError("SCHEDULE_IN_CONFIG", { name: found.id });
  if (config.digest !== digest) throw new QocError("FILE_CHANGED", { path: found.path });
  await accept(desk, config, decision);
  return findSchedule(desk, found.id);
}

/** The error of a file that cannot be read. */
export function problemOf({ problem, path }: FoundSchedule): QocError {
  return new QocError("INVALID_INPUT", { command: "schedules", message: problem ?? `${path} cannot be read` });
}

async function accept(
  desk: Desk,
  { id, path, digest }: { readonly id: string; readonly path: string; readonly digest: Digest },
  { authority }: ScheduleDecision,
): Promise<void> {
  await desk.authority.check(signedSchedule(id, digest), authority);
  await desk.commit({ type: "schedule.accepted", schedule: id, path, digest, authority });
}

/** Removes the file. A run that is under way goes on. @throws SCHEDULE_IN_CONFIG. */
export async function removeSchedule(desk: Desk, ref: string): Promise<{ name: string; path: string }> {
  const { id, path } = await findSchedule(desk, ref);
  if (path === LAYOUT.config) throw new QocError("SCHEDULE_IN_CONFIG", { name: id });
  if (id === "") throw new QocError("SCHEDULE_UNKNOWN", { name: ref, suggestion: "" });
  await desk.commit({ type: "schedule.removed", schedule: id });
  await desk.workspace.schedules.remove(id);
  desk.history.request(`schedules remove ${id}`, "human");
  return { name: id, path };
}

export async function pauseSchedule(desk: Desk, ref: string): Promise<FoundSchedule> {
  const { id } = await findSchedule(desk, ref);
  if (desk.state.schedules.records.get(id)?.isPaused !== true)
    await desk.commit({ type: "schedule.paused", schedule: id });
  return findSchedule(desk, id);
}

/** Ends a pause. Due times that passed meanwhile are not made up for. */
export async function resumeSchedule(desk: Desk, ref: string, { authority }: ScheduleDecision): Promise<FoundSchedule> {
  const found = await findSchedule(desk, ref);
  const { id, config } = found;
  if (config === undefined) throw problemOf(found);
  if (desk.state.schedules.records.get(id)?.isPaused !== true) return found;
  const { digest } = config;
  await desk.authority.check(signedSchedule(id, digest), authority);
  await desk.commit({ type: "schedule.resumed", schedule: id, digest, authority });
  return findSchedule(desk, id);
}

function recordFile(desk: Desk, path: string, digest: Digest): void {
  desk.publish({ type: "file.written", path, digest, command: "schedules add", actor: "human" });
  desk.history.request(`schedules add ${path}`, "human");
}
