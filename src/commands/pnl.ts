import * as z from "zod";
import { decimal } from "../domain/decimal.ts";
import { shownCurrency, shownSymbol } from "../domain/untrusted.ts";
import { iso } from "../lib/time.ts";
import type { TradeRow } from "../trading/account/ledger-parts.ts";
import { PROFIT_KEYS, type ProfitLines, type ProfitReport, profitReport } from "../trading/account/profit-report.ts";
import { flag, toggle } from "./arguments.ts";
import { defineCommand, usageError } from "./command.ts";
import {
  type DateRange,
  dateRangeInput,
  emptyLines,
  isInRange,
  nothingIn,
  rangeText,
  refuseReversed,
} from "./date-range.ts";
import { readLedger } from "./read-ledger.ts";
import { csv } from "./rendering/csv.ts";
import { gainShade, signedMoney, unlabelled } from "./rendering/money.ts";
import { type Column, type OutputStyle, keyValueLines, table } from "./rendering/table-text.ts";
import { oneLine } from "./rendering/terminal-text.ts";

interface TradeLine {
  readonly time: string;
  readonly connector: string;
  readonly order: string;
  /** fill, correction or bust. */
  readonly kind: string;
  readonly symbol: string;
  readonly side: string;
  readonly quantity: string;
  readonly price: string;
  readonly currency: string;
  readonly fee: string;
  readonly feeCurrency: string;
  readonly realized: string;
  /** "maker" or "taker"; "" if the venue does not say it. */
  readonly liquidity: string;
  /** A date; "" if the venue does not say it. */
  readonly settles: string;
}

interface TradeReport {
  readonly trades: readonly TradeLine[];
  readonly empty?: string;
  readonly format?: "csv" | undefined;
}

/** `empty`: why there is no row. */
type ShownProfit = ProfitReport & { readonly empty?: string };

const FIELDS = ["time", "connector", "order", "kind", "symbol", "side", "quantity", "price", "currency"] as const;
const MONEY_FIELDS = ["fee", "feeCurrency", "realized", "liquidity", "settles"] as const;

export const command = defineCommand({
  name: "pnl",
  group: "record",
  audience: "human",
  runs: "local",
  writes: [],
  summary: "show profit and loss by day, connector, symbol or trade",
  description:
    "From the journal, also while the desk is down. The lines add up to the change of the NAV less what was paid in or out. --csv prints the fills of a year with fees and realized P&L (first in, first out).",
  examples: ["qoc pnl", "qoc pnl --by symbol --from 2026-01-01", "qoc pnl --csv --year 2026"],
  input: () =>
    z.strictObject({
      by: flag(z.enum([...PROFIT_KEYS, "trade"]).default("day"), "KEY", "day, connector, symbol or trade"),
      ...dateRangeInput(),
      year: flag(
        z
          .string()
          .regex(/^\d{4}$/, "must be a year such as 2026")
          .optional(),
        "YEAR",
        "this year alone",
      ),
      connector: flag(z.string().optional(), "NAME", "only this connector", { completes: "connector" }),
      csv: toggle("the fills of --year as CSV, for the tax return"),
    }),
  output: () => z.looseObject({}),
  run: async (input, context): Promise<ShownProfit | TradeReport> => {
    const { by, connector } = input;
    const range = datesOf(input);
    const isListed = (row: { readonly connector: string }): boolean =>
      connector === undefined || row.connector === connector;
    const hasTrades = input.csv || by === "trade";
    const ledger = await readLedger(context, hasTrades ? { trades: range } : {});
    if (hasTrades) {
      const trades = ledger.trades.filter(isListed).filter(({ realized }) => input.csv || !isZero(realized));
      const found = { trades: trades.map(tradeLine), format: input.csv ? ("csv" as const) : undefined };
      if (trades.length > 0) return found;
      const what = input.csv ? "no fill was recorded" : "no fill realized a profit or a loss";
      const empty = `${what}${connector === undefined ? "" : ` at ${connector}`}${rangeText(range)}`;
      if (input.csv) context.progress.line(empty);
      return { ...found, empty };
    }
    const listed = ledger.rows.filter(isListed);
    const rows = listed.filter(({ date }) => isInRange(date, range));
    const report = profitReport(rows, { by: by as ProfitReport["by"], currency: ledger.currency });
    const dates = listed.map(({ date }) => date);
    if (rows.length > 0) return report;
    const others = [...new Set(ledger.rows.map((row) => row.connector))].toSorted();
    const isOfOthers = listed.length === 0 && others.length > 0;
    const none = `nothing was recorded at ${connector ?? ""}; the records are of ${others.join(", ")}`;
    return { ...report, empty: isOfOthers ? none : nothingIn(range, dates) };
  },
  render: (value, style) => {
    if ("rows" in value) return renderReport(value, style);
    if (value.format === "csv") return tradeCsv(value.trades);
    return value.empty === undefined ? table(style, TRADE_COLUMNS, value.trades) : emptyLines(style, value.empty);
  },
});

interface AskedDates extends DateRange {
  readonly year?: string | undefined;
  readonly csv: boolean;
  readonly by: string;
}

/** Refuses what would be ignored: dates beside a year, and sums beside the fills of a year. */
function datesOf({ year, csv: isCsv, by, from, to }: AskedDates): DateRange {
  if (isCsv && year === undefined) throw usageError("pnl", "--csv needs --year, such as --year 2026");
  if (isCsv && by !== "day" && by !== "trade") throw usageError("pnl", `--csv prints fills, and --by ${by} sums`);
  refuseReversed("pnl", { from, to });
  if (year === undefined) return { from, to };
  if (from !== undefined || to !== undefined) throw usageError("pnl", "--year, and --from or --to: choose one of them");
  return { from: `${year}-01-01`, to: `${year}-12-31` };
}

function isZero(amount: TradeRow["realized"]): boolean {
  return amount.eq(decimal("0"));
}

function tradeLine({ connector, id, kind, fill, currency, realized }: TradeRow): TradeLine {
  return {
    time: iso(fill.at),
    ...{ connector, order: id ?? "", kind, symbol: shownSymbol(fill.symbol), side: fill.side },
    ...{ quantity: fill.quantity, price: fill.price, currency: shownCurrency(currency) },
    fee: fill.fee ?? "0",
    feeCurrency: shownCurrency(fill.feeCurrency ?? currency),
    realized: realized.toFixed(),
    liquidity: fill.liquidity ?? "",
    settles: fill.settlesAt === undefined ? "" : iso(fill.settlesAt).slice(0, "2026-01-01".length),
  };
}

function tradeCsv(trades: readonly TradeLine[]): readonly string[] {
  const header = [...FIELDS, "fee", "fee_currency", "realized", "liquidity", "settles"];
  return csv(
    header,
    trades.map((trade) => [...FIELDS, ...MONEY_FIELDS].map((field) => trade[field])),
  );
}

const TRADE_COLUMNS: readonly Column<TradeLine>[] = [
  { title: "time", cell: ({ time }) => time },
  { title: "symbol", cell: ({ symbol }) => symbol },
  { title: "side", cell: ({ side }) => side },
  { title: "quantity", cell: ({ quantity }) => quantity, isNumber: true },
  { title: "price", cell: ({ price, currency }) => `${price} ${currency}`, isNumber: true },
  { title: "realized", cell: ({ realized }) => realized, shade: ({ realized }) => gainShade(realized), isNumber: true },
  { title: "at", cell: ({ connector }) => connector, shrinks: true },
];

const LINES = ["realized", "unrealized", "fees", "dividends", "interest", "fx", "other", "total"] as const;
type KeyedLines = { readonly key: string } & ProfitLines;

function renderReport(report: ShownProfit, style: OutputStyle): readonly string[] {
  const rows: readonly KeyedLines[] = [...report.rows, { key: "sum", ...report.total }];
  const money = (amount: string): string => unlabelled(signedMoney(amount, report.currency, style));
  // On a terminal a column without an amount is left out: eight of them do not fit.
  const shown = LINES.filter((line) => !style.isTty || line === "total" || rows.some((row) => row[line] !== "0"));
  const columns: readonly Column<KeyedLines>[] = [
    // A date that is cut is the same as others.
    { title: report.by, cell: ({ key }) => key, keeps: "apart" },
    ...shown.map((line): Column<KeyedLines> => ({
      title: line,
      cell: (row) => money(row[line]),
      shade: (row) => gainShade(row[line]),
      isNumber: true,
    })),
  ];
  return [
    ...(report.empty === undefined ? table(style, columns, rows) : emptyLines(style, report.empty)),
    ...(style.isTty ? [""] : []),
    ...keyValueLines(style, [
      ["currency", report.currency],
      ["paid in or out", signedMoney(report.flows, report.currency, style)],
    ]),
    ...report.unconverted.map((account) => oneLine(`! left out: ${account}, no exchange rate`)),
    ...(report.incomplete.length === 0
      ? []
      : [oneLine(`! in "other": ${report.incomplete.join(", ")}; cost or mark is not known`)]),
  ];
}
