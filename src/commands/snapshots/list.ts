import * as z from "zod";
import { defineCommand, requireDesk } from "../command.ts";
import { money } from "../rendering/positions.ts";
import { tableOr } from "../rendering/table-text.ts";

export const command = defineCommand({
  name: "snapshots list",
  hiddenAliases: ["snapshot list"],
  group: "record",
  audience: "both",
  runs: "desk",
  writes: [],
  summary: "list the snapshots with their NAV",
  examples: ["qoc snapshots list", "qoc snapshots list --json"],
  exits: [5],
  input: z.strictObject({}),
  output: z.array(z.looseObject({ path: z.string() })),
  run: (_input, context) => requireDesk(context).desk.workspace.snapshots.list(),
  render: (snapshots, style) =>
    tableOr(
      style,
      [
        { title: "time", cell: ({ time }) => time },
        { title: "NAV", cell: ({ nav, currency }) => money(nav, currency), isNumber: true },
        { title: "cash", cell: ({ cash, currency }) => money(cash, currency), isNumber: true },
        { title: "path", cell: ({ path }) => path, shrinks: true },
      ],
      snapshots,
      "no snapshots",
    ),
});
