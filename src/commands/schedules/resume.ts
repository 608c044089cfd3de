import * as z from "zod";
import { resumeSchedule } from "../../trading/config/change-schedules.ts";
import { scheduleView } from "../../trading/config/schedule-views.ts";
import { EXIT } from "../../domain/errors/error.ts";
import { defineCommand, requireDesk } from "../command.ts";
import { authoritySchema, callSigned } from "../signed-call.ts";
import { listedSchedule, renderSchedule, scheduleArgument, scheduleSchema } from "./schedule-lines.ts";

const NAME = "schedules resume";

export const command = defineCommand({
  name: NAME,
  group: "runs",
  audience: "human",
  runs: "desk",
  writes: ["journal"],
  summary: "end the pause of a schedule",
  description: "Times that passed during the pause are not made up for.",
  examples: ["qoc schedules resume morning"],
  exits: [5],
  input: () =>
    z.strictObject({
      name: scheduleArgument(),
      /** The client's signature. */
      authority: authoritySchema().optional(),
    }),
  output: scheduleSchema,
  run: async ({ name, authority }, context) => {
    const { desk, scheduler } = requireDesk(context);
    const resumed = await resumeSchedule(desk, name, { authority });
    await scheduler.refresh();
    return scheduleView(desk, resumed);
  },
  render: renderSchedule,
  cli: async (session, input) => {
    const found = await listedSchedule(session, input["name"]);
    const intent = { action: "schedule", id: found?.name ?? "", digest: found?.digest ?? "" } as const;
    await session.show(NAME, await callSigned(session, { command: NAME, input, intent }));
    return EXIT.done;
  },
});
