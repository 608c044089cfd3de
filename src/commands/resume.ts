import * as z from "zod";
import { setTrading } from "../trading/orders/decide.ts";
import { workingOrders } from "../trading/orders/working-orders.ts";
import { flag } from "./arguments.ts";
import { defineCommand, requireDesk } from "./command.ts";
import { resumeTrading } from "./resume-trading.ts";
import { authoritySchema } from "./signed-call.ts";
import { renderTrading, tradingStateSchema } from "./trading-state-schema.ts";

export const command = defineCommand({
  name: "resume",
  group: "orders",
  audience: "human",
  runs: "desk",
  writes: ["journal"],
  summary: "allow new orders again after a halt",
  description: "If the journal lacks records: accepts the gap first. The desk then writes again, and stays halted.",
  examples: ["qoc resume", 'qoc resume --reason "checked the venue"'],
  exits: [5],
  input: () =>
    z.strictObject({
      reason: flag(z.string().default(""), "TEXT", "why", { short: "m" }),
      gap: flag(z.string().optional(), "FROM-TO", "go on without these lost records of the journal"),
      /** The client's signature. */
      authority: authoritySchema().optional(),
    }),
  output: tradingStateSchema,
  run: async ({ reason, gap, authority }, context) => {
    const { desk } = requireDesk(context);
    const { actor, page } = context;
    const trading = await setTrading(desk, { state: "active", reason, actor, gap, authority, page });
    return { ...trading, working: workingOrders(desk.state) };
  },
  render: renderTrading,
  cli: resumeTrading,
});
