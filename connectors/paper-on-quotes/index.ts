/** The paper engine on the live quotes of another connector. README.md documents it. */
import { type Capabilities, ConnectRefused, type ConnectorContext, type Instrument, type Quote } from "@qoc-app/sdk";
import { ZERO, textOf } from "../amount.ts";
import { SIMULATED, SimulatedVenue } from "../paper/simulated-venue.ts";
import { initialState } from "../paper/state.ts";
import { ORDER_TYPES, TIMES_IN_FORCE } from "../paper/terms.ts";
import { type StartingState, VenueStore } from "../paper/venue-store.ts";
import { Venue } from "../paper/venue.ts";
import { SourceCatalogue } from "./catalogue.ts";
import { readOptions } from "./options.ts";

const TICK_MS = 1000;
const CURRENCY_KEY = "currency";

export default class PaperOnQuotes extends SimulatedVenue<SourceCatalogue> {
  static readonly capabilities: Capabilities = SIMULATED;

  protected readonly label = "the paper venue";

  async connect(ctx: ConnectorContext): Promise<void> {
    const options = readOptions(ctx.options);
    const { currency } = options;
    const known = (await ctx.store.get(CURRENCY_KEY)) ?? currency;
    if (known !== currency)
      throw new ConnectRefused(
        `currency stays ${String(known)} as when this account was created: give ${currency} a connector of its own`,
      );
    await ctx.store.put(CURRENCY_KEY, currency);
    const origin: StartingState = { start: "", cash: textOf(options.cash), seed: 0, lateTicks: 0 };
    const store = await VenueStore.open(ctx.store, origin, initialState(origin.cash));
    if (store.origin.cash !== origin.cash)
      ctx.logger.warn(`cash stays ${store.origin.cash} as when this account was created, not ${origin.cash}`);
    const catalogue = new SourceCatalogue({ source: ctx.source, currency, logger: ctx.logger });
    // A quote of the source has its spread, its sizes and no randomness.
    const rules = { ...options, seed: 0, spreadBps: ZERO, participation: ZERO };
    const venue = new Venue({
      store,
      catalogue,
      label: this.label,
      currency,
      rules,
      logger: ctx.logger,
      emit: (fill) => {
        catalogue.cached(fill.symbol)?.took(fill);
        ctx.emitFill(fill);
      },
      tickMs: TICK_MS,
      latencyMs: options.latencyMs,
    });
    this.openVenue = { venue, store, catalogue, rules, currency };
    ctx.logger.info("the paper venue is open on the quotes of another connector", venue.summary);
    venue.start();
    // The positions get their marks beside the start: the source may still be starting.
    void catalogue.refresh(venue.state);
  }

  /** The quote as the source has it. */
  async getQuote(symbol: string): Promise<Quote> {
    const { catalogue } = this.requireOpen();
    const series = await catalogue.find(symbol);
    if (series === undefined) throw this.notListed(symbol);
    return series.quote;
  }

  protected accountNotice(): undefined {
    return undefined;
  }

  async getInstrument(symbol: string): Promise<Instrument | null> {
    const { catalogue, currency } = this.requireOpen();
    const instrument = await catalogue.instrument(symbol);
    if (instrument === null) return null;
    return {
      currency,
      ...(instrument ?? { symbol }),
      orderTypes: [...ORDER_TYPES],
      timesInForce: [...TIMES_IN_FORCE],
    };
  }
}
