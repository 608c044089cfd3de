import * as z from "zod";
import { iso } from "../../lib/time.ts";
import { flag } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import { readableDesk } from "../readable-desk.ts";
import { shownTime } from "../rendering/local-time.ts";
import { tableOr } from "../rendering/table-text.ts";
import { oneLine } from "../rendering/terminal-text.ts";
import { untrustedSchemaFor, untrustedText } from "../untrusted-text.ts";

export const command = defineCommand({
  name: "refusals list",
  group: "runs",
  audience: "human",
  runs: "local-if-down",
  writes: [],
  summary: "list the calls that agents were refused, newest first",
  description: "Of the last 200. Attempts of one agent at one name within a minute are one line.",
  examples: ["qoc refusals list", "qoc refusals list --limit 5 --json"],
  input: () =>
    z.strictObject({
      limit: flag(z.coerce.number().int().positive().max(200).default(50), "N", "how many (50)"),
    }),
  output: () =>
    z.array(
      z.object({
        at: z.string(),
        agent: z.string(),
        count: z.number(),
        reason: z.string(),
        untrusted: untrustedSchemaFor("the name that the agent tried"),
      }),
    ),
  run: async ({ limit }, context) => {
    const { state } = await readableDesk(context);
    const unrecorded = context.desk?.unrecordedRefusals() ?? [];
    return [...state.refusals, ...unrecorded]
      .toReversed()
      .slice(0, limit)
      .map(({ at, actor, command: tried, count, reason }) => ({
        ...{ at: iso(at), agent: actor.replace(/^agent:/, ""), count, reason },
        untrusted: untrustedText(context, actor, tried),
      }));
  },
  render: (refusals, style) =>
    tableOr(
      style,
      [
        { title: "at", cell: ({ at }) => shownTime(style, at) },
        { title: "agent", cell: ({ agent }) => oneLine(agent) },
        { title: "tried", cell: ({ untrusted }) => oneLine(untrusted.text), shrinks: true },
        { title: "times", cell: ({ count }) => String(count), isNumber: true },
        { title: "reason", cell: ({ reason }) => reason },
      ],
      refusals,
      "no agent was refused a call",
    ),
});
