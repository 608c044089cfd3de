/** What may be asked of a venue: the terms a human approves, and nothing else. */
import type { DecimalText } from "./decimal.ts";
import type { ClientOrderId, ConnectorName, OrderId, SymbolName } from "./ids.ts";
import type { OrderType, Order as SdkOrder, Side, TimeInForce } from "./sdk.ts";
import type { Mode } from "./venue.ts";

export type { OrderType, Side, TimeInForce } from "./sdk.ts";

export const SIDES = ["buy", "sell"] as const satisfies readonly Side[];
export const ORDER_TYPES = ["market", "limit", "stop", "stop_limit"] as const satisfies readonly OrderType[];
export const TIMES_IN_FORCE = ["day", "gtc", "ioc", "fok"] as const satisfies readonly TimeInForce[];

/** Canonical terms: what is digested, approved, journaled and sent. */
export interface OrderTerms {
  readonly connector: ConnectorName;
  readonly mode: Mode;
  readonly symbol: SymbolName;
  readonly side: Side;
  readonly quantity: DecimalText;
  readonly type: OrderType;
  readonly limitPrice?: DecimalText;
  readonly stopPrice?: DecimalText;
  readonly timeInForce: TimeInForce;
  /** Market and stop orders: derived by the host from a quote; no worse price is dispatched at. */
  readonly protectionPrice?: DecimalText;
}

/** An order ready to be judged and sent. */
export interface Order {
  readonly id: OrderId;
  readonly clientOrderId: ClientOrderId;
  readonly terms: OrderTerms;
}

/** The order as adapters and custom guards get it; `toNumber` decides how an amount without an exact number is rounded. */
export function toSdkOrder(
  clientOrderId: string,
  terms: OrderTerms,
  toNumber: (amount: DecimalText) => number,
): SdkOrder {
  const { symbol, side, quantity, type, limitPrice, stopPrice, timeInForce } = terms;
  return {
    clientOrderId,
    symbol,
    side,
    quantity: toNumber(quantity),
    quantityText: quantity,
    type,
    ...(limitPrice === undefined ? {} : { limitPrice: toNumber(limitPrice), limitPriceText: limitPrice }),
    ...(stopPrice === undefined ? {} : { stopPrice: toNumber(stopPrice), stopPriceText: stopPrice }),
    timeInForce,
  };
}

/** Connector and symbol: where positions, blocks and reservations are kept. */
export type InstrumentKey = `${string}/${string}`;
export function instrumentKey(connector: string, symbol: string): InstrumentKey {
  return `${connector}/${symbol}`;
}

/** "buy 50 AAPL limit 192.4 day at alpaca". */
export function describe(terms: OrderTerms): string {
  return [
    terms.side,
    terms.quantity,
    terms.symbol,
    terms.type.replace("_", "-"),
    terms.stopPrice === undefined ? "" : `stop ${terms.stopPrice}`,
    terms.limitPrice ?? "",
    terms.timeInForce,
    `at ${terms.connector}`,
  ]
    .filter((word) => word !== "")
    .join(" ");
}
