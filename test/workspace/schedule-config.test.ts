/** Each documented key of `[schedule]`, `[[schedule]]` and schedules/*.toml: it is taken, or refused with its line. */
import { describe, expect, it } from "vitest";
import type { QocError } from "../../src/domain/errors/error.ts";
import { readConfig } from "../../src/workspace/config.ts";
import { type ScheduleConfig, readScheduleFile } from "../../src/workspace/schedule-config.ts";

const CRON = 'cron = "30 7 * * 1-5"';
const TASK = 'task = "morning-review"';

/** The schedule of the lines, in each place for schedules; its first line follows `lead` lines. */
const PLACES = [
  { place: "[schedule]", file: "desk.toml", lead: 3, read: (lines: string) => ofDesk("[schedule]", lines) },
  { place: "[[schedule]]", file: "desk.toml", lead: 3, read: (lines: string) => ofDesk("[[schedule]]", lines) },
  {
    place: "schedules/eod.toml",
    file: "schedules/eod.toml",
    lead: 0,
    read: (lines: string) => readScheduleFile(lines, "eod", "Europe/Berlin"),
  },
] as const;

function ofDesk(header: string, lines: string): ScheduleConfig {
  const text = `[workspace]\ntimezone = "Europe/Berlin"\n${header}\n${lines}`;
  const [first, ...others] = readConfig(text, "/w/desk.toml").schedules;
  if (first === undefined || others.length > 0) throw new Error("not one schedule");
  return first;
}

function problemOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    return (error as QocError).message;
  }
  throw new Error("was accepted");
}

describe.each(PLACES)("$place", ({ file, lead, read }) => {
  it("with cron and task alone has the documented defaults", () => {
    expect(read(`${CRON}\n${TASK}\n`)).toMatchObject({
      ...{ path: file, cron: "30 7 * * 1-5", task: "morning-review", timezone: "Europe/Berlin" },
      ...{ enabled: true, skipIfNoOpenIssues: false, missed: "skip", timeoutMs: undefined },
    });
  });

  it.each([
    ["name", 'name = "End-of-day snapshot"', { title: "End-of-day snapshot" }],
    ["timezone", 'timezone = "America/Chicago"', { timezone: "America/Chicago" }],
    ["tz", 'tz = "America/New_York"', { timezone: "America/New_York" }],
    ["timeout_minutes", "timeout_minutes = 20", { timeoutMs: 20 * 60_000 }],
    ["enabled", "enabled = false", { enabled: false }],
    ["skip_if_no_open_issues", "skip_if_no_open_issues = true", { skipIfNoOpenIssues: true }],
    ["missed", 'missed = "once"', { missed: "once" }],
  ])("takes %s", (_, line, fields) => {
    expect(read(`${CRON}\n${TASK}\n${line}\n`)).toMatchObject(fields);
  });

  it.each([
    ["cron", `${TASK}\ncron = "99 7 * * *"`, 2],
    ["cron", `${TASK}\ncron = 7`, 2],
    ["task", `${CRON}\ntask = "../x"`, 2],
    ["name", `${CRON}\n${TASK}\nname = ""`, 3],
    ["timezone", `${CRON}\n${TASK}\ntimezone = "Mars/Base"`, 3],
    ["tz", `${CRON}\n${TASK}\ntz = 1`, 3],
    ["tz", `${CRON}\n${TASK}\ntimezone = "UTC"\ntz = "UTC"`, 4],
    ["timeout_minutes", `${CRON}\n${TASK}\ntimeout_minutes = 0`, 3],
    ["enabled", `${CRON}\n${TASK}\nenabled = "no"`, 3],
    ["skip_if_no_open_issues", `${CRON}\n${TASK}\nskip_if_no_open_issues = 1`, 3],
    ["missed", `${CRON}\n${TASK}\nmissed = "twice"`, 3],
    ["notify", `${CRON}\n${TASK}\nnotify = "me"`, 3],
  ])("refuses a wrong %s at its line: %s", (key, lines, line) => {
    const message = problemOf(() => read(`${lines}\n`));
    expect(message).toContain(`${file}:${lead + line}:`);
    expect(message).toContain(key);
  });

  it.each([
    ["cron", TASK],
    ["task", CRON],
  ])("without %s is refused", (key, lines) => {
    const message = problemOf(() => read(`${lines}\n`));
    expect(message).toContain(`${file}:`);
    expect(message).toContain(`${key}: is missing`);
  });
});

it("the examples of the documents are read as they are written", () => {
  const eod = `name = "End-of-day snapshot"
cron = "55 15 * * 1-5"
timezone = "America/Chicago"
task = "eod-snapshot"
enabled = true
skip_if_no_open_issues = false   # run only when there are unresolved issues
`;
  expect(readScheduleFile(eod, "eod-snapshot", "UTC")).toMatchObject({ id: "eod-snapshot", task: "eod-snapshot" });
  const daily = `name = "daily-close-snapshot"
cron = "5 16 * * 1-5"
tz   = "America/New_York"
task = "snapshot"
`;
  expect(ofDesk("[[schedule]]", daily)).toMatchObject({ id: "daily-close-snapshot", timezone: "America/New_York" });
});

it.each([
  ["[notify]", "notify"],
  ["[[webhook]]", "webhook"],
])("%s of the documents is refused as not built yet, at its line", (header, key) => {
  const message = problemOf(() => readConfig(`[workspace]\n${header}\nname = "a"\n`, "/w/desk.toml"));
  expect(message).toMatch(new RegExp(`desk\\.toml:2:.*${key}.*not implemented yet`));
});
