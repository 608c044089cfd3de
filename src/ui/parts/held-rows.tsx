/**
 * Rows keep their places while the mouse is over a list: new rows wait, rows that ended stay without buttons, and their
 * number is said. A touch comes without such a notice: lists take none for a moment after rows have moved. So a press
 * hits the row that it was aimed at.
 */
import { computed, signal } from "@preact/signals";
import type { ComponentChildren, HTMLAttributes, JSX, KeyboardEventHandler } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { type PageServices, usePage } from "../page-context.ts";

/** The lists under the mouse. While there is one, every list of the page holds: a list that grows moves those below. */
const aimed = signal<ReadonlySet<object>>(new Set());
const isAimed = computed(() => aimed.value.size > 0);

function setAim(list: object, isOver: boolean): void {
  const lists = new Set(aimed.peek());
  if (isOver) lists.add(list);
  else lists.delete(list);
  if (lists.size !== aimed.peek().size) aimed.value = lists;
}

/** As long as the buttons of a review pause after a change. */
const PAUSE_MS = 700;
let hasMoved = false;
let cancelPause: (() => void) | undefined;

function pauseTouches({ browser }: PageServices): void {
  cancelPause?.();
  hasMoved = true;
  cancelPause = browser.after(PAUSE_MS, () => {
    hasMoved = false;
  });
}

type AreaEvents = Pick<
  HTMLAttributes<HTMLDivElement>,
  "onPointerEnter" | "onPointerLeave" | "onPointerDownCapture" | "onClickCapture"
>;

export interface HeldRows<T> {
  /** In the order of the screen, each with its newest values. */
  readonly rows: readonly T[];
  /** The row has ended, and stays until the mouse leaves. */
  readonly isGone: (row: T) => boolean;
  /** How many rows wait to be shown or removed; null if none. */
  readonly note: JSX.Element | null;
  /** For the element around the rows. */
  readonly area: AreaEvents;
}

export interface HeldRowsOptions<T> {
  readonly rows: readonly T[];
  readonly keyOf: (row: T) => string;
  /** What the rows answer, for example the filter: rows of another answer are shown at once. */
  readonly of?: string | undefined;
  /** The list scrolls in a frame of its own: rows that follow its end move no other row. */
  readonly hasFrame?: boolean;
  /** The frame is scrolled: rows above those in sight would move them. */
  readonly isScrolled?: boolean;
}

export function useHeldRows<T>(options: HeldRowsOptions<T>): HeldRows<T> {
  const page = usePage();
  const { keyOf, of = "" } = options;
  const isHeld = isAimed.value || options.isScrolled === true;
  const shown = useRef({ of, rows: options.rows });
  const held = useMemo(() => {
    const before = shown.current.of === of && isHeld ? shown.current.rows : options.rows;
    return holdRows(before, options);
  }, [options.rows, of, isHeld]);
  const hasSameQuestion = shown.current.of === of;
  shown.current = { of, rows: held.rows };
  const { order } = held;
  const orderBefore = useRef(order);
  useLayoutEffect(() => {
    const isMove = hasSameQuestion && !order.startsWith(orderBefore.current);
    orderBefore.current = order;
    if (isMove) pauseTouches(page);
  }, [order]);
  return { rows: held.rows, isGone: (row) => held.gone.has(keyOf(row)), note: noteOf(held), area: useArea(page) };
}

interface RowsInPlace<T> {
  readonly rows: readonly T[];
  /** Their keys. */
  readonly order: string;
  readonly gone: ReadonlySet<string>;
  /** The number of rows that wait. */
  readonly added: number;
}

/** The rows of before in their places, with the newest values. */
function holdRows<T>(before: readonly T[], { rows, keyOf, hasFrame = false }: HeldRowsOptions<T>): RowsInPlace<T> {
  if (before === rows) return heldOf(rows, keyOf, { gone: new Set(), added: 0 });
  const newest = new Map(rows.map((row) => [keyOf(row), row]));
  const known = new Set(before.map(keyOf));
  const gone = new Set([...known].filter((key) => !newest.has(key)));
  const kept = before.map((row) => newest.get(keyOf(row)) ?? row);
  const end = rows.findLastIndex((row) => known.has(keyOf(row))) + 1;
  const following = hasFrame && end > 0 ? rows.slice(end) : [];
  const added = rows.length - following.length - (known.size - gone.size);
  return heldOf([...kept, ...following], keyOf, { gone, added });
}

function heldOf<T>(
  rows: readonly T[],
  keyOf: (row: T) => string,
  waiting: Omit<RowsInPlace<T>, "rows" | "order">,
): RowsInPlace<T> {
  return { rows, order: rows.map((row) => `${keyOf(row)}\n`).join(""), ...waiting };
}

function noteOf<T>({ added, gone }: RowsInPlace<T>): JSX.Element | null {
  if (added === 0 && gone.size === 0) return null;
  const words = [added === 0 ? "" : `${added} new`, gone.size === 0 ? "" : `${gone.size} ended`];
  return (
    <span class="held-note" role="status">
      {words.filter((word) => word !== "").join(", ")}
    </span>
  );
}

function useArea(page: PageServices): AreaEvents {
  const list = useRef({});
  const isTouch = useRef(false);
  useEffect(() => () => setAim(list.current, false), []);
  return {
    onPointerEnter: ({ pointerType }) => {
      if (pointerType !== "touch") setAim(list.current, true);
    },
    onPointerLeave: () => setAim(list.current, false),
    onPointerDownCapture: ({ pointerType }) => {
      isTouch.current = pointerType === "touch";
    },
    onClickCapture: (event) => {
      if (!hasMoved || !isTouch.current) return;
      event.preventDefault();
      event.stopPropagation();
      page.announcement.value = "The list has just changed. Nothing was pressed.";
    },
  };
}

interface HeldListProps<T> {
  readonly rows: readonly T[];
  readonly keyOf: (row: T) => string;
  readonly of?: string;
  readonly class?: string;
  readonly itemClass?: string;
  readonly onKeyDown?: KeyboardEventHandler<HTMLUListElement>;
  /** What is said if there is no row. */
  readonly empty?: ComponentChildren;
  /** What is in the row’s item of the list. */
  readonly children: (row: T) => ComponentChildren;
}

/** A list whose rows have links or buttons. */
export function HeldList<T>(props: HeldListProps<T>): JSX.Element {
  const { keyOf, itemClass, empty = null, children } = props;
  const { rows, isGone, note, area } = useHeldRows({ rows: props.rows, keyOf, of: props.of });
  return (
    <div class="held" {...area}>
      {note}
      {rows.length === 0 ? (
        empty
      ) : (
        <ul class={props.class ?? "plain"} onKeyDown={props.onKeyDown}>
          {rows.map((row) => (
            <li key={keyOf(row)} class={isGone(row) ? `${itemClass ?? ""} gone` : itemClass} inert={isGone(row)}>
              {children(row)}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
