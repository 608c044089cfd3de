/**
 * A venue on the loopback interface, over HTTP and WebSocket, that keeps to its protocol until it is told not to. Its orders,
 * its fills and every request it saw are there to be looked at.
 */
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import type { Clock, Ids } from "../domain/ports.ts";
import { Book, type FillTerms, type VenueFill, type VenueOrder } from "./fake-venue-book.ts";
import { type Fault, Faults, type Route } from "./fake-venue-faults.ts";
import {
  type Answer,
  type VenueRequest,
  addressOf,
  answerTo,
  bodyOf,
  injectFault,
  reply,
  routeOf,
  shown,
} from "./fake-venue-http.ts";

export interface FakeVenueOptions {
  readonly clock: Clock;
  readonly ids: Ids;
  /** The one api key it knows; without it, one by chance. */
  readonly key?: string;
}

/** When an order that the market takes is filled. */
type Filling = "after-ack" | "before-ack" | "held";

export async function openFakeVenue(options: FakeVenueOptions): Promise<FakeVenue> {
  const venue = new FakeVenue(options);
  await venue.listen();
  return venue;
}

/** A moment for the answer to leave first. */
const FILL_AFTER_MS = 5;
/** A fill that comes first needs a lead: it travels by another connection. */
const ACK_AFTER_MS = 50;

export class FakeVenue {
  readonly key: string;
  readonly book = new Book();
  readonly requests: VenueRequest[] = [];
  /** How far its clock is ahead of ours. */
  skewMs = 0;
  filling: Filling = "after-ack";
  streamsOpened = 0;
  /** Called after anything happened: a request, an order, a stream opened or closed. */
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

  get orders(): readonly VenueOrder[] {
    return this.book.orders;
  }

  /** Streams that are open now. */
  get streams(): number {
    return this.#streams.size;
  }

  /** The next `times` requests of the route meet this. */
  fault(route: Route, fault: Fault, times = 1): void {
    this.#faults.arm(route, fault, times);
  }

  noFaults(): void {
    this.#faults.clear();
  }

  /** Makes a fill of an order and tells the streams. */
  fill(order: VenueOrder, terms: FillTerms = {}): VenueFill {
    const fill = this.fillSilently(order, terms);
    this.push({ type: "fill", ...fill });
    this.push({ type: "order", ...shown(order) });
    return fill;
  }

  /** A fill that no stream hears of by itself. */
  fillSilently(order: VenueOrder, terms: FillTerms = {}): VenueFill {
    return this.book.fill(order, this.now, terms);
  }

  /** Sends an event to every stream; text goes as it is. */
  push(event: object | string): void {
    for (const stream of this.#streams) stream.send(typeof event === "string" ? event : JSON.stringify(event));
  }

  /** Cuts every stream without a goodbye. */
  dropStreams(): void {
    for (const stream of this.#streams) stream.terminate();
  }

  /** More than once does no harm. */
  async close(): Promise<void> {
    this.dropStreams();
    this.#sockets.close();
    this.#http.closeAllConnections();
    await new Promise<void>((resolve) => void this.#http.close(() => resolve()));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on("error", () => undefined);
    const url = addressOf(request);
    const method = request.method ?? "GET";
    const route = routeOf(method, url.pathname);
    // One that hangs up half-way through its own body asked for nothing.
    const body = await bodyOf(request).catch(() => undefined);
    const isAuthorized = request.headers.authorization === `Bearer ${this.key}`;
    this.requests.push({ method, path: url.pathname + url.search, route, body, isAuthorized });
    if (!isAuthorized) reply(response, { status: 401, body: { error: "the api key is missing or wrong" } });
    else this.#answer(response, route, () => answerTo(this.book, route, url, body, this.now));
    this.onChange();
  }

  #answer(response: ServerResponse, route: Route | "unknown", work: () => Answer): void {
    const fault = route === "unknown" ? undefined : this.#faults.take(route);
    const isDone = fault === undefined || fault.kind === "slow" || fault.isDone === true;
    const answer = isDone ? work() : { status: 200 };
    const { placed } = answer;
    if (placed !== undefined && this.filling === "before-ack") this.#fillIfTaken(placed);
    const finish = (): void => {
      if (fault !== undefined && fault.kind !== "slow") injectFault(response, fault, answer);
      else reply(response, answer);
      if (placed !== undefined && this.filling === "after-ack")
        this.#options.clock.after(FILL_AFTER_MS, () => this.#fillIfTaken(placed));
    };
    if (fault?.kind === "slow") this.#options.clock.after(fault.ms, finish);
    else if (this.filling === "before-ack" && placed !== undefined) this.#options.clock.after(ACK_AFTER_MS, finish);
    else finish();
  }

  #fillIfTaken(order: VenueOrder): void {
    if (order.status !== "open") return;
    if (this.book.priceFor(order) !== undefined) this.fill(order);
    else if (order.time_in_force === "ioc" || order.time_in_force === "fok") {
      order.status = "expired";
      this.push({ type: "order", ...shown(order) });
    } else this.push({ type: "order", ...shown(order) });
    this.onChange();
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // One that hangs up while it is refused is no error of ours.
    socket.on("error", () => undefined);
    const url = addressOf(request);
    const isAuthorized = url.searchParams.get("key") === this.key;
    this.requests.push({ method: "GET", path: url.pathname, route: "stream", body: undefined, isAuthorized });
    const isRefused = url.pathname !== "/stream" || !isAuthorized || this.#faults.take("stream") !== undefined;
    if (isRefused)
      socket.end(
        `HTTP/1.1 ${isAuthorized ? "503 Service Unavailable" : "401 Unauthorized"}\r\ncontent-length: 0\r\n\r\n`,
      );
    else this.#sockets.handleUpgrade(request, socket, head, (stream) => this.#opened(stream));
    this.onChange();
  }

  #opened(stream: WebSocket): void {
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
