/**
 * What a venue told us, after it was parsed at the wall: exact text for every amount, milliseconds for every time. The
 * SDK's shapes ({@link ./sdk.ts}) become these in `src/protocol/schemas.ts`.
 */
import type { DecimalText } from "./decimal.ts";
import type { OrderReportStatus, OrderType, Side, TimeInForce } from "./sdk.ts";

/** paper: no money moves. live: it does. unstated: the connector did not say; treated like live for approvals. */
export type Mode = "paper" | "live" | "unstated";

export interface VenueQuote {
  readonly symbol: string;
  readonly bid: DecimalText;
  readonly ask: DecimalText;
  readonly last?: DecimalText;
  readonly bidSize?: DecimalText;
  readonly askSize?: DecimalText;
  /** The venue's time, ms. */
  readonly at: number;
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
  readonly clientOrderId?: string;
  readonly symbol: string;
  readonly side: Side;
  readonly quantity: DecimalText;
  readonly price: DecimalText;
  readonly at: number;
  readonly fee?: DecimalText;
  readonly feeCurrency?: string;
  readonly busts?: string;
  readonly corrects?: string;
}

export interface VenueReport {
  readonly venueOrderId: string;
  readonly clientOrderId?: string;
  readonly status: OrderReportStatus;
  readonly filledQuantity: DecimalText;
  readonly averagePrice?: DecimalText;
}

export interface VenueAccount {
  readonly nav: DecimalText;
  readonly cash: DecimalText;
  readonly buyingPower: DecimalText;
  readonly currency: string;
}

/** As a connector tells it, with the venue's time where it says one. */
export type ReportedAccount = VenueAccount & { readonly at?: number };

export interface VenueInstrument {
  readonly symbol: string;
  readonly name?: string;
  readonly tickSize?: DecimalText;
  readonly lotSize?: DecimalText;
  readonly minQuantity?: DecimalText;
  readonly maxQuantity?: DecimalText;
  readonly minNotional?: DecimalText;
  readonly currency?: string;
  readonly orderTypes?: readonly OrderType[];
  readonly timesInForce?: readonly TimeInForce[];
  readonly tradable?: boolean;
}

/** Which bars are wanted, both ends included, ms. */
export interface BarRange {
  readonly from?: number;
  readonly to?: number;
}

export interface VenueBar {
  readonly symbol: string;
  readonly at: number;
  readonly open: DecimalText;
  readonly high: DecimalText;
  readonly low: DecimalText;
  readonly close: DecimalText;
  readonly volume?: DecimalText;
}
