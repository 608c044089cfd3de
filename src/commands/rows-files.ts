/** Files and entities of the workspace, bars, indicators and symbols: what an agent without a shell reads and writes with. */
import type { CommandRow } from "./command.ts";
import { NO_WRITES, flag, positional, text } from "./row.ts";

const AFTER = flag("after", "CURSOR", "go on where `next` said");
const UNDER = flag("under", "DIR", "only in this folder", { completes: "path" });
const REPLACES = flag("replaces", "SHA256", "the digest of the text this replaces");
const CONNECTOR = flag("connector", "NAME", "which connector; else the operator's CSV, or the only one", {
  completes: "connector",
});

const FILES: readonly CommandRow[] = [
  {
    name: "files list",
    group: "research",
    audience: "both",
    writes: NO_WRITES,
    summary: "files of the workspace that may be read, by path; 200 at a time",
    args: [UNDER, flag("glob", "GLOB", "only paths that fit: *.md, research/**/*.csv"), AFTER],
    examples: ["qoc files list", "qoc files list --under research --glob '*.md'"],
    runs: "desk",
    load: async () => (await import("./files.ts")).filesList,
  },
  {
    name: "files read",
    group: "research",
    audience: "both",
    writes: NO_WRITES,
    summary: "a text file with its digest; long ones in stretches of 32,000 characters",
    args: [
      positional("path", "PATH", "relative to the workspace", { completes: "path" }),
      flag("from", "LINE", "the first line, or what `next` said"),
      flag("lines", "N", "at most so many lines", { type: "number" }),
    ],
    examples: ["qoc files read house-rules.md", "qoc files read research/macro.md --from 40 --lines 20"],
    runs: "desk",
    load: async () => (await import("./files.ts")).filesRead,
  },
  {
    name: "files search",
    group: "research",
    audience: "both",
    writes: NO_WRITES,
    summary: "lines that hold these very characters, upper or lower case; 200 at a time",
    args: [positional("text", "TEXT", "what to look for; no patterns"), UNDER, AFTER],
    examples: ["qoc files search AAPL", 'qoc files search "gross margin" --under research'],
    runs: "desk",
    load: async () => (await import("./files.ts")).filesSearch,
  },
  {
    name: "files write",
    group: "research",
    audience: "both",
    writes: ["issues/", "inbox/", "orders/pending/", "orders/proposed/", "research/", "snapshots/"],
    summary: "write a text file; replaces one only when given the digest that was read",
    args: [
      positional("path", "PATH", "relative to the workspace", { completes: "path" }),
      text("text", "the whole file", { required: true }),
      REPLACES,
    ],
    examples: [
      'qoc files write research/macro.md --text "# Macro"',
      "qoc files write orders/pending/buy.toml --text - < buy.toml",
    ],
    exits: [7],
    runs: "desk",
    load: async () => (await import("./files.ts")).filesWrite,
  },
];

const ENTITIES: readonly CommandRow[] = [
  {
    name: "entities list",
    group: "research",
    audience: "both",
    writes: NO_WRITES,
    summary: "what the desk knows companies, funds and coins by",
    args: [AFTER],
    examples: ["qoc entities list", "qoc entities list --json"],
    runs: "desk",
    load: async () => (await import("./entities.ts")).entitiesList,
  },
  {
    name: "entities read",
    group: "research",
    audience: "both",
    writes: NO_WRITES,
    summary: "one entity with its digest",
    args: [positional("symbol", "SYMBOL", "its symbol")],
    examples: ["qoc entities read AAPL", "qoc entities read BTC/USD --json"],
    runs: "desk",
    load: async () => (await import("./entities.ts")).entitiesRead,
  },
  {
    name: "entities write",
    group: "research",
    audience: "both",
    writes: ["entities/"],
    summary:
      "write an entity: frontmatter with symbol, name and kind, then Markdown; earlier texts stay in the history",
    args: [positional("symbol", "SYMBOL", "its symbol"), text("text", "the whole file", { required: true }), REPLACES],
    examples: [
      "qoc entities write AAPL --text - < aapl.md",
      "qoc entities write BTC/USD --text - --replaces sha256:1f0c < btc.md",
    ],
    exits: [7],
    runs: "desk",
    load: async () => (await import("./entities.ts")).entitiesWrite,
  },
];

const MARKET: readonly CommandRow[] = [
  {
    name: "bars get",
    group: "research",
    audience: "both",
    writes: NO_WRITES,
    summary: "daily bars of a connector, or of the operator's CSV; says data_pending where there are none",
    args: [
      positional("symbol", "SYMBOL", "the venue's symbol"),
      CONNECTOR,
      flag("from", "DATE", "the first day"),
      flag("to", "DATE", "the last day"),
      flag("limit", "N", "the newest so many; 100 by default, at most 200", { type: "number" }),
    ],
    examples: ["qoc bars get SPX", "qoc bars get AAPL --connector paper --from 2026-01-01 --limit 20"],
    exits: [5],
    runs: "desk",
    load: async () => (await import("./bars.ts")).barsGet,
  },
  {
    name: "analysis get",
    aliases: ["technical-analysis get"],
    group: "research",
    audience: "both",
    writes: NO_WRITES,
    summary: "indicators over daily bars: sma, ema, rsi, macd, atr, bollinger, vwap, obv",
    args: [
      positional("symbol", "SYMBOL", "the venue's symbol"),
      flag("indicators", "LIST", "such as sma:20,rsi:14,macd:12:26:9,bollinger:20:2,obv", { required: true }),
      CONNECTOR,
      flag("to", "DATE", "over the bars until this day"),
      flag("last", "N", "the newest so many values of each; 1 by default, at most 20", { type: "number" }),
    ],
    examples: [
      "qoc analysis get SPX --indicators sma:20,rsi:14",
      "qoc analysis get AAPL --indicators macd --connector paper --last 5",
    ],
    exits: [5],
    runs: "desk",
    load: async () => (await import("./bars.ts")).analysisGet,
  },
  {
    name: "fundamentals get",
    group: "research",
    audience: "both",
    writes: NO_WRITES,
    summary: "what a connector tells of a company or a fund; says data_pending where it tells nothing",
    args: [
      positional("symbol", "SYMBOL", "the venue's symbol"),
      flag("connector", "NAME", "which connector", { completes: "connector" }),
    ],
    examples: ["qoc fundamentals get AAPL --connector my-venue", "qoc fundamentals get AAPL --json"],
    exits: [5],
    runs: "desk",
    load: async () => (await import("./fundamentals.ts")).fundamentalsGet,
  },
  {
    name: "symbols search",
    group: "research",
    audience: "both",
    writes: NO_WRITES,
    summary:
      "symbols the desk has met: entities, issues, positions, orders and bar files; venues' own lists are not searched",
    args: [positional("text", "TEXT", "a part of a symbol or a name")],
    examples: ["qoc symbols search apple", "qoc symbols search BTC --json"],
    runs: "desk",
    load: async () => (await import("./symbols.ts")).symbolsSearch,
  },
];

export const FILE_ROWS: readonly CommandRow[] = [...FILES, ...ENTITIES, ...MARKET];
