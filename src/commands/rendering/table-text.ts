/** Rows of text: aligned columns for a person, tabs for a program. */
import type { Paint } from "./paint.ts";
import { clip, oneLine, widthOf } from "./terminal-text.ts";

export interface Column<T> {
  readonly title: string;
  cell(row: T): string;
  /** Numbers stand right. */
  readonly isNumber?: boolean;
  /** The one column that gives up width where the terminal is narrow. */
  readonly shrinks?: boolean;
  /** Colours the finished, padded cell. */
  shade?(row: T, cell: string, paint: Paint): string;
}

/** How a thing is to be drawn: on a terminal of some width, or for a pipe. */
export interface OutputStyle {
  readonly isTty: boolean;
  readonly columns: number;
  readonly paint: Paint;
}

const GAP = "  ";
const GIVING_MIN = 8;

/** Off a terminal: no header, tabs between, nothing cut. Cells are escaped, so a cell can hold neither tab nor line end. */
export function table<T>(face: OutputStyle, columns: readonly Column<T>[], rows: readonly T[]): readonly string[] {
  const cells = rows.map((row) => columns.map((column) => oneLine(column.cell(row))));
  if (!face.isTty) return cells.map((line) => line.join("\t"));
  const widths = fit(columns, cells, face.columns);
  const header = columns.map((column, i) => pad(column.title.toUpperCase(), widths[i] ?? 0, column.isNumber === true));
  const body = rows.map((row, r) =>
    columns.map((column, i) => {
      const cell = pad(clip(cells[r]?.[i] ?? "", widths[i] ?? 0), widths[i] ?? 0, column.isNumber === true);
      return column.shade === undefined ? cell : column.shade(row, cell, face.paint);
    }),
  );
  return [face.paint("dim", header.join(GAP).trimEnd()), ...body.map((line) => line.join(GAP).trimEnd())];
}

function fit<T>(
  columns: readonly Column<T>[],
  cells: readonly (readonly string[])[],
  limit: number,
): readonly number[] {
  const natural = columns.map((column, i) =>
    Math.max(widthOf(column.title), ...cells.map((line) => widthOf(line[i] ?? ""))),
  );
  const total = natural.reduce((sum, width) => sum + width, 0) + GAP.length * (columns.length - 1);
  const giving = columns.findIndex((column) => column.shrinks === true);
  if (total <= limit || giving === -1) return natural;
  return natural.map((width, i) => (i === giving ? Math.max(GIVING_MIN, width - (total - limit)) : width));
}

export function pad(text: string, width: number, isRight = false): string {
  const space = " ".repeat(Math.max(0, width - widthOf(text)));
  return isRight ? space + text : text + space;
}

/** `name  value` lines, names aligned; off a terminal `name<TAB>value`. */
export function keyValueLines(
  face: OutputStyle,
  entries: readonly (readonly [name: string, value: string])[],
): readonly string[] {
  const width = Math.max(0, ...entries.map(([name]) => widthOf(name)));
  return entries.map(([name, value]) =>
    face.isTty ? `${face.paint("dim", pad(name, width))}  ${oneLine(value)}` : `${oneLine(name)}\t${oneLine(value)}`,
  );
}
