import * as z from "zod";
import { iso } from "../../lib/time.ts";
import { defineCommand, requireDesk } from "../command.ts";
import { tableOr } from "../rendering/table-text.ts";

export const command = defineCommand({
  name: "agents list",
  hiddenAliases: ["agent list"],
  group: "runs",
  audience: "human",
  runs: "desk",
  writes: [],
  summary: "list the agents that may connect",
  description: "With the time when each last connected.",
  examples: ["qoc agents list", "qoc agents list --json"],
  exits: [5],
  input: z.strictObject({}),
  output: z.array(
    z.object({
      agent: z.string(),
      client: z.string(),
      grantedAt: z.string(),
      /** The end of a token for HTTP; null: no end. */
      expiresAt: z.string().nullable(),
      lastSeenAt: z.string().nullable(),
    }),
  ),
  run: async (_input, context) => {
    const { desk, lastSeen } = requireDesk(context);
    return [...desk.state.agents].map(([agent, { client, grantedAt, expiresAt }]) => {
      const lastSeenAt = lastSeen(agent);
      return {
        agent,
        client,
        grantedAt: iso(grantedAt),
        expiresAt: expiresAt === undefined ? null : iso(expiresAt),
        lastSeenAt: lastSeenAt === undefined ? null : iso(lastSeenAt),
      };
    });
  },
  render: (agents, style) =>
    tableOr(
      style,
      [
        { title: "agent", cell: ({ agent }) => agent },
        { title: "program", cell: ({ client }) => client },
        { title: "since", cell: ({ grantedAt }) => grantedAt },
        { title: "until", cell: ({ expiresAt }) => expiresAt ?? "no end" },
        { title: "last seen", cell: ({ lastSeenAt }) => lastSeenAt ?? "not since the desk started" },
      ],
      agents,
      "no agent may connect yet: qoc agents setup",
    ),
});
