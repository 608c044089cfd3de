/** The section of `qoc status` with accounts and positions. */
import type { StatusView } from "../../domain/status-view.ts";
import { accountTable, bookSums, holdings, positionTable, strandedLines } from "./positions.ts";
import type { OutputStyle } from "./table-text.ts";
import { oneLine, wrap } from "./terminal-text.ts";

export function bookLines(
  style: OutputStyle,
  { at, book, rateProblems = [] }: Pick<StatusView, "at" | "book" | "rateProblems">,
): readonly string[] {
  const parts = [
    rateProblems.flatMap((problem) =>
      wrap(oneLine(`! ${problem}`), style.columns).map((line) => style.paint("yellow", line)),
    ),
    accountTable(book.accounts, style),
    ...holdings(book, style),
    positionTable(book.positions, style),
    strandedLines(book.positions).map(oneLine),
  ];
  return [...bookSums(book, style, at), ...parts.flatMap((lines) => (lines.length === 0 ? [] : ["", ...lines]))];
}
