/** What the connector needs of an exchange. One class for each reviewed exchange, and one for all others. */
import type {
  Activity,
  Bar,
  CancelHint,
  Capabilities,
  ConnectReport,
  ConnectorContext,
  Fill,
  FillsHint,
  Instrument,
  Order,
  OrderAck,
  OrderQuery,
  OrderReport,
  Quote,
  UnreadableActivity,
  UnreadableFill,
  UnreadableOrder,
} from "@qoc-app/sdk";
import type { StreamStep } from "../account-stream.ts";
import type { QuoteFeed } from "../quote-stream.ts";
import type { Exchange } from "./ccxt.ts";
import type { ExchangeFacts, Settings } from "./settings.ts";

/** A spot market. */
export interface Market {
  /** The desk's name, such as `BTC/USDT`. */
  readonly symbol: string;
  /** The exchange's name. */
  readonly id: string;
  readonly base: string;
  readonly quote: string;
  readonly instrument: Instrument;
}

export interface Balance {
  readonly asset: string;
  /** Includes what orders hold. */
  readonly total: string;
  readonly free: string;
}

/** What a message of the stream is. Fills come before the reports that contain them. */
export type StreamMessage =
  | StreamStep
  | {
      readonly kind: "events";
      readonly fills: readonly (Fill | UnreadableFill)[];
      readonly reports: readonly OrderReport[];
      /** Why another part of the message could not be read. */
      readonly failure?: Error | undefined;
    };

export interface FillPage {
  fills: (Fill | UnreadableFill)[];
  cursor?: string;
}

export interface BarRange {
  readonly resolution: string;
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

export interface Venue {
  /** @throws ConnectRefused if the keys cannot work or may withdraw. */
  signIn(): Promise<ConnectReport & { readonly venueTime: number }>;
  quote(symbol: string): Promise<Quote>;
  /** Undefined for an exchange that is only read: its quotes are asked for. */
  readonly quoteFeed: QuoteFeed | undefined;
  /** The market as it is now; null if the exchange does not list it. */
  market(symbol: string): Promise<Market | null>;
  /** Every symbol that the exchange lists. */
  symbols(): Promise<readonly string[]>;
  /** Every balance that is not zero. */
  balances(): Promise<readonly Balance[]>;
  /** The last prices of those symbols that have one. */
  prices(symbols: readonly string[]): Promise<ReadonlyMap<string, string>>;
  bars(symbol: string, range: BarRange): Promise<Bar[]>;
  /** Undefined for an exchange that is only read. */
  readonly trading: TradingVenue | undefined;
}

export interface TradingVenue {
  /** @throws NotSent for what the exchange does not take. */
  place(order: Order, market: Market): Promise<OrderAck>;
  cancel(venueOrderId: string, hint: CancelHint): Promise<void>;
  order(query: OrderQuery): Promise<OrderReport | null>;
  openOrders(): Promise<(OrderReport | UnreadableOrder)[]>;
  /** Oldest first. */
  fills(since: number, hint: FillsHint): Promise<FillPage>;
  /** What changed the account without a trade since that time (ms), oldest first. */
  activities(since: number): Promise<(Activity | UnreadableActivity)[]>;
  /** The messages that subscribe to orders and fills. */
  subscription(): Promise<readonly string[]>;
  read(message: unknown): StreamMessage | Promise<StreamMessage>;
}

export interface Session {
  readonly exchange: Exchange;
  readonly settings: Settings;
  readonly key: string;
  readonly secret: string;
  readonly logger: ConnectorContext["logger"];
}

export interface Profile {
  readonly facts: ExchangeFacts;
  /** false or absent: the exchange is only read. */
  readonly isReviewed?: boolean;
  readonly capabilities: Capabilities;
  open(session: Session): Venue;
}
