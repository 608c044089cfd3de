/**
 * The fake venue: an HTTP and WebSocket server on the loopback interface that follows its protocol unless a case arms
 * a fault. Cases read its orders, its fills and every request it received.
 */
import type {
  DialectTraits,
  FakeQuote,
  Secrets,
  StreamEvent,
  VenueCommand,
  VenueOutcome,
  WireRequest,
  WireResponse,
} from "../../domain/sdk-kit.ts";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { Duplex } from "node:stream";
import { type RawData, type WebSocket, WebSocketServer } from "ws";
import type { Clock, Ids } from "../../domain/ports.ts";
import { AuthorDialect } from "../author-dialect.ts";
import { BookVenue } from "./book-venue.ts";
import { FakeVenueState } from "./fake-venue-state.ts";
import { replacesAnswer } from "./fake-venue-faults.ts";
import { type QuotingDialect, faultRouteOf } from "../dialects/dialect.ts";
import { QOC_DIALECT } from "../dialects/qoc.ts";
import { closeServer, listenOnLoopback, portOf } from "./loopback-server.ts";
import { bodyOf, garbled, reply, sendFault, sendTo, textOf, urlOf, wireRequestOf } from "./fake-venue-http.ts";
import { QuoteStreams } from "./quote-streams.ts";

export interface FakeVenueOptions {
  readonly clock: Clock;
  readonly ids: Ids;
  /** What the venue accepts; by default a random `api_key`. */
  readonly secrets?: Secrets | undefined;
  /** By default the kit's own wire format. */
  readonly dialect?: QuotingDialect | undefined;
}

export async function openFakeVenue(options: FakeVenueOptions): Promise<FakeVenue> {
  const venue = new FakeVenue(options);
  await venue.listen();
  return venue;
}

export class FakeVenue extends BookVenue {
  readonly secrets: Secrets;
  readonly dialect: QuotingDialect;
  /** undefined: the wire format has none. */
  readonly quoteStreams: QuoteStreams | undefined;
  readonly #http = createServer((request, response) => {
    this.#serve(request, response).catch(() => response.destroy());
  });
  readonly #sockets = new WebSocketServer({ noServer: true });
  readonly #streams = new Set<WebSocket>();
  /** Streams that are signed in. */
  readonly #listening = new Set<WebSocket>();
  #sequence = 0;
  /** Messages of the stream are sent one after another. */
  #sending = Promise.resolve();

  constructor(options: FakeVenueOptions) {
    const dialect: QuotingDialect = options.dialect ?? QOC_DIALECT;
    super({ ...options, state: new FakeVenueState(dialect.traits) });
    this.secrets = options.secrets ?? { api_key: options.ids.random(16) };
    this.dialect = dialect;
    this.quoteStreams = dialect.quotes && new QuoteStreams(dialect.quotes, this.secrets, () => this.onChange());
    this.#http.on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head));
  }

  listen(): Promise<void> {
    return listenOnLoopback(this.#http);
  }

  get url(): string {
    return `http://127.0.0.1:${portOf(this.#http)}`;
  }

  get stream(): string {
    return `${this.url.replace("http", "ws")}${this.dialect.streamPath}`;
  }

  get traits(): DialectTraits {
    return this.dialect.traits;
  }

  /** Number of open streams. */
  get streams(): number {
    return this.#streams.size;
  }

  /** Sends a text to every stream. */
  push(text: string): void {
    for (const stream of this.#streams) stream.send(text);
  }

  protected override send({ kind, fill, order }: Pick<StreamEvent, "kind" | "fill" | "order">): void {
    // The order as it is now: it may change before the message is written.
    const copy = order === undefined ? undefined : { ...order };
    const event: StreamEvent = { kind, fill, order: copy, sequence: this.#sequence, now: this.now };
    this.#sequence += 1;
    const pass = async (): Promise<void> => {
      const message = await this.dialect.event(event);
      this.gate.pass(message.text, () => {
        for (const stream of this.#listening) sendTo(stream, message);
      });
    };
    // A dialect that throws is at fault: `findFault` says so.
    this.#sending = this.#sending.then(pass).catch(() => undefined);
  }

  override setQuote(symbol: string, quote: FakeQuote): Promise<number | null> {
    this.quoteStreams?.send(symbol, quote, this.now);
    return super.setQuote(symbol, quote);
  }

  pushBinary(frame: Buffer): boolean {
    for (const stream of this.#streams) stream.send(frame, { binary: true });
    return true;
  }

  /** Number of streams that are signed in. */
  override get listening(): number {
    return this.#listening.size;
  }

  /** Terminates every stream without a closing handshake. */
  dropStreams(): void {
    for (const stream of this.#streams) stream.terminate();
  }

  override closeStreams(code: number, reason: string): boolean {
    for (const stream of this.#streams) stream.close(code, reason);
    return true;
  }

  /** Returns a fault of an author's dialect; undefined if none is known. */
  async findFault(): Promise<string | undefined> {
    return this.dialect instanceof AuthorDialect ? this.dialect.findFault() : undefined;
  }

  /** Can be called more than once. */
  async close(): Promise<void> {
    if (this.dialect instanceof AuthorDialect) await this.dialect.close();
    this.dropStreams();
    this.quoteStreams?.drop();
    this.#sockets.close();
    this.#http.closeAllConnections();
    await closeServer(this.#http);
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
    const { fault, outcome, answer } = this.handle(faultRouteOf(command), command);
    const normal = outcome === undefined ? { status: 200 } : await this.#write(request, outcome);
    const send = (): void => {
      const success = normal.status < 300 ? normal.status : 200;
      if (replacesAnswer(fault)) sendFault(response, fault, { success, errorBody: this.dialect.errorBody });
      else if (fault?.kind === "garbled")
        reply(response, { ...normal, text: garbled(normal.text ?? JSON.stringify(normal.body), fault.number) });
      else reply(response, normal);
    };
    // It may be sent later, and a dialect of an author may have made it, for example with invalid headers.
    answer(() => {
      try {
        send();
      } catch {
        response.destroy();
      }
    });
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // A client that disconnects during a refusal is not an error.
    socket.on("error", () => undefined);
    this.#admit(request, socket, head).catch(() => socket.destroy());
  }

  async #admit(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const url = urlOf(request);
    if (this.dialect.quotes?.hasPath(url.pathname) === true) {
      const { pathname: path } = url;
      this.requests.push({ method: "GET", path, route: "unknown", body: undefined, isAuthorized: true });
      this.#sockets.handleUpgrade(request, socket, head, (stream) => this.quoteStreams?.add(stream));
      return;
    }
    const isAuthorized = await this.dialect.admits(wireRequestOf(request, url, undefined), this.secrets);
    this.requests.push({ method: "GET", path: url.pathname, route: "stream", body: undefined, isAuthorized });
    const isOther = url.pathname !== this.dialect.streamPath;
    const isRefused = isOther || !isAuthorized || this.faults.take("stream") !== undefined;
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
    const converse = (message: string | undefined): void =>
      void this.#converse(stream, message).catch(() => stream.terminate());
    stream.on("message", (data: RawData) => converse(textOf(data)));
    converse(undefined);
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
