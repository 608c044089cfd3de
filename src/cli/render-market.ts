/** What the market and the outside say: quotes, bars, indicators, symbols, fundamentals, news. What is missing is told with the reason. */
import type { Untrusted } from "../domain/untrusted.ts";
import { oneLine, quoted } from "../commands/rendering/terminal-text.ts";
import { tableOr } from "./render-record.ts";
import { type Column, type OutputStyle, keyValueLines, table } from "../commands/rendering/table-text.ts";

interface Told {
  readonly status: string;
  readonly symbol: string;
  readonly reason?: string;
  readonly untrusted?: Untrusted | null;
}

/** Why there is nothing to show. */
function missing(face: OutputStyle, { symbol, status, reason = "", untrusted }: Told): readonly string[] {
  return keyValueLines(face, [
    ["symbol", symbol],
    ["status", status],
    ["reason", untrusted === null || untrusted === undefined ? reason : `${reason}: ${untrusted.text}`],
  ]);
}

interface QuoteView extends Told {
  readonly bid?: string;
  readonly ask?: string;
  readonly last?: string;
  readonly time?: string;
  readonly connector: string;
}
export function renderQuote(face: OutputStyle, quote: QuoteView): readonly string[] {
  return quote.bid === undefined
    ? missing(face, quote)
    : keyValueLines(face, [
        ["symbol", quote.symbol],
        ["bid", quote.bid],
        ["ask", quote.ask ?? "-"],
        ["last", quote.last ?? "-"],
        ["time", quote.time ?? "-"],
        ["connector", quote.connector],
      ]);
}

interface BarView {
  readonly time: string;
  readonly open: string;
  readonly high: string;
  readonly low: string;
  readonly close: string;
  readonly volume?: string;
}
interface BarsView extends Told {
  readonly source?: string;
  readonly note?: string;
  readonly earlier?: number;
  readonly bars?: readonly BarView[];
}
const BARS: readonly Column<BarView>[] = [
  { title: "day", cell: ({ time }) => time.slice(0, 10) },
  { title: "open", cell: ({ open }) => open, isNumber: true },
  { title: "high", cell: ({ high }) => high, isNumber: true },
  { title: "low", cell: ({ low }) => low, isNumber: true },
  { title: "close", cell: ({ close }) => close, isNumber: true },
  { title: "volume", cell: ({ volume }) => volume ?? "-", isNumber: true },
];
export function renderBars(face: OutputStyle, view: BarsView): readonly string[] {
  return view.bars === undefined
    ? missing(face, view)
    : [...table(face, BARS, view.bars), ...(face.isTty ? [oneLine(origin(view))] : [])];
}

function origin({ source = "", note, earlier = 0 }: BarsView): string {
  return [
    `from ${source}`,
    ...(note === undefined ? [] : [note]),
    ...(earlier === 0 ? [] : [`${earlier} earlier ones`]),
  ].join("; ");
}

interface AnalysisView extends Told {
  readonly indicators?: readonly {
    readonly name: string;
    readonly status: string;
    readonly reason?: string;
    readonly values?: readonly Readonly<Record<string, string>>[];
  }[];
}
/** An indicator and a day a line. */
export function renderAnalysis(face: OutputStyle, view: AnalysisView): readonly string[] {
  if (view.indicators === undefined) return missing(face, view);
  const rows = view.indicators.flatMap(({ name, status, reason = "", values }) =>
    values === undefined
      ? [{ name, day: status, words: reason }]
      : values.map(({ time = "", ...amounts }) => ({ name, day: time.slice(0, 10), words: amountsText(amounts) })),
  );
  const columns: readonly Column<(typeof rows)[number]>[] = [
    { title: "indicator", cell: ({ name }) => name },
    { title: "day", cell: ({ day }) => day },
    { title: "value", cell: ({ words }) => words, shrinks: true },
  ];
  return table(face, columns, rows);
}

function amountsText(amounts: Readonly<Record<string, string>>): string {
  return Object.entries(amounts)
    .map(([name, value]) => (name === "value" ? value : `${name} ${value}`))
    .join("  ");
}

interface SymbolsView {
  readonly symbols: readonly {
    readonly symbol: string;
    readonly in: readonly string[];
    readonly untrusted: Untrusted | null;
  }[];
  readonly note: string;
}
export function renderSymbols(face: OutputStyle, { symbols, note }: SymbolsView): readonly string[] {
  return [
    ...tableOr(
      face,
      [
        { title: "symbol", cell: ({ symbol }) => symbol },
        { title: "name", cell: ({ untrusted }) => untrusted?.text ?? "", shrinks: true },
        { title: "in", cell: ({ in: places }) => places.join(", ") },
      ],
      symbols,
      "none was met",
    ),
    ...(face.isTty ? [face.paint("dim", oneLine(note))] : []),
  ];
}

interface FundamentalsView extends Told {
  readonly numbers?: Readonly<Record<string, string>>;
}
export function renderFundamentals(face: OutputStyle, view: FundamentalsView): readonly string[] {
  if (view.numbers === undefined) return missing(face, view);
  const words = view.untrusted?.text;
  return [
    ...keyValueLines(face, Object.entries(view.numbers)),
    ...(words === undefined ? [] : quoted(words, face.columns)),
  ];
}

interface FeedView {
  readonly name: string;
  readonly status: string;
  readonly filed: number;
  readonly fetchedAt: string | null;
  readonly nextAt: string | null;
  readonly untrusted: Untrusted | null;
}
export function renderFeeds(face: OutputStyle, feeds: readonly FeedView[]): readonly string[] {
  return tableOr(
    face,
    [
      { title: "feed", cell: ({ name }) => name },
      { title: "status", cell: ({ status }) => status },
      { title: "new", cell: ({ filed }) => String(filed), isNumber: true },
      { title: "fetched", cell: ({ fetchedAt }) => fetchedAt ?? "-" },
      { title: "next", cell: ({ nextAt }) => nextAt ?? "-" },
      { title: "why", cell: ({ untrusted }) => untrusted?.text ?? "", shrinks: true },
    ],
    feeds,
    "no feeds",
  );
}

interface NewsView {
  readonly items: readonly {
    readonly path: string;
    readonly source: string;
    readonly published: string;
    readonly untrusted: Untrusted;
  }[];
  readonly feeds: readonly FeedView[];
}
/** Under the items, the feeds that fail. */
export function renderNews(face: OutputStyle, { items, feeds }: NewsView): readonly string[] {
  return [
    ...tableOr(
      face,
      [
        { title: "published", cell: ({ published }) => published.slice(0, 16) },
        { title: "source", cell: ({ source }) => source },
        { title: "title", cell: ({ untrusted }) => untrusted.text, shrinks: true },
        { title: "path", cell: ({ path }) => path },
      ],
      items,
      "no news",
    ),
    ...(face.isTty
      ? feeds.flatMap(({ name, status, untrusted }) =>
          status === "failing" ? [`! ${oneLine(`${name}: ${untrusted?.text ?? ""}`)}`] : [],
        )
      : []),
  ];
}
