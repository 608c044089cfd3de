/**
 * Rows keep their places while the mouse is over a list or a control: new rows wait, rows that ended stay without
 * buttons, and their number is said. So a press hits the row that it was aimed at.
 */
import type { ComponentChildren, HTMLAttributes, JSX, KeyboardEventHandler } from "preact";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { isAimed, setAim } from "../aim.ts";

type AreaEvents = Pick<HTMLAttributes<HTMLDivElement>, "onPointerEnter" | "onPointerLeave">;

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
  const { keyOf, of = "" } = options;
  const isHeld = isAimed.value || options.isScrolled === true;
  const shown = useRef({ of, rows: options.rows });
  const held = useMemo(() => {
    const before = shown.current.of === of && isHeld ? shown.current.rows : options.rows;
    return holdRows(before, options);
  }, [options.rows, of, isHeld]);
  shown.current = { of, rows: held.rows };
  return { rows: held.rows, isGone: (row) => held.gone.has(keyOf(row)), note: noteOf(held), area: useArea() };
}

/** A value that decides what is drawn: the one of before while the hand is aimed. */
export function useHeld<T>(value: T): T {
  const shown = useRef(value);
  if (!isAimed.value) shown.current = value;
  return shown.current;
}

interface RowsInPlace<T> {
  readonly rows: readonly T[];
  readonly gone: ReadonlySet<string>;
  /** The number of rows that wait. */
  readonly added: number;
}

/** The rows of before in their places, with the newest values. */
function holdRows<T>(before: readonly T[], { rows, keyOf, hasFrame = false }: HeldRowsOptions<T>): RowsInPlace<T> {
  if (before === rows) return { rows, gone: new Set(), added: 0 };
  const newest = new Map(rows.map((row) => [keyOf(row), row]));
  const known = new Set(before.map(keyOf));
  const gone = new Set([...known].filter((key) => !newest.has(key)));
  const kept = before.map((row) => newest.get(keyOf(row)) ?? row);
  const end = rows.findLastIndex((row) => known.has(keyOf(row))) + 1;
  const following = hasFrame && end > 0 ? rows.slice(end) : [];
  const added = rows.length - following.length - (known.size - gone.size);
  return { rows: [...kept, ...following], gone, added };
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

function useArea(): AreaEvents {
  const list = useRef({});
  useEffect(() => () => setAim(list.current, false), []);
  return {
    onPointerEnter: ({ pointerType }) => {
      if (pointerType !== "touch") setAim(list.current, true);
    },
    onPointerLeave: () => setAim(list.current, false),
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
