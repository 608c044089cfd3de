import * as z from "zod";
import { orderPath } from "../../trading/order-files.ts";
import { detailOf } from "../../trading/order-view.ts";
import { reviewOrder } from "../../trading/review.ts";
import { defineCommand, requireDesk } from "../command.ts";
import { type ReviewedOrder, renderOrder } from "../rendering/order.ts";
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
  input: z.strictObject({ id: orderRef }),
  output: orderSummarySchema,
  mcp: { openWorld: true },
  run: async ({ id }, context): Promise<ReviewedOrder> => {
    const { desk, settled } = requireDesk(context);
    const order = await findOrderInScope(desk, context.actor, id);
    const review = order.state === "proposed" ? await reviewOrder(desk, order) : null;
    await settled();
    return { ...detailOf(order, orderPath(order)), review };
  },
  render: renderOrder,
});
