/**
 * The fake venue: an HTTP and WebSocket server on the loopback interface that follows its protocol unless a case arms
 * a fault. Cases read its orders, its fills and every request it received.
 */
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import type { Clock, Ids } from "../domain/ports.ts";
import { type FakeFill, type FakeOrder, type FakeQuote, FakeVenueState, type FillTerms } from "./fake-venue-state.ts";
import { type Fault, Faults, type VenueRoute } from "./fake-venue-faults.ts";
import {
  type VenueRequest,
  type VenueResponse,
  bodyOf,
  orderBody,
  performRequest,
  reply,
  routeOf,
  sendFault,
  urlOf,
} from "./fake-venue-http.ts";
import type { FillTiming, TestVenue } from "./test-venue.ts";

export interface FakeVenueOptions {
  readonly clock: Clock;
  readonly ids: Ids;
  /** The API key that the venue accepts; random if undefined. */
  readonly key?: string | undefined;
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
  readonly key: string;
  readonly state = new FakeVenueState();
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

  constructor(options: FakeVenueOptions) {
    this.#options = options;
    this.key = options.key ?? options.ids.random(16);
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
    return `${this.url.replace("http", "ws")}/stream`;
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

  fillOrder(order: FakeOrder, terms: FillTerms = {}): Promise<FakeFill> {
    return Promise.resolve(this.fill(order, terms));
  }

  setQuote(symbol: string, quote: FakeQuote): Promise<void> {
    this.state.quotes.set(symbol, quote);
    return Promise.resolve();
  }

  /** Fills an order and sends the fill and the order's state to every stream. */
  fill(order: FakeOrder, terms: FillTerms = {}): FakeFill {
    const fill = this.fillSilently(order, terms);
    this.push({ type: "fill", ...fill });
    this.push({ type: "order", ...orderBody(order) });
    return fill;
  }

  /** Fills an order without sending anything to the streams. */
  fillSilently(order: FakeOrder, terms: FillTerms = {}): FakeFill {
    return this.state.fill(order, this.now, terms);
  }

  /** Sends an event to every stream; a string is sent unchanged. */
  push(event: object | string): void {
    for (const stream of this.#streams) stream.send(typeof event === "string" ? event : JSON.stringify(event));
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
    const method = request.method ?? "GET";
    const route = routeOf(method, url.pathname);
    // A client that disconnects while it sends the body made no request.
    const body = await bodyOf(request).catch(() => undefined);
    const isAuthorized = request.headers.authorization === `Bearer ${this.key}`;
    this.requests.push({ method, path: url.pathname + url.search, route, body, isAuthorized });
    if (!isAuthorized) reply(response, { status: 401, body: { error: "the api key is missing or wrong" } });
    else this.#respond(response, route, () => performRequest(this.state, { route, url, body, now: this.now }));
    this.onChange();
  }

  #respond(response: ServerResponse, route: VenueRoute | "unknown", perform: () => VenueResponse): void {
    const fault = route === "unknown" ? undefined : this.#faults.take(route);
    const isDone = fault === undefined || fault.kind === "slow" || fault.kind === "duplicate" || fault.isDone === true;
    const first: VenueResponse = isDone ? perform() : { status: 200 };
    const normal = fault?.kind === "duplicate" ? perform() : first;
    const { placed } = first;
    if (placed !== undefined && this.filling === "before-ack") this.#fillIfMarketable(placed);
    const finish = (): void => {
      if (fault === undefined || fault.kind === "slow" || fault.kind === "duplicate") reply(response, normal);
      else sendFault(response, fault, normal);
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
      this.push({ type: "order", ...orderBody(order) });
    } else this.push({ type: "order", ...orderBody(order) });
    this.onChange();
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // A client that disconnects during a refusal is not an error.
    socket.on("error", () => undefined);
    const url = urlOf(request);
    const isAuthorized = url.searchParams.get("key") === this.key;
    this.requests.push({ method: "GET", path: url.pathname, route: "stream", body: undefined, isAuthorized });
    const isRefused = url.pathname !== "/stream" || !isAuthorized || this.#faults.take("stream") !== undefined;
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
      this.onChange();
    });
    stream.send(JSON.stringify({ type: "hello" }));
    this.onChange();
  }
}
