/** Uses that the SDK's types accept and refuse. `types.test.ts` compiles this file as an author's editor would. */
import {
  type Account,
  type Activity,
  type Bar,
  type BookSnapshot,
  type Capabilities,
  type ConnectorAdapter,
  type ConnectorClass,
  type ConnectorContext,
  type Dialect,
  type FakeVenueHooks,
  type Fill,
  type GuardAdapter,
  type GuardResult,
  type Instrument,
  ConnectRefused,
  NotSent,
  type Order,
  type OrderAck,
  type OrderReport,
  type Position,
  type Quote,
  type SDK_VERSION,
  VenueRejection,
} from "@qoc-app/sdk";

/** True if both types are identical, not only assignable. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function holds<_T extends true>(): void {
  return undefined;
}

// Seven methods are required, and nothing else.
type RequiredKeys<T> = { [K in keyof T]-?: object extends Pick<T, K> ? never : K }[keyof T];
holds<
  Same<
    RequiredKeys<ConnectorAdapter>,
    "connect" | "disconnect" | "getQuote" | "getPositions" | "getBuyingPower" | "placeOrder" | "cancelOrder"
  >
>();
holds<Same<RequiredKeys<Quote>, "symbol" | "bid" | "ask" | "timestamp">>();
holds<Same<RequiredKeys<Position>, "symbol" | "quantity">>();
holds<
  Same<RequiredKeys<Order>, "clientOrderId" | "symbol" | "side" | "quantity" | "quantityText" | "type" | "timeInForce">
>();
holds<Same<RequiredKeys<OrderAck>, "venueOrderId" | "status">>();
holds<Same<RequiredKeys<Fill>, "fillId" | "venueOrderId" | "symbol" | "side" | "quantity" | "price" | "timestamp">>();
holds<Same<RequiredKeys<OrderReport>, "venueOrderId" | "status" | "filledQuantity">>();
holds<Same<RequiredKeys<Account>, "nav" | "cash" | "buyingPower" | "currency">>();
holds<Same<RequiredKeys<Instrument>, "symbol">>();
holds<Same<RequiredKeys<Bar>, "symbol" | "timestamp" | "open" | "high" | "low" | "close">>();
holds<Same<RequiredKeys<Capabilities>, never>>();
holds<
  Same<
    RequiredKeys<ConnectorContext>,
    | "secret"
    | "logger"
    | "emitFill"
    | "emitReport"
    | "emitActivity"
    | "emitQuote"
    | "source"
    | "link"
    | "options"
    | "store"
    | "bars"
  >
>();
holds<Same<RequiredKeys<Activity>, "id" | "kind" | "timestamp">>();
holds<Same<OrderAck["status"], "acknowledged">>();
holds<Same<Order["side"], "buy" | "sell">>();
holds<Same<Order["type"], "market" | "limit" | "stop" | "stop_limit">>();
holds<Same<Order["timeInForce"], "day" | "gtc" | "ioc" | "fok">>();
holds<Same<OrderReport["status"], "open" | "partially_filled" | "filled" | "cancelled" | "rejected" | "expired">>();
holds<Same<Capabilities["mode"], "paper" | "live" | undefined>>();
holds<Same<Capabilities["clientIdDedupe"], "forever" | "open-only" | "none" | undefined>>();
holds<Same<GuardResult, { result: "allow" } | { result: "block"; reason: string }>>();
holds<Same<typeof SDK_VERSION, 1>>();

// Amounts are numbers or text, times milliseconds or text.
export const quotes: Quote[] = [
  { symbol: "AAPL", bid: 99.5, ask: "100.50", timestamp: 1 },
  { symbol: "AAPL", bid: "99.50", ask: 100.5, timestamp: "2026-07-05T00:00:00Z" },
  // @ts-expect-error a quote needs an ask
  { symbol: "AAPL", bid: 1, timestamp: 1 },
  // @ts-expect-error a Date is not a valid time
  { symbol: "AAPL", bid: 1, ask: 2, timestamp: new Date() },
];
// @ts-expect-error an order is acknowledged, or there is an error
export const ack: OrderAck = { venueOrderId: "1", status: "filled" };
export const fill: Fill = {
  // @ts-expect-error an id is a string: a number would lose digits
  fillId: 1,
  venueOrderId: "1",
  symbol: "X",
  side: "buy",
  quantity: 1,
  price: 1,
  timestamp: 1,
};

export const errors: Error[] = [new VenueRejection("no"), new NotSent("offline"), new ConnectRefused("no")];

class Venue implements ConnectorAdapter {
  static readonly sdk = 1;
  static readonly capabilities: Capabilities = { mode: "paper", exactDecimals: true };
  async connect(ctx: ConnectorContext): Promise<void> {
    const key: string = ctx.secret("api_key");
    ctx.logger.info(key.slice(0, 0), { fields: true });
    await ctx.store.put("n", { any: ["json"] });
    // @ts-expect-error options are frozen
    ctx.options["a"] = 1;
  }
  async disconnect(): Promise<void> {}
  async getQuote(symbol: string): Promise<Quote> {
    return { symbol, bid: 1, ask: 2, timestamp: 0 };
  }
  async getPositions(): Promise<Position[]> {
    return [];
  }
  async getBuyingPower(): Promise<number> {
    return 0;
  }
  async placeOrder(order: Order): Promise<OrderAck> {
    return { venueOrderId: order.clientOrderId, status: "acknowledged" };
  }
  async cancelOrder(_venueOrderId: string): Promise<void> {}
}
export const venue: ConnectorClass = Venue;

// @ts-expect-error a connector needs cancelOrder
export class Half implements ConnectorAdapter {
  async connect(): Promise<void> {}
  async disconnect(): Promise<void> {}
  async getQuote(symbol: string): Promise<Quote> {
    return { symbol, bid: 1, ask: 2, timestamp: 0 };
  }
  async getPositions(): Promise<Position[]> {
    return [];
  }
  async getBuyingPower(): Promise<number> {
    return 0;
  }
  async placeOrder(): Promise<OrderAck> {
    return { venueOrderId: "1", status: "acknowledged" };
  }
}

export class Rule implements GuardAdapter {
  readonly key = "rule";
  readonly description = "blocks what is large";
  evaluate(order: Order & { readonly notional: number }, book: BookSnapshot): GuardResult {
    // @ts-expect-error the book is read-only
    book.nav = 1;
    return order.notional > book.nav ? { result: "block", reason: "large" } : { result: "allow" };
  }
}
// @ts-expect-error a guard is synchronous
export const later: GuardAdapter = { key: "k", description: "", evaluate: async () => ({ result: "allow" }) };

export const hooks: FakeVenueHooks = {
  start: async () => ({ url: "http://127.0.0.1:1" }),
  orders: () => [],
  fill: ({ quantity, price, timestamp = 0 }) => ({ fillId: `${quantity} at ${price}`, timestamp, fee: null }),
  setQuote: ({ bid }) => ({ timestamp: bid === null ? null : 0 }),
  setClock: ({ aheadMs }) => void aheadMs,
  account: () => ({ buyingPower: "1", positions: [{ symbol: "X", quantity: "-1" }] }),
  instrument: ({ tickSize = "0.01" }) => ({ tickSize, lotSize: "1" }),
  endOrder: ({ status }) => status !== "expired",
  rejectNext: () => false,
  trade: () => null,
  addActivities: (activities) => void activities.filter(({ kind }) => kind === "split"),
  setRate: ({ pair, rate, timestamp }) => void [pair, rate, timestamp],
  setSessions: ({ symbol, sessions }) => void [symbol, sessions.map(({ kind }) => kind === "core")],
};
// @ts-expect-error a fill has an id
export const unnamed: FakeVenueHooks = { ...hooks, fill: () => ({ timestamp: 0 }) };
// @ts-expect-error a venue starts
export const idle: FakeVenueHooks = { orders: () => [] };

export const dialect: Omit<Dialect, "traits"> = {
  streamPath: "/ws",
  read: ({ method, path, query, headers, body }, secrets) =>
    method === "GET" && body === undefined
      ? { isAuthorized: headers["key"] === secrets["api_key"], route: "quote", symbol: query["symbol"] ?? path }
      : { isAuthorized: true, route: "place", invalid: "no order" },
  write: ({ outcome, now }) =>
    outcome.kind === "refused" ? { status: 400, body: outcome.reason } : { status: 200, text: String(now) },
  errorBody: (status) => ({ status }),
  admits: async () => true,
  converse: (message) => ({ send: [{ text: message ?? "hello", isBinary: false }], state: "signed-in" }),
  event: ({ kind, fill, order, sequence }) => ({ text: [kind, fill?.fill_id, order?.status, sequence].join() }),
};
// @ts-expect-error a route is one of the book's
export const elsewhere: Dialect["read"] = () => ({ isAuthorized: true, route: "price" });
// @ts-expect-error an answer has a status
export const unstated: Dialect["write"] = () => ({ body: {} });
