import * as z from "zod";
import type { TaskReport } from "../../runs/run-task.ts";
import { defineCommand, requireDesk } from "../command.ts";
import { type OutputStyle, keyValueLines } from "../rendering/table-text.ts";
import { renderRun, successful } from "../run.ts";
import { renderSnapshot } from "../snapshot.ts";
import { scheduleArgument } from "./schedule-lines.ts";

export const command = defineCommand({
  name: "schedules run",
  group: "runs",
  audience: "human",
  runs: "desk",
  writes: ["snapshots/", "journal"],
  summary: "run the task of a schedule now",
  description: "Waits for the scheduled task that is under way. The limits a day do not count it.",
  examples: ["qoc schedules run morning"],
  exits: [5],
  input: () => z.strictObject({ name: scheduleArgument() }),
  output: () => z.looseObject({ kind: z.enum(["run", "snapshot", "skipped"]) }),
  run: async ({ name }, context) => {
    const { progress, signal } = context;
    const task = await requireDesk(context).scheduler.runNow(name, progress, signal);
    if (task.kind === "run") await successful(Promise.resolve(task.report), task);
    return task;
  },
  render: renderTask,
});

function renderTask(task: TaskReport, style: OutputStyle): readonly string[] {
  switch (task.kind) {
    case "run":
      return renderRun(task.report, style);
    case "snapshot":
      return renderSnapshot(task.snapshot, style);
    case "skipped":
      return keyValueLines(style, [
        ["outcome", "skipped"],
        ["because", task.reason],
        ["summary", task.path],
      ]);
  }
}
