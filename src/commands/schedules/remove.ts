import * as z from "zod";
import { removeSchedule } from "../../trading/config/change-schedules.ts";
import { defineCommand, requireDesk } from "../command.ts";
import { scheduleArgument } from "./schedule-lines.ts";

export const command = defineCommand({
  name: "schedules remove",
  group: "runs",
  audience: "human",
  runs: "desk",
  writes: ["schedules/", "journal"],
  summary: "remove a schedule and its file",
  description: "The file history keeps the file. A task that is under way goes on.",
  examples: ["qoc schedules remove morning"],
  exits: [5],
  input: () => z.strictObject({ name: scheduleArgument() }),
  output: () => z.object({ name: z.string(), path: z.string() }),
  run: ({ name }, context) => removeSchedule(requireDesk(context).desk, name),
});
