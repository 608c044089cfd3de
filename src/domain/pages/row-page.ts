/** A part of a long list, as the page reads it: rows as lists of values, the newest first. */

export type Cell = string | null;

/** A number is the place of a text in `words`. */
export type SentCell = Cell | number;

export interface RowPage<Cursor> {
  /** The names of the values of each row. */
  readonly columns: readonly string[];
  /** Texts that many rows have, such as states and symbols: each is sent once. */
  readonly words: readonly string[];
  readonly rows: readonly (readonly SentCell[])[];
  /** Where the next part starts; null: this is the last one. */
  readonly next: Cursor | null;
  /** The number of rows of all parts. */
  readonly total: number;
}

/** A part is read at once, so it is short enough not to keep other calls waiting. */
export const ROWS_MAX = 500;

/** Collects the texts that the rows of one part repeat. */
export class RepeatedWords {
  readonly #places = new Map<string, number>();

  get words(): readonly string[] {
    return [...this.#places.keys()];
  }

  placeOf(cell: Cell): SentCell {
    if (cell === null) return null;
    const known = this.#places.get(cell);
    if (known !== undefined) return known;
    this.#places.set(cell, this.#places.size);
    return this.#places.size - 1;
  }
}

/** The value that was sent as this cell. */
export function cellOf({ words }: Pick<RowPage<unknown>, "words">, cell: SentCell | undefined): Cell {
  return typeof cell === "number" ? (words[cell] ?? null) : (cell ?? null);
}
