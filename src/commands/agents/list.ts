import * as z from "zod";
import { iso, isoOrNull } from "../../lib/time.ts";
import { defineCommand } from "../command.ts";
import { readableDesk } from "../readable-desk.ts";
import { tableOr } from "../rendering/table-text.ts";

export const command = defineCommand({
  name: "agents list",
  hiddenAliases: ["agent list"],
  group: "runs",
  audience: "human",
  runs: "local-if-down",
  writes: [],
  summary: "list the agents that may connect",
  description: "With the time when each last connected.",
  examples: ["qoc agents list", "qoc agents list --json"],
  input: () => z.strictObject({}),
  output: () =>
    z.array(
      z.object({
        agent: z.string(),
        client: z.string(),
        grantedAt: z.string(),
        /** The end of a token for HTTP; null: no end. */
        expiresAt: z.string().nullable(),
        /** null: not since the desk started; absent while the desk is down. */
        lastSeenAt: z.string().nullable().optional(),
      }),
    ),
  run: async (_input, context) => {
    const { state } = await readableDesk(context);
    return [...state.agents].map(([agent, { client, grantedAt, expiresAt }]) => ({
      agent,
      client,
      grantedAt: iso(grantedAt),
      expiresAt: isoOrNull(expiresAt),
      lastSeenAt: context.desk === undefined ? undefined : isoOrNull(context.desk.lastSeen(agent)),
    }));
  },
  render: (agents, style) =>
    tableOr(
      style,
      [
        { title: "agent", cell: ({ agent }) => agent },
        { title: "program", cell: ({ client }) => client },
        { title: "since", cell: ({ grantedAt }) => grantedAt },
        { title: "until", cell: ({ expiresAt }) => expiresAt ?? "no end" },
        { title: "last seen", cell: ({ lastSeenAt }) => lastSeenText(lastSeenAt) },
      ],
      agents,
      "no agent may connect yet: qoc agents setup",
    ),
});

function lastSeenText(at: string | null | undefined): string {
  return at === undefined ? "-" : (at ?? "not since the desk started");
}
