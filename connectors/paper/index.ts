/** The paper venue: a simulated exchange inside one connector. README.md documents its behaviour. */
import type { Bar, Capabilities, ConnectorContext, Instrument, Quote } from "@qoc-app/sdk";
import type { Rules } from "./validate-order.ts";
import { textOf } from "../amount.ts";
import { playedBars } from "./bars.ts";
import { dayTicksFor, lateTicksFor, tickMsFor } from "./calendar.ts";
import { InstrumentList } from "./instruments.ts";
import { readOptions } from "./options.ts";
import type { Recording } from "./recording.ts";
import { SIMULATED, SimulatedVenue, loadTradedInstruments, warnOfChangedOptions } from "./simulated-venue.ts";
import { initialState } from "./state.ts";
import { type StartingState, VenueStore } from "./venue-store.ts";
import { Venue } from "./venue.ts";

const CURRENCY = "USD";

export default class PaperVenue extends SimulatedVenue<InstrumentList> {
  static readonly capabilities: Capabilities = { ...SIMULATED, simulatedTime: true };

  protected readonly label = "the paper venue";

  async connect(ctx: ConnectorContext): Promise<void> {
    const options = readOptions(ctx.options);
    const { start, seed, barSeconds } = options;
    const ticks = { dayTicks: dayTicksFor(barSeconds), lateTicks: lateTicksFor(barSeconds) };
    const origin: StartingState = { start, cash: textOf(options.cash), seed, ...ticks };
    const store = await VenueStore.open(ctx.store, origin, initialState(origin.cash));
    warnOfChangedOptions(ctx, origin, store.origin);
    const catalogue = new InstrumentList(store.origin.start, store.origin, (symbol) => ctx.bars(symbol), ctx.logger);
    await loadTradedInstruments(ctx, catalogue, store);
    const rules: Rules = { ...options, seed: store.origin.seed };
    const venue = new Venue({
      store,
      catalogue,
      label: this.label,
      currency: CURRENCY,
      rules,
      logger: ctx.logger,
      emit: (fill) => ctx.emitFill(fill),
      tickMs: tickMsFor(barSeconds, store.origin.dayTicks),
      latencyMs: options.latencyMs,
    });
    this.openVenue = { venue, store, catalogue, rules, currency: CURRENCY };
    ctx.logger.info("the paper venue is open", venue.summary);
    venue.start();
  }

  async getQuote(symbol: string): Promise<Quote> {
    const recording = await this.#requireListed(symbol);
    return this.quoteOf(recording, this.#endNotice(recording));
  }

  /** The words for a recording that has ended; undefined: it has not. */
  #endNotice(recording: Recording): string | undefined {
    const { venue, catalogue } = this.requireOpen();
    if (recording.isRecorded(catalogue.calendar.instantOf(venue.state.tick).day)) return undefined;
    const last = new Date(recording.recorded.at(-1)?.at ?? 0).toISOString().slice(0, 10);
    return `the recording of ${recording.symbol} ended on ${last}: its prices now are that recording played backwards and forwards`;
  }

  protected accountNotice(): string | undefined {
    return this.#endNotice(this.requireOpen().catalogue.index);
  }

  async getInstrument(symbol: string): Promise<Instrument | null> {
    const recording = await this.requireOpen().catalogue.find(symbol);
    return recording === undefined ? null : this.instrument(symbol, recording.name, recording.tickSize);
  }

  async searchInstruments(words: string, limit: number): Promise<Instrument[]> {
    const { catalogue } = this.requireOpen();
    const found = await Promise.all(catalogue.search(words, limit).map((symbol) => this.getInstrument(symbol)));
    return found.filter((instrument) => instrument !== null);
  }

  async getBars(symbol: string, options: { resolution: string; from?: number; to?: number }): Promise<Bar[]> {
    const { venue, catalogue } = this.requireOpen();
    return playedBars(await this.#requireListed(symbol), catalogue.calendar, venue.state.tick, options);
  }

  async #requireListed(symbol: string): Promise<Recording> {
    const recording = await this.requireOpen().catalogue.find(symbol);
    if (recording === undefined) throw this.notListed(symbol);
    return recording;
  }
}
