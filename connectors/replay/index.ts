/** The replay: the operator's own bars as a market, by the engine of the paper venue. README.md documents it. */
import {
  type Activity,
  type Bar,
  type Capabilities,
  ConnectRefused,
  type ConnectorContext,
  type Instrument,
  type Quote,
} from "@qoc-app/sdk";
import { textOf } from "../amount.ts";
import { BARS_MAX } from "../paper/bars.ts";
import { dayTicksFor, tickMsFor } from "../paper/calendar.ts";
import type { RecordedBar } from "../paper/recording.ts";
import { SIMULATED, SimulatedVenue, loadTradedInstruments, warnOfChangedOptions } from "../paper/simulated-venue.ts";
import { initialState } from "../paper/state.ts";
import { type StartingState, VenueStore } from "../paper/venue-store.ts";
import { Venue } from "../paper/venue.ts";
import { ReplayCalendar } from "./calendar.ts";
import { ReplayCatalogue, ReplaySeries, usableBars } from "./catalogue.ts";
import { type ReplayOptions, readOptions } from "./options.ts";

export default class Replay extends SimulatedVenue<ReplayCatalogue> {
  static readonly capabilities: Capabilities = { ...SIMULATED, simulatedTime: true };

  protected readonly label = "the replay";

  async connect(ctx: ConnectorContext): Promise<void> {
    const options = readOptions(ctx.options);
    const { seed, barSeconds, latencyMs, currency, splits } = options;
    const bars = await readAllBars(ctx, options);
    const dayTicks = dayTicksFor(barSeconds);
    const start = new Date(options.startAt ?? commonStart(bars)).toISOString();
    const origin: StartingState = { start, cash: textOf(options.cash), seed, dayTicks, lateTicks: dayTicks };
    const store = await VenueStore.open(ctx.store, origin, initialState(origin.cash));
    warnOfChangedOptions(ctx, origin, store.origin);
    const times = [...new Set([...bars.values()].flatMap((all) => all.map(({ at }) => at)))].toSorted((a, b) => a - b);
    const calendar = new ReplayCalendar(times, Date.parse(store.origin.start), store.origin.dayTicks);
    const series = new Map([...bars].map(([symbol, all]) => [symbol, new ReplaySeries(symbol, all, calendar)]));
    for (const { symbol, firstAt } of series.values())
      if (firstAt > calendar.barTime(0)) throw startsLater(symbol, firstAt, store.origin.start);
    const catalogue = new ReplayCatalogue(series, calendar, splits);
    await loadTradedInstruments(ctx, catalogue, store);
    const rules = { ...options, seed: store.origin.seed };
    const venue = new Venue({
      store,
      catalogue,
      label: this.label,
      currency,
      rules,
      logger: ctx.logger,
      emit: (fill) => ctx.emitFill(fill),
      onTick: (tick) => {
        for (const split of catalogue.splitsAt(tick)) ctx.emitActivity(catalogue.activityOf(split));
      },
      tickMs: tickMsFor(barSeconds, store.origin.dayTicks),
      latencyMs,
    });
    this.openVenue = { venue, store, catalogue, rules, currency };
    ctx.logger.info("the replay is open", { ...venue.summary, symbols: catalogue.symbols, bars: calendar.resolution });
    venue.start();
  }

  async getQuote(symbol: string): Promise<Quote> {
    const series = this.#requireListed(symbol);
    return this.quoteOf(series, this.accountNotice() ?? this.#endOf(series));
  }

  protected accountNotice(): string | undefined {
    const { venue } = this.requireOpen();
    return venue.hasEnded
      ? `the replay ended on ${dateOf(venue.now)}: its prices stay, and no order trades`
      : undefined;
  }

  async getInstrument(symbol: string): Promise<Instrument | null> {
    const series = this.requireOpen().catalogue.cached(symbol);
    return series === undefined ? null : this.instrument(symbol, `${symbol}, replayed bars`, series.tickSize);
  }

  async searchInstruments(words: string, limit: number): Promise<Instrument[]> {
    const isNear = (symbol: string): boolean => symbol.toLowerCase().includes(words.toLowerCase());
    const { symbols } = this.requireOpen().catalogue;
    const sorted = [...symbols.filter(isNear), ...symbols.filter((symbol) => !isNear(symbol))].slice(0, limit);
    const found = await Promise.all(sorted.map((symbol) => this.getInstrument(symbol)));
    return found.filter((instrument) => instrument !== null);
  }

  /** Only complete bars: the bar that plays now would tell its close. */
  async getBars(symbol: string, options: { resolution: string; from?: number; to?: number }): Promise<Bar[]> {
    const { venue, catalogue } = this.requireOpen();
    const { calendar } = catalogue;
    const { from = 0, to = Infinity, resolution } = options;
    if (resolution !== calendar.resolution && !(resolution === "1w" && calendar.resolution === "7d"))
      throw new Error(`the replay has bars of resolution ${calendar.resolution}, not ${JSON.stringify(resolution)}`);
    const { day, step, ticks } = calendar.instantOf(venue.state.tick);
    const until = calendar.barTime(step === ticks - 1 ? day : day - 1);
    const played = this.#requireListed(symbol).played(from, Math.min(to, until));
    return played.slice(-BARS_MAX).map((bar) => toBar(symbol, bar));
  }

  async getActivities(since: number): Promise<Activity[]> {
    const { venue, catalogue } = this.requireOpen();
    return catalogue.activitiesUntil(venue.state.tick).filter(({ timestamp }) => Number(timestamp) >= since);
  }

  #requireListed(symbol: string): ReplaySeries {
    const series = this.requireOpen().catalogue.cached(symbol);
    if (series === undefined) throw this.notListed(symbol);
    return series;
  }

  #endOf({ symbol, lastAt }: ReplaySeries): string | undefined {
    const { venue, catalogue } = this.requireOpen();
    const { day } = catalogue.calendar.instantOf(venue.state.tick);
    if (catalogue.calendar.barTime(day) <= lastAt) return undefined;
    return `the bars of ${symbol} ended on ${dateOf(lastAt)}: its price stays, and no order trades`;
  }
}

function dateOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

function startsLater(symbol: string, firstAt: number, start: string): ConnectRefused {
  return new ConnectRefused(
    `${symbol} has no bar at or before the start, ${start.slice(0, 16)}Z: its first one is of ${dateOf(firstAt)}; ` +
      `set start = "${dateOf(firstAt)}" or later, and give the connector a new name`,
  );
}

function toBar(symbol: string, { at, open, high, low, close, volume }: RecordedBar): Bar {
  const bar = { symbol, timestamp: at, open, high, low, close };
  return volume === undefined ? bar : { ...bar, volume };
}

/** The first time at which each symbol has a bar. */
function commonStart(bars: ReadonlyMap<string, readonly RecordedBar[]>): number {
  return Math.max(...[...bars.values()].map((all) => all[0]?.at ?? 0));
}

/** @throws ConnectRefused for a symbol without bars. */
async function readAllBars(
  ctx: ConnectorContext,
  { symbols }: ReplayOptions,
): Promise<ReadonlyMap<string, readonly RecordedBar[]>> {
  const bars = new Map<string, readonly RecordedBar[]>();
  for (const symbol of symbols) {
    const all = await ctx.bars(symbol);
    const usable = usableBars(all);
    if (usable.length < all.length)
      ctx.logger.warn(
        `${symbol}: ${all.length - usable.length} of ${all.length} bars are ignored: no price above zero`,
      );
    if (usable.length < 2)
      throw new ConnectRefused(
        `research/prices/bars/ has ${usable.length === 1 ? "1 bar" : `${usable.length} bars`} of ${symbol}, and a replay needs two or more: ` +
          `add a file of its bars (qoc help workspace has the format)`,
      );
    bars.set(symbol, usable);
  }
  return bars;
}
