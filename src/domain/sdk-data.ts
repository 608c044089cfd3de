/** Data of a venue in the SDK: what adapters return and receive. {@link ./sdk.ts} describes amounts and times. */

/** A number or an exact decimal string. Return the string if the venue sends a string. */
export type Numeric = number | string;
/** Milliseconds since the Unix epoch, or an ISO 8601 string such as `2026-07-06T14:00:00Z`. */
export type Timestamp = number | string;

export type Side = "buy" | "sell";
export type OrderType = "market" | "limit" | "stop" | "stop_limit";
export type TimeInForce = "day" | "gtc" | "ioc" | "fok";
/** What an order may ask for besides its terms. An order that has one is blocked unless its instrument names it. */
export type OrderFlagName = "session" | "positionIntent" | "postOnly";

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
  /** `received`: the venue states no time, and `timestamp` is that of the receipt. */
  timeSource?: "venue" | "received";
  /** How late the feed is. The desk shows such a price, and takes no order by it. */
  delayedMs?: number;
  /** `partial`: of some of the markets on which the instrument trades. */
  coverage?: "full" | "partial";
  /** The price of the last trade. */
  last?: Numeric;
  bidSize?: Numeric;
  askSize?: Numeric;
  /** Where the price comes from, for example `iex`, in at most 40 characters. Shown beside the quote and in reviews. */
  feed?: string;
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
  /** `extended`: the order may trade before and after the regular hours, too. */
  session?: "regular" | "extended";
  /** What the order does to the position: the venue refuses an order that would do the other. */
  positionIntent?: "open" | "close";
  /** true: the order must not take from the book; the venue refuses or cancels it if it would. */
  postOnly?: boolean;
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
  /** `maker`: the order was in the book. Leave it out if the venue does not say it. */
  liquidity?: "maker" | "taker";
  /** When money and instrument change hands. Of a day alone: its midnight in UTC. */
  settlesAt?: Timestamp;
  /** The `fillId` of an earlier fill that this message cancels (trade cancel, FIX ExecType H). */
  busts?: string;
  /** The `fillId` of an earlier fill that this message replaces (trade correction, FIX ExecType G). */
  corrects?: string;
}

/**
 * A fill of `getFills` or `emitFill` that the connector cannot read. The desk books the others, shows this one, marks
 * the account as incomplete, and asks for the fill again until it can be read or the operator resolves it.
 */
export interface UnreadableFill {
  fillId: string;
  status: "unknown";
  /** What cannot be read, in one line of at most 200 characters. */
  reason: string;
  /** Required if the venue's ids are unique within a symbol alone. */
  symbol?: string;
  venueOrderId?: string;
  timestamp?: Timestamp;
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
  /** Why the venue ended the order, in its words: one line of at most 200 characters. */
  reason?: string;
  /** The venue's time of this state. The desk drops a report that is older than the last. */
  updatedAt?: Timestamp;
  /**
   * The venue's id of the order that continues this one, for example after a split. The desk then follows and cancels
   * that order, and takes its fills, as this one. `quantity` and `limitPrice` are the terms that are in force then, and
   * `filledQuantity` is of both together.
   */
  replacedBy?: string;
}

/**
 * An order of `getOpenOrders` that the connector cannot read, for example because it does not know the status that the
 * venue states. The desk shows such an order of others, and asks for its own with `getOrder`.
 */
export interface UnreadableOrder {
  venueOrderId: string;
  clientOrderId?: string;
  status: "unknown";
  /** What cannot be read, in one line of at most 200 characters. */
  reason: string;
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
   * Cash in further currencies, which `nav` and `cash` do not contain. The desk adds it to the NAV by its own exchange
   * rates; a balance without a rate is shown and left out. Leave it out if the venue's `nav` contains all currencies.
   */
  balances?: Balance[];
  /** The part of `cash` that has settled. What was sold and is not paid yet is not in it. */
  settledCash?: Numeric;
  /** What positions and open orders take as initial margin. */
  marginUsed?: Numeric;
  /** The venue's own unrealized P&L of all positions, which the desk shows beside the P&L by its own fills. */
  unrealizedPnl?: Numeric;
  /**
   * The venue's time of these amounts. Required with `simulatedTime`: before the first quote the desk has no other
   * source.
   */
  timestamp?: Timestamp;
  /** Compared with that of `connect`: the desk cuts off a connector whose account is another one. */
  accountId?: string;
  /** What a person must know about this account or its market, in one line. Shown in `qoc status`. */
  notice?: string | undefined;
}

/** Cash in one currency. */
export interface Balance {
  currency: string;
  /** Below zero: owed. */
  total: Numeric;
  /** The part that an order can spend now: `total` without what open orders hold. Shown as its buying power. */
  free?: Numeric;
  /** What open orders hold. Without `free` an order can spend the rest of `total`. */
  locked?: Numeric;
  /** The venue's own rate: the price of one unit in the account's currency. It converts this account and no other. */
  rateToAccount?: Numeric;
  /** The time of that rate; by default the `timestamp` of the account, or the time of its arrival. */
  rateAt?: Timestamp;
}

/** What an instrument stands for. */
export interface Asset {
  /** `crypto`, `currency`, `us_equity`, or a name of lower-case letters, digits and `_` for another class. */
  class: string;
  /** The coin or currency, such as `BTC`; the ticker of a `us_equity`; else a shared id, such as an ISIN. */
  id: string;
}

/** A price step that holds from a price on. */
export interface TickBand {
  from: Numeric;
  tickSize: Numeric;
}

export interface Instrument {
  symbol: string;
  name?: string;
  /**
   * Instruments with an equal asset are one exposure, at whatever venue: BTC as `BTC/USDT`, as `BTC-USD` and as a
   * balance. Leave it out if a unit of the instrument (after `multiplier`) is no unit of the asset, as with an option.
   */
  asset?: Asset;
  /** Smallest price step. */
  tickSize?: Numeric;
  /** For a step that depends on the price, instead of `tickSize`: at most 100 bands, the lowest first. */
  ticks?: TickBand[];
  /** Smallest quantity step. */
  lotSize?: Numeric;
  minQuantity?: Numeric;
  maxQuantity?: Numeric;
  /** A further quantity step, of market orders. */
  marketLot?: Numeric;
  minNotional?: Numeric;
  maxNotional?: Numeric;
  /** The currency of its prices. Orders in an instrument without one are blocked. */
  currency?: string;
  /** Units of the underlying in one contract: 50 for an ES future. Values are quantity × price × multiplier. */
  multiplier?: Numeric;
  orderTypes?: OrderType[];
  timesInForce?: TimeInForce[];
  /** The flags of {@link Order} that the adapter passes on. Orders with any other flag are blocked. */
  orderFlags?: OrderFlagName[];
  tradable?: boolean;
  /** false: quantities are whole numbers. */
  fractional?: boolean;
  /** The end of its last trading day, of an option or a future. Orders after it are blocked. */
  expires?: Timestamp;
  /** false: none of it can be borrowed now, and a sale that opens a short position is blocked. */
  shortable?: boolean;
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

export type ActivityKind =
  | "deposit"
  | "withdrawal"
  | "transfer"
  | "dividend"
  | "interest"
  | "fee"
  | "tax"
  | "adjustment"
  | "split"
  | "rename"
  | "spinoff"
  | "merger";

/** What changed the account without a trade: money that moved, or a corporate action. */
export interface Activity {
  /** The venue's id of the activity. The desk counts an id once. */
  id: string;
  kind: ActivityKind;
  timestamp: Timestamp;
  /** Above zero for money that the account received: a deposit is above zero, a withdrawal below. Needs `currency`. */
  amount?: Numeric;
  currency?: string;
  /** The instrument of a dividend or of a corporate action, before that action. Required for the latter. */
  symbol?: string;
  /**
   * Units after and units before, for example `[7, 1]`. Required of a split. Of a rename, merger or spin-off: units
   * of `newSymbol` for units of `symbol`; a rename without it is one for one.
   */
  ratio?: [Numeric, Numeric];
  /**
   * The new name, or the instrument that a spin-off or merger gave. Required of those, but of no
   * merger for cash alone, whose `amount` is the cash.
   */
  newSymbol?: string;
  /**
   * Of a spin-off: the share of the cost of `symbol` that `newSymbol` takes, between 0 and 1. Without it the desk moves
   * nothing, and the positions differ until a human adopts them.
   */
  costShare?: Numeric;
  /** Units that the account received of `newSymbol`, or of `symbol` without one; below zero: gave away. */
  quantity?: Numeric;
  /** The `id` of an earlier activity that this one replaces. */
  corrects?: string;
  /** The venue's description: one line of at most 200 characters. */
  note?: string;
}

/** An activity of `getActivities` or `emitActivity` that the connector cannot read; as {@link UnreadableFill}. */
export interface UnreadableActivity {
  id: string;
  status: "unknown";
  /** What cannot be read, in one line of at most 200 characters. */
  reason: string;
  symbol?: string;
  timestamp?: Timestamp;
}

/** The price of one unit of the first currency in the second: `EUR/USD` at `1.08`. */
export interface Rate {
  pair: string;
  rate: Numeric;
  timestamp: Timestamp;
}

/** A span of time in which an instrument trades. */
export interface Session {
  open: Timestamp;
  close: Timestamp;
  kind: "core" | "pre" | "post" | "overnight";
}
