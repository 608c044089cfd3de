/** The fake venue's memory: what it lists, its orders and fills, and the money they moved. Pure: the time is an argument. */
import { type Decimal, ZERO, decimal, max, ratio, text } from "../domain/decimal.ts";

export type OrderStatus = "open" | "partially_filled" | "filled" | "cancelled" | "rejected" | "expired";

/** An order as the venue shows it; `ORDER_FIELDS` of it stand on the wire. */
export interface VenueOrder {
  readonly order_id: string;
  readonly client_order_id: string;
  readonly symbol: string;
  readonly side: "buy" | "sell";
  readonly quantity: string;
  readonly type: string;
  readonly limit_price?: string;
  readonly stop_price?: string;
  readonly time_in_force: string;
  filled_quantity: string;
  average_price: string | null;
  status: OrderStatus;
}

export interface VenueFill {
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
}

export interface VenueQuote {
  readonly bid: string;
  readonly ask: string;
  readonly last: string;
}

/** What one fill is to be; what is left out comes from the order and the market. */
export interface FillTerms {
  readonly quantity?: string;
  readonly price?: string;
  readonly time?: number;
}

const CASH = "1000000";
const CURRENCY = "USD";
const FEE = "0.01";
/** Ids of 19 digits: no JavaScript number holds them all. */
const FIRST_ORDER = 7_000_000_000_000_000_001n;
const FIRST_FILL = 8_000_000_000_000_000_001n;

/** Twenty symbols, each at a price of its own. */
export const SYMBOLS: readonly string[] = [
  "AAPL",
  "MSFT",
  ...Array.from({ length: 18 }, (_, index) => `SYM${index + 1}`),
];
function opening(at: number): VenueQuote {
  return { bid: `${at - 1}.50`, ask: `${at}.50`, last: `${at}.00` };
}
function listed(): Map<string, VenueQuote> {
  return new Map(SYMBOLS.map((symbol, index) => [symbol, opening(100 * (index + 1))]));
}

function isOver(order: VenueOrder): boolean {
  return order.status !== "open" && order.status !== "partially_filled";
}

export class Book {
  readonly quotes = listed();
  readonly orders: VenueOrder[] = [];
  readonly fills: VenueFill[] = [];
  #cash: Decimal = decimal(CASH);

  get cash(): string {
    return text(this.#cash);
  }

  order(by: { readonly orderId: string } | { readonly clientOrderId: string }): VenueOrder | undefined {
    return this.orders.find((order) =>
      "orderId" in by ? order.order_id === by.orderId : order.client_order_id === by.clientOrderId,
    );
  }

  /** What the market would take it at now; undefined where it rests. */
  priceFor(order: VenueOrder): string | undefined {
    const quote = this.quotes.get(order.symbol);
    if (quote === undefined) return undefined;
    const touch = order.side === "buy" ? quote.ask : quote.bid;
    if (order.type === "market") return touch;
    if (order.type !== "limit" || order.limit_price === undefined) return undefined;
    const limit = decimal(order.limit_price);
    return (order.side === "buy" ? limit.gte(decimal(touch)) : limit.lte(decimal(touch))) ? touch : undefined;
  }

  /** Takes the order; a symbol that is not listed, or more than the cash, is an answer in words. */
  place(wanted: Omit<VenueOrder, "order_id" | "filled_quantity" | "average_price" | "status">): VenueOrder | string {
    const quote = this.quotes.get(wanted.symbol);
    if (quote === undefined) return "unknown symbol";
    const price = decimal(wanted.limit_price ?? quote.ask);
    if (wanted.side === "buy" && decimal(wanted.quantity).times(price).gt(this.#cash)) return "insufficient funds";
    const order_id = String(FIRST_ORDER + BigInt(this.orders.length));
    const order: VenueOrder = { ...wanted, order_id, filled_quantity: "0", average_price: null, status: "open" };
    this.orders.push(order);
    return order;
  }

  /** Fills an order, whatever its state and however little is left: the caller may be a venue that errs. */
  fill(order: VenueOrder, now: number, terms: FillTerms = {}): VenueFill {
    const left = max(decimal(order.quantity).minus(decimal(order.filled_quantity)), ZERO);
    const fill: VenueFill = {
      fill_id: String(FIRST_FILL + BigInt(this.fills.length)),
      order_id: order.order_id,
      client_order_id: order.client_order_id,
      symbol: order.symbol,
      side: order.side,
      quantity: terms.quantity ?? text(left),
      price: terms.price ?? this.priceFor(order) ?? order.limit_price ?? this.quotes.get(order.symbol)?.last ?? "1",
      time: terms.time ?? now,
      fee: FEE,
      fee_currency: CURRENCY,
    };
    this.fills.push(fill);
    this.#book(order, fill);
    return fill;
  }

  #book(order: VenueOrder, fill: VenueFill): void {
    const [quantity, before] = [decimal(fill.quantity), decimal(order.filled_quantity)];
    const value = quantity.times(decimal(fill.price));
    const total = before.plus(quantity);
    const spent = before.times(decimal(order.average_price ?? "0")).plus(value);
    order.average_price = text(ratio(spent, total, 8));
    order.filled_quantity = text(total);
    if (total.gte(decimal(order.quantity))) order.status = "filled";
    else if (!isOver(order)) order.status = "partially_filled";
    this.#cash = (fill.side === "buy" ? this.#cash.minus(value) : this.#cash.plus(value)).minus(decimal(fill.fee));
  }

  cancel(order: VenueOrder): boolean {
    if (isOver(order)) return false;
    order.status = "cancelled";
    return true;
  }

  positions(): readonly Record<string, string>[] {
    return [...new Set(this.fills.map((fill) => fill.symbol))].flatMap((symbol) => {
      const held = this.#held(symbol);
      if (held.eq(ZERO)) return [];
      const mark = this.quotes.get(symbol)?.last ?? "0";
      const first = this.fills.find((fill) => fill.symbol === symbol)?.price ?? mark;
      return [{ symbol, quantity: text(held), average_price: first, mark_price: mark, currency: CURRENCY }];
    });
  }

  account(): Record<string, string> {
    const worth = (symbol: string, { last }: VenueQuote): Decimal => this.#held(symbol).times(decimal(last));
    const held = [...this.quotes].reduce((sum, [symbol, quote]) => sum.plus(worth(symbol, quote)), ZERO);
    return { nav: text(this.#cash.plus(held)), cash: this.cash, buying_power: this.cash, currency: CURRENCY };
  }

  #held(symbol: string): Decimal {
    return this.fills
      .filter((fill) => fill.symbol === symbol)
      .reduce(
        (sum, fill) => (fill.side === "buy" ? sum.plus(decimal(fill.quantity)) : sum.minus(decimal(fill.quantity))),
        ZERO,
      );
  }
}
