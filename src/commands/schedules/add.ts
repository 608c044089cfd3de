import * as z from "zod";
import { findTask } from "../../runs/find-task.ts";
import { addSchedule } from "../../trading/config/change-schedules.ts";
import { scheduleView } from "../../trading/config/schedule-views.ts";
import { digestOf } from "../../domain/digest.ts";
import { EXIT } from "../../domain/errors/error.ts";
import { MISSED_POLICIES, SNAPSHOT_TASK, scheduleText, taskName } from "../../workspace/schedule-config.ts";
import { flag, positional, toggle } from "../arguments.ts";
import { defineCommand, requireDesk } from "../command.ts";
import { authoritySchema, callSigned } from "../signed-call.ts";
import { renderSchedule, scheduleSchema } from "./schedule-lines.ts";
import { lazy } from "../../lib/lazy.ts";

const input = lazy(() =>
  z.strictObject({
    name: positional(z.string().min(1).max(100), "NAME", "the name of the new file in schedules/"),
    cron: flag(z.string().max(200), "CRON", 'minute hour day month weekday: "30 7 * * 1-5"'),
    task: flag(z.string().max(110), "TASK", "an issue's file, with or without its number, or snapshot"),
    timezone: flag(z.string().max(60).optional(), "ZONE", "such as America/Chicago; the desk's by default"),
    timeoutMinutes: flag(z.coerce.number().positive().max(1_440).optional(), "N", "the longest time of one run"),
    missed: flag(
      z.enum(MISSED_POLICIES).optional(),
      "skip|once",
      "after sleep: skip missed times (default), or make up for them once",
    ),
    skipIfNoOpenIssues: toggle("run only if another issue is open"),
    /** The client's signature. */
    authority: authoritySchema().optional(),
  }),
);

export const command = defineCommand({
  name: "schedules add",
  aliases: ["schedule"],
  group: "runs",
  audience: "human",
  runs: "desk",
  writes: ["schedules/", "journal"],
  summary: "run an issue or a snapshot at set times",
  description: "Writes a signed file in schedules/, which takes force at once.",
  examples: [
    'qoc schedules add morning --cron "30 7 * * 1-5" --task morning-review --timezone America/Chicago',
    'qoc schedule eod --cron "5 16 * * 1-5" --task snapshot',
  ],
  exits: [5],
  input,
  output: scheduleSchema,
  run: async ({ authority, ...schedule }, context) => {
    const { desk, scheduler } = requireDesk(context);
    const task = taskName(schedule.task);
    if (task !== SNAPSHOT_TASK) await findTask(desk, task);
    const added = await addSchedule(desk, schedule, { authority });
    await scheduler.refresh();
    return scheduleView(desk, added);
  },
  render: renderSchedule,
  cli: async (session, words) => {
    // The client makes the text of the file itself, and signs that text.
    const parsed = input().safeParse(words);
    const digest = parsed.success ? digestOf(scheduleText(parsed.data)) : digestOf("");
    const id = parsed.success ? parsed.data.name : "";
    const call = { command: "schedules add", input: words, intent: { action: "schedule", id, digest } } as const;
    await session.show("schedules add", await callSigned(session, call));
    return EXIT.done;
  },
});
