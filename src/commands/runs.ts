/** run ISSUE: hands a task to an agent. */
import { z } from "zod";
import { body, hot } from "./command.ts";

export const run = body({
  input: z.strictObject({ issue: z.string(), dryRun: z.boolean().default(false) }),
  output: z.looseObject({}),
  run: (input, call) => hot(call).run({ issue: input.issue, dryRun: input.dryRun }, call.note),
});
