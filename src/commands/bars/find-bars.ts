/** Bars of a connector or of the operator's CSV file, for `bars get` and `analysis get`. */
import * as z from "zod";
import { type DecimalText, parseNumeric, text } from "../../domain/decimal.ts";
import { QocError } from "../../domain/errors/error.ts";
import type { BarRange, BarSelection, VenueBar } from "../../domain/market/venue.ts";
import type { Bar } from "../../domain/sdk.ts";
import { barsPath } from "../../workspace/bars.ts";
import { nearSymbol } from "../../trading/market/near-symbols.ts";
import { flag, positional } from "../arguments.ts";
import type { CommandContext } from "../command.ts";
import { connectorInScope, connectorsInScope } from "../connector-scope.ts";
import { type DataUnavailable, isUnavailable, orUnavailable, unavailable } from "../data-unavailable.ts";
import { type ReadableDesk, readableDesk } from "../readable-desk.ts";
import { untrustedSchemaFor, untrustedText, venueSource } from "../untrusted-text.ts";
import { lazy } from "../../lib/lazy.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

export const symbolArgument = lazy(() => positional(z.string().min(1).max(40), "SYMBOL", "the venue's symbol"));
export const connectorFlag = lazy(() =>
  flag(z.string().optional(), "NAME", "which connector; by default the only one, else the operator's CSV", {
    completes: "connector",
  }),
);
export const daySchema = lazy(() =>
  z.union([z.iso.date(), z.iso.datetime()], {
    error: "must be a date such as 2026-07-05, or a time such as 2026-07-05T14:00:00Z",
  }),
);

export const barDataSchema = lazy(() =>
  z.looseObject({
    status: z.enum(["ready", "data_pending"]),
    symbol: z.string(),
    reason: z.string().optional(),
    untrusted: untrustedSchemaFor("the message of a connector or a file that has none").nullable(),
  }),
);

export interface DailyBars {
  /** A connector's name, or the path of the operator's file. */
  readonly source: string;
  /** Why the bars are not the connector's. */
  readonly fallback?: DataUnavailable;
  readonly bars: readonly VenueBar[];
}

interface BarRequest {
  readonly command: string;
  readonly symbol: string;
  readonly connector: string | undefined;
  readonly range: BarSelection;
}

/**
 * The bars in the range: of the named connector, else of the only one in scope, else of the operator's file. A
 * connector may return more bars than requested.
 */
export async function findBars(
  context: CommandContext,
  { command, symbol, connector: name, range }: BarRequest,
): Promise<DailyBars | DataUnavailable> {
  const desk = await readableDesk(context);
  const names = connectorsInScope(desk, context.actor);
  const connector =
    name === undefined && names.length !== 1 ? undefined : connectorInScope(desk, context.actor, { name, command });
  const found =
    connector === undefined
      ? unavailable("no connector was named")
      : await venueBars(context, connector, symbol, range);
  const bars = isUnavailable(found)
    ? barsOrReasons(await fileBars(context, desk, { symbol, resolution: range.resolution }), found)
    : found;
  if (isUnavailable(bars)) {
    const up = context.desk?.desk;
    const near = connector === undefined || up === undefined ? "" : await nearSymbol(up, connector, symbol);
    return { ...bars, reason: `${bars.reason}${near}` };
  }
  const inRange = bars.bars.filter(({ at }) => at >= (range.from ?? -Infinity) && at <= (range.to ?? Infinity));
  if (inRange.length === 0) return unavailable(`${bars.source} has no bars of ${symbol} in that time`);
  return { ...bars, bars: inRange };
}

async function venueBars(
  context: CommandContext,
  connector: string,
  symbol: string,
  range: BarSelection,
): Promise<DailyBars | DataUnavailable> {
  if (context.desk === undefined) return unavailable("the desk is down, so no connector was asked");
  const { venues } = context.desk.desk;
  const bars = await orUnavailable(context, connector, () => venues.bars(connector, symbol, range));
  if (bars === undefined) return unavailable(`connector ${connector} has no getBars`);
  if (isUnavailable(bars)) return bars;
  if (bars.length === 0) return unavailable(`connector ${connector} has no such bars of ${symbol}`);
  context.sources?.add(venueSource(connector, "bars", symbol));
  return { source: connector, bars: bars.toSorted((a, b) => a.at - b.at) };
}

/** The operator's file, or the reasons of both sources. */
function barsOrReasons(bars: DailyBars | DataUnavailable, fallback: DataUnavailable): DailyBars | DataUnavailable {
  if (isUnavailable(bars))
    return unavailable(`${fallback.reason}, and ${bars.reason}`, bars.untrusted ?? fallback.untrusted);
  return { ...bars, fallback };
}

async function fileBars(
  context: CommandContext,
  desk: ReadableDesk,
  { symbol, resolution }: { readonly symbol: string; readonly resolution: string | undefined },
): Promise<DailyBars | DataUnavailable> {
  const path = barsPath(symbol);
  try {
    const bars = await desk.workspace.bars.read(symbol);
    if (bars.length === 0) return unavailable(`there is no ${path}`);
    const found = bars.map(barOf);
    const length = resolutionOf(found);
    if (resolution !== undefined && length !== resolution)
      return unavailable(`${path} has bars of ${length}, not of ${resolution}`);
    context.sources?.add(path);
    return { source: path, bars: found };
  } catch (error) {
    if (!(error instanceof QocError)) throw error;
    return unavailable(`${path} cannot be read`, untrustedText(context, path, error.message));
  }
}

function barOf(bar: Bar): VenueBar {
  const amount = (value: number | string): DecimalText => text(parseNumeric(value));
  return {
    symbol: bar.symbol,
    at: Number(bar.timestamp),
    open: amount(bar.open),
    high: amount(bar.high),
    low: amount(bar.low),
    close: amount(bar.close),
    volume: bar.volume === undefined ? undefined : amount(bar.volume),
  };
}

/** A date includes its whole day: `from` begins at its first millisecond, `to` ends at its last. */
export function rangeOf({
  from,
  to,
}: {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}): BarRange {
  return {
    from: from === undefined ? undefined : Date.parse(from),
    to: to === undefined ? undefined : Date.parse(to) + (to.length === 10 ? DAY_MS - 1 : 0),
  };
}

/** The fields of a value that say where its bars are from. */
export function sourceFields({ source, fallback }: DailyBars) {
  return {
    source,
    note: fallback?.reason,
    untrusted: fallback?.untrusted ?? null,
  };
}

/** The resolution by the shortest time between two bars: `1d`, `1h`, `5m`, `7d`. A single bar counts as daily. */
export function resolutionOf(bars: readonly VenueBar[]): string {
  const gaps = bars.slice(1).map(({ at }, index) => at - (bars[index]?.at ?? 0));
  const shortest = gaps.reduce((least, gap) => (gap < least ? gap : least), Infinity);
  // From Friday to Monday, and over a holiday, daily bars are some days apart.
  if (!Number.isFinite(shortest) || (shortest > DAY_MS - 2 * HOUR_MS && shortest < 5 * DAY_MS)) return "1d";
  if (shortest >= 5 * DAY_MS) return `${Math.round(shortest / DAY_MS)}d`;
  return shortest % HOUR_MS === 0 ? `${shortest / HOUR_MS}h` : `${Math.round(shortest / MINUTE_MS)}m`;
}
