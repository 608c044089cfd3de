/**
 * `@qoc-app/sdk`: the types for authors of connectors and guards.
 *
 * The desk passes each amount twice: as a number (`quantity`) and as an exact decimal string (`quantityText`, for
 * example `"0.10"`), because a JavaScript number cannot represent every decimal. An adapter may return either form
 * ({@link Numeric}). Times are milliseconds since the Unix epoch or ISO 8601 strings. Prices and money are in the
 * instrument's currency.
 */

/**
 * The version of the protocol between desk and adapter. The desk refuses an adapter that was built for another version.
 */
export const SDK_VERSION = 1;

/** A number or an exact decimal string. Return the string if the venue sends a string. */
export type Numeric = number | string;
/** Milliseconds since the Unix epoch, or an ISO 8601 string such as `2026-07-06T14:00:00Z`. */
export type Timestamp = number | string;

export type Side = "buy" | "sell";
export type OrderType = "market" | "limit" | "stop" | "stop_limit";
export type TimeInForce = "day" | "gtc" | "ioc" | "fok";

export interface Quote {
  symbol: string;
  bid: Numeric;
  ask: Numeric;
  /** The venue's time of the quote. */
  timestamp: Timestamp;
  /**
   * The venue's time at which it last said that this quote is still valid, on a market where prices do not change.
   * `quote-freshness` takes the later of this and `timestamp`. Leave it out if the venue does not say so.
   */
  asOf?: Timestamp;
  /** The price of the last trade. */
  last?: Numeric;
  bidSize?: Numeric;
  askSize?: Numeric;
  /**
   * What a person must know about this price, in one line of at most 200 characters, for example that the recording of
   * a replayed market has ended. Shown beside the quote and in reviews.
   */
  notice?: string | undefined;
}

export interface Position {
  symbol: string;
  /** In units of the instrument; negative for a short position. */
  quantity: Numeric;
  averagePrice?: Numeric;
  markPrice?: Numeric;
  currency?: string;
}

/**
 * An order for the venue. Send `clientOrderId` with the order: 17 of `[a-z0-9]`, unique even across copies of a desk.
 */
export interface Order {
  clientOrderId: string;
  symbol: string;
  side: Side;
  /** Above zero, in units of the instrument. */
  quantity: number;
  /** The same quantity as an exact decimal string. */
  quantityText: string;
  type: OrderType;
  limitPrice?: number;
  limitPriceText?: string;
  stopPrice?: number;
  stopPriceText?: string;
  timeInForce: TimeInForce;
  /** true: the order must not open or increase a position. This version of the desk does not set it. */
  reduceOnly?: boolean;
}

/** The venue accepted the order. The desk's state of the order is `accepted` from then on. */
export interface OrderAck {
  /** The venue's id of the order. */
  venueOrderId: string;
  status: "acknowledged";
}

export interface Fill {
  /** The venue's execution id. The desk counts a fill of a symbol with a known id once. */
  fillId: string;
  venueOrderId: string;
  clientOrderId?: string;
  symbol: string;
  side: Side;
  quantity: Numeric;
  price: Numeric;
  timestamp: Timestamp;
  /** Above zero: a cost; below zero: a rebate. */
  fee?: Numeric;
  /** Without it the fee is in the currency of the price. A fee in the traded asset reduces the quantity held. */
  feeCurrency?: string;
  /** The `fillId` of an earlier fill that this message cancels (trade cancel, FIX ExecType H). */
  busts?: string;
  /** The `fillId` of an earlier fill that this message replaces (trade correction, FIX ExecType G). */
  corrects?: string;
}

export type OrderReportStatus = "open" | "partially_filled" | "filled" | "cancelled" | "rejected" | "expired";

/** The state of an order at the venue. */
export interface OrderReport {
  venueOrderId: string;
  clientOrderId?: string;
  status: OrderReportStatus;
  /** The quantity filled so far; the fills themselves come from `emitFill` and `getFills`. */
  filledQuantity: Numeric;
  averagePrice?: Numeric;
  /** What the order is, for orders in `getOpenOrders` that the desk did not send. */
  symbol?: string;
  side?: Side;
  quantity?: Numeric;
  limitPrice?: Numeric;
}

/** The account at the venue. All amounts are in `currency`. */
export interface Account {
  /** Net asset value: cash plus positions at their marks. */
  nav: Numeric;
  cash: Numeric;
  buyingPower: Numeric;
  /** ISO 4217 code or the venue's own code, for example `USD` or `USDT`. */
  currency: string;
  /**
   * The venue's time of these amounts. Required with `simulatedTime`: before the first quote the desk has no other
   * source.
   */
  timestamp?: Timestamp;
  /** What a person must know about this account or its market, in one line. Shown in `qoc status`. */
  notice?: string | undefined;
}

export interface Instrument {
  symbol: string;
  name?: string;
  /** Smallest price step. */
  tickSize?: Numeric;
  /** Smallest quantity step. */
  lotSize?: Numeric;
  minQuantity?: Numeric;
  maxQuantity?: Numeric;
  minNotional?: Numeric;
  /** The currency of its prices. Orders in an instrument without one are blocked. */
  currency?: string;
  /** Units of the underlying in one contract: 50 for an ES future. Orders with another one than 1 are blocked. */
  multiplier?: Numeric;
  orderTypes?: OrderType[];
  timesInForce?: TimeInForce[];
  tradable?: boolean;
}

export interface Bar {
  symbol: string;
  /** The start of the bar. */
  timestamp: Timestamp;
  open: Numeric;
  high: Numeric;
  low: Numeric;
  close: Numeric;
  volume?: Numeric;
}

export interface Logger {
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
}

/** Durable storage of a connector: JSON values, at most 1 MiB in total. The desk keeps them in the workspace. */
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
  emitFill(fill: Fill): void;
  /** `[connector.options]`, frozen. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly store: Store;
  /**
   * The bars of `research/prices/bars/<symbol>.csv`, oldest first; empty if there is no such file. `BTC/USD` is
   * `BTC_USD.csv`.
   */
  bars(symbol: string): Promise<Bar[]>;
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
  cancelOrder(venueOrderId: string): Promise<void>;

  // Optional methods: the desk checks which ones exist.
  /** Resolves to null if the venue does not know the order. */
  getOrder?(query: { venueOrderId?: string; clientOrderId?: string }): Promise<OrderReport | null>;
  /** Every open order of the account. The desk asks for this list instead of each order by itself. */
  getOpenOrders?(): Promise<OrderReport[]>;
  /** All fills since that time (ms), oldest first. */
  getFills?(since: number): Promise<Fill[]>;
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
 * many. The desk waits this long before its next poll; with 0 it doubles its own pause.
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
