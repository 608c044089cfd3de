import * as z from "zod";
import type { EquityStatistics } from "../domain/account/equity-statistics.ts";
import type { EquityReport, ReturnPoint } from "../trading/account/equity-report.ts";
import { toggle } from "./arguments.ts";
import { defineCommand, usageError } from "./command.ts";
import { dateRangeInput, emptyLines, nothingIn, refuseReversed } from "./date-range.ts";
import { equityOf, readLedger } from "./read-ledger.ts";
import { csv } from "./rendering/csv.ts";
import { gainShade, money, signedMoney } from "./rendering/money.ts";
import { plot } from "./rendering/plot.ts";
import { svgPlot } from "./rendering/svg-plot.ts";
import { type OutputStyle, keyValueLines } from "./rendering/table-text.ts";
import { oneLine } from "./rendering/terminal-text.ts";
import { counted } from "../lib/counted.ts";

interface ShownEquity extends EquityReport {
  readonly format?: "csv" | "svg" | undefined;
  /** Why there is no point. */
  readonly empty?: string | undefined;
}

export const command = defineCommand({
  name: "equity",
  group: "record",
  audience: "human",
  runs: "local",
  writes: [],
  summary: "plot the NAV over time, with returns and drawdown",
  description:
    "From the journal, also while the desk is down. Returns and drawdown leave out what was paid in or out. A point is the end of a date, a snapshot, or the moment before money moved.",
  examples: ["qoc equity", "qoc equity --from 2026-01-01 --csv", "qoc equity --svg"],
  input: () =>
    z.strictObject({
      ...dateRangeInput(),
      csv: toggle("the points as CSV"),
      svg: toggle("the plot as an SVG picture"),
    }),
  output: () => z.looseObject({ currency: z.string(), points: z.array(z.unknown()) }),
  run: async ({ csv: isCsv, svg, ...range }, context): Promise<ShownEquity> => {
    if (isCsv && svg) throw usageError("equity", "--csv and --svg print different things: choose one of them");
    refuseReversed("equity", range);
    const ledger = await readLedger(context, {});
    const report = equityOf(ledger, range);
    const dates = ledger.points.map(({ date }) => date);
    const empty = report.points.length === 0 ? nothingIn(range, dates) : undefined;
    if (isCsv && empty !== undefined) context.progress.line(empty);
    return { ...report, format: isCsv ? "csv" : svg ? "svg" : undefined, empty };
  },
  render: (report, style) => {
    if (report.format === "csv") return pointsCsv(report.points);
    if (report.empty !== undefined) return emptyLines(style, report.empty);
    return report.format === "svg" ? picture(report) : renderEquity(report, style);
  },
});

function pointsCsv(points: readonly ReturnPoint[]): readonly string[] {
  return csv(
    ["date", "at", "nav", "flow", "index", "complete"],
    points.map(({ date, at, nav, flow, index, complete }) => [date, at, nav, flow, index.toFixed(8), String(complete)]),
  );
}

function picture({ currency, points }: EquityReport): readonly string[] {
  return svgPlot(
    `NAV in ${currency}`,
    points.map(({ date, nav }) => ({ label: date, value: Number(nav) })),
  );
}

const PLOT_HEIGHT = 8;
const LABEL_WIDTH = 20;

function renderEquity(report: EquityReport, style: OutputStyle): readonly string[] {
  const { currency, points, statistics } = report;
  if (!style.isTty) return points.map(({ date, at, nav, flow }) => [date, at, nav, flow, currency].join("\t"));
  const [first, last] = [points[0], points.at(-1)];
  const curve = points.map(({ nav }) => ({ label: currency, value: Number(nav) }));
  return [
    ...plot(curve, Math.max(10, style.columns - LABEL_WIDTH), PLOT_HEIGHT),
    "",
    ...keyValueLines(style, [
      ["dates", `${first?.date ?? ""} to ${last?.date ?? ""}`],
      ["NAV", money(last?.nav ?? null, currency, style)],
      ...returnEntries(statistics),
    ]),
    ...flowLines(points, currency, style),
    ...report.unconverted.map((account) => oneLine(`! left out: ${account}, no exchange rate`)),
  ];
}

function percent(fraction: number): string {
  const text = (fraction * 100).toFixed(2);
  return `${fraction > 0 ? "+" : ""}${text} %`;
}

type ReturnEntry = readonly [name: string, value: string, shade?: ReturnType<typeof gainShade>];

/** A figure that is not known yet says from when on it is. */
function returnEntries(statistics: EquityStatistics): readonly ReturnEntry[] {
  const { days, incompleteDays, timeWeighted, moneyWeighted, annualised, drawdown, volatility } = statistics;
  const gain = (name: string, value: number | undefined, missing: string): ReturnEntry =>
    value === undefined ? [name, missing] : [name, percent(value), gainShade(value.toFixed(6))];
  return [
    gain("time-weighted return", timeWeighted, "from the second point on"),
    gain("money-weighted return", moneyWeighted, "from the second date on"),
    ...(annualised === undefined ? [] : [gain("a year", annualised, "")]),
    [
      "drawdown",
      drawdown === undefined ? "none" : `${(drawdown.depth * 100).toFixed(2)} %, ${drawdown.from} to ${drawdown.to}`,
    ],
    [
      "volatility a year",
      volatility === undefined ? `from 20 days on (${days} now)` : `${(volatility * 100).toFixed(1)} %`,
    ],
    ["Sharpe ratio", sharpeText(statistics)],
    ...(incompleteDays === 0
      ? []
      : [
          [
            "days left out",
            `${incompleteDays}: an account had no exchange rate, or its venue did not report it`,
          ] satisfies ReturnEntry,
        ]),
  ];
}

function sharpeText({ days, sharpe, riskFree }: EquityStatistics): string {
  if (sharpe === undefined) return `from 60 days on (${days} now)`;
  const above = riskFree === 0 ? "" : `, above ${Number((riskFree * 100).toFixed(4))} % a year`;
  return `${sharpe.value.toFixed(2)} ± ${sharpe.error.toFixed(2)}${above}`;
}

const FLOWS_SHOWN = 5;

function flowLines(points: readonly ReturnPoint[], currency: string, style: OutputStyle): readonly string[] {
  const flows = points.filter(({ flow }) => flow !== "0");
  const shown = flows.slice(-FLOWS_SHOWN);
  return [
    ...(flows.length > shown.length
      ? [`  ${counted(flows.length - shown.length, "earlier flow")}: qoc equity --csv`]
      : []),
    ...shown.map(({ date, flow }) => oneLine(`  ${date}  paid in or out: ${signedMoney(flow, currency, style)}`)),
  ];
}
