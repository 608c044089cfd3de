import * as z from "zod";
import { ROWS_MAX } from "../../domain/pages/row-page.ts";
import { orderRows } from "../../trading/orders/order-rows.ts";
import { flag } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import { readableDesk } from "../readable-desk.ts";
import { renderRowPage, rowPageSchema } from "../row-page-schema.ts";
import { orderStateFlag } from "./order-arguments.ts";

export const command = defineCommand({
  name: "orders rows",
  group: "orders",
  audience: "human",
  runs: "local-if-down",
  writes: [],
  summary: "list orders as rows, newest first, in parts",
  description:
    "For long lists. The `next` of a part is the --after of the part that follows it. A number in a row is a place in `words`.",
  examples: ["qoc orders rows", "qoc orders rows --limit 500 --after 20260705-001 --json"],
  input: () =>
    z.strictObject({
      state: orderStateFlag(),
      limit: flag(z.coerce.number().int().positive().max(ROWS_MAX).default(200), "N", "how many (200)"),
      after: flag(z.string().optional(), "ID", "the orders before this one"),
    }),
  output: () => rowPageSchema(z.string()),
  run: async (request, context) => orderRows(await readableDesk(context), request),
  render: (page, style) =>
    renderRowPage(page, style, { numbers: ["quantity", "price", "filled", "averagePrice"], empty: "no orders" }),
});
