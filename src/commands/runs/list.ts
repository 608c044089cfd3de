import * as z from "zod";
import { iso, isoOrNull } from "../../lib/time.ts";
import { flag } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import { readableDesk } from "../readable-desk.ts";
import { tableOr } from "../rendering/table-text.ts";
import { oneLine } from "../rendering/terminal-text.ts";

export const command = defineCommand({
  name: "runs list",
  group: "runs",
  audience: "human",
  runs: "local-if-down",
  writes: [],
  summary: "list the agent runs, newest first",
  description: "Those under way, and the last hundred that ended.",
  examples: ["qoc runs list", "qoc runs list --limit 5 --json"],
  input: () =>
    z.strictObject({
      limit: flag(z.coerce.number().int().positive().max(200).default(50), "N", "how many (50)"),
    }),
  output: () =>
    z.array(
      z.object({
        run: z.string(),
        issue: z.string(),
        runtime: z.string(),
        state: z.enum(["running", "done", "failed", "stopped"]),
        startedAt: z.string().nullable(),
        endedAt: z.string().nullable(),
        costUsd: z.string().nullable(),
        /** The file of the run's summary. */
        summary: z.string().nullable(),
      }),
    ),
  run: async ({ limit }, context) => {
    const { state } = await readableDesk(context);
    const running = [...state.runs].map(([run, { issue, runtime, at }]) => ({
      ...{ run, issue, runtime, state: "running" as const, startedAt: iso(at), endedAt: null, costUsd: null },
      summary: null,
    }));
    const ended = state.endedRuns.map(({ run, issue, runtime, outcome, startedAt, at, cost, summary }) => ({
      ...{ run, issue, runtime, state: outcome, costUsd: cost ?? null },
      startedAt: isoOrNull(startedAt),
      endedAt: iso(at),
      summary: summary === "" ? null : summary,
    }));
    return [...running.toReversed(), ...ended.toReversed()].slice(0, limit);
  },
  render: (runs, style) =>
    tableOr(
      style,
      [
        { title: "run", cell: ({ run }) => run },
        { title: "state", cell: ({ state }) => state },
        { title: "issue", cell: ({ issue }) => issue },
        { title: "summary", cell: ({ summary }) => oneLine(summary ?? ""), keeps: "apart" },
      ],
      runs,
      "no agent has run yet: qoc run ISSUE",
    ),
});
