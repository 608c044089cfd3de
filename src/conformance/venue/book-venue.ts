/**
 * The part of the kit's own venue that has no wire format: its book, its faults, and what cases do at it. A subclass
 * receives requests and sends answers.
 */
import type {
  DialectTraits,
  FakeActivity,
  FakeFill,
  FakeOrder,
  FakeQuote,
  FakeSession,
  InstrumentSteps,
  StreamEvent,
  VenueCommand,
  VenueEnding,
  VenueOutcome,
} from "../../domain/sdk-kit.ts";
import type { Clock, Ids } from "../../domain/ports.ts";
import { type Fault, Faults, REQUEST_ROUTES, type VenueRoute } from "./fake-venue-faults.ts";
import type { VenueRequest } from "./fake-venue-http.ts";
import { type FakeVenueState, type FillTerms, USUAL_STEPS } from "./fake-venue-state.ts";
import { perform } from "./fake-venue-commands.ts";
import { type HeldMessages, MessageGate } from "./held-messages.ts";
import type {
  FillTiming,
  MadeFill,
  StatedAccount,
  StatedInstrument,
  StatedRate,
  TestVenue,
  TradeTerms,
} from "./test-venue.ts";

/** Gives the response time to be sent before the fill. */
const FILL_AFTER_MS = 5;
/** Delays the response so that the fill, which uses another connection, arrives first. */
const ACK_AFTER_MS = 50;

/** What the book made of one request, and the fault that its answer has. */
export interface Handled {
  readonly fault: Fault | undefined;
  /** undefined if the request took no effect. */
  readonly outcome: VenueOutcome | undefined;
  /** Sends the answer, at the time that the case wants, and fills a marketable order. */
  answer(send: () => void): void;
}

export abstract class BookVenue implements TestVenue {
  readonly state: FakeVenueState;
  readonly requests: VenueRequest[] = [];
  /** How far the venue's clock is ahead. */
  skewMs = 0;
  filling: FillTiming = "after-ack";
  streamsOpened = 0;
  onChange: () => void = () => undefined;
  protected readonly clock: Clock;
  protected readonly ids: Ids;
  protected readonly faults = new Faults();
  protected readonly gate = new MessageGate();

  constructor({ clock, ids, state }: { readonly clock: Clock; readonly ids: Ids; readonly state: FakeVenueState }) {
    this.clock = clock;
    this.ids = ids;
    this.state = state;
  }

  abstract readonly traits: DialectTraits;
  abstract get url(): string;
  abstract get stream(): string;
  abstract get streams(): number;
  abstract push(text: string): void;
  abstract pushBinary(frame: Buffer): boolean;
  abstract dropStreams(): void;
  abstract close(): Promise<void>;
  /** Sends an event to every stream that is signed in. */
  protected abstract send(event: Pick<StreamEvent, "kind" | "fill" | "order">): void;

  get now(): number {
    return Math.floor(this.clock.now()) + this.skewMs;
  }

  get orders(): readonly FakeOrder[] {
    return this.state.orders;
  }

  armFault(route: VenueRoute, fault: Fault, times = 1): void {
    this.faults.arm(route, fault, times);
  }

  clearFaults(): void {
    this.faults.clear();
  }

  get listening(): number {
    return this.streams;
  }

  /** Streams of another kind have neither codes nor reasons. */
  closeStreams(_code: number, _reason: string): boolean {
    return false;
  }

  goSilent(): void {
    for (const route of REQUEST_ROUTES) this.armFault(route, { kind: "hang" }, Number.POSITIVE_INFINITY);
  }

  listOrders(): Promise<readonly FakeOrder[]> {
    return Promise.resolve(this.state.orders);
  }

  fillOrder(order: FakeOrder, terms: FillTerms = {}): Promise<MadeFill> {
    return Promise.resolve(this.#stated(this.fill(order, terms)));
  }

  /** A wire format without fees states none. */
  #stated(fill: FakeFill): MadeFill {
    return this.traits.hasFillFees ? fill : { ...fill, fee: null, fee_currency: null };
  }

  get fills(): readonly MadeFill[] {
    return this.state.fills.map((fill) => this.#stated(fill));
  }

  setQuote(symbol: string, quote: FakeQuote): Promise<number | null> {
    this.state.quotes.set(symbol, quote);
    return Promise.resolve(this.traits.statesQuoteTime ? (quote.time ?? this.now) : null);
  }

  setClock(aheadMs: number): Promise<void> {
    this.skewMs = aheadMs;
    return Promise.resolve();
  }

  readAccount(): Promise<StatedAccount> {
    const { buying_power: buyingPower = "", ...account } = this.state.account();
    const positions = this.state.positions().map(({ symbol = "", quantity = "", ...position }) => ({
      symbol,
      quantity,
      averagePrice: position["average_price"],
      markPrice: position["mark_price"],
      currency: position["currency"],
    }));
    const { settled_cash: settledCash, margin_used: marginUsed, unrealized_pnl: unrealizedPnl } = account;
    return Promise.resolve({ ...account, buyingPower, settledCash, marginUsed, unrealizedPnl, positions });
  }

  describeInstrument(symbol: string, steps?: InstrumentSteps): Promise<StatedInstrument> {
    if (steps !== undefined) this.state.instruments.set(symbol, { tick_size: steps.tickSize, lot_size: steps.lotSize });
    const { tick_size: tickSize, lot_size: lotSize } = this.state.instruments.get(symbol) ?? USUAL_STEPS;
    return Promise.resolve({ tickSize, lotSize, currency: this.state.currency });
  }

  endOrder(order: FakeOrder, status: VenueEnding): Promise<boolean> {
    if (!this.traits.endings.includes(status)) return Promise.resolve(false);
    order.status = status;
    return Promise.resolve(true);
  }

  /** Splits the order's instrument, and says so of the order and of the order that continues it. */
  split(order: FakeOrder, ratio: number, quote: FakeQuote): FakeOrder {
    const next = this.state.split(order, ratio, quote);
    this.sendOrder(order);
    this.sendOrder(next);
    return next;
  }

  rejectNext(): Promise<boolean> {
    this.armFault("place", { kind: "rejected-body", isDone: true });
    return Promise.resolve(true);
  }

  trade({ price, ...terms }: TradeTerms): Promise<MadeFill | undefined> {
    const client_order_id = `external-${this.ids.random(4)}`;
    const order = this.state.place({ ...terms, client_order_id, type: "market", time_in_force: "day" });
    return Promise.resolve(typeof order === "string" ? undefined : this.#stated(this.fill(order, { price })));
  }

  holdStreams(): HeldMessages {
    return this.gate.hold();
  }

  /** Fills an order and sends the fill and the order's state to every stream. */
  fill(order: FakeOrder, terms: FillTerms = {}): FakeFill {
    const fill = this.fillSilently(order, terms);
    this.sendFill(fill);
    this.sendOrder(order);
    return fill;
  }

  /** Sends the message of a fill to every stream that is signed in. */
  sendFill(fill: FakeFill): void {
    this.send({ kind: "fill", fill, order: this.state.findOrder({ orderId: fill.order_id }) });
  }

  resendFills(fills: readonly MadeFill[]): boolean {
    const ids = new Set(fills.map(({ fill_id }) => fill_id));
    for (const fill of this.state.fills) if (ids.has(fill.fill_id)) this.sendFill(fill);
    return true;
  }

  addActivities(activities: readonly FakeActivity[]): Promise<void> {
    return Promise.resolve(void this.state.activities.push(...activities));
  }

  /** A venue that lists the pair as an instrument states the rate as its price. */
  setRate({ pair, rate, time }: StatedRate): Promise<void> {
    if (this.state.quotes.has(pair)) this.state.quotes.set(pair, { bid: rate, ask: rate, last: rate, time });
    return Promise.resolve(void this.state.rates.set(pair, { rate, time }));
  }

  setSessions(_symbol: string, sessions: readonly FakeSession[]): Promise<void> {
    return Promise.resolve(void this.state.sessions.push(...sessions));
  }

  /** Sends the order's state to every stream that is signed in. */
  sendOrder(order: FakeOrder): void {
    this.send({ kind: "order", order });
  }

  /** Fills an order without sending anything to the streams. */
  fillSilently(order: FakeOrder, terms: FillTerms = {}): FakeFill {
    const { feeCurrency, ...others } = terms;
    const hasOther = feeCurrency !== undefined && this.traits.hasFeeCurrencies;
    return this.state.fill(order, this.now, hasOther ? terms : others);
  }

  /** Gives a request to the book, unless an armed fault keeps it from it. */
  protected handle(route: VenueRoute | "unknown", command: VenueCommand): Handled {
    const fault = route === "unknown" ? undefined : this.faults.take(route);
    const isUsual = fault === undefined || fault.kind === "slow" || fault.kind === "garbled";
    const isDone = isUsual || fault.kind === "duplicate" || fault.isDone === true;
    const first = isDone ? perform(this.state, command) : undefined;
    const second = fault?.kind === "duplicate" ? perform(this.state, command) : first;
    const placed = first?.kind === "placed" ? first.order : undefined;
    // Before the answer is written: it says that the order is filled.
    if (placed !== undefined && this.filling === "before-ack") this.#fillIfMarketable(placed);
    const answer = (send: () => void): void => {
      const finish = (): void => {
        send();
        if (placed !== undefined && this.filling === "after-ack")
          this.clock.after(FILL_AFTER_MS, () => this.#fillIfMarketable(placed));
      };
      if (fault?.kind === "slow") this.clock.after(fault.ms, finish);
      else if (this.filling === "before-ack" && placed !== undefined) this.clock.after(ACK_AFTER_MS, finish);
      else finish();
    };
    return { fault, outcome: second === undefined ? undefined : changedBy(fault, second), answer };
  }

  #fillIfMarketable(order: FakeOrder): void {
    if (order.status !== "open") return;
    if (this.state.priceFor(order) !== undefined) this.fill(order);
    else if (order.time_in_force === "ioc" || order.time_in_force === "fok") {
      order.status = "expired";
      this.sendOrder(order);
    } else this.sendOrder(order);
    this.onChange();
  }
}

/** The outcome that the venue writes: two faults change the order that the response names. */
function changedBy(fault: Fault | undefined, outcome: VenueOutcome): VenueOutcome {
  if (outcome.kind !== "placed") return outcome;
  if (fault?.kind === "rejected-body") return { kind: "placed", order: { ...outcome.order, status: "rejected" } };
  const other = { order_id: "7999", client_order_id: "q00000000000000000" };
  return fault?.kind === "other-order" ? { kind: "placed", order: { ...outcome.order, ...other } } : outcome;
}
