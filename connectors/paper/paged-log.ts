/**
 * A growing list kept in a small store: sealed pages of equal size, each written once, and a tail that travels with the state.
 * What an append costs does not depend on how long the list is.
 */
import type { Store } from "@qoc-app/sdk";

/** The list's share of the stored state. */
export interface PagedLog<Row> {
  /** Pages sealed since the first day. */
  readonly sealed: number;
  readonly rows: readonly Row[];
}

export interface PagedLogOptions {
  /** Begins the store's keys. */
  readonly name: string;
  readonly pageRows: number;
  /** Pages remembered; older ones are overwritten. */
  readonly pages: number;
}

interface Page<Row> {
  readonly page: number;
  readonly rows: readonly Row[];
}

export const EMPTY_LOG: PagedLog<never> = { sealed: 0, rows: [] };

/** One slot more than pages, so that a page written just before a crash has not overwritten one that still counts. */
function keyOf(shape: PagedLogOptions, page: number): string {
  return `${shape.name}-${page % (shape.pages + 1)}`;
}

/** The tail with `rows` appended. Full pages are on disk when it resolves; nothing counts until the tail is stored too. */
export async function append<Row>(
  store: Store,
  shape: PagedLogOptions,
  tail: PagedLog<Row>,
  rows: readonly Row[],
): Promise<PagedLog<Row>> {
  let [sealed, rest] = [tail.sealed, [...tail.rows, ...rows]];
  while (rest.length >= shape.pageRows) {
    const page: Page<Row> = { page: sealed, rows: rest.slice(0, shape.pageRows) };
    await store.put(keyOf(shape, sealed), page);
    sealed += 1;
    rest = rest.slice(shape.pageRows);
  }
  return { sealed, rows: rest };
}

/** All remembered rows, oldest first. @throws Error where a page that the state counts on is not there. */
export async function load<Row>(store: Store, shape: PagedLogOptions, tail: PagedLog<Row>): Promise<Row[]> {
  const first = Math.max(0, tail.sealed - shape.pages);
  const numbers = Array.from({ length: tail.sealed - first }, (_, index) => first + index);
  const pages = await Promise.all(
    numbers.map((page) => store.get(keyOf(shape, page)) as Promise<Page<Row> | null | undefined>),
  );
  const rows = pages.flatMap((found, index) => {
    const page = first + index;
    if (found !== null && found !== undefined && found.page === page) return found.rows;
    const key = keyOf(shape, page);
    throw new Error(
      `the stored page ${key} is missing or not page ${page}; restore the connector's store, or empty it to begin anew`,
    );
  });
  return [...rows, ...tail.rows];
}
