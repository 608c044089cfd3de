/** The author's own fake venue, behind the kit's proxy. Its hooks fill orders, set prices and state what it has. */
import type {
  FakeActivity,
  FakeOrder,
  FakeQuote,
  FakeSession,
  InstrumentSteps,
  VenueEnding,
} from "../../domain/sdk-kit.ts";
import type * as z from "zod";
import type { Clock } from "../../domain/ports.ts";
import { messageOf } from "../../domain/errors/error.ts";
import { type FillTerms, remainingOf } from "./fake-venue-state.ts";
import { ProxyVenue, type Upstream } from "./proxy-venue.ts";
import type { MadeFill, StatedAccount, StatedInstrument, StatedRate, TradeTerms } from "./test-venue.ts";
import {
  type HookName,
  type VenueProcess,
  abilitySchema,
  accountSchema,
  addressesSchema,
  doneSchema,
  fillSchema,
  instrumentSchema,
  ordersSchema,
  parseHook,
  quoteTimeSchema,
  tradeSchema,
} from "./venue-hooks.ts";

/** @throws FakeVenueFault if the hook `start` fails; the process is ended then. */
export async function openHookedVenue(clock: Clock, process: VenueProcess): Promise<HookedVenue> {
  try {
    const addresses = parseHook(process.file, "start", addressesSchema, await process.call("start"));
    const venue = new HookedVenue(clock, process, addresses);
    await venue.listen();
    return venue;
  } catch (error) {
    await process.close();
    throw error;
  }
}

export class HookedVenue extends ProxyVenue {
  readonly #process: VenueProcess;
  readonly #prices = new Map<string, FakeQuote>();
  readonly #filled = new Set<string>();
  readonly #fills: MadeFill[] = [];
  #aheadMs = 0;
  /** The error of a hook that the kit called by itself. */
  #hookFailure: string | undefined;

  constructor(clock: Clock, process: VenueProcess, upstream: Upstream) {
    super(clock, upstream);
    this.#process = process;
  }

  override get now(): number {
    return super.now + this.#aheadMs;
  }

  override get fills(): readonly MadeFill[] {
    return this.#fills;
  }

  override async listOrders(): Promise<readonly FakeOrder[]> {
    const orders = await this.#call("orders", ordersSchema);
    return orders.map((order) => ({
      order_id: order.venueOrderId,
      client_order_id: order.clientOrderId,
      symbol: order.symbol,
      side: order.side,
      quantity: order.quantity,
      type: order.type,
      time_in_force: order.timeInForce,
      limit_price: order.limitPrice,
      stop_price: order.stopPrice,
      filled_quantity: order.filledQuantity,
      average_price: null,
      status: order.status,
    }));
  }

  override async fillOrder(order: FakeOrder, terms: FillTerms = {}): Promise<MadeFill> {
    const quantity = terms.quantity ?? remainingOf(order);
    const { bid, ask, last = "100" } = this.#prices.get(order.symbol) ?? {};
    const price = terms.price ?? order.limit_price ?? (order.side === "buy" ? ask : bid) ?? last;
    const { order_id: venueOrderId, client_order_id: clientOrderId, symbol, side } = order;
    const { time: timestamp, fee, feeCurrency, liquidity, fillId } = terms;
    const request = { venueOrderId, clientOrderId, quantity, price, timestamp, fee, feeCurrency, liquidity, fillId };
    const made = await this.#call("fill", fillSchema, request);
    return this.#addFill({ ...made, venueOrderId, clientOrderId }, { symbol, side, quantity, price });
  }

  override async trade(terms: TradeTerms): Promise<MadeFill | undefined> {
    const made = await this.#call("trade", tradeSchema.nullish(), terms);
    return made === null || made === undefined ? undefined : this.#addFill(made, terms);
  }

  #addFill(made: z.infer<typeof tradeSchema>, { symbol, side, quantity, price }: TradeTerms): MadeFill {
    const fill: MadeFill = {
      fill_id: made.fillId,
      order_id: made.venueOrderId,
      client_order_id: made.clientOrderId,
      symbol,
      side,
      quantity,
      price,
      time: made.timestamp,
      fee: made.fee,
      fee_currency: made.feeCurrency,
      liquidity: made.liquidity,
    };
    this.#fills.push(fill);
    return fill;
  }

  override async setQuote(symbol: string, quote: FakeQuote): Promise<number | null | undefined> {
    const { bid, ask, last, time: timestamp } = quote;
    const stated = await this.#call("setQuote", quoteTimeSchema, { symbol, bid, ask, last, timestamp });
    this.#prices.set(symbol, quote);
    return stated?.timestamp;
  }

  override async setClock(aheadMs: number): Promise<void> {
    await this.#process.call("setClock", { aheadMs });
    this.#aheadMs = aheadMs;
  }

  override readAccount(): Promise<StatedAccount> {
    return this.#call("account", accountSchema);
  }

  override describeInstrument(symbol: string, steps?: InstrumentSteps): Promise<StatedInstrument> {
    return this.#call("instrument", instrumentSchema, { symbol, ...steps });
  }

  override async endOrder(order: FakeOrder, status: VenueEnding): Promise<boolean> {
    return (await this.#call("endOrder", abilitySchema, { venueOrderId: order.order_id, status })) !== false;
  }

  override async rejectNext(): Promise<boolean> {
    return (await this.#call("rejectNext", abilitySchema)) !== false;
  }

  override addActivities(activities: readonly FakeActivity[]): Promise<void> {
    const stated = activities.map(({ time: timestamp, ...activity }) => ({ ...activity, timestamp }));
    return this.#call("addActivities", doneSchema, stated);
  }

  override setRate({ pair, rate, time: timestamp }: StatedRate): Promise<void> {
    return this.#call("setRate", doneSchema, { pair, rate, timestamp });
  }

  override setSessions(symbol: string, sessions: readonly FakeSession[]): Promise<void> {
    return this.#call("setSessions", doneSchema, { symbol, sessions });
  }

  async #call<T>(hook: HookName, schema: z.ZodType<T>, ...args: readonly unknown[]): Promise<T> {
    return parseHook(this.#process.file, hook, schema, await this.#process.call(hook, ...args));
  }

  /** Returns a fault of the author's venue; undefined if none is known. */
  async findFault(): Promise<string | undefined> {
    return this.#hookFailure ?? (await this.#process.findFault());
  }

  /** Fills a market order as a venue does, unless the case fills by itself. */
  override afterOrder(clientOrderId: string): void {
    if (this.filling !== "after-ack") return;
    this.#fillMarketOrder(clientOrderId).catch((error: unknown) => {
      this.#hookFailure ??= messageOf(error);
    });
  }

  async #fillMarketOrder(clientOrderId: string): Promise<void> {
    for (const order of await this.listOrders()) {
      const isOther = order.client_order_id !== clientOrderId || this.#filled.has(order.order_id);
      if (isOther || order.type !== "market" || order.status !== "open") continue;
      this.#filled.add(order.order_id);
      await this.fillOrder(order);
    }
    this.onChange();
  }

  override async close(): Promise<void> {
    await super.close();
    await this.#process.close();
  }
}
