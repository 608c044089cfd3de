/** A quote with its time of receipt, and the prices that checks use. */
import { type Decimal, ZERO, decimal } from "../decimal.ts";
import type { VenueQuote } from "./venue.ts";

export interface Quote extends VenueQuote {
  /** The time of receipt by the host's monotonic clock, ms. */
  readonly receivedMono: number;
}

/** The venue's time at which the quote was valid: of its last change, or of its last confirmation. */
export function validAt({ at, asOf = at }: VenueQuote): number {
  return Math.max(at, asOf);
}

/** Bid and ask are there and not crossed. Zero is a side without orders. */
export function isTwoSided(quote: VenueQuote): boolean {
  const bid = decimal(quote.bid);
  const ask = decimal(quote.ask);
  return !bid.eq(ZERO) && !ask.eq(ZERO) && bid.lte(ask);
}

/** Spreads, power and oil may trade below zero: the desk then only closes positions. */
export function isNegative(quote: VenueQuote): boolean {
  return decimal(quote.bid).lt(ZERO) || decimal(quote.ask).lt(ZERO);
}

export function mid(quote: VenueQuote): Decimal {
  return decimal(quote.bid).plus(decimal(quote.ask)).times(decimal("0.5"));
}

/** Prices of a feed that is late are shown, and no order is taken by them. */
export function isDelayed({ delayedMs = 0 }: VenueQuote): boolean {
  return delayedMs > 0;
}

/** What the connector says about the price: its feed, how far it can be trusted, and its notice. */
export function quoteWords({ feed, notice, delayedMs = 0, coverage, timeSource }: VenueQuote): string | undefined {
  const words = [
    ...(feed === undefined ? [] : [`feed ${feed}`]),
    ...(delayedMs > 0 ? [`${Math.round(delayedMs / 1000)} s late`] : []),
    ...(coverage === "partial" ? ["of a part of the market"] : []),
    ...(timeSource === "received" ? ["the time is that of the receipt"] : []),
    ...(notice === undefined ? [] : [notice]),
  ];
  return words.length === 0 ? undefined : words.join("; ");
}
