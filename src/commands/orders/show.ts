import * as z from "zod";
import { type ReviewedOrder, showOrder } from "../../trading/review.ts";
import { toggle } from "../arguments.ts";
import { defineCommand, requireDesk } from "../command.ts";
import { renderOrder } from "../rendering/order.ts";
import { orderRef, orderSummarySchema } from "./order-arguments.ts";
import { findOrderInScope } from "./order-scope.ts";

export const command = defineCommand({
  name: "orders show",
  group: "orders",
  audience: "both",
  runs: "desk",
  writes: [],
  summary: "show one order: terms, checks, fills, history",
  description: "A proposal comes with its review.",
  examples: ["qoc orders show 20260705-001", "qoc orders show 20260705-001 --json"],
  input: z.strictObject({ id: orderRef, full: toggle("show every guard and the whole rationale") }),
  output: orderSummarySchema,
  mcp: { openWorld: true },
  run: async ({ id, full }, context): Promise<ReviewedOrder> => {
    const { desk, orderSettled } = requireDesk(context);
    const order = await findOrderInScope(desk, context.actor, id);
    await orderSettled(order.id);
    const shown = await showOrder(desk, order);
    return full ? { ...shown, full } : shown;
  },
  render: renderOrder,
});
