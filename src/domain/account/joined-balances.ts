/** Cash that the NAV contains from one mark to the next because its currency has got, or lost, an exchange rate. */
import { type Decimal, ZERO, decimal } from "../decimal.ts";
import type { VenueAccount, VenueBalance } from "../market/venue.ts";

/** No profit: the money was there before. Below zero: the NAV leaves out what it contained. */
export function joinedBalances(before: VenueAccount, now: VenueAccount): Decimal {
  if (before.balances === undefined || now.balances === undefined) return ZERO;
  const known = new Map(before.balances.map((balance) => [balance.currency, balance]));
  let sum = ZERO;
  for (const balance of now.balances) {
    const earlier = known.get(balance.currency);
    if (earlier === undefined || (earlier.rate === undefined) === (balance.rate === undefined)) continue;
    sum = sum.plus(valueOf(balance)).minus(valueOf(earlier));
  }
  return sum;
}

function valueOf({ total, rate }: VenueBalance): Decimal {
  return rate === undefined ? ZERO : decimal(total).times(decimal(rate));
}
