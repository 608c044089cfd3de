/** Draws a series of values as lines of text, for a terminal or a pipe: no colours, no cursor movements. */

export interface PlotPoint {
  readonly label: string;
  readonly value: number;
}

/** Eighths of a row, lowest first. The lowest value still draws the lowest bar. */
const BARS = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"] as const;

/**
 * Draws the values from left to right, `width` columns and `height` rows beside a column of labels: the maximum is in
 * the top row, the minimum in the bottom row. If there are more points than columns, points are dropped evenly; the
 * first and the last stay. Values that are not finite are ignored. Returns no line if no value is left.
 */
export function plot(points: readonly PlotPoint[], width: number, height: number): string[] {
  const values = sample(points.map(({ value }) => value).filter(Number.isFinite), Math.max(1, width));
  if (values.length === 0) return [];
  const rows = Math.max(1, height);
  const minimum = Math.min(...values);
  const maximum = Math.max(...values);
  const steps = rows * BARS.length - 1;
  const levels = values.map((value) =>
    maximum === minimum ? 0 : Math.round(((value - minimum) / (maximum - minimum)) * steps),
  );
  const labels = rowLabels(points[0]?.label ?? "", { minimum, maximum, rows });
  const margin = Math.max(...labels.map((label) => label.length));
  return labels.map((label, row) => {
    const base = (rows - 1 - row) * BARS.length;
    const cells = levels.map((level) => (level < base ? " " : (BARS[level - base] ?? "█")));
    return `${label.padStart(margin)} ┤${cells.join("").trimEnd()}`;
  });
}

/** The maximum beside the top row, the minimum beside the bottom row. */
function rowLabels(
  name: string,
  { minimum, maximum, rows }: { readonly minimum: number; readonly maximum: number; readonly rows: number },
): string[] {
  const labels = Array.from({ length: rows }, () => "");
  labels[0] = `${name} ${formatted(maximum)}`.trim();
  if (rows > 1) labels[rows - 1] = formatted(minimum);
  return labels;
}

function formatted(value: number): string {
  return Math.abs(value) >= 1000 ? value.toFixed(0) : String(Number(value.toPrecision(6)));
}

function sample(values: readonly number[], columns: number): readonly number[] {
  return values.length <= columns
    ? values
    : Array.from(
        { length: columns },
        (_, i) => values[Math.round((i * (values.length - 1)) / Math.max(1, columns - 1))] ?? 0,
      );
}
