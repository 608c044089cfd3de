/**
 * `@qoc-app/sdk`: what the author of a connector or a guard sees.
 *
 * Numbers cross as in the documentation; each amount also has an exact text twin (`quantityText`), because a JavaScript
 * number cannot hold every decimal. Times are milliseconds since the epoch or ISO 8601 text.
 */

/** The protocol this SDK speaks; the desk refuses another. */
export const SDK_VERSION = 1;

/** A number, or the exact decimal as text. Answer with text where the venue gives text. */
export type Numeric = number | string;
/** Milliseconds since the epoch, or ISO 8601 text. */
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
  last?: Numeric;
  bidSize?: Numeric;
  askSize?: Numeric;
}

export interface Position {
  symbol: string;
  /** Negative when short. */
  quantity: Numeric;
  averagePrice?: Numeric;
  markPrice?: Numeric;
  currency?: string;
}

/** What the desk asks of the venue. Send `clientOrderId` with it: it never repeats, not even on a copied desk. */
export interface Order {
  clientOrderId: string;
  symbol: string;
  side: Side;
  quantity: number;
  quantityText: string;
  type: OrderType;
  limitPrice?: number;
  limitPriceText?: string;
  stopPrice?: number;
  stopPriceText?: string;
  timeInForce: TimeInForce;
  reduceOnly?: boolean;
}

export interface OrderAck {
  venueOrderId: string;
  status: "acknowledged";
}

export interface Fill {
  /** The venue's execution id; the same id is the same fill. */
  fillId: string;
  venueOrderId: string;
  clientOrderId?: string;
  symbol: string;
  side: Side;
  quantity: Numeric;
  price: Numeric;
  timestamp: Timestamp;
  fee?: Numeric;
  feeCurrency?: string;
  /** This message takes back the fill of that id. */
  busts?: string;
  /** This message replaces the fill of that id. */
  corrects?: string;
}

export type OrderReportStatus = "open" | "partially_filled" | "filled" | "cancelled" | "rejected" | "expired";

export interface OrderReport {
  venueOrderId: string;
  clientOrderId?: string;
  status: OrderReportStatus;
  filledQuantity: Numeric;
  averagePrice?: Numeric;
}

export interface Account {
  nav: Numeric;
  cash: Numeric;
  buyingPower: Numeric;
  currency: string;
  /** The venue's time of it. Wanted of `simulatedTime`, whose day the desk cannot know otherwise before the first quote. */
  timestamp?: Timestamp;
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
  currency?: string;
  orderTypes?: OrderType[];
  timesInForce?: TimeInForce[];
  tradable?: boolean;
}

export interface Bar {
  symbol: string;
  /** Start of the bar. */
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

/** Small durable memory of a connector: JSON values, 1 MiB in all, kept by the host. */
export interface Store {
  get(key: string): Promise<unknown>;
  put(key: string, value: unknown): Promise<void>;
}

export interface ConnectorContext {
  /** One of this connector's own secrets, named in `[connector.auth]`. Throws for any other name. */
  secret(name: string): string;
  readonly logger: Logger;
  /** Hands a fill to the desk. Returns at once; the desk acknowledges it after it is on disk. */
  emitFill(fill: Fill): void;
  /** `[connector.options]`, frozen. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly store: Store;
  /** The operator's `research/prices/bars/<symbol>.csv`, oldest first; empty where there is none. */
  bars(symbol: string): Promise<Bar[]>;
}

/** What a venue can do; all optional, each absence costs a guarantee that `qoc connectors list` names. */
export interface Capabilities {
  /** Sees the exact `…Text` fields, so that any decimal may be sent. */
  exactDecimals?: boolean;
  /** Is a second order with the same client order id refused, and for how long? */
  clientIdDedupe?: "forever" | "open-only" | "none";
  /** `getOrder` finds an order by its client order id alone. */
  queryByClientId?: boolean;
  /** Buying power as reported already excludes open orders. */
  buyingPowerNetsOpenOrders?: boolean;
  reduceOnly?: boolean;
  /** The venue's time is not the wall's: "now" is the newest timestamp it has given (a replayed market). */
  simulatedTime?: boolean;
  /** `paper`: no money moves. `live`: it does. */
  mode?: "paper" | "live";
}

export interface ConnectorAdapter {
  /** Called once at startup; authenticate and subscribe. */
  connect(ctx: ConnectorContext): Promise<void>;
  /** Called on graceful shutdown; close sockets, flush buffers. */
  disconnect(): Promise<void>;
  getQuote(symbol: string): Promise<Quote>;
  getPositions(): Promise<Position[]>;
  /** Buying power in USD. */
  getBuyingPower(): Promise<Numeric>;
  /**
   * Submit, and return when the venue has acknowledged; do not await the fill. Throw {@link VenueRejection} for a definite
   * no, {@link NotSent} when nothing left the machine; anything else means the outcome is unknown.
   */
  placeOrder(order: Order): Promise<OrderAck>;
  cancelOrder(venueOrderId: string): Promise<void>;

  // Optional; feature-detected.
  /** null when the venue does not know the order. */
  getOrder?(query: { venueOrderId?: string; clientOrderId?: string }): Promise<OrderReport | null>;
  getOpenOrders?(): Promise<OrderReport[]>;
  /** All fills since that time, oldest first. */
  getFills?(since: number): Promise<Fill[]>;
  getAccount?(): Promise<Account>;
  /** null when the venue does not list the symbol. */
  getInstrument?(symbol: string): Promise<Instrument | null>;
  getBars?(symbol: string, options: { resolution: string; from?: number; to?: number }): Promise<Bar[]>;
  getFundamentals?(symbol: string): Promise<Record<string, unknown>>;
  replaceOrder?(venueOrderId: string, order: Order): Promise<OrderAck>;
}

/** What a connector file exports by default; `capabilities` may stand as a static on the class. */
export interface ConnectorClass {
  new (): ConnectorAdapter;
  readonly capabilities?: Capabilities;
  /** The SDK it was built for: 1. A desk that speaks another refuses it in words. */
  readonly sdk?: number;
}

/** The venue said no, and means it: nothing of this order can ever fill. */
export class VenueRejection extends Error {
  override readonly name = "VenueRejection";
}

/** The request provably never left this machine. */
export class NotSent extends Error {
  override readonly name = "NotSent";
}

// Custom guards

/** The desk's book as a custom guard sees it: frozen, amounts as numbers for convenience and as exact text. */
export interface BookSnapshot {
  readonly nav: number;
  readonly navText: string;
  readonly cash: number;
  readonly buyingPower: number;
  readonly positions: readonly BookPosition[];
  readonly openOrders: readonly Order[];
  /** The venue's time. */
  readonly time: number;
}

export interface BookPosition {
  readonly connector: string;
  readonly symbol: string;
  readonly quantity: number;
  readonly quantityText: string;
  readonly averagePrice?: number;
  readonly markPrice?: number;
  /** quantity × mark. */
  readonly value: number;
}

export type GuardResult = { result: "allow" } | { result: "block"; reason: string };

/** A rule of your own: pure and synchronous. The constructor receives its `[[guard]]` options. */
export interface GuardAdapter {
  readonly key: string;
  readonly description: string;
  evaluate(order: Order & { readonly notional: number }, book: BookSnapshot): GuardResult;
}
