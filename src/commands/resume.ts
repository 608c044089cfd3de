import * as z from "zod";
import { setTrading } from "../trading/decide.ts";
import { flag } from "./arguments.ts";
import { defineCommand, requireDesk } from "./command.ts";
import { changeTrading } from "./change-trading.ts";
import { authoritySchema } from "./signed-call.ts";
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
  input: z.strictObject({
    reason: flag(z.string().default(""), "TEXT", "why", { short: "m" }),
    /** The client's signature. */
    authority: authoritySchema.optional(),
  }),
  output: tradingStateSchema,
  run: ({ reason, authority }, context) =>
    setTrading(requireDesk(context).desk, { state: "active", reason, actor: context.actor, authority }),
  cli: (session, input) => changeTrading(session, "resume", input, ""),
});
