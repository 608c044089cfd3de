/** A part of a long list, as the page reads it: rows as lists of values, the newest first. */

export type Cell = string | null;

export interface RowPage<Cursor> {
  /** The names of the values of each row. */
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  /** Where the next part starts; null: this is the last one. */
  readonly next: Cursor | null;
  /** The number of rows of all parts. */
  readonly total: number;
}

/** A part is read at once, so it is short enough not to keep other calls waiting. */
export const ROWS_MAX = 500;
