/**
 * Data of a venue after validation: decimal strings for amounts, milliseconds for times. `src/protocol/schemas.ts`
 * makes these from the types of the SDK ({@link ./sdk.ts}).
 */
import type { DecimalText } from "../decimal.ts";
import type { ActivityKind, OrderFlagName, OrderReportStatus, OrderType, Session, Side, TimeInForce } from "../sdk.ts";

/** paper: orders move no money. live: they do. unstated: the connector does not say; approvals treat it like live. */
export type Mode = "paper" | "live" | "unstated";

/** Whom a connector reached, as the venue says. */
export interface VenueConnection {
  readonly mode: "paper" | "live";
  readonly environment: string;
  readonly accountId: string;
  readonly permissions?: readonly ("read" | "trade" | "withdraw")[];
  /** The venue's time, ms. */
  readonly at?: number;
}

export interface VenueQuote {
  readonly symbol: string;
  readonly bid: DecimalText;
  readonly ask: DecimalText;
  readonly last?: DecimalText;
  readonly bidSize?: DecimalText;
  readonly askSize?: DecimalText;
  /** The venue's time, ms. */
  readonly at: number;
  /** The venue's time at which it last said that the quote is still valid, ms. */
  readonly asOf?: number | undefined;
  readonly timeSource?: "venue" | "received";
  /** How late the feed is, ms. */
  readonly delayedMs?: number;
  readonly coverage?: "full" | "partial";
  /** Where the price comes from, in the connector's words. */
  readonly feed?: string | undefined;
  /** What a person must know about the price, in the connector's words. */
  readonly notice?: string;
}

export interface VenuePosition {
  readonly symbol: string;
  readonly quantity: DecimalText;
  readonly averagePrice?: DecimalText;
  readonly markPrice?: DecimalText;
  readonly currency?: string;
}

export interface VenueAck {
  readonly venueOrderId: string;
}

export interface VenueFill {
  readonly fillId: string;
  readonly venueOrderId: string;
  readonly clientOrderId?: string | undefined;
  readonly symbol: string;
  readonly side: Side;
  readonly quantity: DecimalText;
  readonly price: DecimalText;
  readonly at: number;
  readonly fee?: DecimalText | undefined;
  readonly feeCurrency?: string | undefined;
  readonly liquidity?: "maker" | "taker" | undefined;
  /** ms. */
  readonly settlesAt?: number | undefined;
  readonly busts?: string;
  readonly corrects?: string;
}

export interface VenueReport {
  readonly venueOrderId: string;
  readonly clientOrderId?: string | undefined;
  readonly status: OrderReportStatus;
  readonly filledQuantity: DecimalText;
  readonly averagePrice?: DecimalText;
  readonly symbol?: string;
  readonly side?: Side;
  readonly quantity?: DecimalText;
  readonly limitPrice?: DecimalText;
  /** Why the venue ended the order, in its words. */
  readonly reason?: string;
  /** The venue's time of this state, ms. */
  readonly updatedAt?: number;
  /** The venue's id of the order that continues this one. */
  readonly replacedBy?: string;
}

/** A listed order that cannot be read; see `UnreadableOrder` in the SDK. */
export interface UnreadableVenueOrder extends Pick<
  VenueReport,
  "clientOrderId" | "limitPrice" | "quantity" | "side" | "symbol" | "venueOrderId"
> {
  readonly status: "unknown";
  readonly reason: string;
}

/** A fill or an activity that cannot be read; see `UnreadableFill` in the SDK. */
export interface UnreadItem {
  readonly kind: "fill" | "activity";
  readonly id: string;
  readonly reason: string;
  readonly symbol?: string | undefined;
  readonly venueOrderId?: string | undefined;
  /** ms. */
  readonly at?: number | undefined;
}

/** What changed an account without a trade; see `Activity` in the SDK. */
export interface VenueActivity {
  readonly id: string;
  readonly kind: ActivityKind;
  readonly at: number;
  readonly amount?: DecimalText;
  readonly currency?: string;
  readonly symbol?: string;
  readonly ratio?: readonly [after: DecimalText, before: DecimalText];
  readonly newSymbol?: string;
  readonly costShare?: DecimalText;
  readonly quantity?: DecimalText;
  readonly corrects?: string;
  readonly note?: string;
}

export interface VenueRate {
  /** `EUR/USD`: the price of one unit of the first currency in the second. */
  readonly pair: string;
  readonly rate: DecimalText;
  readonly at: number;
}

export interface VenueSession {
  readonly open: number;
  readonly close: number;
  readonly kind: Session["kind"];
}

/** A part of a list that a venue returns in pages. */
export interface VenuePage<T> {
  readonly items: readonly T[];
  /** What cannot be read of it. */
  readonly unread?: readonly UnreadItem[] | undefined;
  /** Of the next page. */
  readonly cursor?: string | undefined;
}

/** Cash in another currency than the account's. */
export interface VenueBalance {
  readonly currency: string;
  readonly total: DecimalText;
  /** What an order can spend of it. */
  readonly free?: DecimalText | undefined;
  /** The rate that the NAV counts it by, in the account's currency; absent: the NAV leaves it out. */
  readonly rate?: DecimalText | undefined;
}

/** A balance as a connector reports it, with the venue's own rate if it has one. */
export interface ReportedBalance extends VenueBalance {
  readonly rateToAccount?: DecimalText | undefined;
  /** ms. */
  readonly rateAt?: number | undefined;
}

export interface VenueAccount {
  readonly nav: DecimalText;
  readonly cash: DecimalText;
  readonly buyingPower: DecimalText;
  readonly currency: string;
  /** Positions that the NAV leaves out, because the desk found no price of them or no exchange rate. */
  readonly unvalued?: readonly UnvaluedPosition[] | undefined;
  /** The NAV contains those with a rate. */
  readonly balances?: readonly VenueBalance[] | undefined;
  readonly settledCash?: DecimalText | undefined;
  readonly marginUsed?: DecimalText | undefined;
  /** Of all positions, by the venue. */
  readonly unrealizedPnl?: DecimalText | undefined;
}

export interface UnvaluedPosition {
  readonly symbol: string;
  readonly quantity: DecimalText;
}

/** An account as a connector reports it, with the venue's time if the connector sends one. */
export type ReportedAccount = Omit<VenueAccount, "balances"> & {
  readonly balances?: readonly ReportedBalance[] | undefined;
  readonly at?: number;
  readonly notice?: string;
  readonly accountId?: string;
};

/** What an instrument stands for; see `Asset` in the SDK. */
export interface VenueAsset {
  readonly class: string;
  readonly id: string;
}

interface VenueTickBand {
  readonly from: DecimalText;
  readonly tickSize: DecimalText;
}

export interface VenueInstrument {
  readonly symbol: string;
  readonly name?: string;
  readonly asset?: VenueAsset;
  readonly tickSize?: DecimalText;
  /** The lowest first. */
  readonly ticks?: readonly VenueTickBand[];
  readonly lotSize?: DecimalText;
  readonly minQuantity?: DecimalText;
  readonly maxQuantity?: DecimalText;
  readonly marketLot?: DecimalText;
  readonly minNotional?: DecimalText;
  readonly maxNotional?: DecimalText;
  readonly currency?: string;
  readonly multiplier?: DecimalText;
  readonly orderTypes?: readonly OrderType[];
  readonly timesInForce?: readonly TimeInForce[];
  readonly orderFlags?: readonly OrderFlagName[];
  readonly tradable?: boolean;
  readonly fractional?: boolean;
  /** ms. */
  readonly expires?: number;
  readonly shortable?: boolean;
}

/** A range of bars in ms, both ends included. */
export interface BarRange {
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

/** Which bars of a symbol. */
export interface BarSelection extends BarRange {
  /** The length of a bar, such as `5m` or `1h`; by default a day. */
  readonly resolution?: string | undefined;
}

export interface VenueBar {
  readonly symbol: string;
  readonly at: number;
  readonly open: DecimalText;
  readonly high: DecimalText;
  readonly low: DecimalText;
  readonly close: DecimalText;
  readonly volume?: DecimalText | undefined;
}
