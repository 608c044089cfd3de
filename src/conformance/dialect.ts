/**
 * The wire format of a venue: how the kit's fake venue reads requests and writes answers. The book, the faults and the
 * cases are the same for every dialect. All values are plain data, because a dialect of an author runs in a process.
 */
import type { FakeVenueState, FakeFill, FakeInstrument, FakeOrder, FakeQuote } from "./fake-venue-state.ts";
import type { VenueRoute } from "./fake-venue-faults.ts";
import type { InstrumentSteps, VenueEnding } from "./test-venue.ts";
import type { WireMessage, WireRequest, WireResponse } from "./wire-messages.ts";

/** An order as a client sent it. */
export type WireOrder = Pick<FakeOrder, "client_order_id" | "symbol" | "side" | "quantity" | "type" | "time_in_force"> &
  Partial<Pick<FakeOrder, "limit_price" | "stop_price">>;

/** What a request asks for. `isAuthorized`: it carries the venue's keys. */
export type VenueCommand = { readonly isAuthorized: boolean } & (
  | { readonly route: "time" | "account" | "positions" | "unknown" }
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

type WithoutAuthorization<T> = T extends unknown ? Omit<T, "isAuthorized"> : never;
/** A command before its keys were checked. */
export type UnsignedCommand = WithoutAuthorization<VenueCommand>;

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
  | { readonly kind: "placed" | "order" | "cancelled"; readonly order: FakeOrder }
  | { readonly kind: "orders"; readonly orders: readonly FakeOrder[] }
  | { readonly kind: "fills"; readonly fills: readonly FakeFill[] }
  | {
      readonly kind: "other";
      readonly name: string;
      readonly quotes: Readonly<Record<string, FakeQuote>>;
      readonly state: Pick<FakeVenueState, "activities" | "rates" | "sessions">;
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
}

/** What most venues have in common. */
export const USUAL_TRAITS = {
  confirmsId: true,
  hasFeeCurrencies: true,
  endings: ["rejected", "expired", "cancelled"],
  steps: [
    { tickSize: "0.05", lotSize: "0.5" },
    { tickSize: "0.0001", lotSize: "10" },
  ],
} satisfies Partial<DialectTraits>;

export interface Dialect {
  readonly streamPath: string;
  readonly traits: DialectTraits;
  read(request: WireRequest, secrets: Secrets): VenueCommand | Promise<VenueCommand>;
  write(context: WireContext): WireResponse | Promise<WireResponse>;
  /** The body of an error that concerns no command, such as a 500 or a 429. */
  errorBody(status: number): unknown;
  /** Whether a stream may be opened. A venue whose clients sign in by a message admits all. */
  admits(request: WireRequest, secrets: Secrets): boolean | Promise<boolean>;
  /** `message` is undefined when a stream opens. */
  converse(message: string | undefined, secrets: Secrets): StreamReply | Promise<StreamReply>;
  event(event: StreamEvent): WireMessage | Promise<WireMessage>;
}

/** The secrets that the venue accepts, by the names in certify.toml. */
export type Secrets = Readonly<Record<string, string>>;

/** The route of a command for faults and for the record of requests. */
export function faultRouteOf({ route }: VenueCommand): VenueRoute | "unknown" {
  return route === "other" ? "unknown" : route;
}
