/** The venue's state. Plain JSON with decimal strings, which is stored without conversion. */
import type { OrderReportStatus, OrderType, Side, TimeInForce } from "@qoc-app/sdk";

/** An order that may still trade. */
export interface WorkingOrder {
  /** The venue's order number; {@link venueId} formats it. */
  readonly no: number;
  readonly clientOrderId: string;
  readonly symbol: string;
  readonly side: Side;
  readonly type: OrderType;
  readonly timeInForce: TimeInForce;
  readonly quantity: string;
  readonly limitPrice?: string | undefined;
  readonly stopPrice?: string | undefined;
  readonly reduceOnly?: true | undefined;
  /** The day on which the order was accepted. */
  readonly day: number;
  /** Cash reserved for each unit of the quantity. */
  readonly reserve: string;
  /** The stop price was reached. */
  readonly triggered?: true | undefined;
  readonly filled: string;
  /** Sum of quantity times price over the fills. */
  readonly value: string;
  readonly fills: number;
}

/** An order that has ended. */
export interface EndedOrder {
  readonly no: number;
  readonly clientOrderId: string;
  readonly status: Exclude<OrderReportStatus, "open" | "partially_filled">;
  readonly filled: string;
  readonly value: string;
}

export interface Execution {
  readonly no: number;
  /** Number of the fill within its order, from 1. */
  readonly nth: number;
  readonly clientOrderId: string;
  readonly symbol: string;
  readonly side: Side;
  readonly quantity: string;
  readonly price: string;
  readonly fee: string;
  /** The venue's time, ms. */
  readonly at: number;
}

export interface Holding {
  readonly symbol: string;
  /** Negative when short; never zero. */
  readonly quantity: string;
  readonly averagePrice: string;
}

export interface VenueState {
  readonly tick: number;
  readonly cash: string;
  readonly holdings: readonly Holding[];
  /** In the order of acceptance, in which they also trade. */
  readonly working: readonly WorkingOrder[];
  readonly nextNo: number;
}

export function initialState(cash: string): VenueState {
  return { tick: 0, cash, holdings: [], working: [], nextNo: 1 };
}

/** Formats an order number, e.g. `P-000001`. */
export function venueId(no: number): string {
  return `P-${String(no).padStart(6, "0")}`;
}

/** Parses a {@link venueId}; undefined for any other string. */
export function numberOf(id: string): number | undefined {
  const no = /^P-\d{6,15}$/.test(id) ? Number(id.slice(2)) : undefined;
  return no !== undefined && venueId(no) === id ? no : undefined;
}
