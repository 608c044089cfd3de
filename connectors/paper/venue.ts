/**
 * The running venue: its clock, and every change on its way through engine, store and desk, in that order. What the desk
 * hears of is on disk before it hears of it.
 */
import { type Fill, type Logger, NotSent, type Order, VenueRejection } from "@qoc-app/sdk";
import { type Rules, accept } from "./validate-order.ts";
import type { Amount } from "./amount.ts";
import { END_OF_TIME } from "./calendar.ts";
import { type InstrumentList, INDEX } from "./instruments.ts";
import { type Outcome, markAt, step, cancelOrder } from "./engine.ts";
import { SerialQueue, pause } from "./serial-queue.ts";
import { tickOf } from "./market.ts";
import type { Recording } from "./recording.ts";
import { fillOf } from "./report.ts";
import { type Ended, type VenueState, type Working, numberOf, venueId } from "./state.ts";
import { type Terms, readClientId, readTerms } from "./terms.ts";
import { type NewRows, ORDERS_MAX, type VenueStore, workingBy } from "./venue-store.ts";

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Ticks stored ahead while no order works, so that an idle market writes once in so many ticks. */
const AHEAD = 20;
const RETRY_MS = 500;

export interface Outside {
  readonly vault: VenueStore;
  readonly catalogue: InstrumentList;
  readonly rules: Rules;
  readonly logger: Logger;
  readonly emit: (fill: Fill) => void;
  readonly tickMs: number;
  readonly latencyMs: number;
}

export class Venue {
  readonly #out: Outside;
  readonly #lane = new SerialQueue();
  #state: VenueState;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #stopping = false;
  /** Wall time of the last tick, ms. */
  #due = Date.now();

  constructor(outside: Outside) {
    this.#out = outside;
    this.#state = outside.vault.venue;
  }

  /** What everyone may see: on disk, or an idle market's next ticks. */
  get state(): VenueState {
    return this.#state;
  }

  get now(): number {
    return this.#out.catalogue.calendar.timeAt(this.#state.tick);
  }

  mark = (symbol: string): Amount | undefined => markAt(this.#out.catalogue, symbol, this.#state.tick, this.#out.rules);

  /** Lets the market move. Keeps its rhythm while the work of a tick is shorter than a tick; never hurries to catch up. */
  start(): void {
    const { catalogue, logger, tickMs } = this.#out;
    // A step may be stored AHEAD of the clock, and nothing may be stamped later than the desk can take.
    if (catalogue.calendar.timeAt(this.#state.tick + AHEAD + 1) >= END_OF_TIME) {
      return logger.error("the paper venue's dates have run out; it stands still");
    }
    const wait = Math.min(tickMs, Math.max(0, this.#due + tickMs - Date.now()));
    this.#due = Date.now() + wait;
    this.#timer = setTimeout(() => void this.#beat(), wait);
  }

  /** Stops the market and stores where it stands. What waits in line is told that it was not sent. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#timer);
    await this.#lane.run(async () => {
      if (this.#out.vault.venue !== this.#state) await this.#out.vault.commit(this.#state);
    });
  }

  /** @throws VenueRejection, or NotSent where the venue closed before the order came in. */
  async place(order: Order): Promise<Working> {
    const recording = await this.#travel(order);
    return this.#lane.run(() => this.#admit(order, recording, this.#state));
  }

  /** Cancels one order and admits another in the same write. The old one stands where the new one is refused. */
  async replace(id: string, order: Order): Promise<Working> {
    const recording = await this.#travel(order);
    return this.#lane.run(async () => {
      const { state, ended } = cancelOrder(this.#state, this.#working(id), "cancelled");
      return this.#admit(order, recording, state, ended);
    });
  }

  /** Cancelling what is cancelled already is no error. @throws VenueRejection for an order that ended otherwise or never was. */
  async cancel(id: string): Promise<void> {
    await this.#travel();
    await this.#lane.run(async () => {
      this.#refuseWhenStopping();
      const no = numberOf(id);
      if (no !== undefined && this.#out.vault.endedByNo(no)?.status === "cancelled") return;
      const { state, ended } = cancelOrder(this.#state, this.#working(id), "cancelled");
      await this.#commit(state, { ended: [ended] });
    });
  }

  /** The way to the venue takes time; what is still on it when the desk closes never arrives. Brings the order's prices along. */
  async #travel(order?: Order): Promise<Recording | undefined> {
    if (this.#out.latencyMs > 0) await pause(this.#out.latencyMs);
    this.#refuseWhenStopping();
    if (order === undefined) return undefined;
    try {
      return await this.#out.catalogue.find(String(order.symbol));
    } catch (error) {
      throw new NotSent(`the bars of ${order.symbol} cannot be read: ${messageOf(error)}`);
    }
  }

  #refuseWhenStopping(): void {
    if (this.#stopping) throw new NotSent("the paper venue is closing; nothing was sent");
  }

  #working(id: string): Working {
    const no = numberOf(id);
    const found = no === undefined ? undefined : workingBy(this.#state, { no });
    if (found !== undefined) return found;
    const ended = no === undefined ? undefined : this.#out.vault.endedByNo(no);
    throw new VenueRejection(ended === undefined ? `no open order ${id}` : `order ${id} is already ${ended.status}`);
  }

  async #admit(order: Order, recording: Recording | undefined, state: VenueState, replaced?: Ended): Promise<Working> {
    this.#refuseWhenStopping();
    const { vault } = this.#out;
    const clientOrderId = readClientId(order);
    if (vault.hasSeen(clientOrderId)) throw new VenueRejection(`duplicate client order id ${clientOrderId}`);
    if (vault.ordersSeen >= ORDERS_MAX) {
      throw new VenueRejection(
        `the paper venue has taken ${ORDERS_MAX} orders and its book is full; connect one under a new name`,
      );
    }
    try {
      const next = this.#examine(order, recording, state);
      await this.#commit(next, { clientOrderId, ...(replaced === undefined ? {} : { ended: [replaced] }) });
      return next.working.at(-1) as Working;
    } catch (error) {
      if (error instanceof VenueRejection) await this.#remember(clientOrderId);
      throw error;
    }
  }

  #examine(order: Order, recording: Recording | undefined, state: VenueState): VenueState {
    const { catalogue, rules } = this.#out;
    if (recording === undefined)
      throw new VenueRejection(`${JSON.stringify(order.symbol)} is not listed at the paper venue`);
    const terms: Terms = readTerms(order, recording.tickSize);
    return accept(
      state,
      terms,
      { marks: this.mark, moment: tickOf(recording, catalogue.calendar.instantOf(state.tick), rules) },
      rules,
    );
  }

  /** A refused order keeps its number and its id, so that a desk that missed the answer can ask. */
  async #remember(clientOrderId: string): Promise<void> {
    const refused: Ended = { no: this.#state.nextNo, clientOrderId, status: "rejected", filled: "0", value: "0" };
    await this.#commit({ ...this.#state, nextNo: this.#state.nextNo + 1 }, { clientOrderId, ended: [refused] });
  }

  async #beat(): Promise<void> {
    // An answer that is given in this turn of the event loop must leave the worker before the fills of this tick do.
    const isBusy = this.#lane.isBusy;
    try {
      await this.#lane.run(async () => {
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
    const { catalogue, rules } = this.#out;
    await this.#take(step(this.#state, catalogue, rules));
    this.#announceTurn();
  }

  async #take({ state, executions, ended }: Outcome): Promise<void> {
    const { vault, emit } = this.#out;
    const isIdle = state.working.length === 0 && ended.length === 0;
    if (!isIdle) await this.#commit(state, { executions, ended });
    else if (state.tick > vault.venue.tick) await this.#write({ ...state, tick: state.tick + AHEAD }, {});
    this.#state = state;
    for (const execution of executions) emit(fillOf(execution));
  }

  async #commit(state: VenueState, additions: NewRows): Promise<void> {
    await this.#write(state, additions);
    this.#state = state;
  }

  /** Until it is stored nothing has happened, and nothing else may happen. */
  async #write(state: VenueState, additions: NewRows): Promise<void> {
    for (;;) {
      try {
        return await this.#out.vault.commit(state, additions);
      } catch (error) {
        if (this.#stopping)
          throw new Error(`the paper venue closed before this was stored: ${messageOf(error)}`, { cause: error });
        this.#out.logger.error(`the paper venue cannot store its state and waits: ${messageOf(error)}`);
        await pause(RETRY_MS);
      }
    }
  }

  #announceTurn(): void {
    const { index, calendar } = this.#out.catalogue;
    const { day, step: place, ticks } = calendar.instantOf(this.#state.tick);
    const way = place === 0 ? index.turnsAt(day) : undefined;
    if (way === undefined) return;
    const minutes = Math.round((ticks * this.#out.tickMs) / 60_000);
    const from = `the recording of ${INDEX} is at its end: from ${calendar.date(day)} it plays ${way}`;
    this.#out.logger.info(`${from}, and the dates run on over weekdays; a day takes ${minutes} minutes`);
  }

  /** For a message to people. */
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
