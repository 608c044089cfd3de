/**
 * A long list of the desk, read in parts of 500 rows, the newest first. A part is read again when one of its rows has
 * changed, and the first part also when rows are new.
 */
import { type Cell, type RowPage, cellOf } from "../domain/pages/row-page.ts";
import { type Signal, batch, signal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { type RequestError, requestErrorOf } from "./desk-client.ts";
import { type PageServices, usePage } from "./page-context.ts";

type RowCursor = string | number;

type RowsAnswer = RowPage<RowCursor>;

/** One row by the names of its columns. */
export type NamedRow = Readonly<Record<string, Cell>>;

const PART_ROWS = 500;
/** More rows than a human scrolls through. */
const ROWS_MAX = 20_000;

interface Part {
  readonly after: RowCursor | undefined;
  readonly askedAt: number;
  readonly rows: readonly NamedRow[];
  readonly next: RowCursor | null;
  readonly total: number;
}

export interface RowListOptions {
  readonly command: string;
  /** The column whose value topics name, for example the order of `order:ID`. */
  readonly key: string;
  /** The start of those topics. */
  readonly topic: string;
}

export class RowList {
  readonly rows: Signal<readonly NamedRow[] | undefined> = signal(undefined);
  /** The number of rows of the desk; more than `rows` while the rest is read, or beyond the limit. */
  readonly total = signal(0);
  /** When the oldest part on the screen was asked for, ms. */
  readonly askedAt = signal(0);
  readonly error: Signal<RequestError | undefined> = signal(undefined);
  readonly #page: PageServices;
  readonly #options: RowListOptions;
  #parts: Part[] = [];
  #isClosed = false;
  #reading: Promise<void> = Promise.resolve();

  constructor(page: PageServices, options: RowListOptions) {
    this.#page = page;
    this.#options = options;
  }

  open(): () => void {
    const end = this.#page.data.onChange([this.#options.topic], (topics) =>
      this.#enqueue(() => this.#readChanged(topics)),
    );
    this.#enqueue(() => this.#readAll());
    return () => {
      this.#isClosed = true;
      end();
    };
  }

  /** Reads follow each other, so that parts fit together. */
  #enqueue(read: () => Promise<void>): void {
    this.#reading = this.#reading.then(async () => {
      if (this.#isClosed) return;
      try {
        await read();
      } catch (error) {
        this.error.value = requestErrorOf(error);
      }
    });
  }

  async #readAll(): Promise<void> {
    this.#parts = [];
    let after: RowCursor | undefined;
    do {
      const part = await this.#readPart(after);
      this.#parts.push(part);
      this.#show();
      after = part.next ?? undefined;
    } while (after !== undefined && this.#parts.length * PART_ROWS < ROWS_MAX && !this.#isClosed);
  }

  async #readChanged(topics: ReadonlySet<string>): Promise<void> {
    if (topics.has("")) return this.#readAll();
    const { key, topic } = this.#options;
    const changed = this.#parts.filter(
      ({ rows }, index) => index > 0 && rows.some((row) => topics.has(`${topic}${row[key] ?? ""}`)),
    );
    for (const part of changed) this.#parts[this.#parts.indexOf(part)] = await this.#readPart(part.after);
    await this.#readNewest();
    this.#show();
    return undefined;
  }

  /** New rows move the others down: what the first part pushed out is kept before the second part. */
  async #readNewest(): Promise<void> {
    const [first] = this.#parts;
    const newest = await this.#readPart(undefined);
    const { key } = this.#options;
    const known = new Set(newest.rows.map((row) => row[key]));
    const pushedOut = (first?.rows ?? []).filter((row) => !known.has(row[key] ?? null));
    const rows = first !== undefined && first.next !== null ? [...newest.rows, ...pushedOut] : newest.rows;
    this.#parts[0] = { ...newest, rows, next: first?.next ?? newest.next };
  }

  async #readPart(after: RowCursor | undefined): Promise<Part> {
    const input = after === undefined ? { limit: PART_ROWS } : { limit: PART_ROWS, after };
    const { client } = this.#page;
    const { value, askedAt } = await client.call<RowsAnswer>(this.#options.command, input, { isAutomatic: true });
    const rows = value.rows.map((cells) =>
      Object.fromEntries(value.columns.map((name, index) => [name, cellOf(value, cells[index])])),
    );
    return { after, askedAt, rows, next: value.next, total: value.total };
  }

  #show(): void {
    batch(() => {
      this.rows.value = this.#parts.flatMap(({ rows }) => rows);
      this.total.value = this.#parts[0]?.total ?? 0;
      this.askedAt.value = Math.min(...this.#parts.map(({ askedAt }) => askedAt));
      this.error.value = undefined;
    });
  }
}

/** A long list of the desk while it is on the screen. */
export function useRowList(options: RowListOptions): RowList {
  const page = usePage();
  const list = useMemo(() => new RowList(page, options), [page, options]);
  useEffect(() => list.open(), [list]);
  return list;
}
