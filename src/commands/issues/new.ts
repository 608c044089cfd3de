import * as z from "zod";
import { iso } from "../../lib/time.ts";
import { flag, positional, textFlag } from "../arguments.ts";
import { defineCommand, requireDesk } from "../command.ts";
import { fileReceiptSchema, recordFileWrite } from "../record-file-write.ts";

export const command = defineCommand({
  name: "issues new",
  group: "research",
  audience: "human",
  runs: "desk",
  writes: ["issues/"],
  summary: "create an issue for an agent",
  examples: [
    'qoc issues new "Review AAPL after earnings" --symbols AAPL',
    'qoc issues new "Trim tech" --priority high --body -',
  ],
  input: () =>
    z.strictObject({
      title: positional(z.string().min(1).max(200), "TITLE", "one line"),
      body: textFlag(z.string().max(60_000).default(""), "goal, constraints, acceptance"),
      symbols: flag(z.array(z.string().max(60)).max(32).default([]), "SYMBOL", "a symbol it is about; may be repeated"),
      priority: flag(z.enum(["low", "normal", "high"]).default("normal"), "PRIORITY", "low, normal or high"),
    }),
  output: fileReceiptSchema,
  run: async (issue, context) => {
    const { desk } = requireDesk(context);
    const opened = iso(desk.clock.now()).slice(0, 10);
    return recordFileWrite(context, "issues new", await desk.workspace.issues.create({ ...issue, opened }));
  },
});
