import * as z from "zod";
import { ROWS_MAX, type RowPage, type SentCell, cellOf } from "../../domain/pages/row-page.ts";
import { fillRows } from "../../trading/fills/fill-rows.ts";
import { flag } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import { readableDesk } from "../readable-desk.ts";
import { localMinute } from "../rendering/local-time.ts";
import { type Column, type OutputStyle, tableOr } from "../rendering/table-text.ts";
import { renderRowPage, rowPageSchema } from "../row-page-schema.ts";

export const command = defineCommand({
  name: "fills list",
  group: "orders",
  audience: "human",
  runs: "local-if-down",
  writes: [],
  summary: "list the fills of all orders, newest first",
  examples: ["qoc fills list", "qoc fills list --limit 500 --json"],
  input: () =>
    z.strictObject({
      limit: flag(z.coerce.number().int().positive().max(ROWS_MAX).default(200), "N", "how many (200)"),
      after: flag(
        z.coerce.number().int().nonnegative().optional(),
        "N",
        "the older fills: the `next` of the part before",
      ),
    }),
  output: () => rowPageSchema(z.number()),
  run: async (request, context) => fillRows(await readableDesk(context), request),
  render: (page, style) =>
    style.isTty
      ? renderForPerson(page, style)
      : renderRowPage(page, style, { numbers: ["quantity", "price", "fee"], empty: EMPTY }),
});

const EMPTY = "no order was filled yet";

/** Fits 80 columns with ordinary names: minutes, a fee with its currency, and notes only if a fill has a note. */
function renderForPerson(page: RowPage<number>, style: OutputStyle): readonly string[] {
  type Row = readonly SentCell[];
  const cell = (row: Row, column: string): string => cellOf(page, row[page.columns.indexOf(column)] ?? null) ?? "";
  const plain = (title: string, column: string = title): Column<Row> => ({ title, cell: (row) => cell(row, column) });
  const hasNote = page.rows.some((row) => cell(row, "note") !== "");
  const columns: readonly Column<Row>[] = [
    { title: "time", cell: (row) => localMinute(cell(row, "time")) },
    plain("order"),
    { title: "fill", cell: (row) => ["side", "quantity", "symbol"].map((part) => cell(row, part)).join(" ") },
    { ...plain("price"), isNumber: true },
    { title: "fee", cell: (row) => `${cell(row, "fee")} ${cell(row, "feeCurrency")}`.trim(), isNumber: true },
    { ...plain("at", "connector"), shrinks: true },
    ...(hasNote ? [{ ...plain("note"), shrinks: true }] : []),
  ];
  return tableOr(style, columns, page.rows, EMPTY);
}
