/** The output of commands that return a part of a long list. */
import * as z from "zod";
import { type RowPage, type SentCell, cellOf } from "../domain/pages/row-page.ts";
import { type OutputStyle, tableOr } from "./rendering/table-text.ts";
import { lazy } from "../lib/lazy.ts";

/** One check a row: a schema for each cell would take as long as the rest of the answer. */
const rowSchema = lazy(() =>
  z.custom<readonly SentCell[]>(
    (row) =>
      Array.isArray(row) &&
      row.every((cell) => cell === null || typeof cell === "string" || (Number.isInteger(cell) && cell >= 0)),
  ),
);

export function rowPageSchema<Cursor extends z.ZodType>(cursor: Cursor) {
  return z.object({
    columns: z.array(z.string()),
    words: z.array(z.string()),
    rows: z.array(rowSchema()),
    next: cursor.nullable(),
    total: z.number(),
  });
}

/** The rows as a table, without the named columns. */
export function renderRowPage(
  page: RowPage<unknown>,
  style: OutputStyle,
  { numbers, empty }: { readonly numbers: readonly string[]; readonly empty: string },
): readonly string[] {
  const shown = page.columns.map((title, index) => ({
    title,
    cell: (row: readonly SentCell[]) => cellOf(page, row[index]) ?? "",
    isNumber: numbers.includes(title),
  }));
  return tableOr(style, shown, page.rows, empty);
}
