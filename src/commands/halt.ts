import * as z from "zod";
import { setTrading } from "../trading/decide.ts";
import { flag, toggle } from "./arguments.ts";
import { defineCommand, requireDesk } from "./command.ts";
import { tradingStateSchema } from "./trading-state-schema.ts";

export const command = defineCommand({
  name: "halt",
  group: "orders",
  audience: "human",
  runs: "desk",
  writes: ["journal"],
  summary: "block all new orders immediately",
  description: "Cancels still pass. The halt survives a restart.",
  examples: ["qoc halt", 'qoc halt --reducing --reason "earnings week"'],
  exits: [5],
  input: z.strictObject({
    reason: flag(z.string().default("halted by the operator"), "TEXT", "why", { short: "m" }),
    reducing: toggle("admit orders that strictly reduce a position"),
  }),
  output: tradingStateSchema,
  run: ({ reason, reducing }, context) =>
    setTrading(requireDesk(context).desk, reducing ? "reducing" : "halted", reason, context.actor),
});
