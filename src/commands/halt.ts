import * as z from "zod";
import { setTrading } from "../trading/decide.ts";
import { flag, toggle } from "./arguments.ts";
import { defineCommand, requireDesk } from "./command.ts";
import { changeTrading } from "./change-trading.ts";
import { authoritySchema } from "./signed-call.ts";
import { tradingStateSchema } from "./trading-state-schema.ts";

const REASON = "halted by the operator";

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
    reason: flag(z.string().default(REASON), "TEXT", "why", { short: "m" }),
    reducing: toggle("admit orders that strictly reduce a position"),
    /** The client's signature: --reducing after a whole halt allows more than before. */
    authority: authoritySchema.optional(),
  }),
  output: tradingStateSchema,
  run: ({ reason, reducing, authority }, context) =>
    setTrading(requireDesk(context).desk, {
      state: reducing ? "reducing" : "halted",
      reason,
      actor: context.actor,
      authority,
    }),
  cli: (session, input) => changeTrading(session, "halt", input, REASON),
});
