import * as z from "zod";
import type { VenueBar } from "../../domain/market/venue.ts";
import { iso } from "../../lib/time.ts";
import { flag } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import { isUnavailable } from "../data-unavailable.ts";
import { localMinute } from "../rendering/local-time.ts";
import { type MarketData, renderUnavailable } from "../rendering/market-data.ts";
import { type Column, type OutputStyle, table } from "../rendering/table-text.ts";
import { oneLine } from "../rendering/terminal-text.ts";
import {
  barDataSchema,
  connectorFlag,
  daySchema,
  findBars,
  rangeOf,
  resolutionOf,
  sourceFields,
  symbolArgument,
} from "./find-bars.ts";
import { counted } from "../../lib/counted.ts";

const BARS_MAX = 200;

export const command = defineCommand({
  name: "bars get",
  group: "research",
  audience: "both",
  runs: "local-if-down",
  writes: [],
  summary: "get bars of a connector or a CSV file",
  description: "Returns data_pending with the reason if there are no bars.",
  examples: [
    "qoc bars get SPX",
    "qoc bars get AAPL --connector paper --from 2026-01-01 --limit 20",
    "qoc bars get AAPL --connector alpaca --resolution 5m",
  ],
  input: () =>
    z.strictObject({
      symbol: symbolArgument(),
      connector: connectorFlag(),
      from: flag(daySchema().optional(), "DATE", "the first day"),
      to: flag(daySchema().optional(), "DATE", "the last day"),
      resolution: flag(
        z
          .string()
          .regex(/^[1-9]\d{0,2}[mhdw]$/, "must be such as 5m, 1h or 1d")
          .optional(),
        "LENGTH",
        "of a bar, such as 5m or 1h; by default a day",
      ),
      limit: flag(
        z.coerce.number().int().min(1).max(BARS_MAX).default(100),
        "N",
        `the newest N; 100 by default, at most ${BARS_MAX}`,
      ),
    }),
  output: barDataSchema,
  mcp: { openWorld: true },
  run: async ({ symbol, connector, from, to, resolution, limit }, context): Promise<BarsView> => {
    const range = { ...rangeOf({ from, to }), resolution };
    const found = await findBars(context, { command: "bars get", symbol, connector, range });
    if (isUnavailable(found)) return { ...found, symbol };
    const bars = found.bars.slice(-limit);
    return {
      status: "ready",
      symbol,
      ...sourceFields(found),
      // One bar alone does not show its length.
      resolution: found.bars.length === 1 ? (resolution ?? "1d") : resolutionOf(found.bars),
      bars: bars.map(barView),
      earlier: found.bars.length - bars.length,
    };
  },
  render: renderBars,
});

interface BarView extends Omit<VenueBar, "at" | "symbol"> {
  readonly time: string;
}

interface BarsView extends MarketData {
  readonly source?: string;
  readonly note?: string | undefined;
  /** `1d`, or for example `1h` if the bars are closer to each other than a day. */
  readonly resolution?: string;
  readonly bars?: readonly BarView[];
  /** Bars of the range that the limit left off. */
  readonly earlier?: number;
}

function barView({ at, symbol: _symbol, ...amounts }: VenueBar): BarView {
  return { time: iso(at), ...amounts };
}

/** Daily bars have a day, others a time. */
function timeColumn(style: OutputStyle, resolution: string): Column<BarView> {
  if (resolution.endsWith("d")) return { title: "day", cell: ({ time }) => time.slice(0, 10) };
  return { title: "time", cell: ({ time }) => (style.isTty ? localMinute(time) : time) };
}

const AMOUNTS: readonly Column<BarView>[] = [
  { title: "open", cell: ({ open }) => open, isNumber: true },
  { title: "high", cell: ({ high }) => high, isNumber: true },
  { title: "low", cell: ({ low }) => low, isNumber: true },
  { title: "close", cell: ({ close }) => close, isNumber: true },
  { title: "volume", cell: ({ volume }) => volume ?? "-", isNumber: true },
];

function renderBars(view: BarsView, style: OutputStyle): readonly string[] {
  return view.bars === undefined
    ? renderUnavailable(view, style)
    : [
        ...table(style, [timeColumn(style, view.resolution ?? "1d"), ...AMOUNTS], view.bars),
        ...(style.isTty ? [oneLine(originLine(view))] : []),
      ];
}

function originLine({ source = "", note, earlier = 0 }: BarsView): string {
  return [
    `from ${source}`,
    ...(note === undefined ? [] : [note]),
    ...(earlier === 0 ? [] : [counted(earlier, "earlier one")]),
  ].join("; ");
}
