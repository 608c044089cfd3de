import * as z from "zod";
import { QocError } from "../../domain/errors/error.ts";
import { findIssue } from "../../runs/run-issue.ts";
import { iso } from "../../lib/time.ts";
import { AGENT_STATUSES, ISSUE_STATUSES } from "../../workspace/issues.ts";
import { flag, positional, textFlag } from "../arguments.ts";
import { defineCommand, requireDesk } from "../command.ts";
import { fileReceiptSchema, recordAuthor, recordFileWrite } from "../record-file-write.ts";
import { refuseAgentStatus } from "./agent-status-rules.ts";

const NAME = "issues update";

export const command = defineCommand({
  name: NAME,
  group: "research",
  audience: "both",
  runs: "desk",
  writes: ["issues/"],
  summary: "set an issue's status, or add a dated note to it",
  examples: [
    "qoc issues update 001 --status done",
    'qoc issues update 001 --status blocked --note "No quote since Monday."',
  ],
  input: () =>
    z.strictObject({
      id: positional(z.string(), "ISSUE", "an issue's id or file", { completes: "issue" }),
      status: flag(
        z.enum(ISSUE_STATUSES).optional(),
        "STATUS",
        "its new status; an agent may set in-progress, review, done and blocked",
      ),
      note: textFlag(z.string().min(1).max(10_000).optional(), "the text to add below, Markdown"),
    }),
  output: fileReceiptSchema,
  run: async ({ id, status, note }, context) => {
    const { actor } = context;
    if (status === undefined && note === undefined) throw invalid("give --status, --note, or both");
    if (status !== undefined && actor !== "human" && !AGENT_STATUSES.includes(status))
      throw invalid(`status: an agent may set ${AGENT_STATUSES.join(", ")}`);
    const { desk } = requireDesk(context);
    const { path } = await findIssue(desk.workspace.issues, id);
    const permit = (from: string | undefined): void => refuseAgentStatus(NAME, actor, { path, from, to: status });
    const change = {
      path,
      at: iso(desk.clock.now()),
      by: actor,
      status,
      note,
      permit,
      beforeWrite: actor === "human" ? undefined : (text: string) => recordAuthor(desk, actor, { path, text }),
    };
    return recordFileWrite(context, NAME, await desk.workspace.issues.update(change));
  },
});

function invalid(message: string): QocError {
  return new QocError("INVALID_INPUT", { command: NAME, message });
}
