/**
 * `@qoc-app/sdk`: the types for authors of connectors and guards.
 *
 * The desk passes each amount twice: as a number (`quantity`) and as an exact decimal string (`quantityText`, for
 * example `"0.10"`), because a JavaScript number cannot represent every decimal. An adapter may return either form
 * ({@link Numeric}). Times are milliseconds since the Unix epoch or ISO 8601 strings. Prices and money are in the
 * instrument's currency.
 */

import type {
  Account,
  Activity,
  Bar,
  Fill,
  Instrument,
  Numeric,
  Order,
  OrderAck,
  OrderReport,
  Position,
  Quote,
  Rate,
  Session,
  Side,
  Timestamp,
  UnreadableActivity,
  UnreadableFill,
  UnreadableOrder,
} from "./sdk-data.ts";

/**
 * The version of the protocol between desk and adapter. The desk refuses an adapter that was built for another version.
 */
export const SDK_VERSION = 1;

export type * from "./sdk-data.ts";
export type * from "./sdk-hooks.ts";
export type * from "./sdk-kit.ts";

export interface Logger {
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
}

/** Durable storage of a connector: JSON values, at most 1 MiB in total, where each counts at least 1 KiB. */
export interface Store {
  /** Resolves to undefined if the key has no value. */
  get(key: string): Promise<unknown>;
  /** Resolves when the value is on disk. Rejects if the store would exceed 1 MiB. */
  put(key: string, value: unknown): Promise<void>;
}

export interface ConnectorContext {
  /** Returns a secret that `[connector.auth]` of this connector names. Throws for any other name. */
  secret(name: string): string;
  readonly logger: Logger;
  /** Sends a fill to the desk and returns at once. The desk acknowledges the fill when it is on disk. */
  emitFill(fill: Fill | UnreadableFill): void;
  /**
   * Sends the new state of an order, which the desk takes as an answer of `getOrder`. In one order with the fills: emit
   * the fills of an order before the report that it is filled.
   */
  emitReport(report: OrderReport): void;
  /** Sends what changed the account without a trade. The desk acknowledges it when it is on disk. */
  emitActivity(activity: Activity | UnreadableActivity): void;
  /**
   * Sends a streamed quote. The newest of a symbol wins: the desk gets at most 50 a second of one symbol, and 10,000 a
   * second in total.
   */
  emitQuote(quote: Quote): void;
  /**
   * Says whether the venue's stream works, for example after a lost connection. `false`: the connector is `degraded`
   * and gets no orders. `true`: the desk reconciles orders, fills and positions, and trades again; if the link fails
   * often, the desk waits for up to a minute.
   */
  link(isUp: boolean, reason?: string): void;
  /** `[connector.options]`, frozen. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly store: Store;
  /**
   * The bars of `research/prices/bars/<symbol>.csv`, oldest first; empty if there is no such file. `BTC/USD` is
   * `BTC_USD.csv`.
   */
  bars(symbol: string): Promise<Bar[]>;
  /** Prices for a simulated venue. */
  readonly source: QuoteSource;
}

/** The quotes and instruments of the connector that `quotes` of desk.toml names. */
export interface QuoteSource {
  /** Rejects if desk.toml names no connector, or it has no quote now. */
  quote(symbol: string): Promise<Quote>;
  /** null if the venue does not list the symbol; undefined if it lists no instruments; rejects as `quote`. */
  instrument(symbol: string): Promise<Instrument | null | undefined>;
}

/** Optional features of a venue. `qoc connectors list` names the guarantee that each missing feature costs. */
export interface Capabilities {
  /** The adapter sends the exact `…Text` fields, so the desk may pass decimals that do not fit a JavaScript number. */
  exactDecimals?: boolean;
  /**
   * How long the venue refuses a second order with the same client order id: forever, while the first is open, or
   * never.
   */
  clientIdDedupe?: "forever" | "open-only" | "none";
  /** `getOrder` finds an order by its client order id, without the venue order id. */
  queryByClientId?: boolean;
  /** The reported buying power already excludes the cost of open orders. */
  buyingPowerNetsOpenOrders?: boolean;
  reduceOnly?: boolean;
  /**
   * `pushed`: each change of an order arrives by `emitReport`, so that the desk asks for open orders only now and then.
   * Default: `polled`.
   */
  reports?: "pushed" | "polled";
  /**
   * The seconds between two requests for the state of orders that the venue tolerates, 1 to 3,600. Without it the desk
   * asks every 2 seconds at first, and less often the longer nothing changes, down to every 30 seconds.
   */
  pollSeconds?: number;
  /**
   * How far back `getFills` reaches, ms: an empty list says nothing of older fills, and the desk says so after a longer
   * gap. Without it the desk takes the list as complete.
   */
  fillsReachBackMs?: number;
  /** Buying power is leveraged, so that it is no NAV: the adapter must have `getAccount`. */
  marginAccount?: boolean;
  /** The venue replays a market: its current time is the newest timestamp that it returned, not the wall clock. */
  simulatedTime?: boolean;
  /** `paper`: orders move no money. `live`: they do. */
  mode?: "paper" | "live";
}

/** Whom `connect` reached, in the venue's own words. */
export interface ConnectReport {
  /** The desk refuses to start a connector for which desk.toml or `capabilities` state another mode. */
  mode: "paper" | "live";
  /** The venue's name of the environment, for example `sandbox`. Shown as it is. */
  environment: string;
  /** The desk keeps the first account id of a connector and refuses to start it with another one. */
  accountId: string;
  /** What the key may do. A live key that may withdraw is refused. */
  permissions?: ("read" | "trade" | "withdraw")[];
  /** The venue's clock. A difference of more than five seconds is logged. */
  venueTime?: Timestamp;
}

/** Names an order. The symbol and the time of submission (ms) are for venues that cannot find an order without them. */
export interface OrderQuery {
  venueOrderId?: string;
  clientOrderId?: string;
  symbol?: string;
  submittedAt?: number;
}

/** For venues that cannot cancel an order by its id alone. */
export interface CancelHint {
  clientOrderId: string;
  symbol: string;
  side: Side;
}

/** For venues that list fills by symbol, or in pages. */
export interface FillsHint {
  /** The symbols that the desk has traded or holds at this connector. */
  symbols: readonly string[];
  /** The cursor of the page before; absent for the first page. */
  cursor?: string;
}

/** A connector: the seven required methods and the optional ones. Every method may reject with any error. */
export interface ConnectorAdapter {
  /**
   * Called once at start: authenticate and subscribe. May resolve to whom it reached. Throw {@link ConnectRefused} if
   * the operator must change something before another attempt makes sense; any other error is tried again.
   */
  connect(ctx: ConnectorContext): Promise<void | ConnectReport>;
  /** Called at shutdown: close sockets and flush buffers. */
  disconnect(): Promise<void>;
  getQuote(symbol: string): Promise<Quote>;
  /** Every position of the account, those that were opened elsewhere included. */
  getPositions(): Promise<Position[]>;
  /** In the currency of the account: `Account.currency`, or `[account].currency` of desk.toml without `getAccount`. */
  getBuyingPower(): Promise<Numeric>;
  /**
   * Submits the order and resolves when the venue has acknowledged it; does not wait for a fill. Throw {@link
   * VenueRejection} if the venue refused the order, and {@link NotSent} if the request never left this machine. Any
   * other error means that the outcome is unknown: the desk then blocks the instrument and never sends the order again.
   */
  placeOrder(order: Order): Promise<OrderAck>;
  /** Requests a cancel and resolves when the venue has accepted the request. Rejects if the order is not open. */
  cancelOrder(venueOrderId: string, order?: CancelHint): Promise<void>;

  // Optional methods: the desk checks which ones exist.
  /** Resolves to null if the venue does not know the order. */
  getOrder?(query: OrderQuery): Promise<OrderReport | null>;
  /**
   * Every open order of the account. The desk asks for this list instead of each order by itself. An order that cannot
   * be read is listed as such, so that it hides no other.
   */
  getOpenOrders?(): Promise<(OrderReport | UnreadableOrder)[]>;
  /**
   * All fills since that time (ms), oldest first; or a page of them, with a cursor if there are more. The desk then
   * calls again with that cursor. A call may take 30 seconds. A fill that cannot be read is listed as such, so that it
   * hides no other.
   */
  getFills?(
    since: number,
    hint?: FillsHint,
  ): Promise<(Fill | UnreadableFill)[] | { fills: (Fill | UnreadableFill)[]; cursor?: string }>;
  /**
   * All activities since that time (ms), or a page of them as with `getFills`. The desk asks at a start, once an hour,
   * and if the account changed without a trade.
   */
  getActivities?(
    since: number,
    cursor?: string,
  ): Promise<(Activity | UnreadableActivity)[] | { activities: (Activity | UnreadableActivity)[]; cursor?: string }>;
  /** The rates of pairs such as `EUR/USD`; a pair that the venue does not have is left out. */
  getRates?(pairs: readonly string[]): Promise<Rate[]>;
  /** The sessions in which the symbol trades between two times (ms), the first one first; empty if it does not. */
  getSchedule?(symbol: string, from: number, to: number): Promise<Session[]>;
  getAccount?(): Promise<Account>;
  /** Resolves to null if the venue does not list the symbol. */
  getInstrument?(symbol: string): Promise<Instrument | null>;
  getBars?(symbol: string, options: { resolution: string; from?: number; to?: number }): Promise<Bar[]>;
  /**
   * Instruments whose symbol or name is near the words, the nearest first, at most `limit`. The desk names near symbols
   * if one is not listed.
   */
  searchInstruments?(words: string, limit: number): Promise<Instrument[]>;
  getFundamentals?(symbol: string): Promise<Record<string, unknown>>;
  replaceOrder?(venueOrderId: string, order: Order): Promise<OrderAck>;
}

/** The default export of a connector file. `capabilities` and `sdk` are static fields of the class. */
export interface ConnectorClass {
  new (): ConnectorAdapter;
  readonly capabilities?: Capabilities;
  /** The SDK version that the adapter was built for: 1. The desk refuses an adapter of another version. */
  readonly sdk?: number;
}

/**
 * Throw from `placeOrder` if the venue refused the order and no part of it can ever fill. The order becomes `rejected`.
 */
export class VenueRejection extends Error {
  override readonly name = "VenueRejection";
}

/**
 * Throw from `connect` if no later attempt can succeed: a wrong option, key, account or environment, or a gateway that
 * is read-only. The connector is quarantined with this message until the operator restarts it, because venues ban who
 * repeats such a login. After any other error `connect` is called again, with longer and longer pauses.
 */
export class ConnectRefused extends Error {
  override readonly name = "ConnectRefused";
}

/** Throw from `placeOrder` only if the request provably never left this machine. The order becomes `cancelled`. */
export class NotSent extends Error {
  override readonly name = "NotSent";
}

/**
 * Throw from any method but `placeOrder` and `cancelOrder` if the venue refused the request because there were too
 * many. The desk sends this connector nothing but orders and cancels for so long (at most 15 minutes), and shows it;
 * with 0 it doubles the pause between its own polls.
 */
export class RateLimited extends Error {
  override readonly name = "RateLimited";
  readonly retryAfterMs: number;

  constructor(message: string, retryAfterMs = 0) {
    super(message);
    this.retryAfterMs = retryAfterMs;
  }
}

// Custom guards

/**
 * Accounts, positions and open orders for a custom guard: those at enabled connectors that route orders and have the
 * mode of the order. Frozen; amounts are in the currency of the order's account.
 */
export interface BookSnapshot {
  readonly nav: number;
  readonly navText: string;
  readonly cash: number;
  readonly buyingPower: number;
  readonly positions: readonly BookPosition[];
  readonly openOrders: readonly Order[];
  /** The venue's time, ms. */
  readonly time: number;
}

export interface BookPosition {
  readonly connector: string;
  readonly symbol: string;
  readonly quantity: number;
  readonly quantityText: string;
  readonly averagePrice?: number;
  readonly markPrice?: number;
  /** Quantity × mark price, or × average price if there is no mark. */
  readonly value: number;
}

export type GuardResult = { result: "allow" } | { result: "block"; reason: string };

/** A custom guard. The constructor receives the options of its `[[guard]]` table. */
export interface GuardAdapter {
  readonly key: string;
  readonly description: string;
  /** Pure and synchronous. A guard that throws, or does not return within one second, blocks the order. */
  evaluate(order: Order & { readonly notional: number }, book: BookSnapshot): GuardResult;
}
