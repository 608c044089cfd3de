import * as z from "zod";
import { QocError } from "../domain/errors/error.ts";
import type { RunView } from "../runs/run-issue.ts";
import { deskNotices } from "../trading/config/config-notices.ts";
import { noticeText } from "../trading/config/notice-text.ts";
import type { DryRun, Queued, RunReport } from "../runs/runs.ts";
import { positional, toggle } from "./arguments.ts";
import { defineCommand, requireDesk } from "./command.ts";
import { type OutputStyle, keyValueLines } from "./rendering/table-text.ts";
import { quoted, renderText } from "./rendering/terminal-text.ts";

export const command = defineCommand({
  name: "run",
  group: "runs",
  audience: "both",
  runs: "desk",
  writes: ["snapshots/", "journal"],
  summary: "run an agent on an issue",
  description: "Each order that the agent wants to place waits as a proposal.",
  summaryForAgents: "add an issue to those that this run works on after the present one",
  examples: ["qoc run issues/001-earnings-review.md", "qoc run 001 --dry-run"],
  exits: [5],
  input: () =>
    z.strictObject({
      issue: positional(z.string(), "ISSUE", "an issue's id or file", { completes: "issue" }),
      dryRun: toggle("show what the agent would be given"),
    }),
  output: () => z.looseObject({ issue: z.string() }),
  mcp: { idempotent: true },
  run: async ({ issue, dryRun }, context): Promise<RunReport | DryRun | Queued> => {
    const { desk, runs } = requireDesk(context);
    if (context.actor !== "human") return runs.queue(context.actor, issue);
    for (const notice of await deskNotices(desk)) context.progress.line(noticeText(notice));
    return dryRun ? runs.dry(issue) : successful(runs.start(issue, context.progress, context.signal));
  },
  render: renderRun,
});

/**
 * @throws RUN_FAILED with the command's value as its data (the report by default), so that it is printed for a failed
 * run too.
 */
export async function successful(run: Promise<RunReport>, value?: unknown): Promise<RunReport> {
  const report = await run;
  const failed = [report, ...report.queued].find(({ outcome }) => outcome !== "done");
  if (failed === undefined) return report;
  const { run: id, outcome, reason, path } = failed;
  throw new QocError("RUN_FAILED", { run: id, outcome, reason: reason ?? "", path }, { data: value ?? report });
}

/** The outcome, the agent's own summary as a quotation, and the proposals that wait. */
export function renderRun(run: RunReport | DryRun, style: OutputStyle): readonly string[] {
  return "wouldRun" in run ? renderDryRun(run, style) : [run, ...run.queued].flatMap((view) => runLines(view, style));
}

/** The context bundle that the agent would read. */
function renderDryRun({ issue, runtime, bundle, tools }: DryRun, style: OutputStyle): readonly string[] {
  const heading = keyValueLines(style, [
    ["run", "none: a dry run"],
    ["issue", issue],
    ["runtime", runtime],
    ["tools", String(tools.length)],
  ]);
  return [...(style.isTty ? [...heading, ""] : []), ...renderText(bundle)];
}

function runLines(run: RunView, style: OutputStyle): readonly string[] {
  return [
    ...keyValueLines(style, [
      ["run", run.run],
      ["issue", run.issue],
      ["runtime", run.runtime],
      ["outcome", `${run.outcome} in ${run.seconds} s`],
      ...(run.reason === null ? [] : [["because", run.reason] as const]),
      ...(run.turns === null ? [] : [["turns", String(run.turns)] as const]),
      ...(run.costUsd === null ? [] : [["cost", `${run.costUsd.toFixed(2)} USD`] as const]),
      ["summary", run.path],
      ...run.proposals.map((id) => ["waits for you", id] as const),
    ]),
    ...(style.isTty && run.summary !== "" ? quoted(run.summary, style.columns) : []),
  ];
}
