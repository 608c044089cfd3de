import { setImmediate } from "node:timers/promises";
import * as z from "zod";
import { QocError } from "../../domain/errors/error.ts";
import {
  IndicatorError,
  type IndicatorSeries,
  indicate,
  parseIndicators,
  signalOf,
} from "../../market-data/indicators.ts";
import { iso } from "../../lib/time.ts";
import { flag } from "../arguments.ts";
import {
  type DailyBars,
  barDataSchema,
  connectorFlag,
  daySchema,
  findBars,
  rangeOf,
  resolutionOf,
  sourceFields,
  symbolArgument,
} from "../bars/find-bars.ts";
import { defineCommand } from "../command.ts";
import { isUnavailable } from "../data-unavailable.ts";
import { localMinute } from "../rendering/local-time.ts";
import { type MarketData, renderUnavailable } from "../rendering/market-data.ts";
import { type Column, type OutputStyle, table } from "../rendering/table-text.ts";
import { oneLine } from "../rendering/terminal-text.ts";

const NAME = "analysis get";
const INDICATORS_MAX = 12;

export const command = defineCommand({
  name: NAME,
  aliases: ["technical-analysis get"],
  group: "research",
  audience: "both",
  runs: "local-if-down",
  writes: [],
  summary: "compute indicators over daily bars",
  description: "sma, ema, rsi, macd, atr, bollinger, vwap, obv.",
  examples: [
    "qoc analysis get SPX --indicators sma:20,rsi:14",
    "qoc analysis get AAPL --indicators macd --connector paper --last 5",
  ],
  input: () =>
    z.strictObject({
      symbol: symbolArgument(),
      indicators: flag(
        z.union([z.string(), z.array(z.string()).transform((list) => list.join(","))]).pipe(z.string().min(1).max(300)),
        "LIST",
        "such as sma:20,rsi:14,macd:12:26:9,bollinger:20:2,obv",
      ),
      connector: connectorFlag(),
      to: flag(daySchema().optional(), "DATE", "over the bars until this day"),
      last: flag(
        z.coerce.number().int().min(1).max(20).default(1),
        "N",
        "the newest N values of each; 1 by default, at most 20",
      ),
    }),
  output: barDataSchema,
  mcp: { openWorld: true },
  run: async ({ symbol, indicators, connector, to, last }, context): Promise<AnalysisView> => {
    const requests = indicatorRequests(indicators);
    const found = await findBars(context, { command: NAME, symbol, connector, range: rangeOf({ to }) });
    if (isUnavailable(found)) return { ...found, symbol };
    const series: IndicatorSeries[] = [];
    for (const request of requests) {
      series.push(indicate(request, found.bars, last));
      // Yields to orders between two indicators.
      await setImmediate();
    }
    const signals = series.flatMap((one) => signalOf(one) ?? []);
    const indicatorViews = series.map(seriesView);
    return {
      status: "ready",
      symbol,
      ...sourceFields(found),
      over: barSpan(found),
      indicators: indicatorViews,
      signals,
    };
  },
  render: renderAnalysis,
});

interface IndicatorView {
  readonly name: string;
  readonly status: string;
  readonly reason?: string;
  readonly values?: readonly Readonly<Record<string, string>>[];
}

interface AnalysisView extends MarketData {
  readonly source?: string;
  readonly note?: string | undefined;
  readonly over?: { readonly resolution: string; readonly bars: number; readonly from: string; readonly to: string };
  readonly indicators?: readonly IndicatorView[];
  /** What the newest values say by the usual rules. */
  readonly signals?: readonly string[];
}

function barSpan({ bars }: DailyBars) {
  return {
    resolution: resolutionOf(bars),
    bars: bars.length,
    from: iso(bars[0]?.at ?? 0),
    to: iso(bars.at(-1)?.at ?? 0),
  };
}

function seriesView(series: IndicatorSeries): IndicatorView {
  if (series.status === "data_pending") return series;
  const { points, ...head } = series;
  return { ...head, values: points.map(({ at, values }) => ({ time: iso(at), ...values })) };
}

function indicatorRequests(list: string) {
  const invalid = (message: string, cause?: unknown): QocError =>
    new QocError("INVALID_INPUT", { command: NAME, message }, cause === undefined ? {} : { cause });
  try {
    const requests = parseIndicators(list);
    if (requests.length > INDICATORS_MAX) throw invalid(`at most ${INDICATORS_MAX} indicators at once`);
    return requests;
  } catch (error) {
    throw error instanceof IndicatorError ? invalid(error.message, error) : error;
  }
}

/** One line for each indicator and day. */
function renderAnalysis(view: AnalysisView, style: OutputStyle): readonly string[] {
  if (view.indicators === undefined) return renderUnavailable(view, style);
  const isDaily = view.over?.resolution.endsWith("d") !== false;
  const timeText = (time: string): string => (isDaily ? time.slice(0, 10) : style.isTty ? localMinute(time) : time);
  const rows = view.indicators.flatMap(({ name, status, reason = "", values }) =>
    values === undefined
      ? [{ name, time: status, value: reason }]
      : values.map(({ time = "", ...amounts }) => ({ name, time: timeText(time), value: amountsText(amounts) })),
  );
  const columns: readonly Column<(typeof rows)[number]>[] = [
    { title: "indicator", cell: ({ name }) => name },
    { title: isDaily ? "day" : "time", cell: ({ time }) => time },
    { title: "value", cell: ({ value }) => value, shrinks: true },
  ];
  return [...table(style, columns, rows), ...(view.signals ?? []).map((signal) => `! ${oneLine(signal)}`)];
}

function amountsText(amounts: Readonly<Record<string, string>>): string {
  return Object.entries(amounts)
    .map(([name, value]) => (name === "value" ? value : `${name} ${value}`))
    .join("  ");
}
