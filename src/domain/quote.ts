/** A quote as the desk holds it, and the prices rules are judged at. */
import { type Decimal, ZERO, decimal } from "./decimal.ts";
import type { VenueQuote } from "./venue.ts";

export interface Quote extends VenueQuote {
  /** When it reached the host, by the monotonic clock. */
  readonly receivedMono: number;
}

/** Both sides stand, above zero and not crossed. */
export function isTwoSided(quote: VenueQuote): boolean {
  const bid = decimal(quote.bid);
  const ask = decimal(quote.ask);
  return bid.gt(ZERO) && ask.gt(ZERO) && bid.lte(ask);
}

export function mid(quote: VenueQuote): Decimal {
  return decimal(quote.bid).plus(decimal(quote.ask)).times(decimal("0.5"));
}
