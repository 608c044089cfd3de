/**
 * The running venue: its clock, and every change of its state. A change passes through the engine and the store before
 * it is sent to the desk, so everything the desk receives is on disk.
 */
import { type Fill, type Logger, NotSent, type Order, VenueRejection } from "@qoc-app/sdk";
import { type Rules, acceptOrder } from "./validate-order.ts";
import type { Amount } from "../amount.ts";
import { LATEST_TIME } from "./calendar.ts";
import { type PriceFeed, type StepResult, markAt, step, cancelOrder } from "./engine.ts";
import { SerialQueue, pause } from "./serial-queue.ts";
import { type PriceSeries, tickOf } from "./market.ts";
import { toFill } from "./report.ts";
import { type EndedOrder, type VenueState, type WorkingOrder, numberOf, venueId } from "./state.ts";
import { type Terms, readClientId, readTerms } from "./terms.ts";
import { type NewRows, ORDERS_MAX, type VenueStore, findWorkingOrder } from "./venue-store.ts";

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** While no order is open, the state is stored this many ticks ahead, so that an idle market writes rarely. */
const IDLE_TICKS_AHEAD = 20;
const RETRY_MS = 500;

/** What a simulated venue lists, and its prices. */
export interface Catalogue extends PriceFeed {
  /** Returns undefined if the symbol is not listed. */
  find(symbol: string): Promise<PriceSeries | undefined>;
  /** The line for the log at a tick of this length; undefined if nothing begins there. */
  announcementAt?(tick: number, tickMs: number): string | undefined;
  /** Called before each tick, without a change of the venue's state until it resolves. Does not reject. */
  refresh?(state: VenueState): Promise<void>;
  /** The ticks are moments of the wall clock: they need no place in the store. */
  readonly isWallClock?: true;
  /** The prices end at this tick, and the market stops. */
  readonly lastTick?: number;
}

export interface VenueDeps {
  readonly store: VenueStore;
  readonly catalogue: Catalogue;
  /** What messages call the venue. */
  readonly label: string;
  readonly currency: string;
  readonly rules: Rules;
  readonly logger: Logger;
  readonly emit: (fill: Fill) => void;
  /** Called when the state after a tick is stored and its fills are sent. */
  readonly onTick?: (tick: number) => void;
  readonly tickMs: number;
  readonly latencyMs: number;
}

export class Venue {
  readonly #deps: VenueDeps;
  readonly #queue = new SerialQueue();
  #state: VenueState;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #stopping = false;
  /** Wall-clock time of the next tick, ms. */
  #nextTickAt = Date.now();

  constructor(deps: VenueDeps) {
    this.#deps = deps;
    this.#state = deps.store.venue;
  }

  /** The visible state: stored on disk, except for the ticks of an idle market. */
  get state(): VenueState {
    return this.#state;
  }

  get now(): number {
    return this.#deps.catalogue.calendar.timeAt(this.#state.tick);
  }

  /** No price follows. */
  get hasEnded(): boolean {
    return this.#state.tick >= (this.#deps.catalogue.lastTick ?? Infinity);
  }

  mark = (symbol: string): Amount | undefined =>
    markAt(this.#deps.catalogue, symbol, this.#state.tick, this.#deps.rules);

  /**
   * Schedules the next tick. Keeps the interval if a tick's work is shorter than it; does not catch up on missed ticks.
   */
  start(): void {
    const { catalogue, logger, tickMs } = this.#deps;
    if (this.hasEnded) return logger.warn(`the prices of ${this.#deps.label} have ended; its market has stopped`);
    // The state may be stored IDLE_TICKS_AHEAD ticks ahead, and the desk accepts no time after LATEST_TIME.
    if (catalogue.calendar.timeAt(this.#state.tick + IDLE_TICKS_AHEAD + 1) >= LATEST_TIME) {
      return logger.error(`end of ${this.#deps.label}'s calendar; the market is frozen`);
    }
    const wait = Math.min(tickMs, Math.max(0, this.#nextTickAt + tickMs - Date.now()));
    this.#nextTickAt = Date.now() + wait;
    this.#timer = setTimeout(() => void this.#onTimer(), wait);
  }

  /** Stops the clock and stores the state. Queued requests reject with NotSent. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#timer);
    await this.#queue.run(async () => {
      if (this.#deps.store.venue !== this.#state) await this.#deps.store.commit(this.#state);
    });
  }

  /** @throws VenueRejection, or NotSent if the venue closed before the order arrived. */
  async place(order: Order): Promise<WorkingOrder> {
    const series = await this.#arrive(order);
    return this.#queue.run(() => this.#accept(order, series, this.#state));
  }

  /**
   * Cancels an order and accepts another one in the same write. If the new order is rejected, the old one stays open.
   */
  async replace(id: string, order: Order): Promise<WorkingOrder> {
    const series = await this.#arrive(order);
    return this.#queue.run(async () => {
      const { state, ended } = cancelOrder(this.#state, this.#requireWorking(id), "cancelled");
      return this.#accept(order, series, state, ended);
    });
  }

  /** Succeeds if the order is already cancelled. @throws VenueRejection if the order is unknown or ended otherwise. */
  async cancel(id: string): Promise<void> {
    await this.#arrive();
    await this.#queue.run(async () => {
      this.#assertOpen();
      const no = numberOf(id);
      if (no !== undefined && this.#deps.store.endedByNumber(no)?.status === "cancelled") return;
      const { state, ended } = cancelOrder(this.#state, this.#requireWorking(id), "cancelled");
      await this.#commit(state, { ended: [ended] });
    });
  }

  /**
   * Waits for the simulated latency and returns the recording of the order's symbol. @throws NotSent if the venue
   * closes.
   */
  async #arrive(order?: Order): Promise<PriceSeries | undefined> {
    if (this.#deps.latencyMs > 0) await pause(this.#deps.latencyMs);
    this.#assertOpen();
    if (order === undefined) return undefined;
    try {
      return await this.#deps.catalogue.find(String(order.symbol));
    } catch (error) {
      throw new NotSent(`${order.symbol} has no price: ${messageOf(error)}`);
    }
  }

  #assertOpen(): void {
    if (this.#stopping) throw new NotSent(`${this.#deps.label} is closing; nothing was sent`);
  }

  #requireWorking(id: string): WorkingOrder {
    const no = numberOf(id);
    const order = no === undefined ? undefined : findWorkingOrder(this.#state, { no });
    if (order !== undefined) return order;
    const ended = no === undefined ? undefined : this.#deps.store.endedByNumber(no);
    throw new VenueRejection(ended === undefined ? `no open order ${id}` : `order ${id} is already ${ended.status}`);
  }

  async #accept(
    order: Order,
    series: PriceSeries | undefined,
    state: VenueState,
    replaced?: EndedOrder,
  ): Promise<WorkingOrder> {
    this.#assertOpen();
    const { store } = this.#deps;
    const clientOrderId = readClientId(order);
    if (store.isKnownClientOrderId(clientOrderId))
      throw new VenueRejection(`duplicate client order id ${clientOrderId}`);
    if (store.clientOrderIdCount >= ORDERS_MAX) {
      throw new VenueRejection(
        `${this.#deps.label} has accepted its maximum of ${ORDERS_MAX} orders; add a connector under a new name`,
      );
    }
    try {
      const next = this.#validate(order, series, state);
      await this.#commit(next, { clientOrderId, ended: replaced === undefined ? [] : [replaced] });
      return next.working.at(-1) as WorkingOrder;
    } catch (error) {
      if (error instanceof VenueRejection) await this.#storeRejection(clientOrderId);
      throw error;
    }
  }

  #validate(order: Order, series: PriceSeries | undefined, state: VenueState): VenueState {
    const { catalogue, label, rules } = this.#deps;
    if (series === undefined) throw new VenueRejection(`${JSON.stringify(order.symbol)} is not listed at ${label}`);
    if (this.hasEnded) throw new VenueRejection(`the prices of ${label} have ended: no order can trade any more`);
    const marketTick = tickOf(series, catalogue.calendar.instantOf(state.tick), rules);
    const terms: Terms = readTerms(order, series.tickSize, marketTick.lot);
    return acceptOrder(state, terms, { marks: this.mark, marketTick }, rules);
  }

  /** Stores a rejected order with its number and id, so that a desk that missed the response can query it. */
  async #storeRejection(clientOrderId: string): Promise<void> {
    const rejected: EndedOrder = { no: this.#state.nextNo, clientOrderId, status: "rejected", filled: "0", value: "0" };
    await this.#commit({ ...this.#state, nextNo: this.#state.nextNo + 1 }, { clientOrderId, ended: [rejected] });
  }

  async #onTimer(): Promise<void> {
    await this.#deps.catalogue.refresh?.(this.#state);
    // A response of this turn of the event loop must be sent before the fills of this tick.
    const isBusy = this.#queue.isBusy;
    try {
      await this.#queue.run(async () => {
        if (isBusy) await pause(0);
        await this.#advance();
      });
    } catch (error) {
      if (!this.#stopping) throw error;
    }
    if (!this.#stopping) this.start();
  }

  async #advance(): Promise<void> {
    if (this.#stopping) return;
    const { catalogue, logger, rules, tickMs } = this.#deps;
    await this.#applyStep(step(this.#state, catalogue, rules));
    this.#deps.onTick?.(this.#state.tick);
    const announcement = catalogue.announcementAt?.(this.#state.tick, tickMs);
    if (announcement !== undefined) logger.info(announcement);
  }

  async #applyStep({ state, executions, ended }: StepResult): Promise<void> {
    const { store, emit, currency } = this.#deps;
    const hasSplit = this.#splitsAt(state.tick);
    const isIdle = state.working.length === 0 && ended.length === 0 && !hasSplit;
    if (!isIdle) await this.#commit(state, { executions, ended });
    else if (state.tick > store.venue.tick && this.#deps.catalogue.isWallClock !== true)
      await this.#write({ ...state, tick: this.#idleUntil(state.tick) }, {});
    this.#state = state;
    for (const execution of executions) emit(toFill(execution, currency));
  }

  #splitsAt(tick: number): boolean {
    return (this.#deps.catalogue.splitsAt?.(tick) ?? []).length > 0;
  }

  /** The tick that is stored for an idle market: a venue that is killed goes on there, so no split lies between. */
  #idleUntil(tick: number): number {
    const end = Math.min(tick + IDLE_TICKS_AHEAD, Math.max(tick, this.#deps.catalogue.lastTick ?? Infinity));
    let until = tick;
    while (until < end && !this.#splitsAt(until + 1)) until += 1;
    return until;
  }

  async #commit(state: VenueState, newRows: NewRows): Promise<void> {
    await this.#write(state, newRows);
    this.#state = state;
  }

  /** Retries until the state is stored; the queue blocks all other changes meanwhile. */
  async #write(state: VenueState, newRows: NewRows): Promise<void> {
    for (;;) {
      try {
        return await this.#deps.store.commit(state, newRows);
      } catch (error) {
        if (this.#stopping)
          throw new Error(`${this.#deps.label} closed before its state was stored: ${messageOf(error)}`, {
            cause: error,
          });
        this.#deps.logger.error(`${this.#deps.label} cannot store its state and retries: ${messageOf(error)}`);
        await pause(RETRY_MS);
      }
    }
  }

  /** Fields for the log line at the start. */
  get summary(): Record<string, unknown> {
    const { cash, working, holdings } = this.#state;
    return {
      time: new Date(this.now).toISOString(),
      cash,
      working: working.map(({ no }) => venueId(no)),
      holdings: holdings.length,
    };
  }
}
