import * as z from "zod";
import { pauseSchedule } from "../../trading/config/change-schedules.ts";
import { scheduleView } from "../../trading/config/schedule-views.ts";
import { defineCommand, requireDesk } from "../command.ts";
import { renderSchedule, scheduleArgument, scheduleSchema } from "./schedule-lines.ts";

export const command = defineCommand({
  name: "schedules pause",
  group: "runs",
  audience: "human",
  runs: "desk",
  writes: ["journal"],
  summary: "keep a schedule from starting anything",
  description: "The pause survives a restart. A task that is under way goes on.",
  examples: ["qoc schedules pause morning"],
  exits: [5],
  input: () => z.strictObject({ name: scheduleArgument() }),
  output: scheduleSchema,
  run: async ({ name }, context) => {
    const { desk } = requireDesk(context);
    return scheduleView(desk, await pauseSchedule(desk, name));
  },
  render: renderSchedule,
});
