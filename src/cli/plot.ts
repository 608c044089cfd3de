/** A line of values as text, for a terminal or a pipe: no colours, no cursor moves. */

export interface Quoted {
  readonly label: string;
  readonly value: number;
}

/** Eighths of a row, lowest first; a level stands at the bottom of its cell at least. */
const LEVELS = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"] as const;

/**
 * Draws the values left to right, `width` columns and `height` rows of plot beside a column of labels: the greatest value at
 * the top row, the least at the bottom. More points than columns are thinned evenly, keeping first and last. Values that are
 * not finite are left out; nothing to draw is no line at all.
 */
export function plot(points: readonly Quoted[], width: number, height: number): string[] {
  const values = thin(points.map(({ value }) => value).filter(Number.isFinite), Math.max(1, width));
  if (values.length === 0) return [];
  const rows = Math.max(1, height);
  const least = Math.min(...values);
  const greatest = Math.max(...values);
  const steps = rows * LEVELS.length - 1;
  const levels = values.map((value) =>
    greatest === least ? 0 : Math.round(((value - least) / (greatest - least)) * steps),
  );
  const labels = labelsFor(points, least, greatest, rows);
  const margin = Math.max(...labels.map((label) => label.length));
  return labels.map((label, row) => {
    const floor = (rows - 1 - row) * LEVELS.length;
    const cells = levels.map((level) => (level < floor ? " " : (LEVELS[level - floor] ?? "█")));
    return `${label.padStart(margin)} ┤${cells.join("").trimEnd()}`;
  });
}

/** The greatest value beside the top row, the least beside the bottom; one alone where all are equal. */
function labelsFor(points: readonly Quoted[], least: number, greatest: number, rows: number): string[] {
  const name = points[0]?.label ?? "";
  const labels = Array.from({ length: rows }, () => "");
  labels[0] = `${name} ${shown(greatest)}`.trim();
  if (rows > 1) labels[rows - 1] = shown(least);
  return labels;
}

function shown(value: number): string {
  return Math.abs(value) >= 1000 ? value.toFixed(0) : String(Number(value.toPrecision(6)));
}

function thin(values: readonly number[], columns: number): readonly number[] {
  return values.length <= columns
    ? values
    : Array.from(
        { length: columns },
        (_, i) => values[Math.round((i * (values.length - 1)) / Math.max(1, columns - 1))] ?? 0,
      );
}
