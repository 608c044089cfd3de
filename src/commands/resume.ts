import * as z from "zod";
import { setTrading } from "../trading/decide.ts";
import { flag } from "./arguments.ts";
import { defineCommand, requireDesk } from "./command.ts";
import { tradingStateSchema } from "./trading-state-schema.ts";

export const command = defineCommand({
  name: "resume",
  group: "orders",
  audience: "human",
  runs: "desk",
  writes: ["journal"],
  summary: "allow new orders again after a halt",
  examples: ["qoc resume", 'qoc resume --reason "checked the venue"'],
  exits: [5],
  input: z.strictObject({ reason: flag(z.string().default(""), "TEXT", "why", { short: "m" }) }),
  output: tradingStateSchema,
  run: ({ reason }, context) => setTrading(requireDesk(context).desk, "active", reason, context.actor),
});
