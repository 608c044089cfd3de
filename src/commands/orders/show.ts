import type { ReviewedOrder } from "../../domain/orders/review-view.ts";
import * as z from "zod";
import { showOrder } from "../../trading/orders/review.ts";
import { matchOrder } from "../../trading/orders/find-order.ts";
import { orderPath } from "../../trading/projections/order-files.ts";
import { detailOf } from "../../trading/orders/order-view.ts";
import { toggle } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import { readableDesk } from "../readable-desk.ts";
import { renderOrder } from "../rendering/order.ts";
import { orderRef, orderSummarySchema } from "./order-arguments.ts";
import { findOrderInScope } from "./order-scope.ts";

export const command = defineCommand({
  name: "orders show",
  group: "orders",
  audience: "both",
  runs: "local-if-down",
  writes: [],
  summary: "show one order: terms, checks, fills, history",
  description: "A proposal comes with its review.",
  examples: ["qoc orders show 20260705-001", "qoc orders show 20260705-001 --json"],
  input: () => z.strictObject({ id: orderRef(), full: toggle("show every guard and the whole rationale") }),
  output: orderSummarySchema,
  mcp: { openWorld: true },
  run: async ({ id, full }, context): Promise<ReviewedOrder> => {
    if (context.desk === undefined) {
      const order = matchOrder(await readableDesk(context), id);
      return detailOf(order, orderPath(order));
    }
    const { desk, orderSettled } = context.desk;
    const order = await findOrderInScope(desk, context.actor, id);
    await orderSettled(order.id);
    const shown = await showOrder(desk, order);
    return full ? { ...shown, full } : shown;
  },
  render: renderOrder,
});
