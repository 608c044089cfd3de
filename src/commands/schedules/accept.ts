import * as z from "zod";
import { acceptSchedule } from "../../trading/config/change-schedules.ts";
import { scheduleView } from "../../trading/config/schedule-views.ts";
import { digestOf } from "../../domain/digest.ts";
import { EXIT } from "../../domain/errors/error.ts";
import { flag } from "../arguments.ts";
import { defineCommand, requireDesk, usageError } from "../command.ts";
import { authoritySchema, callSigned } from "../signed-call.ts";
import { listedSchedule, renderSchedule, scheduleArgument, scheduleSchema } from "./schedule-lines.ts";

const NAME = "schedules accept";

export const command = defineCommand({
  name: NAME,
  group: "runs",
  audience: "human",
  runs: "desk",
  writes: ["journal"],
  summary: "let a file in schedules/ run as it is now",
  description: "Signs the text of the file. A file that is edited after that does not run until it is accepted again.",
  examples: ["qoc schedules accept morning"],
  exits: [5, 7],
  input: () =>
    z.strictObject({
      name: scheduleArgument(),
      digest: flag(z.string().optional(), "DIGEST", "of the file that you read; required off a terminal"),
      /** The client's signature. */
      authority: authoritySchema().optional(),
    }),
  output: scheduleSchema,
  run: async ({ name, digest, authority }, context) => {
    const { desk, scheduler } = requireDesk(context);
    const accepted = await acceptSchedule(desk, name, {
      digest: digest ?? digestOf(""),
      authority,
    });
    await scheduler.refresh();
    return scheduleView(desk, accepted);
  },
  render: renderSchedule,
  cli: async (session, input) => {
    const found = await listedSchedule(session, input["name"]);
    const shown = found?.digest ?? undefined;
    // The desk states what is wrong with a file that has no digest.
    if (found === undefined || shown === undefined) {
      await session.show(NAME, await session.call(NAME, input));
      return EXIT.done;
    }
    if (input["digest"] === undefined && !session.flags.yes) {
      if (session.prompter === undefined)
        throw usageError(NAME, `without a terminal, read ${found.path} and give --digest ${shown}`);
      session.display((style) => renderSchedule(found, style));
      if (!(await session.prompter.confirm(`Let ${found.name} run at these times?`))) return EXIT.done;
    }
    const digest = String(input["digest"] ?? shown);
    const call = {
      command: NAME,
      input: { ...input, digest },
      intent: { action: "schedule", id: found.name, digest },
    } as const;
    await session.show(NAME, await callSigned(session, call));
    return EXIT.done;
  },
});
