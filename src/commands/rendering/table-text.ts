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
export const INDENT = "  ";

/**
 * A cell that is an ISO time is shown in local time on a terminal. Off a terminal: no header, tabs between cells, no
 * cell cut. Cells are escaped, so they contain neither tab nor line end.
 */
export function table<T>(style: OutputStyle, columns: readonly Column<T>[], rows: readonly T[]): readonly string[] {
  const cells = rows.map((row) => columns.map((column) => oneLine(shownTime(style, column.cell(row)))));
  if (!style.isTty) return cells.map((line) => line.join("\t"));
  const widths = fit(columns, cells, style.columns);
  const header = columns.map((column, i) => pad(column.title.toUpperCase(), widths[i] ?? 0, column.isNumber === true));
  const body = cells.map((line, at) =>
    columns.map((column, i) => {
      const cell = pad(clip(line[i] ?? "", widths[i] ?? 0), widths[i] ?? 0, column.isNumber === true);
      const shade = column.shade?.(rows[at] as T);
      // The spaces at the end of the line are cut below.
      return shade === undefined || i === columns.length - 1 ? cell : style.paint(shade, cell);
    }),
  );
  return [style.paint("dim", header.join(GAP).trimEnd()), ...body.map((line) => line.join(GAP).trimEnd())];
}

function fit<T>(
  columns: readonly Column<T>[],
  cells: readonly (readonly string[])[],
  limit: number,
): readonly number[] {
  const natural = columns.map((column, i) =>
    Math.max(widthOf(column.title), ...cells.map((line) => widthOf(line[i] ?? ""))),
  );
  const widths = [...natural];
  let over = natural.reduce((sum, width) => sum + width, 0) + GAP.length * (columns.length - 1) - limit;
  for (const [i, { title, shrinks }] of [...columns.entries()].toReversed()) {
    const width = natural[i] ?? 0;
    const spare = shrinks === true ? width - Math.max(widthOf(title), Math.min(width, SHRUNK_MIN)) : 0;
    const cut = Math.max(0, Math.min(over, spare));
    widths[i] = width - cut;
    over -= cut;
  }
  return widths;
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
