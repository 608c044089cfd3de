/** README's table of the kept result: the rows of the targets, without those of the page and of lists. */
import type { Row } from "./measure.ts";

const HEAD = "| row | what | ours | baseline | | ratio | target |\n|---|---|---|---|---|---|---|\n";
const LAST = 13;

type KeptRow = Pick<Row, "n" | "what" | "ours" | "base" | "floor" | "ratio" | "target">;

export function keptTable(rows: readonly KeptRow[]): string {
  const shown = rows.filter(({ n, target }) => n <= LAST && target !== "").toSorted((a, b) => a.n - b.n);
  const cells = ({ n, what, ours, base, floor, ratio, target }: KeptRow): readonly (string | number)[] => [
    ...[n === 6.1 ? "6b" : n, what, ours, base, floor],
    ...[ratio.toFixed(2), target],
  ];
  return `${HEAD}${shown.map((row) => `| ${cells(row).join(" | ")} |\n`).join("")}`;
}

/** `text` with this table instead of its own. */
export function withKeptTable(text: string, rows: readonly KeptRow[]): string {
  const start = text.indexOf(HEAD);
  if (start === -1) throw new Error("README.md has no table of the benchmark");
  const end = text.indexOf("\n\n", start);
  return `${text.slice(0, start)}${keptTable(rows)}${text.slice(end + 1)}`;
}
