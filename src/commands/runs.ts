/** run ISSUE: a human hands a task to an agent; an agent adds one to the run that it is. */
import { z } from "zod";
import { QocError } from "../domain/error.ts";
import { body, requireDesk } from "./command.ts";
import type { RunReport } from "../runs/runs.ts";

export const run = body({
  input: z.strictObject({ issue: z.string(), dryRun: z.boolean().default(false) }),
  output: z.looseObject({ issue: z.string() }),
  run: ({ issue, dryRun }, call) => {
    const { runs } = requireDesk(call);
    if (call.actor !== "human") return runs.queue(call.actor, issue);
    return dryRun ? runs.dry(issue) : finished(runs.start(issue, call.note, call.signal));
  },
});

/** A run that failed is on stdout as any other, and is an error all the same. */
async function finished(working: Promise<RunReport>): Promise<RunReport> {
  const report = await working;
  const { run, outcome, reason, path } = [report, ...report.queued].find((view) => view.outcome !== "done") ?? report;
  if (outcome !== "done")
    throw new QocError("RUN_FAILED", { run, outcome, reason: reason ?? "", path }, { data: report });
  return report;
}
