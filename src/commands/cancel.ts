import * as z from "zod";
import { cancelOrder } from "../trading/cancel.ts";
import { defineCommand, requireDesk } from "./command.ts";
import { orderRef } from "./orders/order-arguments.ts";
import { receiptSchema, renderReceipt } from "./orders/receipt.ts";

export const command = defineCommand({
  name: "cancel",
  aliases: ["orders cancel"],
  group: "orders",
  audience: "human",
  runs: "desk",
  writes: ["journal"],
  summary: "ask the venue to cancel a working order",
  description: "Passes in every trading state.",
  examples: ["qoc cancel 20260705-001", "qoc cancel 20260705-001 --json"],
  exits: [5, 6, 7],
  input: z.strictObject({ id: orderRef }),
  output: receiptSchema,
  run: ({ id }, context) => cancelOrder(requireDesk(context).desk, id, context.actor),
  render: renderReceipt,
});
