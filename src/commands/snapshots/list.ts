import * as z from "zod";
import { defineCommand } from "../command.ts";
import { readableDesk } from "../readable-desk.ts";
import { money } from "../rendering/money.ts";
import { tableOr } from "../rendering/table-text.ts";
import { oneLine, wrap } from "../rendering/terminal-text.ts";
import type { SnapshotEntry } from "../../workspace/snapshots.ts";

export const command = defineCommand({
  name: "snapshots list",
  hiddenAliases: ["snapshot list"],
  group: "record",
  audience: "both",
  runs: "local-if-down",
  writes: [],
  summary: "list the snapshots with their NAV",
  examples: ["qoc snapshots list", "qoc snapshots list --json"],
  input: () => z.strictObject({}),
  output: () => z.array(z.looseObject({ path: z.string() })),
  run: async (_input, context) => (await readableDesk(context)).workspace.snapshots.list(),
  render: (snapshots, style) => [
    ...tableOr(
      style,
      [
        { title: "time", cell: ({ time }) => time },
        { title: "NAV", cell: ({ nav, currency }) => money(nav, currency, style), isNumber: true },
        { title: "cash", cell: ({ cash, currency }) => money(cash, currency, style), isNumber: true },
        { title: "path", cell: ({ path }) => path, shrinks: true },
        // A person reads the problems below the table.
        ...(style.isTty ? [] : [{ title: "problem", cell: ({ problem }: SnapshotEntry) => problem ?? "" }]),
      ],
      snapshots,
      "no snapshots",
    ),
    ...snapshots.flatMap(({ problem }) =>
      problem === null || !style.isTty ? [] : wrap(`✗ ${oneLine(problem)}`, style.columns),
    ),
  ],
});
