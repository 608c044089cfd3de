/** The account, the orders and the fills of a simulated venue; what it lists and quotes is in its subclasses. */
import type {
  Account,
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
import { type Amount, ZERO, max, textOf } from "../amount.ts";
import { availableCash, netValue } from "./book.ts";
import { type BarSeries, LOT, bestPrice, tickOf } from "./market.ts";
import { toFill, toReport } from "./report.ts";
import { numberOf, venueId } from "./state.ts";
import { ORDER_TYPES, QUANTITY_MAX, TIMES_IN_FORCE } from "./terms.ts";
import { ENDED_ORDERS_MAX, type StartingState, type VenueStore, findWorkingOrder } from "./venue-store.ts";
import type { Catalogue, Venue } from "./venue.ts";

export interface OpenVenue<C extends Catalogue> {
  readonly venue: Venue;
  readonly store: VenueStore;
  readonly catalogue: C;
  readonly rules: Rules;
  readonly currency: string;
}

export const SIMULATED: Capabilities = {
  exactDecimals: true,
  clientIdDedupe: "forever",
  queryByClientId: true,
  buyingPowerNetsOpenOrders: true,
  reduceOnly: true,
  mode: "paper",
};

export abstract class SimulatedVenue<C extends Catalogue> implements ConnectorAdapter {
  protected openVenue: OpenVenue<C> | undefined;
  /** What messages call the venue. */
  protected abstract readonly label: string;

  abstract connect(ctx: ConnectorContext): Promise<void>;
  abstract getQuote(symbol: string): Promise<Quote>;

  async disconnect(): Promise<void> {
    const { openVenue } = this;
    this.openVenue = undefined;
    await openVenue?.venue.stop();
  }

  async getPositions(): Promise<Position[]> {
    const { venue, currency } = this.requireOpen();
    return venue.state.holdings.map(({ symbol, quantity, averagePrice }) => {
      const mark = venue.mark(symbol);
      const position = { symbol, quantity, averagePrice, currency };
      return mark === undefined ? position : { ...position, markPrice: textOf(mark) };
    });
  }

  async getBuyingPower(): Promise<string> {
    const { venue, rules } = this.requireOpen();
    return textOf(max(ZERO, availableCash(venue.state, venue.mark, rules.commissionBps)));
  }

  async getAccount(): Promise<Account> {
    const { venue, currency } = this.requireOpen();
    return {
      nav: textOf(netValue(venue.state, venue.mark)),
      cash: venue.state.cash,
      buyingPower: await this.getBuyingPower(),
      currency,
      timestamp: venue.now,
      notice: this.accountNotice(),
    };
  }

  /** What a person must know about the market. */
  protected abstract accountNotice(): string | undefined;

  async placeOrder(order: Order): Promise<OrderAck> {
    const { no } = await this.requireOpen().venue.place(order);
    return { venueOrderId: venueId(no), status: "acknowledged" };
  }

  async replaceOrder(venueOrderId: string, order: Order): Promise<OrderAck> {
    const { no } = await this.requireOpen().venue.replace(venueOrderId, order);
    return { venueOrderId: venueId(no), status: "acknowledged" };
  }

  async cancelOrder(venueOrderId: string): Promise<void> {
    await this.requireOpen().venue.cancel(venueOrderId);
  }

  /** @throws Error for an order that ended so long ago that its outcome is no longer stored. */
  async getOrder(query: { venueOrderId?: string; clientOrderId?: string }): Promise<OrderReport | null> {
    const { venue, store } = this.requireOpen();
    const { venueOrderId, clientOrderId } = query;
    const no = venueOrderId === undefined ? undefined : numberOf(venueOrderId);
    if (venueOrderId !== undefined && no === undefined) return null;
    const ended = no === undefined ? store.endedByClientOrderId(clientOrderId ?? "") : store.endedByNumber(no);
    const order = findWorkingOrder(venue.state, { no, clientOrderId }) ?? ended;
    if (order !== undefined) return toReport(order, venue.now);
    const wasAccepted =
      no === undefined ? store.isKnownClientOrderId(clientOrderId ?? "") : no >= 1 && no < venue.state.nextNo;
    if (!wasAccepted) return null;
    const id = venueOrderId ?? clientOrderId;
    throw new Error(`order ${id} ended too long ago: ${this.label} stores the newest ${ENDED_ORDERS_MAX} ended orders`);
  }

  async getOpenOrders(): Promise<OrderReport[]> {
    const { venue } = this.requireOpen();
    return venue.state.working.map((order) => toReport(order, venue.now));
  }

  async getFills(since: number): Promise<Fill[]> {
    const { store, currency } = this.requireOpen();
    return store.fills.filter(({ at }) => at >= since).map((execution) => toFill(execution, currency));
  }

  protected requireOpen(): OpenVenue<C> {
    if (this.openVenue === undefined) throw new Error(`${this.label} is not connected`);
    return this.openVenue;
  }

  /** The prices of a market of bars at this tick. */
  protected quoteOf(series: BarSeries, notice: string | undefined): Quote {
    const { venue, rules, catalogue } = this.requireOpen();
    const { last, tickSize, available } = tickOf(series, catalogue.calendar.instantOf(venue.state.tick), rules);
    const bookSize = available === undefined ? {} : { bidSize: textOf(available), askSize: textOf(available) };
    return {
      symbol: series.symbol,
      bid: textOf(bestPrice("sell", last, tickSize, rules.spreadBps)),
      ask: textOf(bestPrice("buy", last, tickSize, rules.spreadBps)),
      timestamp: venue.now,
      last: textOf(last),
      ...bookSize,
      notice,
    };
  }

  protected instrument(symbol: string, name: string, tickSize: Amount): Instrument {
    return {
      symbol,
      name,
      tickSize: textOf(tickSize),
      lotSize: textOf(LOT),
      minQuantity: textOf(LOT),
      maxQuantity: textOf(QUANTITY_MAX),
      currency: this.requireOpen().currency,
      orderTypes: [...ORDER_TYPES],
      timesInForce: [...TIMES_IN_FORCE],
      tradable: true,
    };
  }

  /** Without a stack: the symbol is at fault, not the code. */
  protected notListed(symbol: string): Error {
    const error = new Error(`${JSON.stringify(symbol)} is not listed at ${this.label}`);
    delete error.stack;
    return error;
  }
}

/** Loads the prices of every symbol in a position or an open order, before the clock starts. */
export async function loadTradedInstruments(
  ctx: ConnectorContext,
  catalogue: Catalogue,
  store: VenueStore,
): Promise<void> {
  const { holdings, working } = store.venue;
  for (const symbol of new Set([...holdings, ...working].map((entry) => entry.symbol))) {
    if ((await catalogue.find(symbol)) !== undefined) continue;
    ctx.logger.warn(
      `${symbol} has a position or an open order but no bars: the position is valued at cost, and its orders wait`,
    );
  }
}

/** Logs options that differ from the stored ones: an existing account keeps the market it was opened with. */
export function warnOfChangedOptions(ctx: ConnectorContext, configured: StartingState, stored: StartingState): void {
  for (const key of ["start", "cash", "seed"] as const) {
    if (configured[key] === stored[key]) continue;
    ctx.logger.warn(
      `${key} stays ${stored[key]} as when this venue was created, not ${configured[key]}; ` +
        `a new value needs an empty store`,
    );
  }
}
