/** The paper venue: a simulated exchange inside one connector. README.md says what it promises. */
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
import { ZERO, most, textOf } from "./amount.ts";
import { playedBars } from "./bars.ts";
import { availableCash, netValue } from "./book.ts";
import { TICKS_A_DAY, lateTicksFor } from "./calendar.ts";
import { InstrumentList } from "./instruments.ts";
import { LOT, tickOf, touch } from "./market.ts";
import { type Options, readOptions } from "./options.ts";
import type { Recording } from "./recording.ts";
import { CURRENCY, fillOf, reportOf } from "./report.ts";
import { numberOf, openingState, venueId } from "./state.ts";
import { ORDER_TYPES, QUANTITY_MAX, TIMES_IN_FORCE } from "./terms.ts";
import { ENDED_KEPT, type StartingState, VenueStore, workingBy } from "./venue-store.ts";
import { Venue } from "./venue.ts";

interface Session {
  readonly venue: Venue;
  readonly vault: VenueStore;
  readonly catalogue: InstrumentList;
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

  #open: Session | undefined;

  async connect(ctx: ConnectorContext): Promise<void> {
    const options = readOptions(ctx.options);
    const { start, seed, barSeconds } = options;
    const origin: StartingState = { start, cash: textOf(options.cash), seed, lateTicks: lateTicksFor(barSeconds) };
    const vault = await VenueStore.open(ctx.store, origin, openingState(origin.cash));
    warnOfMoved(ctx, origin, vault.origin);
    const catalogue = new InstrumentList(
      vault.origin.start,
      vault.origin.lateTicks,
      (symbol) => ctx.bars(symbol),
      ctx.logger,
    );
    await listAll(ctx, catalogue, vault);
    const rules: Rules = { ...options, seed: vault.origin.seed };
    const venue = new Venue({
      vault,
      catalogue,
      rules,
      logger: ctx.logger,
      emit: (fill) => ctx.emitFill(fill),
      ...speedOf(options),
    });
    this.#open = { venue, vault, catalogue, rules };
    ctx.logger.info("the paper venue is open", venue.summary);
    venue.start();
  }

  async disconnect(): Promise<void> {
    const session = this.#open;
    this.#open = undefined;
    await session?.venue.stop();
  }

  async getQuote(symbol: string): Promise<Quote> {
    const { venue, rules, catalogue } = this.#session();
    const recording = await this.#listed(symbol);
    const { last, tickSize, available } = tickOf(recording, catalogue.calendar.instantOf(venue.state.tick), rules);
    const size = available === undefined ? {} : { bidSize: textOf(available), askSize: textOf(available) };
    return {
      symbol,
      bid: textOf(touch("sell", last, tickSize, rules.spreadBps)),
      ask: textOf(touch("buy", last, tickSize, rules.spreadBps)),
      timestamp: venue.now,
      last: textOf(last),
      ...size,
    };
  }

  async getPositions(): Promise<Position[]> {
    const { venue } = this.#session();
    return venue.state.holdings.map(({ symbol, quantity, averagePrice }) => {
      const mark = venue.mark(symbol);
      return {
        symbol,
        quantity,
        averagePrice,
        currency: CURRENCY,
        ...(mark === undefined ? {} : { markPrice: textOf(mark) }),
      };
    });
  }

  async getBuyingPower(): Promise<string> {
    const { venue, rules } = this.#session();
    return textOf(most(ZERO, availableCash(venue.state, venue.mark, rules.commissionBps)));
  }

  async getAccount(): Promise<Account> {
    const { venue } = this.#session();
    const nav = textOf(netValue(venue.state, venue.mark));
    return {
      nav,
      cash: venue.state.cash,
      buyingPower: await this.getBuyingPower(),
      currency: CURRENCY,
      timestamp: venue.now,
    };
  }

  async placeOrder(order: Order): Promise<OrderAck> {
    const { no } = await this.#session().venue.place(order);
    return { venueOrderId: venueId(no), status: "acknowledged" };
  }

  async replaceOrder(venueOrderId: string, order: Order): Promise<OrderAck> {
    const { no } = await this.#session().venue.replace(venueOrderId, order);
    return { venueOrderId: venueId(no), status: "acknowledged" };
  }

  async cancelOrder(venueOrderId: string): Promise<void> {
    await this.#session().venue.cancel(venueOrderId);
  }

  /** @throws Error for an order that was taken once and has since left the window: the venue no longer knows how it ended. */
  async getOrder(query: { venueOrderId?: string; clientOrderId?: string }): Promise<OrderReport | null> {
    const { venue, vault } = this.#session();
    const { venueOrderId, clientOrderId } = query;
    const no = venueOrderId === undefined ? undefined : numberOf(venueOrderId);
    if (venueOrderId !== undefined && no === undefined) return null;
    const ended = no === undefined ? vault.endedByClient(clientOrderId ?? "") : vault.endedByNo(no);
    const found = workingBy(venue.state, { no, clientOrderId }) ?? ended;
    if (found !== undefined) return reportOf(found);
    const wasTaken = no === undefined ? vault.hasSeen(clientOrderId ?? "") : no >= 1 && no < venue.state.nextNo;
    if (!wasTaken) return null;
    const which = venueOrderId ?? clientOrderId;
    throw new Error(
      `order ${which} ended before the newest ${ENDED_KEPT} orders, which are all the paper venue remembers`,
    );
  }

  async getOpenOrders(): Promise<OrderReport[]> {
    return this.#session().venue.state.working.map(reportOf);
  }

  async getFills(since: number): Promise<Fill[]> {
    return this.#session()
      .vault.fills.filter(({ at }) => at >= since)
      .map(fillOf);
  }

  async getInstrument(symbol: string): Promise<Instrument | null> {
    const recording = await this.#session().catalogue.find(symbol);
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

  async getBars(symbol: string, options: { resolution: string; from?: number; to?: number }): Promise<Bar[]> {
    const { venue, catalogue } = this.#session();
    return playedBars(await this.#listed(symbol), catalogue.calendar, venue.state.tick, options);
  }

  #session(): Session {
    if (this.#open === undefined) throw new Error("the paper venue is not connected");
    return this.#open;
  }

  async #listed(symbol: string): Promise<Recording> {
    const recording = await this.#session().catalogue.find(symbol);
    if (recording === undefined) throw new Error(`${JSON.stringify(symbol)} is not listed at the paper venue`);
    return recording;
  }
}

function speedOf({ barSeconds, latencyMs }: Options) {
  return { tickMs: (barSeconds * 1000) / TICKS_A_DAY, latencyMs };
}

/** What is held or on order must have its prices before the clock starts. */
async function listAll(ctx: ConnectorContext, catalogue: InstrumentList, vault: VenueStore): Promise<void> {
  const { holdings, working } = vault.venue;
  for (const symbol of new Set([...holdings, ...working].map((entry) => entry.symbol))) {
    if ((await catalogue.find(symbol)) !== undefined) continue;
    ctx.logger.warn(
      `${symbol} is held or on order, but its bars are gone: it is valued at its cost, and its orders wait`,
    );
  }
}

/** The market that an account has lived through cannot be changed under it. */
function warnOfMoved(ctx: ConnectorContext, wanted: StartingState, stored: StartingState): void {
  for (const key of ["start", "cash", "seed"] as const) {
    if (wanted[key] === stored[key]) continue;
    ctx.logger.warn(
      `${key} is ${stored[key]} since this venue first opened, not ${wanted[key]}; it changes only with an empty store`,
    );
  }
}
