/** State of the fake venue: quotes, orders, fills and cash. Does no I/O; the time is an argument. */
import type {
  FakeActivity,
  FakeFill,
  FakeInstrument,
  FakeOrder,
  FakeQuote,
  FakeSession,
} from "../../domain/sdk-kit.ts";
import { type Decimal, ZERO, decimal, max, ratio as divided, text } from "../../domain/decimal.ts";

/** The steps of an instrument for which the kit set none. */
export const USUAL_STEPS: FakeInstrument = { tick_size: "0.01", lot_size: "0.001" };

/** Fields of a fill to make; missing fields are taken from the order and the market. */
export interface FillTerms {
  readonly quantity?: string;
  readonly price?: string;
  readonly time?: number;
  readonly fee?: string;
  readonly feeCurrency?: string;
  readonly liquidity?: "maker" | "taker";
  /** An id that the venue used before. */
  readonly fillId?: string;
}

const INITIAL_CASH = "1000000";
const HELD_BACK = "250.25";
const FEE = "0.01";
/** Figures that differ from all others. */
const UNSETTLED = "13.75";
const UNREALIZED = "-7.125";
/** The ids that the venue gives to its orders and fills, which it counts from 0. */
export interface VenueIds {
  readonly order: (count: number) => string;
  readonly fill: (count: number) => string;
}

/** Ids have 19 digits, which a JavaScript number cannot hold exactly. */
const LONG_IDS: VenueIds = {
  order: (count) => String(7_000_000_000_000_000_001n + BigInt(count)),
  fill: (count) => String(8_000_000_000_000_000_001n + BigInt(count)),
};

function initialQuote(price: number): FakeQuote {
  return { bid: `${price - 1}.50`, ask: `${price}.50`, last: `${price}.00` };
}

/** The symbols have different prices. */
function initialQuotes(symbols: readonly string[]): Map<string, FakeQuote> {
  return new Map(symbols.map((symbol, index) => [symbol, initialQuote(100 * (index + 1))]));
}

/** The quantity that is not filled; 0 after an overfill. */
export function remainingOf({ quantity, filled_quantity }: FakeOrder): string {
  return text(max(decimal(quantity).minus(decimal(filled_quantity)), ZERO));
}

export function isOpen({ status }: FakeOrder): boolean {
  return status === "open" || status === "partially_filled";
}

export class FakeVenueState {
  readonly quotes: Map<string, FakeQuote>;
  /** Steps of instruments that differ from the usual ones. */
  readonly instruments = new Map<string, FakeInstrument>();
  currency: string;
  /** That of the account, if its positions and fills are in another one. */
  accountCurrency: string | undefined;
  /** Whether a second order with the same client order id is refused. */
  refusesDuplicates = true;
  /** Its refusal does not name the order that is there. */
  hidesDuplicates = false;
  /** Oldest first. */
  readonly activities: FakeActivity[] = [];
  /** By pair, such as `EUR/USD`. */
  readonly rates = new Map<string, { readonly rate: string; readonly time: number }>();
  readonly sessions: FakeSession[] = [];
  readonly orders: FakeOrder[] = [];
  readonly fills: FakeFill[] = [];
  readonly #ids: VenueIds;
  readonly #splits: { readonly symbol: string; readonly ratio: Decimal; readonly fills: number }[] = [];
  #cash: Decimal = decimal(INITIAL_CASH);

  constructor(
    { symbols, currency }: { readonly symbols: readonly string[]; readonly currency: string },
    ids: VenueIds = LONG_IDS,
  ) {
    this.#ids = ids;
    this.quotes = initialQuotes(symbols);
    this.currency = currency;
  }

  get cash(): string {
    return text(this.#cash);
  }

  findOrder(by: { readonly orderId: string } | { readonly clientOrderId: string }): FakeOrder | undefined {
    return this.orders.find((order) =>
      "orderId" in by ? order.order_id === by.orderId : order.client_order_id === by.clientOrderId,
    );
  }

  /** The price at which the market would fill the order now; undefined if the order rests. */
  priceFor(order: FakeOrder): string | undefined {
    const quote = this.quotes.get(order.symbol);
    if (quote === undefined) return undefined;
    const bestPrice = order.side === "buy" ? quote.ask : quote.bid;
    if (order.type === "market") return bestPrice ?? undefined;
    if (order.type !== "limit" || order.limit_price === undefined || bestPrice === null) return undefined;
    const limit = decimal(order.limit_price);
    return (order.side === "buy" ? limit.gte(decimal(bestPrice)) : limit.lte(decimal(bestPrice)))
      ? bestPrice
      : undefined;
  }

  /** Adds the order; returns an error message if the symbol is not listed or the cash is not enough. */
  place(terms: Omit<FakeOrder, "order_id" | "filled_quantity" | "average_price" | "status">): FakeOrder | string {
    const quote = this.quotes.get(terms.symbol);
    if (quote === undefined) return "unknown symbol";
    const price = decimal(terms.limit_price ?? quote.ask ?? quote.last);
    if (terms.side === "buy" && decimal(terms.quantity).times(price).gt(this.#cash)) return "insufficient funds";
    const order_id = this.#ids.order(this.orders.length);
    const order: FakeOrder = { ...terms, order_id, filled_quantity: "0", average_price: null, status: "open" };
    this.orders.push(order);
    return order;
  }

  /** Fills an order in any state and for any quantity, because cases also simulate a venue that makes mistakes. */
  fill(order: FakeOrder, now: number, terms: FillTerms = {}): FakeFill {
    const fill: FakeFill = {
      fill_id: terms.fillId ?? this.#ids.fill(this.fills.length),
      order_id: order.order_id,
      client_order_id: order.client_order_id,
      symbol: order.symbol,
      side: order.side,
      quantity: terms.quantity ?? remainingOf(order),
      price: terms.price ?? this.priceFor(order) ?? order.limit_price ?? this.quotes.get(order.symbol)?.last ?? "1",
      time: terms.time ?? now,
      fee: terms.fee ?? FEE,
      fee_currency: terms.feeCurrency ?? this.currency,
      liquidity: terms.liquidity ?? "taker",
    };
    this.fills.push(fill);
    this.#applyFill(order, fill);
    return fill;
  }

  #applyFill(order: FakeOrder, fill: FakeFill): void {
    const [quantity, before] = [decimal(fill.quantity), decimal(order.filled_quantity)];
    const value = quantity.times(decimal(fill.price));
    const total = before.plus(quantity);
    const spent = before.times(decimal(order.average_price ?? "0")).plus(value);
    order.average_price = text(divided(spent, total, 8));
    order.filled_quantity = text(total);
    if (total.gte(decimal(order.quantity))) order.status = "filled";
    else if (isOpen(order)) order.status = "partially_filled";
    this.#cash = (fill.side === "buy" ? this.#cash.minus(value) : this.#cash.plus(value)).minus(decimal(fill.fee));
  }

  /** Splits an instrument. An open order of it is replaced by another one, with other ids and the new terms. */
  split(order: FakeOrder, ratio: number, quote: FakeQuote): FakeOrder {
    const by = decimal(String(ratio));
    const { limit_price, quantity, symbol } = order;
    const next: FakeOrder = {
      ...order,
      order_id: this.#ids.order(this.orders.length),
      client_order_id: `by-the-venue-${this.orders.length}`,
      quantity: text(decimal(quantity).times(by)),
      limit_price: limit_price === undefined ? undefined : text(divided(decimal(limit_price), by, 8)),
    };
    this.orders.push(next);
    order.status = "replaced";
    order.replaced_by = next.order_id;
    this.#splits.push({ symbol, ratio: by, fills: this.fills.length });
    this.quotes.set(symbol, quote);
    return next;
  }

  cancel(order: FakeOrder): boolean {
    if (!isOpen(order)) return false;
    order.status = "cancelled";
    return true;
  }

  positions(): readonly Record<string, string>[] {
    return [...new Set(this.fills.map((fill) => fill.symbol))].flatMap((symbol) => {
      const quantity = this.#positionOf(symbol);
      if (quantity.eq(ZERO)) return [];
      const mark = this.quotes.get(symbol)?.last ?? "0";
      const first = this.fills.find((fill) => fill.symbol === symbol)?.price ?? mark;
      return [{ symbol, quantity: text(quantity), average_price: first, mark_price: mark, currency: this.currency }];
    });
  }

  account(): Record<string, string> {
    const valueOf = (symbol: string, { last }: FakeQuote): Decimal => this.#positionOf(symbol).times(decimal(last));
    // Not all of the cash: a part of it is held back.
    const buying_power = text(max(this.#cash.minus(decimal(HELD_BACK)), ZERO));
    const positions = [...this.quotes].reduce((sum, [symbol, quote]) => sum.plus(valueOf(symbol, quote)), ZERO);
    const [settled_cash, margin_used] = [text(this.#cash.minus(decimal(UNSETTLED))), text(positions.abs())];
    const figures = { nav: text(this.#cash.plus(positions)), cash: this.cash, buying_power };
    const currency = this.accountCurrency ?? this.currency;
    return { ...figures, currency, settled_cash, margin_used, unrealized_pnl: UNREALIZED };
  }

  /** A split multiplies what was held before it. */
  #positionOf(symbol: string): Decimal {
    let sum = ZERO;
    for (const [index, fill] of this.fills.entries()) {
      if (fill.symbol !== symbol) continue;
      const later = this.#splits.filter((split) => split.symbol === symbol && split.fills > index);
      const quantity = later.reduce((units, split) => units.times(split.ratio), decimal(fill.quantity));
      sum = fill.side === "buy" ? sum.plus(quantity) : sum.minus(quantity);
    }
    return sum;
  }
}
