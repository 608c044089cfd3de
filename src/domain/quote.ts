/** A quote with its time of receipt, and the prices that checks use. */
import { type Decimal, ZERO, decimal } from "./decimal.ts";
import type { VenueQuote } from "./venue.ts";

export interface Quote extends VenueQuote {
  /** The time of receipt by the host's monotonic clock, ms. */
  readonly receivedMono: number;
}

/** Bid and ask are above zero and not crossed. */
export function isTwoSided(quote: VenueQuote): boolean {
  const bid = decimal(quote.bid);
  const ask = decimal(quote.ask);
  return bid.gt(ZERO) && ask.gt(ZERO) && bid.lte(ask);
}

export function mid(quote: VenueQuote): Decimal {
  return decimal(quote.bid).plus(decimal(quote.ask)).times(decimal("0.5"));
}
