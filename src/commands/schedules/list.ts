import type { ScheduleView } from "../../domain/status-view.ts";
import * as z from "zod";
import type { QueuedTask, SchedulesReport } from "../../runs/scheduler.ts";
import { defineCommand } from "../command.ts";
import { recordedDesk } from "../readable-desk.ts";
import { localMinute, localZone } from "../rendering/local-time.ts";
import { type Column, type OutputStyle, table, tableOr } from "../rendering/table-text.ts";
import { oneLine, wrap } from "../rendering/terminal-text.ts";
import { resultText, scheduleSchema } from "./schedule-lines.ts";

export const command = defineCommand({
  name: "schedules list",
  group: "runs",
  audience: "human",
  runs: "local-if-down",
  writes: [],
  summary: "list the schedules, their next times and the queue",
  description: "The schedules of desk.toml and of schedules/.",
  examples: ["qoc schedules list", "qoc schedules list --json"],
  input: () => z.strictObject({}),
  output: () =>
    z.object({ schedules: z.array(scheduleSchema()), queue: z.array(z.looseObject({ schedule: z.string() })) }),
  run: async (_input, context): Promise<SchedulesReport> => {
    if (context.desk !== undefined) return context.desk.scheduler.report();
    const { recordedScheduleViews } = await import("../../trading/config/schedule-views.ts");
    return { schedules: await recordedScheduleViews(await recordedDesk(context)), queue: [] };
  },
  render: renderSchedules,
});

/** The zone of all schedules; undefined if they have several. */
function onlyZone(schedules: readonly ScheduleView[]): string | undefined {
  const zones = new Set(schedules.flatMap(({ timezone }) => (timezone === null ? [] : [timezone])));
  return zones.size === 1 ? [...zones][0] : undefined;
}

function columns(style: OutputStyle, zone?: string): readonly Column<ScheduleView>[] {
  return [
    { title: "name", cell: ({ name, path }) => (name === "" ? path : name) },
    { title: "state", cell: ({ state }) => state },
    { title: "task", cell: ({ task }) => task ?? "", shrinks: true },
    { title: "cron", cell: ({ cron }) => cron ?? "" },
    // A person reads the only zone below the table.
    ...(zone === undefined
      ? [{ title: "zone", cell: ({ timezone }: ScheduleView) => timezone ?? "", shrinks: true }]
      : []),
    {
      title: "next",
      cell: ({ next }) => (style.isTty ? (next[0] === undefined ? "" : localMinute(next[0])) : next.join(" ")),
    },
    { title: "last", cell: ({ last }) => (last === null ? "" : resultText(last)), shrinks: true },
    // A person reads the problems below the table.
    ...(style.isTty ? [] : [{ title: "problem", cell: ({ problem }: ScheduleView) => problem ?? "" }]),
  ];
}

const QUEUE: readonly Column<QueuedTask>[] = [
  { title: "queue", cell: () => "queue" },
  { title: "schedule", cell: ({ schedule }) => schedule },
  { title: "state", cell: ({ state }) => state },
  { title: "task", cell: ({ task }) => task },
  { title: "due", cell: ({ due }) => due ?? "" },
];

export function renderSchedules({ schedules, queue }: SchedulesReport, style: OutputStyle): readonly string[] {
  if (!style.isTty) return [...table(style, columns(style), schedules), ...table(style, QUEUE, queue)];
  const zone = onlyZone(schedules);
  const problems = schedules.flatMap(({ problem, fix }) =>
    problem === null ? [] : [...wrap(oneLine(`! ${problem}`), style.columns), `  fix: ${oneLine(fix ?? "")}`],
  );
  return [
    ...tableOr(style, columns(style, zone), schedules, "no schedules; qoc help schedules"),
    ...(schedules.length === 0
      ? []
      : [style.paint("dim", `times: ${localZone()}${zone === undefined ? "" : `; cron: ${oneLine(zone)}`}`)]),
    ...problems,
    ...queue.map(({ schedule, state, task, due }) =>
      oneLine(`${state}: ${task} of ${schedule}${due === null ? "" : `, due ${localMinute(due)}`}`),
    ),
  ];
}
