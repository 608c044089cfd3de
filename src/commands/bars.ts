/** bars get, analysis get: daily bars of a connector or of the operator's CSV, and indicators over them. */
import { z } from "zod";
import { type DecimalText, text, parseNumeric } from "../domain/decimal.ts";
import { QocError } from "../domain/error.ts";
import type { VenueBar } from "../domain/venue.ts";
import { IndicatorError, indicate, parseIndicators } from "../market/indicators.ts";
import { readBars } from "../workspace/bars.ts";
import { type Desk, iso } from "../desk/desk.ts";
import { type CallContext, body, hot } from "./command.ts";
import { connectorInScope, connectorsInScope } from "./scope.ts";

const BARS_MAX = 200;
const INDICATORS_MAX = 12;
const DAY_MS = 86_400_000;

interface Found {
  /** Where they are from: a connector's name, or the operator's file. */
  readonly source: string;
  /** Why not from the connector. */
  readonly note?: string;
  readonly bars: readonly VenueBar[];
}
interface Pending {
  readonly status: "data_pending";
  readonly reason: string;
}

const pending = (reason: string): Pending => ({ status: "data_pending", reason });

/** The connector that was named, else the only one in scope, else the operator's file. */
const findBars = async (call: CallContext, symbol: string, named: string | undefined, command: string): Promise<Found | Pending> => {
  const { desk } = hot(call);
  const names = connectorsInScope(desk, call.actor);
  const connector = named === undefined && names.length !== 1 ? undefined : connectorInScope(desk, call.actor, named, command);
  const answered = connector === undefined ? pending("no connector was named") : await venueBars(desk, connector, symbol);
  if (!("status" in answered)) return answered;
  const own = await readBars(desk.disk, desk.root, symbol);
  if (own.length > 0) return { source: `research/prices/bars/${symbol}.csv`, note: answered.reason, bars: own.map(barOf) };
  return pending(`${answered.reason}, and there is no research/prices/bars/${symbol}.csv`);
};

/** A connector that cannot answer now has no bars now; what it does not know is not made up. */
const venueBars = async (desk: Desk, connector: string, symbol: string): Promise<Found | Pending> => {
  try {
    const bars = await desk.venues.bars(connector, symbol);
    if (bars === undefined) return pending(`connector ${connector} has no getBars`);
    if (bars.length === 0) return pending(`connector ${connector} has no bars of ${symbol}`);
    return { source: connector, bars: bars.toSorted((a, b) => a.at - b.at) };
  } catch (error) {
    if (error instanceof QocError) return pending(error.message);
    throw error;
  }
};

const barOf = (bar: Awaited<ReturnType<typeof readBars>>[number]): VenueBar => {
  const amount = (value: number | string): DecimalText => text(parseNumeric(value));
  return {
    symbol: bar.symbol,
    at: Number(bar.timestamp),
    open: amount(bar.open),
    high: amount(bar.high),
    low: amount(bar.low),
    close: amount(bar.close),
    ...(bar.volume === undefined ? {} : { volume: amount(bar.volume) }),
  };
};

/** A day is whole: from its first millisecond, to its last. */
const when = z.iso.date().or(z.iso.datetime());
const fromOf = (day: string | undefined): number => (day === undefined ? Number.NEGATIVE_INFINITY : Date.parse(day));
const toOf = (day: string | undefined): number =>
  day === undefined ? Number.POSITIVE_INFINITY : Date.parse(day) + (day.length === 10 ? DAY_MS - 1 : 0);

const sourceOf = ({ source, note }: Found) => ({ source, ...(note === undefined ? {} : { note }) });
const shownBar = ({ at, symbol: _symbol, ...amounts }: VenueBar) => ({ time: iso(at), ...amounts });

export const barsGet = body({
  input: z.strictObject({
    symbol: z.string().min(1).max(40),
    connector: z.string().optional(),
    from: when.optional(),
    to: when.optional(),
    limit: z.coerce.number().int().min(1).max(BARS_MAX).default(100),
  }),
  output: z.looseObject({ status: z.enum(["ready", "data_pending"]), symbol: z.string() }),
  run: async ({ symbol, connector, from, to, limit }, call) => {
    const found = await findBars(call, symbol, connector, "bars get");
    if ("status" in found) return { ...found, symbol };
    const inside = found.bars.filter(({ at }) => at >= fromOf(from) && at <= toOf(to));
    if (inside.length === 0) return { ...pending(`${found.source} has ${found.bars.length} bars of ${symbol}, none in that time`), symbol };
    const bars = inside.slice(-limit);
    const earlier = inside.length - bars.length;
    return { status: "ready", symbol, ...sourceOf(found), resolution: "1d", bars: bars.map(shownBar), earlier };
  },
});

export const analysisGet = body({
  input: z.strictObject({
    symbol: z.string().min(1).max(40),
    indicators: z.union([z.string(), z.array(z.string()).transform((list) => list.join(","))]).pipe(z.string().min(1).max(300)),
    connector: z.string().optional(),
    to: when.optional(),
    last: z.coerce.number().int().min(1).max(20).default(1),
  }),
  output: z.looseObject({ status: z.enum(["ready", "data_pending"]), symbol: z.string() }),
  run: async ({ symbol, indicators, connector, to, last }, call) => {
    const wanted = wantedOf(indicators);
    const found = await findBars(call, symbol, connector, "analysis get");
    if ("status" in found) return { ...found, symbol };
    const bars = found.bars.filter(({ at }) => at <= toOf(to));
    const [first] = bars;
    const newest = bars.at(-1);
    if (first === undefined || newest === undefined) return { ...pending(`${found.source} has no bars of ${symbol} in that time`), symbol };
    return {
      status: "ready",
      symbol,
      ...sourceOf(found),
      over: { resolution: "1d", bars: bars.length, from: iso(first.at), to: iso(newest.at) },
      indicators: wanted.map((each) => {
        const series = indicate(each, bars, last);
        if (series.status === "data_pending") return series;
        const { points, ...rest } = series;
        return { ...rest, values: points.map(({ at, values }) => ({ time: iso(at), ...values })) };
      }),
    };
  },
});

const wantedOf = (list: string) => {
  const invalid = (message: string, cause?: unknown): QocError =>
    new QocError("INVALID_INPUT", { command: "analysis get", message }, cause === undefined ? {} : { cause });
  try {
    const wanted = parseIndicators(list);
    if (wanted.length > INDICATORS_MAX) throw invalid(`at most ${INDICATORS_MAX} indicators at once`);
    return wanted;
  } catch (error) {
    throw error instanceof IndicatorError ? invalid(error.message, error) : error;
  }
};
