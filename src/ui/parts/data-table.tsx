/** Rows of data: a table on a wide screen, a list of cards on a phone. Of long lists only what is visible is drawn. */
import { computed, signal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useId, useMemo, useRef, useState } from "preact/hooks";
import { useHeldRows } from "./held-rows.tsx";
import { Empty } from "./texts.tsx";

export interface TableColumn<T> {
  readonly title: string;
  readonly cell: (row: T) => ComponentChildren;
  /** Aligned to the right, with digits of one width. */
  readonly isNumber?: boolean;
  /** On a phone the title is before the value; always so for a number. */
  readonly isNamed?: boolean;
  /** On a phone: in the card's first line, in its second line, or left out because another column says it. */
  readonly phone?: "first" | "second" | "no";
}

interface DataTableProps<T> {
  readonly caption: string;
  readonly columns: readonly TableColumn<T>[];
  readonly rows: readonly T[];
  readonly keyOf: (row: T) => string;
  /** The row opens this address. */
  readonly hrefOf?: (row: T) => string;
  readonly toneOf?: (row: T) => string | undefined;
  /** Rows that follow each other and have the same group are under one heading. */
  readonly groupOf?: (row: T) => string;
  /** What the rows answer, for example the filter: rows of another answer are shown at once. */
  readonly of?: string;
  /** What is said if there is no row. */
  readonly empty: ComponentChildren;
}

/** The heading of a group, drawn in a row of its own. */
class GroupHead {
  readonly title: string;
  readonly key: string;

  constructor(title: string, key: string) {
    this.title = title;
    this.key = `group ${key}`;
  }
}

/** What is drawn: the rows, and the headings between them. */
type Drawn<T> = Omit<DataTableProps<T>, "rows"> & {
  readonly rows: readonly (T | GroupHead)[];
  readonly isGone: (row: T) => boolean;
};

function withHeads<T>(rows: readonly T[], keyOf: (row: T) => string, groupOf: (row: T) => string): (T | GroupHead)[] {
  let last: string | undefined;
  return rows.flatMap((row) => {
    const group = groupOf(row);
    if (group === last) return [row];
    last = group;
    return [new GroupHead(group, keyOf(row)), row];
  });
}

const PHONE_PX = 720;
/** What is beside the tables of a wide screen, and the least width of a column. */
const [SIDE_PX, COLUMN_PX] = [256, 90];

const windowPx = signal(innerWidth);
addEventListener("resize", () => {
  windowPx.value = innerWidth;
});
const isPhone = computed(() => windowPx.value <= PHONE_PX);

/** A table of so many columns fits the window. */
function fits(columns: number): boolean {
  return !isPhone.value && SIDE_PX + columns * COLUMN_PX <= windowPx.value;
}

/** Longer lists scroll in a frame of their own, and only the rows in sight are drawn. */
const PLAIN_MAX = 60;

export function DataTable<T>(props: DataTableProps<T>): JSX.Element {
  const { keyOf, groupOf, of } = props;
  const [isScrolled, setScrolled] = useState(false);
  const hasFrame = props.rows.length > PLAIN_MAX;
  const held = useHeldRows({ rows: props.rows, keyOf, of, hasFrame, isScrolled: hasFrame && isScrolled });
  const { rows: own, isGone, note, area } = held;
  const rows = useMemo(() => (groupOf === undefined ? own : withHeads(own, keyOf, groupOf)), [own, keyOf, groupOf]);
  const drawn = { ...props, rows, isGone };
  return (
    <div class="held" {...area}>
      {note}
      {own.length === 0 ? (
        <Empty>{props.empty}</Empty>
      ) : own.length > PLAIN_MAX ? (
        <WindowedRows {...drawn} onScrolled={setScrolled} />
      ) : (
        <PlainRows {...drawn} />
      )}
    </div>
  );
}

function keyIn<T>(row: T | GroupHead, keyOf: (row: T) => string): string {
  return row instanceof GroupHead ? row.key : keyOf(row);
}

/** Rows of a list that is read for the first time: as high as the real ones, so that nothing moves when they come. */
const STILL_ROWS = Array.from({ length: 12 }, (_, index) => index);
/** Of a list that is short on most desks. */
const FEW_ROWS = STILL_ROWS.slice(0, 3);

interface StillRowsProps<T> {
  readonly columns: readonly TableColumn<T>[];
  readonly isShort?: boolean;
}

export function StillRows<T>({ columns, isShort = false }: StillRowsProps<T>): JSX.Element {
  const rows = isShort ? FEW_ROWS : STILL_ROWS;
  const text = <span class="still-text">{"\u00A0"}</span>;
  if (!fits(columns.length))
    return (
      <ul class="cards still" aria-hidden="true">
        {rows.map((index) => (
          <li key={index}>
            <p class="line">{text}</p>
            <p class="line small">{text}</p>
          </li>
        ))}
      </ul>
    );
  return (
    <table class="data still" aria-hidden="true">
      <TableHead columns={columns} />
      <tbody>
        {rows.map((index) => (
          <tr key={index}>
            {columns.map(({ title }) => (
              <td key={title}>{text}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function PlainRows<T>(props: Drawn<T>): JSX.Element {
  if (!fits(props.columns.length)) return <Cards {...props} first={0} total={props.rows.length} />;
  return (
    <table class="data">
      <caption class="sr">{props.caption}</caption>
      <TableHead columns={props.columns} />
      <tbody>
        {props.rows.map((row) => (
          <TableRow key={keyIn(row, props.keyOf)} {...props} row={row} />
        ))}
      </tbody>
    </table>
  );
}

/** Pixels of one row and of one card: page.css fixes them for long lists. */
const [ROW_PX, CARD_PX] = [36, 84];
/** Rows drawn outside the frame, so that a fast scroll shows no gap. */
const MARGIN_ROWS = 8;

type WindowedRowsProps<T> = Drawn<T> & { readonly onScrolled: (isScrolled: boolean) => void };

function WindowedRows<T>(props: WindowedRowsProps<T>): JSX.Element {
  const frame = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(600);
  const size = isPhone.value ? CARD_PX : ROW_PX;
  useEffect(() => {
    const element = frame.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(() => setHeight(element.clientHeight));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const { rows } = props;
  const first = Math.min(Math.max(0, Math.floor(top / size) - MARGIN_ROWS), Math.max(0, rows.length - 1));
  const count = Math.ceil(height / size) + 2 * MARGIN_ROWS;
  const shown = rows.slice(first, first + count);
  const [before, after] = [first * size, Math.max(0, rows.length - first - shown.length) * size];
  const name = useId();
  return (
    <div class="frame-of-rows">
      <p class="sr" id={name}>
        {props.caption}
      </p>
      <div
        ref={frame}
        class="frame"
        role="region"
        aria-labelledby={name}
        tabIndex={0}
        onScroll={({ currentTarget: { scrollTop } }) => {
          setTop(scrollTop);
          props.onScrolled(scrollTop > 0);
        }}
      >
        <div style={{ paddingTop: `${before}px`, paddingBottom: `${after}px` }}>
          {isPhone.value ? (
            <Cards {...props} rows={shown} first={first} total={rows.length} />
          ) : (
            <WindowedTable {...props} rows={shown} first={first} total={rows.length} />
          )}
        </div>
      </div>
    </div>
  );
}

interface Windowed {
  /** The index of the first row that is drawn. */
  readonly first: number;
  readonly total: number;
}

function WindowedTable<T>(props: Drawn<T> & Windowed): JSX.Element {
  const { rows, first, total, columns, caption } = props;
  return (
    <table class="data windowed" aria-rowcount={total + 1}>
      <caption class="sr">{caption}</caption>
      <TableHead columns={columns} />
      <tbody>
        {rows.map((row, index) => (
          <TableRow key={keyIn(row, props.keyOf)} {...props} row={row} rowIndex={first + index + 2} />
        ))}
      </tbody>
    </table>
  );
}

function TableHead<T>({ columns }: { readonly columns: readonly TableColumn<T>[] }): JSX.Element {
  return (
    <thead>
      <tr>
        {columns.map(({ title, isNumber }) => (
          <th key={title} scope="col" class={isNumber === true ? "n" : undefined}>
            {title}
          </th>
        ))}
      </tr>
    </thead>
  );
}

type RowProps<T> = Pick<Drawn<T>, "columns" | "hrefOf" | "toneOf" | "isGone"> & {
  readonly row: T | GroupHead;
  readonly rowIndex?: number;
};

/** The first cell names the row, and is its link. */
function TableRow<T>({ columns, row, hrefOf, toneOf, isGone, rowIndex }: RowProps<T>): JSX.Element {
  if (row instanceof GroupHead)
    return (
      <tr class="group" aria-rowindex={rowIndex}>
        <th scope="colgroup" colSpan={columns.length}>
          {row.title}
        </th>
      </tr>
    );
  const [head, ...rest] = columns;
  const name = head?.cell(row);
  return (
    <tr class={isGone(row) ? "gone" : toneOf?.(row)} inert={isGone(row)} aria-rowindex={rowIndex} data-row>
      <th scope="row">{hrefOf === undefined ? name : <a href={hrefOf(row)}>{name}</a>}</th>
      {rest.map(({ title, cell, isNumber }) => (
        <td key={title} class={isNumber === true ? "n" : undefined}>
          {cell(row)}
        </td>
      ))}
    </tr>
  );
}

function Cards<T>(props: Drawn<T> & Windowed): JSX.Element {
  const { caption, rows, keyOf, first, total } = props;
  return (
    <ul class="cards" aria-label={caption}>
      {rows.map((row, index) => (
        <RowCard key={keyIn(row, keyOf)} {...props} row={row} place={first + index + 1} total={total} />
      ))}
    </ul>
  );
}

type RowCardProps<T> = Omit<RowProps<T>, "rowIndex"> & { readonly place: number; readonly total: number };

function RowCard<T>({ columns, row, hrefOf, toneOf, isGone, place, total }: RowCardProps<T>): JSX.Element {
  if (row instanceof GroupHead)
    return (
      <li class="group" aria-setsize={total} aria-posinset={place}>
        {row.title}
      </li>
    );
  const [head, ...others] = columns;
  const name = head?.cell(row);
  const lineOf = (line: "first" | "second"): ComponentChildren =>
    others
      .filter(({ phone = "second" }) => phone === line)
      .map((column) => <CardCell key={column.title} column={column} row={row} />);
  return (
    <li
      class={isGone(row) ? "gone" : toneOf?.(row)}
      inert={isGone(row)}
      aria-setsize={total}
      aria-posinset={place}
      data-row
    >
      <p class="line">
        <strong>{hrefOf === undefined ? name : <a href={hrefOf(row)}>{name}</a>}</strong>
        {lineOf("first")}
      </p>
      <p class="line small">{lineOf("second")}</p>
    </li>
  );
}

function CardCell<T>({ column, row }: { readonly column: TableColumn<T>; readonly row: T }): JSX.Element {
  return (
    <span>
      <span class={column.isNumber === true || column.isNamed === true ? "dim" : "sr"}>{column.title} </span>
      {column.cell(row)}
    </span>
  );
}
