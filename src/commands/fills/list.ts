import * as z from "zod";
import { ROWS_MAX } from "../../domain/pages/row-page.ts";
import { fillRows } from "../../trading/fills/fill-rows.ts";
import { flag } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import { readableDesk } from "../readable-desk.ts";
import { renderRowPage, rowPageSchema } from "../row-page-schema.ts";

export const command = defineCommand({
  name: "fills list",
  group: "orders",
  audience: "human",
  runs: "local-if-down",
  writes: [],
  summary: "list the fills of all orders, newest first",
  examples: ["qoc fills list", "qoc fills list --limit 500 --json"],
  input: z.strictObject({
    limit: flag(z.coerce.number().int().positive().max(ROWS_MAX).default(200), "N", "how many (200)"),
    after: flag(
      z.coerce.number().int().nonnegative().optional(),
      "N",
      "the older fills: the `next` of the part before",
    ),
  }),
  output: rowPageSchema(z.number()),
  run: async (request, context) => fillRows(await readableDesk(context), request),
  render: (page, style) =>
    renderRowPage(page, style, { numbers: ["quantity", "price", "fee"], empty: "no order was filled yet" }),
});
