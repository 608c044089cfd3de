/**
 * `@qoc-app/sdk`: a fake venue of an author for `qoc connectors test`, the module that `venue` in certify.toml names.
 * Times are ms. Amounts are text with every digit: a fake that rounds is reported like an adapter that rounds.
 */
import type { Numeric, OrderReportStatus, Position, Side } from "./sdk-data.ts";

/** An order that the fake venue accepted. The symbol is the desk's. */
export interface FakeVenueOrder {
  venueOrderId: string;
  clientOrderId: string;
  symbol: string;
  side: Side;
  quantity: Numeric;
  /** `market`, `limit`, `stop` or `stop_limit`. */
  type: string;
  /** `day`, `gtc`, `ioc` or `fok`. */
  timeInForce: string;
  limitPrice?: Numeric | undefined;
  stopPrice?: Numeric | undefined;
  filledQuantity: Numeric;
  status: OrderReportStatus;
}

/** The order to fill, with the values to use where they are given. */
export interface FakeVenueFillTerms {
  venueOrderId: string;
  clientOrderId: string;
  quantity: string;
  price: string;
  timestamp?: number;
  /** null: the venue takes no fee. */
  fee?: string | null;
  feeCurrency?: string | null;
  liquidity?: "maker" | "taker";
  fillId?: string;
}

/** What the venue used for a fill. */
export interface FakeVenueFill {
  fillId: string;
  timestamp?: number;
  fee?: Numeric | null;
  feeCurrency?: string | null;
  liquidity?: "maker" | "taker";
}

/** What the venue has. Leave out what it does not state. A short position is negative. */
export interface FakeVenueAccount {
  buyingPower: Numeric;
  nav?: Numeric;
  cash?: Numeric;
  settledCash?: Numeric;
  marginUsed?: Numeric;
  unrealizedPnl?: Numeric;
  currency?: string;
  positions: Position[];
}

/** The hooks of the module's default export. A case whose hook is missing is not tried. */
export interface FakeVenueHooks {
  /** Starts an empty venue on a free port of 127.0.0.1. `stream`, if the stream has another address. */
  start(): Promise<{ url: string; stream?: string }>;
  /** Every order that the venue accepted, oldest first. */
  orders?(): FakeVenueOrder[] | Promise<FakeVenueOrder[]>;
  /** Fills the order, in any state and for any quantity, and reports the fill as the venue does. */
  fill?(terms: FakeVenueFillTerms): FakeVenueFill | Promise<FakeVenueFill>;
  /** null: the market has no such price. Returns the time that the venue states; null: it states none. */
  setQuote?(quote: {
    symbol: string;
    bid: string | null;
    ask: string | null;
    last: string;
    timestamp?: number;
  }): { timestamp: number | null } | Promise<{ timestamp: number | null }>;
  /** How far the venue's clock is ahead of the machine's. */
  setClock?(clock: { aheadMs: number }): void | Promise<void>;
  account?(): FakeVenueAccount | Promise<FakeVenueAccount>;
  /** The instrument, after the given steps were changed. */
  instrument?(steps: { symbol: string; tickSize?: string; lotSize?: string }): FakeVenueSteps | Promise<FakeVenueSteps>;
  /** The venue ends the order; false: it has no such end. */
  endOrder?(end: {
    venueOrderId: string;
    status: "rejected" | "expired" | "cancelled";
  }): boolean | void | Promise<boolean | void>;
  /** The answer to the next order has a success status and calls the order rejected; false: there is no such answer. */
  rejectNext?(): boolean | void | Promise<boolean | void>;
  /** Someone else trades in the same account, by hand; null: the venue does not allow the trade. */
  trade?(terms: {
    symbol: string;
    side: Side;
    quantity: string;
    price: string;
  }): FakeVenueTrade | Promise<FakeVenueTrade>;
  /** What changed the account without a trade, oldest first; for an adapter with `getActivities`. */
  addActivities?(activities: FakeVenueActivity[]): void | Promise<void>;
  /** The price of one EUR in USD for the pair `EUR/USD`; for an adapter with `getRates`. */
  setRate?(rate: { pair: string; rate: string; timestamp: number }): void | Promise<void>;
  /** When the venue trades the symbol; for an adapter with `getSchedule`. */
  setSessions?(schedule: {
    symbol: string;
    sessions: { kind: "core" | "pre" | "post" | "overnight"; open: number; close: number }[];
  }): void | Promise<void>;
}

/** Amounts are signed. */
export interface FakeVenueActivity {
  id: string;
  kind: "deposit" | "withdrawal" | "split";
  timestamp: number;
  amount?: string;
  currency?: string;
  symbol?: string;
  /** New for old, such as `["7", "1"]`. */
  ratio?: readonly [string, string];
}

export type FakeVenueSteps = { tickSize: Numeric; lotSize: Numeric; currency?: string; multiplier?: Numeric };
export type FakeVenueTrade = (FakeVenueFill & { venueOrderId: string; clientOrderId?: string }) | null;
