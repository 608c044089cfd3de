/** The ratio of a split, and what it makes of quantities and prices. */
import { type Decimal, ZERO, decimal, ratio, text } from "../decimal.ts";
import type { VenueActivity, VenueFill, VenuePosition } from "../market/venue.ts";

/** Units after for units before: 7 for 1. */
export interface SplitRatio {
  readonly after: Decimal;
  readonly before: Decimal;
}

/** No connector can report a larger quantity. */
export const QUANTITY_MAX = decimal("1e30");
/** No split multiplies or divides by more. */
const FACTOR_MAX = decimal("100000");

/** undefined if the activity is no split, or states a ratio that no split has: the quantities then differ. */
export function splitRatioOf({ kind, ratio: stated }: VenueActivity): SplitRatio | undefined {
  return kind !== "split" || stated === undefined ? undefined : possibleRatio(stated);
}

/** undefined for a ratio that no split has. */
export function possibleRatio(stated: NonNullable<VenueActivity["ratio"]>): SplitRatio | undefined {
  const { after, before } = statedRatio(stated);
  const isPossible = after.lte(before.times(FACTOR_MAX)) && before.lte(after.times(FACTOR_MAX));
  return isPossible ? { after, before } : undefined;
}

const SMALL_MAX = 50;

/** The ratio of small whole numbers that makes one quantity of the other, `7:1`; undefined if none does. */
export function smallRatioText(held: Decimal, after: Decimal): string | undefined {
  if (held.eq(ZERO) || held.eq(after) || held.gt(ZERO) !== after.gt(ZERO)) return undefined;
  for (let units = 1; units <= SMALL_MAX; units++) {
    const before = decimal(String(units));
    const found = ratio(after.times(before), held, 0);
    if (found.gt(ZERO) && found.lte(decimal(String(SMALL_MAX))) && held.times(found).eq(after.times(before)))
      return `${text(found)}:${units}`;
  }
  return undefined;
}

/** As a venue states it: units after, units before. */
export function statedRatio([after, before]: NonNullable<VenueActivity["ratio"]>): SplitRatio {
  return { after: decimal(after), before: decimal(before) };
}

/** Units received for units held; undefined for nothing, and for units of the other side. */
export function receivedRatio(received: Decimal, held: Decimal): SplitRatio | undefined {
  if (received.eq(ZERO) || received.gt(ZERO) !== held.gt(ZERO)) return undefined;
  return { after: received.abs(), before: held.abs() };
}

/** Most decimals of a quantity or price that the ratio does not divide. */
const PLACES = 18;

export function splitQuantity(quantity: Decimal, { after, before }: SplitRatio): Decimal {
  return ratio(quantity.times(after), before, PLACES);
}

function splitPrice(price: Decimal, { after, before }: SplitRatio): Decimal {
  return ratio(price.times(before), after, PLACES);
}

export function splitPosition(position: VenuePosition, split: SplitRatio): VenuePosition {
  const { quantity, markPrice, averagePrice } = position;
  let after: VenuePosition = { ...position, quantity: text(splitQuantity(decimal(quantity), split)) };
  if (markPrice !== undefined) after = { ...after, markPrice: text(splitPrice(decimal(markPrice), split)) };
  if (averagePrice !== undefined) after = { ...after, averagePrice: text(splitPrice(decimal(averagePrice), split)) };
  return after;
}

export function splitFill(fill: VenueFill, split: SplitRatio): VenueFill {
  const quantity = text(splitQuantity(decimal(fill.quantity), split));
  return { ...fill, quantity, price: text(splitPrice(decimal(fill.price), split)) };
}
