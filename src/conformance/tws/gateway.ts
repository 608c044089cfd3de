/**
 * The kit's venue as IB Gateway: a TCP server on the loopback interface that speaks the API of TWS. There is one
 * connection for everything, so what is a stream elsewhere is the connection of a client here.
 */
import type {
  DialectTraits,
  FakeInstrument,
  FakeOrder,
  FakeQuote,
  StreamEvent,
  VenueOutcome,
} from "../../domain/sdk-kit.ts";
import { type Socket, createServer } from "node:net";
import type { Clock, Ids } from "../../domain/ports.ts";
import { BookVenue } from "../venue/book-venue.ts";
import { STATEMENTS, STOCK_TRAITS } from "../dialects/qoc.ts";
import { FakeVenueState, USUAL_STEPS, isOpen } from "../venue/fake-venue-state.ts";
import { closeServer, listenOnLoopback, portOf } from "../venue/loopback-server.ts";
import {
  type TwsContract,
  type TwsOrigin,
  accountValues,
  bars,
  commission,
  completedOrder,
  contractData,
  currentTime,
  easternTime,
  errorMessage,
  execution,
  marketRule,
  openOrder,
  orderStatus,
  portfolioValue,
  symbolSamples,
  ticks,
} from "./answers.ts";
import { READ_ONLY, TwsClient, endOf, refusal, sendAnswer } from "./client.ts";
import type { TwsFields } from "./frames.ts";
import { type TwsRequest, readTwsRequest } from "./requests.ts";

/** The newest version that this gateway speaks. */
const SERVER_VERSION = 193;
const FIRST_CON_ID = 265_598;
const FIRST_RULE = 26;
const FIRST_PERM_ID = 1_200_000_001;
const TRAITS: DialectTraits = {
  ...STOCK_TRAITS,
  insufficientFunds: "MUST EXCEED THE INITIAL MARGIN",
  limitOrders: [
    { quantity: "1", limit: "49.07" },
    { quantity: "3", limit: "50" },
    { quantity: "1000.25", limit: "0.29" },
    { quantity: "0.001", limit: "48" },
  ],
  longest: {
    quantity: "1.000000000000000001",
    limit: "49.12345678901234567",
    steps: { tickSize: "0.00000000000000001", lotSize: "0.000000000000000001" },
  },
  hasFillFees: true,
  // A symbol of the connector without a currency is in dollars.
  hasOneCurrency: true,
  statesQuoteTime: false,
  steppedSymbols: ["AAPL", "MSFT"],
  statements: { rate: STATEMENTS.rate, schedule: STATEMENTS.schedule },
};

export interface TwsGatewayOptions {
  readonly clock: Clock;
  readonly ids: Ids;
  /** Default: a free one. */
  readonly port?: number;
}

export async function openTwsGateway(options: TwsGatewayOptions): Promise<TwsGateway> {
  const gateway = new TwsGateway(options);
  await gateway.listen(options.port);
  return gateway;
}

export class TwsGateway extends BookVenue {
  readonly traits = TRAITS;
  /** The accounts of the login; the orders are in the first one. */
  accounts: readonly string[] = ["DU1234567"];
  /** The box "Read-Only API" of the gateway's settings. */
  isReadOnly = false;
  /** The gateway accepts connections and bytes, and answers nothing. */
  isSilent = false;
  /** Contracts that the gateway names in orders and executions, and does not list, by symbol of the venue. */
  readonly unlisted = new Map<string, TwsContract>();
  /** The next ids that the gateway gives. */
  nextValidId = 1;
  readonly #clients = new Set<TwsClient>();
  /** The name of each order's state, as it was sent last. */
  readonly #stated = new Map<string, string>();
  readonly #origins = new Map<string, TwsOrigin>();
  readonly #server = createServer((socket) => this.#accept(socket));

  constructor({ clock, ids }: TwsGatewayOptions) {
    const state = new FakeVenueState(TRAITS, {
      order: (count) => String(FIRST_PERM_ID + count),
      fill: (count) => `0000e0d5.${(0x6544_0000 + count).toString(16)}.01.01`,
    });
    state.refusesDuplicates = false;
    super({ clock, ids, state });
  }

  listen(port?: number): Promise<void> {
    return listenOnLoopback(this.#server, port);
  }

  get url(): string {
    return `127.0.0.1:${portOf(this.#server)}`;
  }

  get stream(): string {
    return this.url;
  }

  get streams(): number {
    return [...this.#clients].filter(({ clientId }) => clientId !== undefined).length;
  }

  push(text: string): void {
    for (const client of this.#clients) client.send([text]);
  }

  /** Each message of TWS is binary, with its length in front. */
  pushBinary(): boolean {
    return false;
  }

  override goSilent(): void {
    this.isSilent = true;
  }

  /** Sends an error or a notice, such as 1100, which concerns no request, or 399 for an order. */
  announce(code: number, text: string, id = -1): void {
    for (const client of this.#clients) client.send(errorMessage(id, code, text));
  }

  dropStreams(): void {
    for (const { socket } of this.#clients) socket.destroy();
  }

  async close(): Promise<void> {
    this.dropStreams();
    await closeServer(this.#server);
  }

  /** Sends the ticks to those who subscribed. */
  override setQuote(symbol: string, quote: FakeQuote): Promise<number | null> {
    for (const client of this.#clients)
      for (const [id, subscribed] of client.quotes)
        if (subscribed === symbol) client.send(...ticks(id, quote, client.isDelayed));
    return super.setQuote(symbol, quote);
  }

  protected override send({ kind, fill, order }: Pick<StreamEvent, "kind" | "fill" | "order">): void {
    if (order === undefined) return;
    const messages =
      kind === "fill" && fill !== undefined
        ? [execution(-1, fill, this.#about(order)), commission(fill)]
        : this.#stateMessages(order);
    for (const message of messages)
      this.gate.pass(message.join(" "), () => {
        for (const client of this.#clients) if (client.clientId !== undefined) client.send(message);
      });
  }

  /** TWS repeats an order only if its state has another name: parts of a fill leave it `Submitted`. */
  #stateMessages(order: FakeOrder): readonly TwsFields[] {
    const status = orderStatus(order, this.#originOf(order));
    const name = String(status[2]);
    if (this.#stated.get(order.order_id) === name) return [status];
    this.#stated.set(order.order_id, name);
    return [this.#openOrder(order), status];
  }

  #accept(socket: Socket): void {
    socket.on("error", () => undefined);
    socket.setNoDelay(true);
    const isRefused = this.faults.take("stream") !== undefined;
    this.requests.push({ method: "TCP", path: "/", route: "stream", body: undefined, isAuthorized: true });
    this.onChange();
    if (isRefused) {
      socket.destroy();
      return;
    }
    const client = new TwsClient(socket);
    this.#clients.add(client);
    socket.on("close", () => {
      this.#clients.delete(client);
      this.onChange();
    });
    socket.on("data", (bytes: Buffer) => {
      try {
        for (const message of client.reader.read(bytes)) if (!this.isSilent) this.#receive(client, message);
      } catch {
        // No message of the API, such as an order for no number.
        socket.destroy();
      }
      this.onChange();
    });
  }

  #receive(client: TwsClient, fields: readonly string[]): void {
    if (!client.isGreeted) {
      client.isGreeted = true;
      const newest = Number(/\.\.(\d+)/.exec(fields[0] ?? "")?.[1] ?? SERVER_VERSION);
      client.send([Math.min(newest, SERVER_VERSION), easternTime(this.now)]);
      return;
    }
    const request = readTwsRequest(fields, {
      symbolOf: (conId) => TRAITS.symbols[conId - FIRST_CON_ID],
      permIdOf: (orderId) => this.#permIdOf(client, orderId),
    });
    const { name, route } = request;
    if (name === "startApi") this.#start(client, Number(fields[2]));
    else {
      const body = route === "place" ? { fields: fields.join(" ") } : undefined;
      this.requests.push({ method: "TWS", path: `/${name}`, route, body, isAuthorized: true });
      this.#respond(client, request);
    }
  }

  #start(client: TwsClient, clientId: number): void {
    if ([...this.#clients].some((other) => other.clientId === clientId)) {
      const text = "Unable to connect as the client id is already in use. Retry with a unique client id.";
      client.send(errorMessage(-1, 326, text));
      client.socket.end();
      return;
    }
    client.clientId = clientId;
    this.streamsOpened += 1;
    client.send(
      [15, 1, `${this.accounts.join(",")},`],
      [9, 1, this.nextValidId],
      errorMessage(-1, 2104, "Market data farm connection is OK:usfarm"),
      errorMessage(-1, 2106, "HMDS data farm connection is OK:ushmds"),
    );
  }

  #respond(client: TwsClient, request: TwsRequest): void {
    const { id, route, command } = request;
    if (this.isReadOnly && (route === "place" || route === "cancel" || route === "orders")) {
      client.send(errorMessage(id, 321, READ_ONLY));
      return;
    }
    if (route === "place" && this.#permIdOf(client, id) !== undefined) {
      client.send(errorMessage(id, 103, "Duplicate order id"));
      return;
    }
    const before = this.state.orders.length;
    const { fault, outcome, answer } = this.handle(route, command);
    if (route === "place") {
      this.nextValidId = Math.max(this.nextValidId, id + 1);
      for (const order of this.state.orders.slice(before))
        this.#origins.set(order.order_id, { orderId: id, clientId: client.clientId ?? 0, account: this.#account });
    }
    answer(() => {
      const usual = outcome === undefined ? [] : this.#answer(client, request, outcome);
      sendAnswer(client, request, { fault, usual, clock: this.clock });
    });
  }

  /** The messages that answer a request. */
  #answer(client: TwsClient, request: TwsRequest, outcome: VenueOutcome): readonly TwsFields[] {
    const { id, name } = request;
    const end = endOf(request, this.#account);
    switch (outcome.kind) {
      case "time":
        return [currentTime(this.now)];
      case "quote":
        client.quotes.set(id, outcome.symbol);
        return [[58, 1, id, client.isDelayed ? 3 : 1], ...ticks(id, outcome.quote, client.isDelayed)];
      case "instrument":
        return [this.#contractData(id, outcome), ...end];
      case "account":
        return [...this.#accountMessages(outcome), ...end];
      case "placed":
        return this.#placed(id, client, outcome.order);
      case "orders":
        return [...this.#orderMessages(name, outcome.orders), ...end];
      case "fills":
        // A list has no pages, and the commissions follow it.
        return [
          ...this.state.fills.map((fill) => execution(id, fill, this.#about(this.#orderOf(fill.order_id)))),
          ...end,
          ...this.state.fills.map(commission),
        ];
      case "cancelled":
        return this.#cancelled(id, outcome.order);
      case "refused":
        return [refusal(id, outcome)];
      default:
        return this.#other(client, request);
    }
  }

  #other(client: TwsClient, { id, name, symbol, fields }: TwsRequest): readonly TwsFields[] {
    if (name === "cancelMktData") client.quotes.delete(id);
    if (name === "reqMarketDataType") client.isDelayed = fields[2] === "3";
    if (name === "reqMatchingSymbols") {
      const words = (fields[2] ?? "").toUpperCase();
      const found = TRAITS.symbols.filter((listed) => listed.startsWith(words));
      const contracts = found.map((listed) => this.#contractOf(listed));
      return [symbolSamples(id, contracts)];
    }
    if (name === "reqHistoricalData") {
      const quote = this.state.quotes.get(symbol);
      if (quote === undefined) return [refusal(id, { kind: "refused", reason: "unknown-symbol", subject: symbol })];
      return [bars(id, quote, { size: fields[16] ?? "", now: this.now })];
    }
    if (name !== "reqMarketRule") return [];
    const rule = Number(fields[1]);
    return [marketRule(rule, this.#stepsOf(TRAITS.symbols[rule - FIRST_RULE] ?? "").tick_size)];
  }

  /** Each symbol has a market rule of its own, because cases change the steps of one. */
  #contractData(id: number, { symbol, steps }: { readonly symbol: string; readonly steps: FakeInstrument }): TwsFields {
    const rule = FIRST_RULE + TRAITS.symbols.indexOf(symbol);
    return contractData(id, this.#contractOf(symbol), { steps, rule, sessions: this.state.sessions });
  }

  #stepsOf(symbol: string): FakeInstrument {
    return this.state.instruments.get(symbol) ?? USUAL_STEPS;
  }

  #placed(id: number, client: TwsClient, order: FakeOrder): readonly TwsFields[] {
    if (order.status === "rejected")
      return [errorMessage(id, 201, "Order rejected - reason:The contract is not available for trading")];
    const origin = this.#origins.get(order.order_id) ?? { orderId: id + 1000, clientId: 0, account: this.#account };
    const contract = this.#contractOf(order.symbol);
    return [openOrder(order, contract, origin), orderStatus(order, { ...origin, clientId: client.clientId ?? 0 })];
  }

  #cancelled(id: number, order: FakeOrder): readonly TwsFields[] {
    return [orderStatus(order, this.#originOf(order)), errorMessage(id, 202, "Order Canceled - reason:")];
  }

  #orderMessages(name: string, orders: readonly FakeOrder[]): readonly TwsFields[] {
    if (name === "reqAllOpenOrders")
      return orders.flatMap((order) => [this.#openOrder(order), orderStatus(order, this.#originOf(order))]);
    return orders
      .filter((order) => !isOpen(order))
      .map((order) => completedOrder(order, this.#contractOf(order.symbol), { account: this.#account, now: this.now }));
  }

  #accountMessages({ account, positions }: Extract<VenueOutcome, { kind: "account" | "positions" }>) {
    return [
      ...accountValues(this.#account, account, this.state.rates),
      ...positions.map((position) =>
        portfolioValue(this.#account, this.#contractOf(position["symbol"] ?? ""), position),
      ),
      [8, 1, "10:00"],
    ];
  }

  get #account(): string {
    return this.accounts[0] ?? "";
  }

  #contractOf(symbol: string): TwsContract {
    const unlisted = this.unlisted.get(symbol);
    if (unlisted !== undefined) return unlisted;
    const [name = "", quote] = symbol.split("/");
    const conId = FIRST_CON_ID + TRAITS.symbols.indexOf(symbol);
    return quote === undefined
      ? { conId, symbol: name, secType: "STK", exchange: "SMART", currency: this.state.currency }
      : { conId, symbol: name, secType: "CRYPTO", exchange: "PAXOS", currency: quote };
  }

  #permIdOf({ clientId }: TwsClient, orderId: number): string | undefined {
    return [...this.#origins].find(([, origin]) => origin.orderId === orderId && origin.clientId === clientId)?.[0];
  }

  /** Orders that were placed in the gateway's own window have no id of a client. */
  #originOf({ order_id }: FakeOrder): TwsOrigin {
    return this.#origins.get(order_id) ?? { orderId: 0, clientId: 0, account: this.#account };
  }

  #orderOf(orderId: string): FakeOrder {
    const order = this.state.findOrder({ orderId });
    if (order === undefined) throw new Error(`the gateway has no order ${orderId}`);
    return order;
  }

  #about(order: FakeOrder) {
    return { order, contract: this.#contractOf(order.symbol), origin: this.#originOf(order) };
  }

  #openOrder(order: FakeOrder): TwsFields {
    return openOrder(order, this.#contractOf(order.symbol), this.#originOf(order));
  }
}
