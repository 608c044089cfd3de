import * as z from "zod";
import { gapError } from "../../trading/audit/accept-gap.ts";
import { rebuild } from "../../trading/projections/rebuild.ts";
import { defineCommand, localServices } from "../command.ts";

export const command = defineCommand({
  name: "journal rebuild",
  hiddenAliases: ["rebuild"],
  group: "record",
  audience: "human",
  runs: "local-if-down",
  writes: ["orders/", "inbox/"],
  fromJournal: true,
  summary: "rewrite order files and fill items from the journal",
  description: "From the journal alone.",
  examples: ["qoc journal rebuild", "qoc journal rebuild --json"],
  input: () => z.strictObject({}),
  output: () => z.looseObject({ orders: z.number(), fills: z.number() }),
  run: async (_input, context) => {
    if (context.desk === undefined) return localServices(context).rebuildOf(context.cwd, context.progress);
    const { desk, readEvents, settled } = context.desk;
    const gap = desk.record.gap();
    if (gap !== undefined) throw gapError(gap);
    await settled();
    return rebuild(desk.workspace, await readEvents(), context.progress);
  },
});
