/**
 * A proxy in front of a venue that the kit knows nothing about. It forwards every request and every message of a
 * stream, unless a case arms a fault. A request that carries a client order id while `placeOrder` runs is the order;
 * any other request belongs to the method that runs.
 */
import {
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
  createServer,
  request as requestHttp,
} from "node:http";
import { request as requestHttps } from "node:https";
import type { Duplex } from "node:stream";
import { type RawData, WebSocket, WebSocketServer } from "ws";
import type { Clock } from "../../domain/ports.ts";
import { tryParseJson } from "../../lib/json.ts";
import type { Method } from "../../protocol/messages.ts";
import { type Fault, Faults, REQUEST_ROUTES, type VenueRoute } from "./fake-venue-faults.ts";
import { type VenueRequest, garbled, sendFault, targetAt, textOf, urlOf } from "./fake-venue-http.ts";
import { carriesId } from "../carries-id.ts";
import { QOC_DIALECT } from "../dialects/qoc.ts";
import { HooklessVenue } from "../hookless-venue.ts";
import { type HeldMessages, MessageGate } from "./held-messages.ts";
import { closeServer, listenOnLoopback, portOf } from "./loopback-server.ts";
import type { FillTiming, MadeFill, TestVenue } from "./test-venue.ts";

export interface Upstream {
  readonly url: string;
  /** The address of its stream; by default the same host. */
  readonly stream?: string | undefined;
}

/** Messages of the streams that are kept, to be sent again. */
const RECENT_MAX = 100;
const BODY_BYTES_MAX = 8 * 1024 * 1024;
const BAD_REQUEST = "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n";
/** Headers of one connection, which the proxy does not forward. */
const HOP_HEADERS = ["host", "connection", "keep-alive", "transfer-encoding", "content-length", "accept-encoding"];
const SOCKET_HEADERS = [...HOP_HEADERS, "upgrade"];

/** The method whose requests a route stands for. `place` is recognised by the client order id. */
const ROUTE_OF_METHOD: Partial<Record<Method, VenueRoute>> = {
  connect: "time",
  disconnect: "time",
  getQuote: "quote",
  getPositions: "positions",
  getBuyingPower: "account",
  getAccount: "account",
  getInstrument: "instrument",
  getOrder: "order",
  getOpenOrders: "orders",
  getFills: "fills",
  cancelOrder: "cancel",
};

interface ForwardedResponse {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly body: Buffer;
}

export class ProxyVenue extends HooklessVenue implements TestVenue {
  readonly requests: VenueRequest[] = [];
  filling: FillTiming = "after-ack";
  streamsOpened = 0;
  onChange: () => void = () => undefined;
  readonly #clock: Clock;
  readonly #upstream: Upstream;
  readonly #faults = new Faults();
  readonly #running: Method[] = [];
  readonly #clientOrderIds: string[] = [];
  readonly #http = createServer((request, response) => {
    this.#serve(request, response).catch(() => response.destroy());
  });
  readonly #sockets = new WebSocketServer({ noServer: true });
  readonly #streams = new Set<WebSocket>();
  readonly #gate = new MessageGate();
  /** The newest messages of the streams. */
  readonly #recent: { readonly text: string; readonly data: RawData; readonly isBinary: boolean }[] = [];
  /** The response to the first order that the venue answered. */
  #firstAnswer: ForwardedResponse | undefined;

  constructor(clock: Clock, upstream: Upstream) {
    super();
    this.#clock = clock;
    this.#upstream = upstream;
    this.#http.on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head));
  }

  listen(): Promise<void> {
    return listenOnLoopback(this.#http);
  }

  get url(): string {
    return `http://127.0.0.1:${portOf(this.#http)}${pathOf(this.#upstream.url)}`;
  }

  get stream(): string {
    const { url, stream = url } = this.#upstream;
    return `ws://127.0.0.1:${portOf(this.#http)}${pathOf(stream)}`;
  }

  get now(): number {
    return Math.floor(this.#clock.now());
  }

  get streams(): number {
    return this.#streams.size;
  }

  /** The body of the response to the first order; undefined if there was none. */
  get firstAnswer(): string | undefined {
    return this.#firstAnswer?.body.toString("utf8");
  }

  /** Attributes the requests of the next moments to a method; returns the function that ends this. */
  begin(method: Method): () => void {
    this.#running.push(method);
    return () => void this.#running.splice(this.#running.indexOf(method), 1);
  }

  /** Recognises requests for this order from now on. */
  expectOrder(clientOrderId: string): void {
    this.#clientOrderIds.push(clientOrderId);
  }

  armFault(route: VenueRoute, fault: Fault, times = 1): void {
    this.#faults.arm(route, fault, times);
  }

  clearFaults(): void {
    this.#faults.clear();
  }

  goSilent(): void {
    for (const route of REQUEST_ROUTES) this.armFault(route, { kind: "hang" }, Number.POSITIVE_INFINITY);
  }

  get listening(): number {
    return this.streams;
  }

  pushBinary(frame: Buffer): boolean {
    for (const stream of this.#streams) stream.send(frame, { binary: true });
    return true;
  }

  resendFills(fills: readonly MadeFill[]): boolean {
    const ofFills = this.#recent.filter(({ text }) => fills.some(({ fill_id }) => text.includes(fill_id)));
    for (const { data, isBinary } of ofFills)
      for (const stream of this.#streams) stream.send(data, { binary: isBinary });
    return ofFills.length > 0;
  }

  push(text: string): void {
    for (const stream of this.#streams) stream.send(text);
  }

  dropStreams(): void {
    for (const stream of this.#streams) stream.terminate();
  }

  closeStreams(code: number, reason: string): boolean {
    for (const stream of this.#streams) stream.close(code, reason);
    return true;
  }

  holdStreams(): HeldMessages {
    return this.#gate.hold();
  }

  /** Called after the response to an order was sent. */
  afterOrder(_clientOrderId: string): void {}

  async close(): Promise<void> {
    this.dropStreams();
    this.#sockets.close();
    this.#http.closeAllConnections();
    await closeServer(this.#http);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on("error", () => undefined);
    // A client that disconnects while it sends the body made no request.
    const body = await readAll(request).catch(() => undefined);
    if (body === undefined) return;
    const { pathname, search } = urlOf(request);
    const method = request.method ?? "GET";
    const text = body.toString("utf8");
    const { route, carries } = this.#classify(request, text);
    const parsed = text === "" ? undefined : (tryParseJson(text) ?? text);
    this.requests.push({ method, path: pathname + search, route, body: parsed, carries, isAuthorized: true });
    const fault = route === "unknown" ? undefined : this.#faults.take(route);
    this.onChange();
    await this.#respond({ request, response, body, route, fault });
    if (route === "place" && carries !== undefined) this.afterOrder(carries);
    this.onChange();
  }

  async #respond({
    request,
    response,
    body,
    route,
    fault,
  }: {
    request: IncomingMessage;
    response: ServerResponse;
    body: Buffer;
    route: VenueRequest["route"];
    fault: Fault | undefined;
  }): Promise<void> {
    const send = (): Promise<ForwardedResponse> => this.#forward(request, body);
    if (fault === undefined || fault.kind === "slow" || fault.kind === "duplicate") {
      if (fault?.kind === "duplicate") await send();
      const forwarded = await send();
      if (route === "place") this.#firstAnswer ??= forwarded;
      if (fault?.kind === "slow") await this.#sleep(fault.ms);
      relay(response, forwarded);
      return;
    }
    if (fault.kind === "rejected-body" || (fault.kind === "other-order" && this.#firstAnswer === undefined))
      throw new Error(`the fault ${fault.kind} needs the kit's own venue, or the response to another order`);
    if (fault.kind === "other-order") {
      const forwarded = await send();
      relay(response, this.#firstAnswer ?? forwarded);
      return;
    }
    if (fault.kind === "garbled") {
      const forwarded = await send();
      relay(response, { ...forwarded, body: Buffer.from(garbled(forwarded.body.toString("utf8"), fault.number)) });
      return;
    }
    // Withheld from the venue, unless the venue is to carry it out or its real response is to be truncated.
    const forwarded =
      fault.isDone === true || fault.kind === "malformed" ? await send().catch(() => undefined) : undefined;
    if (fault.kind === "500" && fault.afterMs !== undefined) await this.#sleep(fault.afterMs);
    if (fault.kind !== "malformed" || forwarded === undefined) {
      sendFault(response, fault, { success: 200, errorBody: QOC_DIALECT.errorBody });
      return;
    }
    relay(response, { ...forwarded, body: forwarded.body.subarray(0, Math.floor(forwarded.body.length / 2)) });
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#clock.after(ms, resolve));
  }

  async #forward(request: IncomingMessage, body: Buffer): Promise<ForwardedResponse> {
    const target = targetAt(new URL(this.#upstream.url).origin, request);
    if (target === undefined) return { status: 400, headers: {}, body: Buffer.from("the request names no path") };
    const headers = { ...without(request.headers, HOP_HEADERS), "content-length": body.length };
    const start = target.protocol === "https:" ? requestHttps : requestHttp;
    return new Promise((resolve, reject) => {
      const outgoing = start(target, { method: request.method, headers }, (incoming) => {
        const { statusCode: status = 502, headers: received } = incoming;
        readAll(incoming).then(
          (answer) => resolve({ status, headers: without(received, HOP_HEADERS), body: answer }),
          reject,
        );
      });
      outgoing.on("error", reject);
      outgoing.end(body);
    });
  }

  /** Returns the route of a request, and the client order id that the request carries. */
  #classify(request: IncomingMessage, body: string): Pick<VenueRequest, "route" | "carries"> {
    const texts = [request.url, ...Object.values(request.headers).flat(), body];
    const carries = this.#clientOrderIds.find((id) => carriesId(texts, id));
    if (carries !== undefined && this.#running.includes("placeOrder")) return { route: "place", carries };
    // With several methods at once, the newest one is the likeliest sender.
    const method = this.#running.findLast((name) => ROUTE_OF_METHOD[name] !== undefined);
    if (this.#running.length === 0) return { route: "background", carries };
    return { route: (method === undefined ? undefined : ROUTE_OF_METHOD[method]) ?? "unknown", carries };
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on("error", () => undefined);
    const { pathname } = urlOf(request);
    this.requests.push({ method: "GET", path: pathname, route: "stream", body: undefined, isAuthorized: true });
    if (this.#faults.take("stream") !== undefined)
      socket.end("HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n");
    else
      try {
        this.#connectStream(request, socket, head);
      } catch {
        // For example subprotocols that are invalid.
        socket.end(BAD_REQUEST);
      }
    this.onChange();
  }

  #connectStream(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { url, stream = url } = this.#upstream;
    const target = targetAt(new URL(stream).origin.replace(/^http/, "ws"), request);
    if (target === undefined) {
      socket.end(BAD_REQUEST);
      return;
    }
    const protocols = request.headers["sec-websocket-protocol"]?.split(/\s*,\s*/) ?? [];
    const headers = Object.fromEntries(
      Object.entries(without(request.headers, SOCKET_HEADERS)).filter(([name]) => !name.startsWith("sec-websocket")),
    );
    const upstream = new WebSocket(target, protocols, { headers });
    const early: [RawData, boolean][] = [];
    const keep = (data: RawData, isBinary: boolean): void => void early.push([data, isBinary]);
    upstream.on("message", keep);
    upstream.once("error", () => socket.end("HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n"));
    upstream.once("open", () =>
      this.#sockets.handleUpgrade(request, socket, head, (client) => {
        upstream.off("message", keep);
        this.#join(client, upstream);
        for (const [data, isBinary] of early) client.send(data, { binary: isBinary });
      }),
    );
  }

  #join(client: WebSocket, upstream: WebSocket): void {
    this.#streams.add(client);
    this.streamsOpened += 1;
    upstream.on("message", (data, isBinary) => {
      const text = textOf(data);
      this.#recent.push({ text, data, isBinary });
      if (this.#recent.length > RECENT_MAX) this.#recent.shift();
      this.#gate.pass(text, () => client.send(data, { binary: isBinary }));
    });
    client.on("message", (data, isBinary) => upstream.send(data, { binary: isBinary }));
    for (const side of [client, upstream]) side.on("error", () => undefined);
    upstream.on("close", () => client.terminate());
    client.on("close", () => {
      upstream.terminate();
      this.#streams.delete(client);
      this.onChange();
    });
    this.onChange();
  }
}

function relay(response: ServerResponse, { status, headers, body }: ForwardedResponse): void {
  response.writeHead(status, headers);
  response.end(body);
}

function pathOf(address: string): string {
  return new URL(address).pathname.replace(/\/$/, "");
}

function without(headers: IncomingMessage["headers"], names: readonly string[]): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name)));
}

async function readAll(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > BODY_BYTES_MAX) throw new Error("the body is too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
