/** bars get, analysis get: daily bars of a connector or of the operator's CSV, and indicators over them. */
import { setImmediate } from "node:timers/promises";
import { z } from "zod";
import { type DecimalText, text, parseNumeric } from "../domain/decimal.ts";
import { QocError } from "../domain/error.ts";
import type { BarRange, VenueBar } from "../domain/venue.ts";
import { IndicatorError, type IndicatorSeries, indicate, parseIndicators } from "../market-data/indicators.ts";
import { readBars } from "../workspace/bars.ts";
import { LAYOUT } from "../workspace/layout.ts";
import { iso } from "../trading/desk.ts";
import { type CommandContext, body, requireDesk } from "./command.ts";
import { untrustedSchemaFor, outsideText, venueSource } from "./outside.ts";
import { type DataUnavailable, isUnavailable, orUnavailable, unavailable } from "./pending.ts";
import { connectorInScope, connectorsInScope } from "./scope.ts";

const BARS_MAX = 200;
const INDICATORS_MAX = 12;
const DAY_MS = 86_400_000;

interface Found {
  /** Where they are from: a connector's name, or the operator's file. */
  readonly source: string;
  /** Why not from the connector. */
  readonly instead?: DataUnavailable;
  readonly bars: readonly VenueBar[];
}

interface Wish {
  readonly symbol: string;
  readonly connector: string | undefined;
  readonly range: BarRange;
}

/** The connector that was named, else the only one in scope, else the operator's file. */
async function findBars(
  call: CommandContext,
  { symbol, connector: named, range }: Wish,
  command: string,
): Promise<Found | DataUnavailable> {
  const { desk } = requireDesk(call);
  const names = connectorsInScope(desk, call.actor);
  const connector =
    named === undefined && names.length !== 1 ? undefined : connectorInScope(desk, call.actor, named, command);
  const answered =
    connector === undefined ? unavailable("no connector was named") : await venueBars(call, connector, symbol, range);
  if (!isUnavailable(answered)) return answered;
  const own = await ownBars(call, symbol);
  if (isUnavailable(own))
    return unavailable(`${answered.reason}, and ${own.reason}`, own.untrusted ?? answered.untrusted);
  return { ...own, instead: answered };
}

async function venueBars(
  call: CommandContext,
  connector: string,
  symbol: string,
  range: BarRange,
): Promise<Found | DataUnavailable> {
  const bars = await orUnavailable(call, connector, () => requireDesk(call).desk.venues.bars(connector, symbol, range));
  if (bars === undefined) return unavailable(`connector ${connector} has no getBars`);
  if (isUnavailable(bars)) return bars;
  if (bars.length === 0) return unavailable(`connector ${connector} has no such bars of ${symbol}`);
  call.sources?.add(venueSource(connector, "bars", symbol));
  return { source: connector, bars: bars.toSorted((a, b) => a.at - b.at) };
}

async function ownBars(call: CommandContext, symbol: string): Promise<Found | DataUnavailable> {
  const { desk } = requireDesk(call);
  const path = `${LAYOUT.bars}/${symbol}.csv`;
  try {
    const bars = await readBars(desk.disk, desk.root, symbol);
    if (bars.length === 0) return unavailable(`there is no ${path}`);
    call.sources?.add(path);
    return { source: path, bars: bars.map(barOf) };
  } catch (error) {
    if (!(error instanceof QocError)) throw error;
    return unavailable(`${path} cannot be read`, outsideText(call, path, error.message));
  }
}

function barOf(bar: Awaited<ReturnType<typeof readBars>>[number]): VenueBar {
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
}

const answered = z.looseObject({
  status: z.enum(["ready", "data_pending"]),
  symbol: z.string(),
  reason: z.string().optional(),
  untrusted: untrustedSchemaFor("what a connector or a file said where it had none").nullable(),
});

/** A day is whole: from its first millisecond, to its last. */
const when = z.iso.date().or(z.iso.datetime());
function rangeOf(from: string | undefined, to: string | undefined): BarRange {
  return {
    ...(from === undefined ? {} : { from: Date.parse(from) }),
    ...(to === undefined ? {} : { to: Date.parse(to) + (to.length === 10 ? DAY_MS - 1 : 0) }),
  };
}

/** A connector may answer with more than was asked for. */
function within(
  bars: readonly VenueBar[],
  { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY }: BarRange,
): readonly VenueBar[] {
  return bars.filter(({ at }) => at >= from && at <= to);
}

function sourceOf({ source, instead }: Found) {
  return {
    source,
    ...(instead === undefined ? {} : { note: instead.reason }),
    untrusted: instead?.untrusted ?? null,
  };
}
function shownBar({ at, symbol: _symbol, ...amounts }: VenueBar) {
  return { time: iso(at), ...amounts };
}

export const barsGet = body({
  input: z.strictObject({
    symbol: z.string().min(1).max(40),
    connector: z.string().optional(),
    from: when.optional(),
    to: when.optional(),
    limit: z.coerce.number().int().min(1).max(BARS_MAX).default(100),
  }),
  output: answered,
  run: async ({ symbol, connector, from, to, limit }, call) => {
    const range = rangeOf(from, to);
    const found = await findBars(call, { symbol, connector, range }, "bars get");
    if (isUnavailable(found)) return { ...found, symbol };
    const inside = within(found.bars, range);
    if (inside.length === 0) return { ...unavailable(`${found.source} has no bars of ${symbol} in that time`), symbol };
    const bars = inside.slice(-limit);
    const earlier = inside.length - bars.length;
    return { status: "ready", symbol, ...sourceOf(found), resolution: "1d", bars: bars.map(shownBar), earlier };
  },
});

export const analysisGet = body({
  input: z.strictObject({
    symbol: z.string().min(1).max(40),
    indicators: z
      .union([z.string(), z.array(z.string()).transform((list) => list.join(","))])
      .pipe(z.string().min(1).max(300)),
    connector: z.string().optional(),
    to: when.optional(),
    last: z.coerce.number().int().min(1).max(20).default(1),
  }),
  output: answered,
  run: async ({ symbol, indicators, connector, to, last }, call) => {
    const wanted = wantedOf(indicators);
    const range = rangeOf(undefined, to);
    const found = await findBars(call, { symbol, connector, range }, "analysis get");
    if (isUnavailable(found)) return { ...found, symbol };
    const bars = within(found.bars, range);
    const [first] = bars;
    const newest = bars.at(-1);
    if (first === undefined || newest === undefined)
      return { ...unavailable(`${found.source} has no bars of ${symbol} in that time`), symbol };
    const series = [];
    for (const each of wanted) {
      series.push(shownSeries(indicate(each, bars, last)));
      // Orders do not wait for a list of indicators.
      await setImmediate();
    }
    return {
      status: "ready",
      symbol,
      ...sourceOf(found),
      over: { resolution: "1d", bars: bars.length, from: iso(first.at), to: iso(newest.at) },
      indicators: series,
    };
  },
});

function shownSeries(series: IndicatorSeries) {
  if (series.status === "data_pending") return series;
  const { points, ...rest } = series;
  return { ...rest, values: points.map(({ at, values }) => ({ time: iso(at), ...values })) };
}

function wantedOf(list: string) {
  const invalid = (message: string, cause?: unknown): QocError =>
    new QocError("INVALID_INPUT", { command: "analysis get", message }, cause === undefined ? {} : { cause });
  try {
    const wanted = parseIndicators(list);
    if (wanted.length > INDICATORS_MAX) throw invalid(`at most ${INDICATORS_MAX} indicators at once`);
    return wanted;
  } catch (error) {
    throw error instanceof IndicatorError ? invalid(error.message, error) : error;
  }
}
