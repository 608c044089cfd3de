/** Reads a list that a venue returns in pages. */
import { QocError } from "../domain/errors/error.ts";
import type { VenuePage } from "../domain/market/venue.ts";

/** A list of more pages is refused: its cursors may never end. */
const PAGES_MAX = 1_000;

export interface PagedCall<T> {
  readonly connector: string;
  readonly method: string;
  /** undefined: the connector does not have the method. */
  readonly read: (cursor: string | undefined) => Promise<VenuePage<T> | undefined>;
}

/**
 * Yields one page after the other, so that the caller can stop. @throws PROTOCOL if a cursor repeats or
 * the pages do not end; what `read` throws.
 */
export async function* readPages<T>({ connector, method, read }: PagedCall<T>): AsyncGenerator<VenuePage<T>> {
  let cursor: string | undefined;
  for (let count = 1; ; count += 1) {
    const page = await read(cursor);
    if (page === undefined) return;
    yield page;
    if (page.cursor === undefined) return;
    const message =
      page.cursor === cursor
        ? "its cursor is that of the page before"
        : count >= PAGES_MAX
          ? `it has more than ${PAGES_MAX} pages`
          : undefined;
    if (message !== undefined) throw new QocError("PROTOCOL", { connector, what: `result of ${method}`, message });
    cursor = page.cursor;
  }
}
