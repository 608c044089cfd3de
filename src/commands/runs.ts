/** run ISSUE: a human hands a task to an agent; an agent adds one to the run that it is. */
import { z } from "zod";
import { body, hot } from "./command.ts";

export const run = body({
  input: z.strictObject({ issue: z.string(), dryRun: z.boolean().default(false) }),
  output: z.looseObject({ issue: z.string() }),
  run: ({ issue, dryRun }, call) => {
    const { runs } = hot(call);
    if (call.actor !== "human") return runs.queue(call.actor, issue);
    return dryRun ? runs.dry(issue) : runs.start(issue, call.note, call.signal);
  },
});
