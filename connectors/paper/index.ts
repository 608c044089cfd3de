/** The paper venue: a simulated exchange inside one connector. README.md documents its behaviour. */
import type {
  Account,
  Bar,
  Capabilities,
  ConnectorAdapter,
  ConnectorContext,
  Fill,
  Instrument,
  Order,
  OrderAck,
  OrderReport,
  Position,
  Quote,
} from "@qoc-app/sdk";
import type { Rules } from "./validate-order.ts";
import { ZERO, max, textOf } from "./amount.ts";
import { playedBars } from "./bars.ts";
import { availableCash, netValue } from "./book.ts";
import { TICKS_PER_DAY_MIN, dayTicksFor, lateTicksFor } from "./calendar.ts";
import { InstrumentList } from "./instruments.ts";
import { LOT, tickOf, bestPrice } from "./market.ts";
import { type PaperOptions, readOptions } from "./options.ts";
import type { Recording } from "./recording.ts";
import { CURRENCY, toFill, toReport } from "./report.ts";
import { numberOf, initialState, venueId } from "./state.ts";
import { ORDER_TYPES, QUANTITY_MAX, TIMES_IN_FORCE } from "./terms.ts";
import { ENDED_ORDERS_MAX, type StartingState, VenueStore, findWorkingOrder } from "./venue-store.ts";
import { Venue } from "./venue.ts";

interface OpenVenue {
  readonly venue: Venue;
  readonly store: VenueStore;
  readonly instruments: InstrumentList;
  readonly rules: Rules;
}

export default class PaperVenue implements ConnectorAdapter {
  static readonly capabilities: Capabilities = {
    exactDecimals: true,
    clientIdDedupe: "forever",
    queryByClientId: true,
    buyingPowerNetsOpenOrders: true,
    reduceOnly: true,
    simulatedTime: true,
    mode: "paper",
  };

  #openVenue: OpenVenue | undefined;

  async connect(ctx: ConnectorContext): Promise<void> {
    const options = readOptions(ctx.options);
    const { start, seed, barSeconds } = options;
    const ticks = { dayTicks: dayTicksFor(barSeconds), lateTicks: lateTicksFor(barSeconds) };
    const origin: StartingState = { start, cash: textOf(options.cash), seed, ...ticks };
    const store = await VenueStore.open(ctx.store, origin, initialState(origin.cash));
    warnOfChangedOptions(ctx, origin, store.origin);
    const instruments = new InstrumentList(store.origin.start, store.origin, (symbol) => ctx.bars(symbol), ctx.logger);
    await loadTradedInstruments(ctx, instruments, store);
    const rules: Rules = { ...options, seed: store.origin.seed };
    const venue = new Venue({
      store,
      instruments,
      rules,
      logger: ctx.logger,
      emit: (fill) => ctx.emitFill(fill),
      ...timing(options, store.origin),
    });
    this.#openVenue = { venue, store, instruments, rules };
    ctx.logger.info("the paper venue is open", venue.summary);
    venue.start();
  }

  async disconnect(): Promise<void> {
    const openVenue = this.#openVenue;
    this.#openVenue = undefined;
    await openVenue?.venue.stop();
  }

  async getQuote(symbol: string): Promise<Quote> {
    const { venue, rules, instruments } = this.#requireOpen();
    const recording = await this.#requireListed(symbol);
    const { last, tickSize, available } = tickOf(recording, instruments.calendar.instantOf(venue.state.tick), rules);
    const notice = this.#endNotice(recording);
    const bookSize = available === undefined ? {} : { bidSize: textOf(available), askSize: textOf(available) };
    return {
      symbol,
      bid: textOf(bestPrice("sell", last, tickSize, rules.spreadBps)),
      ask: textOf(bestPrice("buy", last, tickSize, rules.spreadBps)),
      timestamp: venue.now,
      last: textOf(last),
      ...bookSize,
      notice,
    };
  }

  /** The words for a recording that has ended; undefined: it has not. */
  #endNotice(recording: Recording): string | undefined {
    const { venue, instruments } = this.#requireOpen();
    if (recording.isRecorded(instruments.calendar.instantOf(venue.state.tick).day)) return undefined;
    const last = new Date(recording.recorded.at(-1)?.at ?? 0).toISOString().slice(0, 10);
    return `the recording of ${recording.symbol} ended on ${last}: its prices now are that recording played backwards and forwards`;
  }

  async getPositions(): Promise<Position[]> {
    const { venue } = this.#requireOpen();
    return venue.state.holdings.map(({ symbol, quantity, averagePrice }) => {
      const mark = venue.mark(symbol);
      const position = { symbol, quantity, averagePrice, currency: CURRENCY };
      return mark === undefined ? position : { ...position, markPrice: textOf(mark) };
    });
  }

  async getBuyingPower(): Promise<string> {
    const { venue, rules } = this.#requireOpen();
    return textOf(max(ZERO, availableCash(venue.state, venue.mark, rules.commissionBps)));
  }

  async getAccount(): Promise<Account> {
    const { venue } = this.#requireOpen();
    const nav = textOf(netValue(venue.state, venue.mark));
    const notice = this.#endNotice(this.#requireOpen().instruments.index);
    return {
      nav,
      cash: venue.state.cash,
      buyingPower: await this.getBuyingPower(),
      currency: CURRENCY,
      timestamp: venue.now,
      notice,
    };
  }

  async placeOrder(order: Order): Promise<OrderAck> {
    const { no } = await this.#requireOpen().venue.place(order);
    return { venueOrderId: venueId(no), status: "acknowledged" };
  }

  async replaceOrder(venueOrderId: string, order: Order): Promise<OrderAck> {
    const { no } = await this.#requireOpen().venue.replace(venueOrderId, order);
    return { venueOrderId: venueId(no), status: "acknowledged" };
  }

  async cancelOrder(venueOrderId: string): Promise<void> {
    await this.#requireOpen().venue.cancel(venueOrderId);
  }

  /** @throws Error for an order that ended so long ago that its outcome is no longer stored. */
  async getOrder(query: { venueOrderId?: string; clientOrderId?: string }): Promise<OrderReport | null> {
    const { venue, store } = this.#requireOpen();
    const { venueOrderId, clientOrderId } = query;
    const no = venueOrderId === undefined ? undefined : numberOf(venueOrderId);
    if (venueOrderId !== undefined && no === undefined) return null;
    const ended = no === undefined ? store.endedByClientOrderId(clientOrderId ?? "") : store.endedByNumber(no);
    const order = findWorkingOrder(venue.state, { no, clientOrderId }) ?? ended;
    if (order !== undefined) return toReport(order);
    const wasAccepted =
      no === undefined ? store.isKnownClientOrderId(clientOrderId ?? "") : no >= 1 && no < venue.state.nextNo;
    if (!wasAccepted) return null;
    const id = venueOrderId ?? clientOrderId;
    throw new Error(
      `order ${id} ended too long ago: the paper venue stores the newest ${ENDED_ORDERS_MAX} ended orders`,
    );
  }

  async getOpenOrders(): Promise<OrderReport[]> {
    return this.#requireOpen().venue.state.working.map(toReport);
  }

  async getFills(since: number): Promise<Fill[]> {
    return this.#requireOpen()
      .store.fills.filter(({ at }) => at >= since)
      .map(toFill);
  }

  async getInstrument(symbol: string): Promise<Instrument | null> {
    const recording = await this.#requireOpen().instruments.find(symbol);
    if (recording === undefined) return null;
    return {
      symbol,
      name: recording.name,
      tickSize: textOf(recording.tickSize),
      lotSize: textOf(LOT),
      minQuantity: textOf(LOT),
      maxQuantity: textOf(QUANTITY_MAX),
      currency: CURRENCY,
      orderTypes: [...ORDER_TYPES],
      timesInForce: [...TIMES_IN_FORCE],
      tradable: true,
    };
  }

  async searchInstruments(words: string, limit: number): Promise<Instrument[]> {
    const { instruments } = this.#requireOpen();
    const found = await Promise.all(instruments.search(words, limit).map((symbol) => this.getInstrument(symbol)));
    return found.filter((instrument) => instrument !== null);
  }

  async getBars(symbol: string, options: { resolution: string; from?: number; to?: number }): Promise<Bar[]> {
    const { venue, instruments } = this.#requireOpen();
    return playedBars(await this.#requireListed(symbol), instruments.calendar, venue.state.tick, options);
  }

  #requireOpen(): OpenVenue {
    if (this.#openVenue === undefined) throw new Error("the paper venue is not connected");
    return this.#openVenue;
  }

  async #requireListed(symbol: string): Promise<Recording> {
    const recording = await this.#requireOpen().instruments.find(symbol);
    if (recording === undefined) throw notListed(symbol);
    return recording;
  }
}

/** Without a stack: the symbol is at fault, not the code. */
function notListed(symbol: string): Error {
  const error = new Error(`${JSON.stringify(symbol)} is not listed at the paper venue`);
  delete error.stack;
  return error;
}

/** A day that became shorter keeps its ticks, but none is shorter than at the fastest speed of a new venue. */
const TICK_MS_MIN = 5;

function timing({ barSeconds, latencyMs }: PaperOptions, { dayTicks = TICKS_PER_DAY_MIN }: StartingState) {
  return { tickMs: Math.max(TICK_MS_MIN, (barSeconds * 1000) / dayTicks), latencyMs };
}

/** Loads the prices of every symbol in a position or an open order, before the clock starts. */
async function loadTradedInstruments(
  ctx: ConnectorContext,
  instruments: InstrumentList,
  store: VenueStore,
): Promise<void> {
  const { holdings, working } = store.venue;
  for (const symbol of new Set([...holdings, ...working].map((entry) => entry.symbol))) {
    if ((await instruments.find(symbol)) !== undefined) continue;
    ctx.logger.warn(
      `${symbol} has a position or an open order but no bars: the position is valued at cost, and its orders wait`,
    );
  }
}

/** Logs options that differ from the stored ones: an existing account keeps the market it was opened with. */
function warnOfChangedOptions(ctx: ConnectorContext, configured: StartingState, stored: StartingState): void {
  for (const key of ["start", "cash", "seed"] as const) {
    if (configured[key] === stored[key]) continue;
    ctx.logger.warn(
      `${key} stays ${stored[key]} as when this venue was created, not ${configured[key]}; ` +
        `a new value needs an empty store`,
    );
  }
}
