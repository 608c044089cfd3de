/** What the venue remembers. Plain JSON with every amount as text, so that it is stored as it stands. */
import type { OrderReportStatus, OrderType, Side, TimeInForce } from "@qoc-app/sdk";

/** An order that may still trade. */
export interface Working {
  /** Place in the venue's count of orders; {@link venueId} spells it. */
  readonly no: number;
  readonly clientOrderId: string;
  readonly symbol: string;
  readonly side: Side;
  readonly type: OrderType;
  readonly timeInForce: TimeInForce;
  readonly quantity: string;
  readonly limitPrice?: string;
  readonly stopPrice?: string;
  readonly reduceOnly?: true;
  /** The day it was acknowledged on. */
  readonly day: number;
  /** The price that buying power is held at for each unit of it. */
  readonly reserve: string;
  /** Its stop price was reached. */
  readonly triggered?: true;
  readonly filled: string;
  /** Sum of quantity times price over its fills. */
  readonly value: string;
  readonly fills: number;
}

/** An order that has ended. */
export interface Ended {
  readonly no: number;
  readonly clientOrderId: string;
  readonly status: Exclude<OrderReportStatus, "open" | "partially_filled">;
  readonly filled: string;
  readonly value: string;
}

export interface Execution {
  readonly no: number;
  /** 1 for the first fill of its order. */
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
  /** In the order of their acknowledgement, which is the order they trade in. */
  readonly working: readonly Working[];
  readonly nextNo: number;
}

export function openingState(cash: string): VenueState {
  return { tick: 0, cash, holdings: [], working: [], nextNo: 1 };
}

/** `P-000001`. */
export function venueId(no: number): string {
  return `P-${String(no).padStart(6, "0")}`;
}

/** The number in a {@link venueId}; undefined for any other text. */
export function numberOf(id: string): number | undefined {
  const no = /^P-\d{6,15}$/.test(id) ? Number(id.slice(2)) : undefined;
  return no !== undefined && venueId(no) === id ? no : undefined;
}
