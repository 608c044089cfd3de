/**
 * The protection price: the worst price at which a market or stop order may be sent. The desk derives it from a quote
 * at propose; it is shown to the human and part of the digest. Dispatch is refused while the market is beyond it, and
 * while it is further from the market than the `price-collar` allows. It is set at half of the
 * collar, so that the market may move as far either way between a review and the dispatch.
 */
import { type Decimal, type DecimalText, ONE, ZERO, decimal, max, min, text } from "../domain/decimal.ts";
import type { GuardConfig } from "../domain/config/guard-config.ts";
import type { OrderTerms } from "../domain/orders/order.ts";
import { isNegative, isTwoSided } from "../domain/market/quote.ts";
import type { VenueInstrument, VenueQuote } from "../domain/market/venue.ts";

type Priced = Pick<OrderTerms, "type" | "side" | "stopPrice">;

/** Percent of the quote, if no enabled `price-collar` sets another value. */
export const STANDARD_COLLAR: Decimal = decimal("3");

/** The tightest of the enabled `price-collar` guards of `desk.toml`. */
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

/**
 * The price at which the order would trade now: the opposite side of the order book, or the trigger if that is worse.
 */
export function bestPrice(terms: Priced, quote: VenueQuote): Decimal {
  const [bid, ask] = [decimal(quote.bid), decimal(quote.ask)];
  if (terms.side === "buy") return terms.stopPrice === undefined ? ask : max(ask, decimal(terms.stopPrice));
  return terms.stopPrice === undefined ? bid : min(bid, decimal(terms.stopPrice));
}

/** The distance at which the protection price is set, as a share of the collar. */
const SHARE = decimal("0.5");

const PERCENT = decimal("0.01");

/** A share of the collar as an amount at this price. */
function collarAt(price: Decimal, collar: Decimal, share: Decimal): Decimal {
  return price.abs().times(collar).times(share).times(PERCENT);
}

/**
 * The best price moved by half of `collar` percent against the order and rounded away from the market to a tick, so
 * that the reserved money is never too little. Undefined for limit and stop-limit orders, which have a limit price, and
 * if the quote is missing, one-sided or crossed: the gate then blocks.
 */
export function protectionPrice(
  terms: Priced,
  quote: VenueQuote | undefined,
  collar: Decimal,
  instrument?: Pick<VenueInstrument, "tickSize"> | undefined,
): DecimalText | undefined {
  if (!needsProtection(terms) || quote === undefined || !isTwoSided(quote)) return undefined;
  const isBuy = terms.side === "buy";
  const best = bestPrice(terms, quote);
  const margin = collarAt(best, collar, SHARE);
  const exact = isBuy ? best.plus(margin) : best.minus(margin);
  const tick = instrument?.tickSize === undefined ? ZERO : decimal(instrument.tickSize);
  const price = tick.gt(ZERO) ? toTick(exact, tick, isBuy) : exact;
  if (isNegative(quote)) return text(price);
  const positive = tick.gt(ZERO) ? max(tick, price) : price;
  return positive.gt(ZERO) ? text(positive) : undefined;
}

function toTick(price: Decimal, tick: Decimal, up: boolean): Decimal {
  const rest = price.mod(tick);
  if (rest.eq(ZERO)) return price;
  // The remainder has the sign of the price.
  const down = price.minus(rest).minus(rest.lt(ZERO) ? tick : ZERO);
  return up ? down.plus(tick) : down;
}

/** A review sets the price again if its distance differs by more than this share of the collar. */
const SLACK = decimal("0.125");

/** true: the market has moved, up or down, so that a review sets the protection price again. */
export function hasLeftMarket(market: Decimal, protection: Decimal, collar: Decimal): boolean {
  const distance = market.minus(protection).abs();
  return distance
    .minus(collarAt(market, collar, SHARE))
    .abs()
    .gt(collarAt(market, collar, SLACK));
}

/**
 * true: the protection price is further from the market price than the collar, by more than the tick to which it was
 * rounded.
 */
export function isBeyondCollar(
  market: Decimal,
  protection: Decimal,
  collar: Decimal,
  instrument?: Pick<VenueInstrument, "tickSize"> | null,
): boolean {
  const tick = instrument?.tickSize === undefined ? ZERO : decimal(instrument.tickSize);
  return market
    .minus(protection)
    .abs()
    .minus(max(tick, collarAt(market, collar, ONE)))
    .gt(ZERO);
}

/** true: the market price is beyond the protection price. The protection price itself still passes. */
export function isWorseThan(side: OrderTerms["side"], price: Decimal, protection: Decimal): boolean {
  return side === "buy" ? price.gt(protection) : price.lt(protection);
}
