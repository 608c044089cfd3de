/** What cases on fills share: an order whose fills they make themselves, and whether a fill is the one that was made. */
import { decimal } from "../domain/decimal.ts";
import type { VenueFill } from "../domain/venue.ts";
import { must } from "./test-case.ts";
import type { VenueFill as Made } from "./fake-venue-book.ts";
import { type Acked, acked } from "./place-orders.ts";
import type { ConformanceHarness } from "./harness.ts";

/** An acknowledged order whose fills the case makes itself. */
export async function held(stand: ConformanceHarness, quantity = "10"): Promise<Acked> {
  stand.venue.filling = "held";
  return acked(stand, { quantity });
}

/** Fails the case where the fill is not there, or says other than the venue did. */
export const assertSameFill: (fill: VenueFill | undefined, made: Made) => asserts fill is VenueFill = (fill, made) => {
  must(fill !== undefined, `fill ${made.fill_id} was not emitted`);
  must(
    fill.fillId === made.fill_id,
    `the venue's fill ${made.fill_id} was emitted as ${fill.fillId}: pass the venue's id on as text`,
  );
  must(
    fill.venueOrderId === made.order_id,
    `fill ${made.fill_id} belongs to order ${made.order_id}, and was emitted for ${fill.venueOrderId}`,
  );
  const isEqual = decimal(fill.quantity).eq(decimal(made.quantity)) && decimal(fill.price).eq(decimal(made.price));
  must(
    isEqual,
    `fill ${made.fill_id} is ${made.quantity} at ${made.price}, and was emitted as ${fill.quantity} at ${fill.price}`,
  );
  must(
    fill.side === made.side && fill.symbol === made.symbol,
    `fill ${made.fill_id} is a ${made.side} of ${made.symbol}, emitted as ${fill.side} of ${fill.symbol}`,
  );
};
