/** The price step of an instrument, which may depend on the price. */
import { decimal } from "../decimal.ts";
import type { VenueInstrument } from "./venue.ts";

/** The step at this price; undefined if the venue states none. Without a price an instrument with bands has none. */
export function tickAt(
  price: string | undefined,
  { ticks, tickSize }: Pick<VenueInstrument, "ticks" | "tickSize">,
): string | undefined {
  if (ticks === undefined || price === undefined) return tickSize;
  return (ticks.findLast(({ from }) => decimal(price).gte(decimal(from))) ?? ticks[0])?.tickSize;
}
