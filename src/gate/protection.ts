/**
 * The worst price a market or stop order may be sent at. The host derives it from a quote when the order is proposed; the
 * human sees it, it is part of the digest, and dispatch is refused while the market is beyond it.
 */
import { type Decimal, type DecimalText, HUNDRED, ZERO, decimal, max, min, text } from "../domain/decimal.ts";
import type { GuardConfig } from "../domain/guard-config.ts";
import type { OrderTerms } from "../domain/order.ts";
import { isTwoSided } from "../domain/quote.ts";
import type { VenueInstrument, VenueQuote } from "../domain/venue.ts";

type Priced = Pick<OrderTerms, "type" | "side" | "stopPrice">;

/** Percent of the quote, where no enabled `price-collar` says otherwise. */
export const STANDARD_COLLAR: Decimal = decimal("3");

/** The collar that `desk.toml` sets: the tightest of its enabled `price-collar` guards. */
export function tightestCollar(guards: readonly GuardConfig[]): Decimal {
  const set = guards.flatMap((guard) =>
    guard.kind === "built-in" && guard.options.key === "price-collar" && guard.options.enabled
      ? [guard.options.max_pct]
      : [],
  );
  return set.length === 0 ? STANDARD_COLLAR : set.reduce(min);
}

export function needsProtection(terms: Pick<OrderTerms, "type">): boolean {
  return terms.type === "market" || terms.type === "stop";
}

/** The price the order would meet now: the far side of the book, or its trigger where that is worse. */
export function bestPrice(terms: Priced, quote: VenueQuote): Decimal {
  const [bid, ask] = [decimal(quote.bid), decimal(quote.ask)];
  if (terms.side === "buy") return terms.stopPrice === undefined ? ask : max(ask, decimal(terms.stopPrice));
  return terms.stopPrice === undefined ? bid : min(bid, decimal(terms.stopPrice));
}

/**
 * The touch moved by `collar` percent against us, then to the next tick away from the market, so that what is counted for
 * it is never too little. Undefined for limit and stop-limit orders (they carry their own), and where the quote is missing,
 * one-sided or crossed: without a price nothing is protected, and the gate blocks.
 */
export function protectionPrice(
  terms: Priced,
  quote: VenueQuote | undefined,
  collar: Decimal,
  instrument?: Pick<VenueInstrument, "tickSize"> | undefined,
): DecimalText | undefined {
  if (!needsProtection(terms) || quote === undefined || !isTwoSided(quote)) return undefined;
  const isBuy = terms.side === "buy";
  const percent = isBuy ? HUNDRED.plus(collar) : HUNDRED.minus(collar);
  const exact = bestPrice(terms, quote).times(percent).times(decimal("0.01"));
  const tick = instrument?.tickSize === undefined ? ZERO : decimal(instrument.tickSize);
  const price = tick.gt(ZERO) ? toTick(exact, tick, isBuy) : exact;
  return price.gt(ZERO) ? text(price) : undefined;
}

function toTick(price: Decimal, tick: Decimal, up: boolean): Decimal {
  const over = price.mod(tick);
  const down = price.minus(over);
  if (over.gt(ZERO)) return up ? down.plus(tick) : max(tick, down);
  return max(tick, price);
}

/** Is the market beyond the price that was promised as the worst? The price itself still passes. */
export function isWorseThan(side: OrderTerms["side"], price: Decimal, protection: Decimal): boolean {
  return side === "buy" ? price.gt(protection) : price.lt(protection);
}
