/** The quotes that connectors stream, as text. */
import type { StreamedQuoteView } from "../../domain/status-view.ts";
import { formatDuration } from "../../gate/format.ts";
import { type OutputStyle, table } from "./table-text.ts";

const SHOWN_MAX = 8;

export function streamedQuoteLines(style: OutputStyle, quotes: readonly StreamedQuoteView[]): readonly string[] {
  if (quotes.length === 0) return [];
  const more = quotes.length - SHOWN_MAX;
  return [
    ...table<StreamedQuoteView>(
      style,
      [
        { title: "symbol", cell: ({ symbol }) => symbol },
        { title: "bid", cell: ({ bid }) => bid, isNumber: true },
        { title: "ask", cell: ({ ask }) => ask, isNumber: true },
        { title: "last", cell: ({ last }) => last ?? "-", isNumber: true },
        { title: "age", cell: ({ ageSeconds }) => formatDuration(ageSeconds * 1000), isNumber: true },
        { title: "at", cell: ({ connector }) => connector, shrinks: true },
      ],
      quotes.slice(0, SHOWN_MAX),
    ),
    ...(more > 0 ? [`and ${more} more: qoc status --json`] : []),
  ];
}
