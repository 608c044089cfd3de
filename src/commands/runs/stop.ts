import * as z from "zod";
import { positional } from "../arguments.ts";
import { defineCommand, requireDesk } from "../command.ts";

export const command = defineCommand({
  name: "runs stop",
  group: "runs",
  audience: "human",
  runs: "desk",
  writes: ["journal", "issues/", "snapshots/"],
  summary: "stop an agent run, and drop what it queued",
  description: "Ends the agent's program. What it has proposed stays, and waits for you.",
  examples: ["qoc runs stop run-20260705-1"],
  exits: [5],
  input: () => z.strictObject({ run: positional(z.string(), "RUN", "the run's id: qoc runs list") }),
  output: () => z.string(),
  run: async ({ run }, context) => {
    await requireDesk(context).runs.stop(run);
    return run;
  },
  render: (run) => [`${run} is stopped`],
});
