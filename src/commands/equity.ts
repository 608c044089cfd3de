import * as z from "zod";
import { thinnedPoints } from "../domain/equity-series.ts";
import type { EquityStatistics } from "../domain/equity-statistics.ts";
import { iso } from "../lib/time.ts";
import { type ReturnPoint, type EquityReport, equityReport } from "../trading/equity-report.ts";
import { flag, toggle } from "./arguments.ts";
import { type DeskServices, defineCommand, usageError } from "./command.ts";
import { isInRange } from "./date-range.ts";
import { readLedger } from "./read-ledger.ts";
import { csv } from "./rendering/csv.ts";
import { gainShade, money, signedMoney } from "./rendering/money.ts";
import { plot } from "./rendering/plot.ts";
import { svgPlot } from "./rendering/svg-plot.ts";
import { type OutputStyle, keyValueLines } from "./rendering/table-text.ts";
import { oneLine } from "./rendering/terminal-text.ts";

const time = z.iso.datetime({ offset: true }).or(z.iso.date());

/** The NAV of the snapshots, which the running desk has in memory: what the page draws. */
interface SnapshotSeries {
  readonly currency: string;
  /** The number of points before they were thinned. */
  readonly total: number;
  readonly points: readonly (readonly [at: string, nav: string])[];
}

interface ShownEquity extends EquityReport {
  readonly format?: "csv" | "svg" | undefined;
}

export const command = defineCommand({
  name: "equity",
  group: "record",
  audience: "human",
  runs: "local",
  writes: [],
  summary: "plot the NAV over time, with returns and drawdown",
  description:
    "From the journal, also while the desk is down. Returns and drawdown leave out what was paid in or out. A point is the end of a date, or the moment before money moved.",
  examples: ["qoc equity", "qoc equity --from 2026-01-01 --csv", "qoc equity --svg"],
  input: z.strictObject({
    from: flag(time.optional(), "DATE", "from this date on"),
    to: flag(time.optional(), "DATE", "up to this date, included"),
    points: flag(z.coerce.number().int().min(2).max(2_000).default(500), "N", "of snapshots, at most N (500)", {
      hidden: true,
    }),
    csv: toggle("the points as CSV"),
    svg: toggle("the plot as an SVG picture"),
  }),
  output: z.looseObject({ currency: z.string(), points: z.array(z.unknown()) }),
  run: async ({ csv: isCsv, svg, points: most, ...range }, context): Promise<ShownEquity | SnapshotSeries> => {
    // The page is served by the running desk, which must not fold its whole journal for it.
    if (context.desk !== undefined) return snapshotSeries(context.desk, { ...range, most });
    if (isCsv && svg) throw usageError("equity", "--csv and --svg print different things: choose one of them");
    const { points, currency } = await readLedger(context, {});
    const [from, to] = [range.from?.slice(0, 10), range.to?.slice(0, 10)];
    const chosen = points.filter(({ date }) => isInRange(date, { from, to }));
    const report = equityReport(chosen, currency);
    return { ...report, format: isCsv ? "csv" : svg ? "svg" : undefined };
  },
  render: (report, style) => {
    if (!("statistics" in report)) return report.points.map((point) => point.join("\t"));
    if (report.format === "csv") return pointsCsv(report.points);
    if (report.points.length === 0) return ["no account was reported yet"];
    return report.format === "svg" ? picture(report) : renderEquity(report, style);
  },
});

function snapshotSeries(
  { desk }: DeskServices,
  { from, to, most }: { readonly from?: string | undefined; readonly to?: string | undefined; readonly most: number },
): SnapshotSeries {
  const [first, last] = [from === undefined ? 0 : Date.parse(from), to === undefined ? Infinity : Date.parse(to)];
  const chosen = desk.state.equity.filter(({ at }) => at >= first && at <= last);
  const points = thinnedPoints(chosen, most).map(({ at, nav }): [string, string] => [iso(at), nav]);
  return { currency: desk.config.account.currency, total: chosen.length, points };
}

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
  const { days, timeWeighted, moneyWeighted, annualised, drawdown, volatility, sharpe } = statistics;
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
    [
      "Sharpe ratio",
      sharpe === undefined
        ? `from 60 days on (${days} now)`
        : `${sharpe.value.toFixed(2)} ± ${sharpe.error.toFixed(2)}`,
    ],
  ];
}

const FLOWS_SHOWN = 5;

function flowLines(points: readonly ReturnPoint[], currency: string, style: OutputStyle): readonly string[] {
  const flows = points.filter(({ flow }) => flow !== "0");
  const shown = flows.slice(-FLOWS_SHOWN);
  return [
    ...(flows.length > shown.length ? [`  ${flows.length - shown.length} earlier flows: qoc equity --csv`] : []),
    ...shown.map(({ date, flow }) => oneLine(`  ${date}  paid in or out: ${signedMoney(flow, currency, style)}`)),
  ];
}
