/**
 * The fake venue: an HTTP and WebSocket server on the loopback interface that follows its protocol unless a case arms
 * a fault. Cases read its orders, its fills and every request it received.
 */
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { type RawData, type WebSocket, WebSocketServer } from "ws";
import type { Clock, Ids } from "../domain/ports.ts";
import {
  type FakeFill,
  type FakeOrder,
  type FakeQuote,
  FakeVenueState,
  type FillTerms,
  USUAL_STEPS,
} from "./fake-venue-state.ts";
import { type HeldMessages, MessageGate } from "./held-messages.ts";
import { type Fault, Faults, type VenueRoute } from "./fake-venue-faults.ts";
import {
  type Dialect,
  type Secrets,
  type StreamEvent,
  type VenueCommand,
  type VenueOutcome,
  faultRouteOf,
} from "./dialect.ts";
import type { WireMessage, WireRequest, WireResponse } from "./wire-messages.ts";
import { QOC_DIALECT } from "./dialect-qoc.ts";
import { perform } from "./fake-venue-commands.ts";
import {
  type ResponseFault,
  type VenueRequest,
  bodyOf,
  reply,
  sendFault,
  textOf,
  urlOf,
  wireRequestOf,
} from "./fake-venue-http.ts";
import type {
  FillTiming,
  InstrumentSteps,
  MadeFill,
  StatedAccount,
  StatedInstrument,
  TestVenue,
  TradeTerms,
  VenueEnding,
} from "./test-venue.ts";

export interface FakeVenueOptions {
  readonly clock: Clock;
  readonly ids: Ids;
  /** What the venue accepts; by default a random `api_key`. */
  readonly secrets?: Secrets | undefined;
  /** By default the kit's own wire format. */
  readonly dialect?: Dialect | undefined;
}

export async function openFakeVenue(options: FakeVenueOptions): Promise<FakeVenue> {
  const venue = new FakeVenue(options);
  await venue.listen();
  return venue;
}

/** Gives the response time to be sent before the fill. */
const FILL_AFTER_MS = 5;
/** Delays the response so that the fill, which uses another connection, arrives first. */
const ACK_AFTER_MS = 50;

export class FakeVenue implements TestVenue {
  readonly secrets: Secrets;
  readonly dialect: Dialect;
  readonly state: FakeVenueState;
  readonly requests: VenueRequest[] = [];
  /** How far the venue's clock is ahead. */
  skewMs = 0;
  filling: FillTiming = "after-ack";
  streamsOpened = 0;
  /** Called after every change: a request, an order event, a stream opened or closed. */
  onChange: () => void = () => undefined;
  readonly #options: FakeVenueOptions;
  readonly #faults = new Faults();
  readonly #http = createServer((request, response) => {
    this.#serve(request, response).catch(() => response.destroy());
  });
  readonly #sockets = new WebSocketServer({ noServer: true });
  readonly #streams = new Set<WebSocket>();
  /** Streams that are signed in. */
  readonly #listening = new Set<WebSocket>();
  readonly #gate = new MessageGate();
  #sequence = 0;
  /** Messages of the stream are sent one after another. */
  #sending = Promise.resolve();

  constructor(options: FakeVenueOptions) {
    this.#options = options;
    this.secrets = options.secrets ?? { api_key: options.ids.random(16) };
    this.dialect = options.dialect ?? QOC_DIALECT;
    this.state = new FakeVenueState(this.dialect.traits);
    this.#http.on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head));
  }

  listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#http.once("error", reject);
      this.#http.listen(0, "127.0.0.1", resolve);
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  get stream(): string {
    return `${this.url.replace("http", "ws")}${this.dialect.streamPath}`;
  }

  get now(): number {
    return Math.floor(this.#options.clock.now()) + this.skewMs;
  }

  get orders(): readonly FakeOrder[] {
    return this.state.orders;
  }

  /** Number of open streams. */
  get streams(): number {
    return this.#streams.size;
  }

  /** Arms a fault for the next `times` requests of the route. */
  armFault(route: VenueRoute, fault: Fault, times = 1): void {
    this.#faults.arm(route, fault, times);
  }

  clearFaults(): void {
    this.#faults.clear();
  }

  listOrders(): Promise<readonly FakeOrder[]> {
    return Promise.resolve(this.state.orders);
  }

  fillOrder(order: FakeOrder, terms: FillTerms = {}): Promise<MadeFill> {
    return Promise.resolve(this.#stated(this.fill(order, terms)));
  }

  /** A wire format without fees states none. */
  #stated(fill: FakeFill): MadeFill {
    return this.dialect.traits.hasFillFees ? fill : { ...fill, fee: null, fee_currency: null };
  }

  get fills(): readonly MadeFill[] {
    return this.state.fills;
  }

  setQuote(symbol: string, quote: FakeQuote): Promise<number | null> {
    this.state.quotes.set(symbol, quote);
    return Promise.resolve(this.dialect.traits.statesQuoteTime ? (quote.time ?? this.now) : null);
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
    return Promise.resolve({ ...account, buyingPower, positions });
  }

  describeInstrument(symbol: string, steps?: InstrumentSteps): Promise<StatedInstrument> {
    if (steps !== undefined) this.state.instruments.set(symbol, { tick_size: steps.tickSize, lot_size: steps.lotSize });
    const { tick_size: tickSize, lot_size: lotSize } = this.state.instruments.get(symbol) ?? USUAL_STEPS;
    return Promise.resolve({ tickSize, lotSize, currency: this.state.currency });
  }

  endOrder(order: FakeOrder, status: VenueEnding): Promise<boolean> {
    order.status = status;
    return Promise.resolve(true);
  }

  rejectNext(): Promise<boolean> {
    this.armFault("place", { kind: "rejected-body", isDone: true });
    return Promise.resolve(true);
  }

  trade({ price, ...terms }: TradeTerms): Promise<MadeFill | undefined> {
    const client_order_id = `external-${this.#options.ids.random(4)}`;
    const order = this.state.place({ ...terms, client_order_id, type: "market", time_in_force: "day" });
    return Promise.resolve(typeof order === "string" ? undefined : this.#stated(this.fill(order, { price })));
  }

  holdStreams(): HeldMessages {
    return this.#gate.hold();
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
    this.#send({ kind: "fill", fill, order: this.state.findOrder({ orderId: fill.order_id }) });
  }

  /** Sends the order's state to every stream that is signed in. */
  sendOrder(order: FakeOrder): void {
    this.#send({ kind: "order", order });
  }

  /** Fills an order without sending anything to the streams. */
  fillSilently(order: FakeOrder, terms: FillTerms = {}): FakeFill {
    return this.state.fill(order, this.now, terms);
  }

  /** Sends a text to every stream. */
  push(text: string): void {
    for (const stream of this.#streams) stream.send(text);
  }

  #send({ kind, fill, order }: Pick<StreamEvent, "kind" | "fill" | "order">): void {
    // The order as it is now: it may change before the message is written.
    const copy = order === undefined ? undefined : { ...order };
    const event: StreamEvent = { kind, fill, order: copy, sequence: this.#sequence, now: this.now };
    this.#sequence += 1;
    this.#sending = this.#sending.then(async () => {
      const message = await this.dialect.event(event);
      this.#gate.pass(message.text, () => {
        for (const stream of this.#listening) sendTo(stream, message);
      });
    });
  }

  /** Terminates every stream without a closing handshake. */
  dropStreams(): void {
    for (const stream of this.#streams) stream.terminate();
  }

  /** Can be called more than once. */
  async close(): Promise<void> {
    this.dropStreams();
    this.#sockets.close();
    this.#http.closeAllConnections();
    await new Promise<void>((resolve) => void this.#http.close(() => resolve()));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on("error", () => undefined);
    const url = urlOf(request);
    // A client that disconnects while it sends the body made no request.
    const body = await bodyOf(request).catch(() => undefined);
    const wire = wireRequestOf(request, url, body);
    const command = await this.dialect.read(wire, this.secrets);
    const { isAuthorized } = command;
    const route = faultRouteOf(command);
    this.requests.push({ method: wire.method, path: url.pathname + url.search, route, body, isAuthorized });
    if (isAuthorized) await this.#respond(wire, response, command);
    else reply(response, await this.#write(wire, { kind: "refused", reason: "unauthorized", subject: "" }));
    this.onChange();
  }

  async #write(request: WireRequest, outcome: VenueOutcome): Promise<WireResponse> {
    return this.dialect.write({ request, outcome, now: this.now });
  }

  async #respond(request: WireRequest, response: ServerResponse, command: VenueCommand): Promise<void> {
    const route = faultRouteOf(command);
    const fault = route === "unknown" ? undefined : this.#faults.take(route);
    const isDone = fault === undefined || fault.kind === "slow" || fault.kind === "duplicate" || fault.isDone === true;
    const first = isDone ? perform(this.state, command) : undefined;
    const outcome = fault?.kind === "duplicate" ? perform(this.state, command) : first;
    const normal = outcome === undefined ? { status: 200 } : await this.#write(request, changedBy(fault, outcome));
    const placed = first?.kind === "placed" ? first.order : undefined;
    if (placed !== undefined && this.filling === "before-ack") this.#fillIfMarketable(placed);
    const finish = (): void => {
      if (fault === undefined || SENT_AS_USUAL.has(fault.kind)) reply(response, normal);
      else {
        const success = normal.status < 300 ? normal.status : 200;
        sendFault(response, fault as ResponseFault, { success, errorBody: this.dialect.errorBody });
      }
      if (placed !== undefined && this.filling === "after-ack")
        this.#options.clock.after(FILL_AFTER_MS, () => this.#fillIfMarketable(placed));
    };
    if (fault?.kind === "slow") this.#options.clock.after(fault.ms, finish);
    else if (this.filling === "before-ack" && placed !== undefined) this.#options.clock.after(ACK_AFTER_MS, finish);
    else finish();
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

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // A client that disconnects during a refusal is not an error.
    socket.on("error", () => undefined);
    this.#admit(request, socket, head).catch(() => socket.destroy());
  }

  async #admit(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const url = urlOf(request);
    const isAuthorized = await this.dialect.admits(wireRequestOf(request, url, undefined), this.secrets);
    this.requests.push({ method: "GET", path: url.pathname, route: "stream", body: undefined, isAuthorized });
    const isOther = url.pathname !== this.dialect.streamPath;
    const isRefused = isOther || !isAuthorized || this.#faults.take("stream") !== undefined;
    if (isRefused)
      socket.end(
        `HTTP/1.1 ${isAuthorized ? "503 Service Unavailable" : "401 Unauthorized"}\r\ncontent-length: 0\r\n\r\n`,
      );
    else this.#sockets.handleUpgrade(request, socket, head, (stream) => this.#addStream(stream));
    this.onChange();
  }

  #addStream(stream: WebSocket): void {
    this.#streams.add(stream);
    this.streamsOpened += 1;
    stream.on("error", () => undefined);
    stream.on("close", () => {
      this.#streams.delete(stream);
      this.#listening.delete(stream);
      this.onChange();
    });
    stream.on("message", (data: RawData) => void this.#converse(stream, textOf(data)));
    void this.#converse(stream, undefined);
    this.onChange();
  }

  async #converse(stream: WebSocket, message: string | undefined): Promise<void> {
    const { send, state } = await this.dialect.converse(message, this.secrets);
    if (!this.#streams.has(stream)) return;
    for (const reply of send) sendTo(stream, reply);
    if (state === "refused") stream.close();
    if (state === "signed-in") this.#listening.add(stream);
  }
}

/** Faults after which the usual response is sent. */
const SENT_AS_USUAL: ReadonlySet<Fault["kind"]> = new Set(["slow", "duplicate", "rejected-body", "other-order"]);

/** The outcome that the venue writes: two faults change the order that the response names. */
function changedBy(fault: Fault | undefined, outcome: VenueOutcome): VenueOutcome {
  if (outcome.kind !== "placed") return outcome;
  if (fault?.kind === "rejected-body") return { kind: "placed", order: { ...outcome.order, status: "rejected" } };
  const other = { order_id: "7999", client_order_id: "q00000000000000000" };
  return fault?.kind === "other-order" ? { kind: "placed", order: { ...outcome.order, ...other } } : outcome;
}

function sendTo(stream: WebSocket, { text, isBinary = false }: WireMessage): void {
  stream.send(isBinary ? Buffer.from(text) : text, { binary: isBinary });
}
