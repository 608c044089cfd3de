import * as z from "zod";
import { rejectOrder } from "../trading/orders/decide.ts";
import { flag } from "./arguments.ts";
import { defineCommand, requireDesk } from "./command.ts";
import { proposalRef } from "./orders/order-arguments.ts";
import { receiptSchema, renderReceipt } from "./orders/receipt.ts";
import { authoritySchema } from "./signed-call.ts";

export const command = defineCommand({
  name: "reject",
  aliases: ["orders reject", "run reject"],
  group: "orders",
  audience: "human",
  runs: "desk",
  writes: ["journal"],
  summary: "reject one proposal",
  description: "The agent's next run reads the comment.",
  examples: ['qoc reject 20260705-001 --comment "too large before earnings"', "qoc reject 20260705-001"],
  exits: [5, 7],
  input: () =>
    z.strictObject({
      id: proposalRef(),
      comment: flag(z.string().default(""), "TEXT", "why, for the agent's next run", { short: "m" }),
      digest: flag(z.string().optional(), "SHA256", "reject only these terms, by their digest"),
      /** The signature of a page. */
      authority: authoritySchema().optional(),
    }),
  output: receiptSchema,
  run: ({ id, comment, digest, authority }, context) => {
    const { actor, page } = context;
    return rejectOrder(requireDesk(context).desk, id, { comment, digest, authority, actor, page });
  },
  render: renderReceipt,
});
