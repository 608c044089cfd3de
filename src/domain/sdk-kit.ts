/**
 * `@qoc-app/sdk`: the types for authors of a dialect, the wire format of their venue, which the certification kit
 * speaks with its own book, faults and cases. Names with `Fake` are the book's own.
 */

/** A request as the venue received it. Names of headers are in lower case. */
export interface WireRequest {
  readonly method: string;
  readonly path: string;
  /** The values of a name that is repeated are joined by commas. */
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  /** Parsed if it is JSON, otherwise text; undefined if it is empty. */
  readonly body: unknown;
}

export interface WireResponse {
  readonly status: number;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent instead of `body`, as it is. */
  readonly text?: string | undefined;
  /** The content type; by default `application/json`. */
  readonly type?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** A message of the stream. */
export interface WireMessage {
  readonly text: string;
  readonly isBinary?: boolean | undefined;
}

/** `replaced`: the order with the id `replaced_by` continues it. */
export type OrderStatus = "open" | "partially_filled" | "filled" | "cancelled" | "rejected" | "expired" | "replaced";

/** An order; limit_price and stop_price are not part of the venue's responses. */
export interface FakeOrder {
  readonly order_id: string;
  readonly client_order_id: string;
  readonly symbol: string;
  readonly side: "buy" | "sell";
  readonly quantity: string;
  readonly type: string;
  readonly limit_price?: string | undefined;
  readonly stop_price?: string | undefined;
  readonly time_in_force: string;
  readonly session?: "regular" | "extended" | undefined;
  readonly position_intent?: "open" | "close" | undefined;
  readonly post_only?: boolean | undefined;
  filled_quantity: string;
  average_price: string | null;
  status: OrderStatus;
  replaced_by?: string | undefined;
}

export interface FakeFill {
  readonly fill_id: string;
  readonly order_id: string;
  readonly client_order_id: string;
  readonly symbol: string;
  readonly side: "buy" | "sell";
  readonly quantity: string;
  readonly price: string;
  readonly time: number;
  readonly fee: string;
  readonly fee_currency: string;
  readonly liquidity?: "maker" | "taker" | undefined;
}

/** A price is null if there is no bid or no offer. */
export interface FakeQuote {
  readonly bid: string | null;
  readonly ask: string | null;
  readonly last: string;
  /** The time of the last change; the venue's current time if undefined. */
  readonly time?: number;
}

export interface FakeInstrument {
  readonly tick_size: string;
  readonly lot_size: string;
}

/** What changed the account without a trade; amounts are signed. */
export interface FakeActivity {
  readonly id: string;
  readonly kind: string;
  readonly time: number;
  readonly amount?: string | undefined;
  readonly currency?: string | undefined;
  readonly symbol?: string | undefined;
  readonly ratio?: readonly [string, string] | undefined;
}

export interface FakeSession {
  readonly kind: string;
  readonly open: number;
  readonly close: number;
}

/** Amounts as text. */
export interface InstrumentSteps {
  readonly tickSize: string;
  readonly lotSize: string;
}

/** How an order can end without the adapter. */
export type VenueEnding = "rejected" | "expired" | "cancelled";

/** What the kit set for cases of activities, rates and sessions. Rates are by pair, such as `EUR/USD`. */
export interface StatedChanges {
  readonly activities: readonly FakeActivity[];
  readonly rates: Readonly<Record<string, { readonly rate: string; readonly time: number }>>;
  readonly sessions: readonly FakeSession[];
}

/** What a wire format can say for the optional methods; a case of what is absent is left out. */
export interface DialectStatements {
  /** For getActivities: what it can state of the account, oldest first. The kit adds the ids and times. */
  readonly activities?: readonly Omit<FakeActivity, "id" | "time">[] | undefined;
  /** For getRates: a pair that it lists, and a rate of it. */
  readonly rate?: { readonly pair: string; readonly rate: string } | undefined;
  /** Orders that the venue replaces by itself, such as those of an instrument that splits. */
  readonly replacesOrders?: true | undefined;
  /** For getSchedule: `always` if the venue trades at any time. */
  readonly schedule?: "sessions" | "always" | undefined;
}

/** An order as a client sent it. */
export type WireOrder = Pick<FakeOrder, "client_order_id" | "symbol" | "side" | "quantity" | "type" | "time_in_force"> &
  Partial<Pick<FakeOrder, "limit_price" | "stop_price" | "session" | "position_intent" | "post_only">>;

/** What a request asks for. `isAuthorized`: it carries the venue's keys. */
export type VenueCommand = { readonly isAuthorized: boolean } & (
  | { readonly route: "time" | "account" | "positions" | "instruments" | "unknown" }
  | { readonly route: "quote" | "instrument"; readonly symbol: string }
  | { readonly route: "place"; readonly terms: WireOrder }
  /** An order that the venue cannot read, and what it says of it. */
  | { readonly route: "place"; readonly invalid: string }
  | { readonly route: "order" | "cancel"; readonly orderId: string }
  | { readonly route: "orders"; readonly clientOrderId?: string | undefined; readonly isOpenOnly?: boolean }
  | { readonly route: "fills"; readonly since: number; readonly until?: number; readonly after?: string | undefined }
  /** A request that the dialect answers without the book, such as a calendar. */
  | { readonly route: "other"; readonly name: string }
);

export type RefusalReason =
  | "unauthorized"
  | "unknown-route"
  | "unknown-symbol"
  | "unknown-order"
  | "invalid"
  | "insufficient-funds"
  | "duplicate-id"
  | "not-open";

/** What the book made of a command. */
export type VenueOutcome =
  | { readonly kind: "time" }
  | { readonly kind: "quote"; readonly symbol: string; readonly quote: FakeQuote }
  | {
      readonly kind: "account" | "positions";
      readonly account: Readonly<Record<string, string>>;
      readonly positions: readonly Readonly<Record<string, string>>[];
    }
  | {
      readonly kind: "instrument";
      readonly symbol: string;
      readonly steps: FakeInstrument;
      readonly currency: string;
    }
  /** Every instrument, by symbol. */
  | {
      readonly kind: "instruments";
      readonly steps: Readonly<Record<string, FakeInstrument>>;
      readonly currency: string;
    }
  | { readonly kind: "placed" | "order" | "cancelled"; readonly order: FakeOrder }
  | { readonly kind: "orders"; readonly orders: readonly FakeOrder[] }
  | { readonly kind: "fills"; readonly fills: readonly FakeFill[]; readonly state: StatedChanges }
  | {
      readonly kind: "other";
      readonly name: string;
      readonly quotes: Readonly<Record<string, FakeQuote>>;
      readonly state: StatedChanges;
    }
  | {
      readonly kind: "refused";
      readonly reason: RefusalReason;
      /** The venue's words, the symbol or the id that the refusal is about. */
      readonly subject: string;
      /** The order that is there already, or that is not open. */
      readonly order?: FakeOrder | undefined;
    };

export interface WireContext {
  readonly request: WireRequest;
  readonly outcome: VenueOutcome;
  /** The venue's time. */
  readonly now: number;
}

/** A fill or an order whose state changed, with the order as it is now. */
export interface StreamEvent {
  readonly kind: "fill" | "order";
  readonly fill?: FakeFill | undefined;
  readonly order: FakeOrder | undefined;
  /** Counts the events of the venue from 0. */
  readonly sequence: number;
  readonly now: number;
}

/** The venue's answer to the opening of a stream, or to a message of the client. */
export interface StreamReply {
  readonly send: readonly WireMessage[];
  /** `refused`: the venue closes the stream. Only a stream that is signed in gets events. */
  readonly state: "waiting" | "signed-in" | "refused";
}

/** What the wire format cannot express, and amounts that the venue takes. Cases use it instead of their own values. */
export interface DialectTraits {
  /** A part of the venue's words for an order that the account cannot pay. */
  readonly insufficientFunds: string;
  /** Limit orders below the market, with ordinary and with extreme amounts that the venue takes as they are. */
  readonly limitOrders: readonly { readonly quantity: string; readonly limit: string }[];
  /** The longest amounts that the venue takes, and the steps of the tested symbol that allow them. */
  readonly longest: { readonly quantity: string; readonly limit: string; readonly steps?: InstrumentSteps };
  /** The messages of fills name a fee. */
  readonly hasFillFees: boolean;
  /** A fee can be in another currency than the price. */
  readonly hasFeeCurrencies: boolean;
  /** The account and all instruments of the venue are in one currency. */
  readonly hasOneCurrency: boolean;
  /** Two symbols whose steps the venue lists; they may be equal. */
  readonly steppedSymbols: readonly [string, string];
  /** Every symbol of the venue; cases trade the first two. */
  readonly symbols: readonly [string, string, ...string[]];
  /** The currency of the account and of prices. */
  readonly currency: string;
  /** An account may hold less than nothing of an instrument. */
  readonly hasShorts: boolean;
  /** Quotes have a time of their own; else a quote has the time of its answer. */
  readonly statesQuoteTime: boolean;
  /** The answer to an order names the client order id. */
  readonly confirmsId: boolean;
  /** How the venue can end an order without the client. */
  readonly endings: readonly VenueEnding[];
  /** Steps that the venue can state, for two symbols. */
  readonly steps: readonly [InstrumentSteps, InstrumentSteps];
  readonly statements?: DialectStatements | undefined;
}

/** The secrets that the venue accepts, by the names in certify.toml. */
export type Secrets = Readonly<Record<string, string>>;

/**
 * The default export of an author's module. Its functions get and return plain data, and keep no state from one case to
 * the next: each case has a process of its own.
 */
export interface Dialect {
  /** The path of the stream, such as `/ws`. */
  readonly streamPath: string;
  readonly traits: DialectTraits;
  /** Reads a request, and says what it asks the book for. */
  read(request: WireRequest, secrets: Secrets): VenueCommand | Promise<VenueCommand>;
  /** Writes what the book made of it. */
  write(context: WireContext): WireResponse | Promise<WireResponse>;
  /** The body of an error that concerns no command, such as a 500 or a 429. */
  errorBody(status: number): unknown;
  /** Whether a stream may be opened. A venue whose clients sign in by a message admits all. */
  admits(request: WireRequest, secrets: Secrets): boolean | Promise<boolean>;
  /** `message` is undefined when a stream opens. */
  converse(message: string | undefined, secrets: Secrets): StreamReply | Promise<StreamReply>;
  /** The message of a fill or of an order's new state. */
  event(event: StreamEvent): WireMessage | Promise<WireMessage>;
}
