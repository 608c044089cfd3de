/**
 * A growing list in a key-value store: sealed pages of equal size, each written once, and a tail that is stored with
 * the state. The cost of an append does not depend on the length of the list.
 */
import type { Store } from "@qoc-app/sdk";

/** The part of the list that is stored in the state. */
export interface PagedLog<Row> {
  /** Number of pages sealed so far, including overwritten ones. */
  readonly sealed: number;
  readonly rows: readonly Row[];
}

export interface PagedLogOptions {
  /** Prefix of the store's keys. */
  readonly name: string;
  readonly pageRows: number;
  /** Number of pages that are kept; older pages are overwritten. */
  readonly pages: number;
}

interface Page<Row> {
  readonly page: number;
  readonly rows: readonly Row[];
}

export const EMPTY_LOG: PagedLog<never> = { sealed: 0, rows: [] };

/**
 * Uses one slot more than the kept pages, so that a page written just before a crash does not overwrite a valid one.
 */
function keyOf(options: PagedLogOptions, page: number): string {
  return `${options.name}-${page % (options.pages + 1)}`;
}

/**
 * Returns the log with `rows` appended. Full pages are on disk when it resolves; they count once the returned log is
 * stored.
 */
export async function append<Row>(
  store: Store,
  options: PagedLogOptions,
  log: PagedLog<Row>,
  rows: readonly Row[],
): Promise<PagedLog<Row>> {
  let [sealed, unsealed] = [log.sealed, [...log.rows, ...rows]];
  while (unsealed.length >= options.pageRows) {
    const page: Page<Row> = { page: sealed, rows: unsealed.slice(0, options.pageRows) };
    await store.put(keyOf(options, sealed), page);
    sealed += 1;
    unsealed = unsealed.slice(options.pageRows);
  }
  return { sealed, rows: unsealed };
}

/** Returns all kept rows, oldest first. @throws Error if a page is missing. */
export async function load<Row>(store: Store, options: PagedLogOptions, log: PagedLog<Row>): Promise<Row[]> {
  const first = Math.max(0, log.sealed - options.pages);
  const numbers = Array.from({ length: log.sealed - first }, (_, index) => first + index);
  const pages = await Promise.all(
    numbers.map((page) => store.get(keyOf(options, page)) as Promise<Page<Row> | null | undefined>),
  );
  const rows = pages.flatMap((stored, index) => {
    const page = first + index;
    if (stored !== null && stored !== undefined && stored.page === page) return stored.rows;
    const key = keyOf(options, page);
    throw new Error(
      `the stored page ${key} is missing or not page ${page}; restore the connector's store, or empty it to start over`,
    );
  });
  return [...rows, ...log.rows];
}
