/** Tables: aligned columns for a person, tabs for a program. */
import { shownTime } from "./local-time.ts";
import type { Paint, Shade } from "./paint.ts";
import { clip, oneLine, widthOf, wrap } from "./terminal-text.ts";

export interface Column<T> {
  readonly title: string;
  cell(row: T): string;
  /** Aligned right. */
  readonly isNumber?: boolean;
  /** Loses width if the terminal is narrow; of several such columns the last one first. */
  readonly shrinks?: boolean;
  /**
   * A cell that does not fit into the column of a narrow terminal is not cut. `wrap`: its words go on below, in its
   * column. `apart`: it is whole on a line of its own, above its row in the first column, else below.
   */
  readonly keeps?: "wrap" | "apart";
  /** The colour of a cell, which repeats what its text says. */
  shade?(row: T): Shade | undefined;
}

/** What a renderer draws for: a terminal of some width, or a pipe. */
export interface OutputStyle {
  readonly isTty: boolean;
  readonly columns: number;
  readonly paint: Paint;
}

const GAP = "  ";
const SHRUNK_MIN = 8;
/** A column of words that wraps is not narrower. */
const WRAPPED_MIN = 24;
export const INDENT = "  ";

/**
 * A cell that is an ISO time is shown in local time on a terminal. Off a terminal: no header, tabs between cells, no
 * cell cut. Cells are escaped, so they contain neither tab nor line end.
 */
export function table<T>(style: OutputStyle, columns: readonly Column<T>[], rows: readonly T[]): readonly string[] {
  const cells = rows.map((row) => columns.map((column) => oneLine(shownTime(style, column.cell(row)))));
  if (!style.isTty) return cells.map((line) => line.join("\t"));
  const apart = columnsApart(columns, cells, style.columns);
  const isShown = (_: unknown, i: number): boolean => !apart.has(i);
  const shown = columns.filter(isShown);
  const { widths, over } = fit(
    shown,
    cells.map((line) => line.filter(isShown)),
    style.columns - (apart.has(0) ? INDENT.length : 0),
  );
  if (over > 0 && apart.size > 0) return blocks(style, columns, cells);
  const header = shown.map((column, i) => pad(column.title.toUpperCase(), widths[i] ?? 0, column.isNumber === true));
  const indent = apart.has(0) ? INDENT : "";
  const body = cells.flatMap((line, at) => [
    ...(apart.has(0) ? [line[0] ?? ""] : []),
    ...rowLines(
      style,
      shown.map((column, i): DrawnCell => ({
        text: line.filter(isShown)[i] ?? "",
        width: widths[i] ?? 0,
        wraps: column.keeps === "wrap",
        isNumber: column.isNumber === true,
        shade: column.shade?.(rows[at] as T),
      })),
    ).map((text) => indent + text),
    ...line.flatMap((cell, i) => (i > 0 && apart.has(i) && cell !== "" ? [INDENT + cell] : [])),
  ]);
  return [style.paint("dim", (indent + header.join(GAP)).trimEnd()), ...body];
}

interface DrawnCell {
  readonly text: string;
  readonly width: number;
  readonly wraps: boolean;
  readonly isNumber: boolean;
  readonly shade: Shade | undefined;
}

function rowLines(style: OutputStyle, row: readonly DrawnCell[]): readonly string[] {
  const parts = row.map(({ text, width, wraps }) => (wraps ? wrap(text, width) : [clip(text, width)]));
  const height = Math.max(...parts.map(({ length }) => length));
  return Array.from({ length: height }, (_, at) =>
    row
      .map(({ width, isNumber, shade }, i) => {
        const cell = pad(parts[i]?.[at] ?? "", width, isNumber);
        // The spaces at the end of the line are cut below.
        return shade === undefined || i === row.length - 1 ? cell : style.paint(shade, cell);
      })
      .join(GAP)
      .trimEnd(),
  );
}

/** The first cell of each row, and below it the others with their titles. */
function blocks<T>(
  style: OutputStyle,
  columns: readonly Column<T>[],
  cells: readonly (readonly string[])[],
): readonly string[] {
  return cells.flatMap(([first = "", ...others]) => {
    const entries = others.map((cell, i) => [columns[i + 1]?.title ?? "", cell] as const);
    const narrow = { ...style, columns: style.columns - INDENT.length };
    const lines = keyValueLines(
      narrow,
      entries.filter(([, cell]) => cell !== ""),
    );
    return [first, ...lines.map((line) => INDENT + line)];
  });
}

/** The columns that have lines of their own, so that the others fit: the last ones first. */
function columnsApart<T>(
  columns: readonly Column<T>[],
  cells: readonly (readonly string[])[],
  limit: number,
): ReadonlySet<number> {
  const widths = naturalWidths(columns, cells);
  const apart = new Set<number>();
  let over = widths.reduce((sum, width) => sum + width + GAP.length, -GAP.length) - limit;
  for (const [i, { keeps }] of [...columns.entries()].toReversed()) {
    if (keeps !== "apart" || over <= 0) continue;
    apart.add(i);
    over -= (widths[i] ?? 0) + GAP.length - (i === 0 ? INDENT.length : 0);
  }
  return apart;
}

function naturalWidths<T>(columns: readonly Column<T>[], cells: readonly (readonly string[])[]): readonly number[] {
  return columns.map((column, i) => Math.max(widthOf(column.title), ...cells.map((line) => widthOf(line[i] ?? ""))));
}

/** `over`: the columns that are still missing. */
function fit<T>(
  columns: readonly Column<T>[],
  cells: readonly (readonly string[])[],
  limit: number,
): { readonly widths: readonly number[]; readonly over: number } {
  const natural = naturalWidths(columns, cells);
  const widths = [...natural];
  let over = natural.reduce((sum, width) => sum + width + GAP.length, -GAP.length) - limit;
  for (const [i, { title, shrinks, keeps }] of [...columns.entries()].toReversed()) {
    const width = natural[i] ?? 0;
    const least = keeps === "wrap" ? WRAPPED_MIN : SHRUNK_MIN;
    const canShrink = shrinks === true || keeps === "wrap";
    const spare = canShrink ? width - Math.max(widthOf(title), Math.min(width, least)) : 0;
    const cut = Math.max(0, Math.min(over, spare));
    widths[i] = width - cut;
    over -= cut;
  }
  return { widths, over };
}

export function pad(text: string, width: number, isRight = false): string {
  const space = " ".repeat(Math.max(0, width - widthOf(text)));
  return isRight ? space + text : text + space;
}

/** `name  value` lines, names aligned; off a terminal `name<TAB>value`. */
export function keyValueLines(
  style: OutputStyle,
  entries: readonly (readonly [name: string, value: string, shade?: Shade | undefined])[],
): readonly string[] {
  const lines = entries.map(
    ([name, value, shade]) => [oneLine(name), oneLine(shownTime(style, value)), shade] as const,
  );
  const width = Math.max(0, ...lines.map(([name]) => widthOf(name)));
  return lines.flatMap(([name, value, shade]) =>
    style.isTty
      ? hanging(value, style.columns - width - GAP.length).map((part, index) => {
          const shown = shade === undefined ? part : style.paint(shade, part);
          return `${index === 0 ? style.paint("dim", pad(name, width)) : " ".repeat(width)}${GAP}${shown}`;
        })
      : [`${name}\t${value}`],
  );
}

/** Wraps a text at its spaces. A text without spaces stays whole, so that a path or a digest can be copied. */
export function hanging(text: string, width: number): readonly string[] {
  return text.includes(" ") ? wrap(text, Math.max(SHRUNK_MIN, width)) : [text];
}

/** A table, or on a terminal one line that says that there are no rows. */
export function tableOr<T>(
  style: OutputStyle,
  columns: readonly Column<T>[],
  rows: readonly T[],
  emptyLine: string,
): readonly string[] {
  return rows.length === 0 && style.isTty ? [emptyLine] : table(style, columns, rows);
}

/** A titled block of indented lines with an empty line below; no line if the block has none. */
export function section(style: OutputStyle, title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [style.paint("dim", title), ...lines.map((line) => INDENT + line), ""];
}
