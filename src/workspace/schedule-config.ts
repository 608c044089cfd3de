/** Schedules as they are written: `[schedule]`, `[[schedule]]` and `[schedules]` of desk.toml, and schedules/*.toml. */
import * as z from "zod";
import "../lib/schema-words.ts";
import { canonicalJson } from "../domain/canonical-json.ts";
import { digestOf } from "../domain/digest.ts";
import { QocError } from "../domain/errors/error.ts";
import { isTimeZone } from "../domain/config/guard-config.ts";
import { type Digest, isFileStem, suggestion } from "../domain/ids.ts";
import { omitUndefined } from "../lib/omit-undefined.ts";
import { quoteString } from "../lib/invisible-characters.ts";
import { slugOf } from "../lib/slug.ts";
import { CronError, type CronTimes, parseCron } from "./cron.ts";
import { LAYOUT } from "./layout.ts";
import { type KeyPath, formatKeyPath, locateKey, parseToml } from "./toml.ts";
import { lazy } from "../lib/lazy.ts";

/** What happens with due times that passed while the desk was down or the machine slept. */
export const MISSED_POLICIES = ["skip", "once"] as const;
/** The task that needs no issue and no agent. */
export const SNAPSHOT_TASK = "snapshot";

/** One schedule. */
export interface ScheduleConfig {
  /** What commands and the journal call it: the stem of its file, or its name in desk.toml as a slug. */
  readonly id: string;
  readonly title: string;
  /** `desk.toml` or `schedules/NAME.toml`. */
  readonly path: string;
  readonly cron: string;
  readonly timezone: string;
  /** The stem of a file in issues/, with or without its number, or `snapshot`. */
  readonly task: string;
  readonly enabled: boolean;
  readonly skipIfNoOpenIssues: boolean;
  readonly missed: (typeof MISSED_POLICIES)[number];
  readonly timeoutMs?: number | undefined;
  /** Of the file's text, or of the table in desk.toml. */
  readonly digest: Digest;
}

/** `[schedules]`: the limits a day of all scheduled runs together. */
export interface ScheduleLimits {
  readonly maxRuns: number;
  readonly maxCostUsd: number;
  readonly maxProposals: number;
}

/** Takes a key that is missing or wrong. */
type ReportProblem = (path: KeyPath, message: string) => void;

const MINUTE_MS = 60_000;
const TASK = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;
const timeZone = lazy(() => z.string().refine(isTimeZone, 'must be an IANA time zone such as "America/New_York"'));

/** The stem of an issue's file, also if its path was given. */
export function taskName(task: string): string {
  return task.replace(/^issues\//, "").replace(/\.md$/, "");
}

const requiredText = lazy(() =>
  z.string({ error: ({ input }) => (input === undefined ? "is missing" : "must be a text") }),
);

const scheduleSchema = lazy(() =>
  z.strictObject({
    name: z.string().min(1).max(60).optional(),
    cron: requiredText().max(200),
    task: requiredText()
      .transform(taskName)
      .refine(
        (task) => TASK.test(task),
        'must be the name of a file in issues/, such as "morning-review", or "snapshot"',
      ),
    timezone: timeZone().optional(),
    tz: timeZone().optional(),
    timeout_minutes: z.number().positive().max(1_440).optional(),
    enabled: z.boolean().default(true),
    skip_if_no_open_issues: z.boolean().default(false),
    missed: z.enum(MISSED_POLICIES, 'must be "skip" or "once"').default("skip"),
  }),
);

export const scheduleLimitsSchema = lazy(() =>
  z
    .strictObject({
      max_runs_per_day: z.int().min(0).max(1_440).default(48),
      max_cost_usd_per_day: z.number().min(0).max(10_000).default(20),
      max_proposals_per_day: z.int().min(0).max(10_000).default(50),
    })
    .transform((limits): ScheduleLimits => ({
      maxRuns: limits.max_runs_per_day,
      maxCostUsd: limits.max_cost_usd_per_day,
      maxProposals: limits.max_proposals_per_day,
    })),
);

type ScheduleFields = z.output<ReturnType<typeof scheduleSchema>>;

/** Where a table is, for the fields that it does not have. */
interface ScheduleTable {
  readonly table: unknown;
  readonly at: KeyPath;
  /** The desk's time zone. */
  readonly timezone: string;
}

/** Returns the fields, or undefined after the problems are reported. */
function readTable({ table, at, timezone }: ScheduleTable, report: ReportProblem): ScheduleFields | undefined {
  const parsed = scheduleSchema().safeParse(table);
  if (!parsed.success) {
    // A misspelt key explains the missing one.
    const issues = parsed.error.issues.toSorted((a, b) => Number(isUnknownKey(b)) - Number(isUnknownKey(a)));
    for (const issue of issues) {
      if (issue.code === "unrecognized_keys") for (const key of issue.keys) report([...at, key], unknownKey(key));
      else report([...at, ...issue.path.filter((part) => typeof part !== "symbol")], issue.message);
    }
    return undefined;
  }
  const { data } = parsed;
  if (data.timezone !== undefined && data.tz !== undefined) {
    report([...at, "tz"], "is another name of timezone; remove one of them");
    return undefined;
  }
  const problem = cronProblem(data.cron, data.timezone ?? data.tz ?? timezone);
  if (problem === undefined) return data;
  report([...at, "cron"], problem);
  return undefined;
}

function cronProblem(pattern: string, timezone: string): string | undefined {
  try {
    return parseCron(pattern, timezone).next(Date.UTC(2024, 0)) === undefined ? "never occurs" : undefined;
  } catch (error) {
    if (error instanceof CronError) return error.message;
    throw error;
  }
}

function isUnknownKey({ code }: z.core.$ZodIssue): boolean {
  return code === "unrecognized_keys";
}

function unknownKey(key: string): string {
  if (key === "schedule") return "a file in schedules/ has its keys at the top, without a [schedule] header";
  return `unknown key${suggestion(key, Object.keys(scheduleSchema().shape))}`;
}

/** A schedule of desk.toml without what follows from it. */
export type DeskSchedule = Omit<ScheduleConfig, "path" | "digest">;

/** A schedule of desk.toml; its digest covers its settings. */
export function deskSchedule(schedule: DeskSchedule): ScheduleConfig {
  return { ...schedule, path: LAYOUT.config, digest: digestOf(canonicalJson(schedule)) };
}

function buildSchedule(fields: ScheduleFields, timezone: string, id: string): DeskSchedule {
  return {
    id,
    title: fields.name ?? id,
    cron: fields.cron.trim().replaceAll(/\s+/g, " "),
    timezone: fields.timezone ?? fields.tz ?? timezone,
    task: fields.task,
    enabled: fields.enabled,
    skipIfNoOpenIssues: fields.skip_if_no_open_issues,
    missed: fields.missed,
    timeoutMs: fields.timeout_minutes === undefined ? undefined : Math.round(fields.timeout_minutes * MINUTE_MS),
  };
}

/** `[schedules]` as desk.toml writes it. */
export function limitsTable({
  maxRuns,
  maxCostUsd,
  maxProposals,
}: ScheduleLimits): z.input<ReturnType<typeof scheduleLimitsSchema>> {
  return { max_runs_per_day: maxRuns, max_cost_usd_per_day: maxCostUsd, max_proposals_per_day: maxProposals };
}

/** The schedules of desk.toml: one `[schedule]` table or a list of `[[schedule]]`. */
export function readDeskSchedules(
  { schedule, workspace }: { readonly schedule?: unknown; readonly workspace: { readonly timezone: string } },
  report: ReportProblem,
): readonly ScheduleConfig[] {
  if (schedule === undefined) return [];
  const { timezone } = workspace;
  const isList = Array.isArray(schedule);
  const ids = new Set<string>();
  return (isList ? (schedule as readonly unknown[]) : [schedule]).flatMap((table, index) => {
    const at: KeyPath = isList ? ["schedule", index] : ["schedule"];
    const fields = readTable({ table, at, timezone }, report);
    if (fields === undefined) return [];
    const id = slugOf(fields.name ?? fields.task);
    if (ids.has(id))
      report([...at, fields.name === undefined ? "task" : "name"], `another schedule is called ${id}, too`);
    ids.add(id);
    return [deskSchedule(buildSchedule(fields, timezone, id))];
  });
}

/** The id of a file in schedules/. Undefined: its name cannot be one. */
export function scheduleIdOf(path: string): string | undefined {
  const stem = path.slice(LAYOUT.schedules.length + 1).replace(/\.toml$/, "");
  return path.endsWith(".toml") && isFileStem(stem) ? stem : undefined;
}

export function schedulePath(id: string): string {
  return `${LAYOUT.schedules}/${id}.toml`;
}

/** Reads the text of a file in schedules/. @throws CONFIG_SYNTAX, CONFIG_INVALID with file and line. */
export function readScheduleFile(text: string, id: string, timezone: string): ScheduleConfig {
  const path = schedulePath(id);
  const problems: { readonly path: KeyPath; readonly message: string }[] = [];
  const table = parseToml(text, path);
  const fields = readTable({ table, at: [], timezone }, (at, message) => problems.push({ path: at, message }));
  const [first, ...others] = problems;
  if (fields !== undefined) return { ...buildSchedule(fields, timezone, id), path, digest: digestOf(text) };
  const at = first?.path ?? [];
  const more = others.length === 0 ? "" : ` (and ${others.length} more)`;
  throw new QocError("CONFIG_INVALID", {
    file: path,
    ...locateKey(text, at),
    key: formatKeyPath(at),
    message: `${first?.message ?? "is not a schedule"}${more}`,
  });
}

/** What `qoc schedules add` writes. */
export interface NewSchedule {
  readonly name: string;
  readonly cron: string;
  readonly task: string;
  readonly timezone?: string | undefined;
  readonly timeoutMinutes?: number | undefined;
  readonly missed?: string | undefined;
  readonly skipIfNoOpenIssues?: boolean | undefined;
}

/** The text of a new file. The client that signs it and the desk make the same text. */
export function scheduleText(schedule: NewSchedule): string {
  const { cron, task, timezone, timeoutMinutes, missed, skipIfNoOpenIssues } = schedule;
  const fields = omitUndefined({
    cron: quoteString(cron),
    task: quoteString(task),
    timezone: timezone === undefined ? undefined : quoteString(timezone),
    timeout_minutes: timeoutMinutes === undefined ? undefined : String(timeoutMinutes),
    missed: missed === undefined ? undefined : quoteString(missed),
    skip_if_no_open_issues: skipIfNoOpenIssues === true ? "true" : undefined,
  });
  const lines = Object.entries(fields).map(([key, value]) => `${key} = ${String(value)}`);
  return `${lines.join("\n")}\n`;
}

/** The due times of a schedule whose pattern was checked when it was read. */
export function timesOf({ cron, timezone }: Pick<ScheduleConfig, "cron" | "timezone">): CronTimes {
  return parseCron(cron, timezone);
}
