import * as z from "zod";
import { PAGE_SCOPES } from "../../domain/pages/page-session.ts";
import { defineCommand, requireDesk } from "../command.ts";
import { tableOr } from "../rendering/table-text.ts";

export const command = defineCommand({
  name: "ui list",
  group: "desk",
  audience: "human",
  runs: "desk",
  writes: [],
  summary: "list the open pages",
  description: "A page that is not used for 12 hours is closed, and each page after 7 days.",
  examples: ["qoc ui list", "qoc ui list --json"],
  exits: [5],
  input: () => z.strictObject({}),
  output: () =>
    z.array(
      z.object({
        session: z.string(),
        scope: z.enum(PAGE_SCOPES),
        openedAt: z.string(),
        usedAt: z.string(),
        endsAt: z.string(),
      }),
    ),
  run: async (_input, context) => requireDesk(context).pages.list(),
  render: (pages, style) =>
    tableOr(
      style,
      [
        { title: "session", cell: ({ session }) => session },
        { title: "approves", cell: ({ scope }) => scope },
        { title: "opened", cell: ({ openedAt }) => openedAt },
        { title: "used", cell: ({ usedAt }) => usedAt },
        { title: "ends", cell: ({ endsAt }) => endsAt },
      ],
      pages,
      "no page is open: qoc ui",
    ),
});
