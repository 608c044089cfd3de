/**
 * Helpers of the fill cases: place an order whose fills the case makes itself, and compare an emitted fill with the
 * venue's.
 */
import { decimal } from "../domain/decimal.ts";
import type { VenueFill } from "../domain/venue.ts";
import { assert } from "./assert.ts";
import type { FakeFill, FakeOrder, FillTerms } from "./fake-venue-state.ts";
import type { ConformanceHarness } from "./harness.ts";
import { type AcknowledgedOrder, placeAcknowledged } from "./place-orders.ts";

/** Places an order that stays unfilled until the case fills it. */
export async function placeUnfilledOrder(harness: ConformanceHarness, quantity = "10"): Promise<AcknowledgedOrder> {
  harness.venue.filling = "manual";
  return placeAcknowledged(harness, { quantity });
}

/** Cuts the streams and fills the order before the adapter can reconnect. */
export async function fillInGap(
  harness: ConformanceHarness,
  order: FakeOrder,
  terms: FillTerms = {},
): Promise<FakeFill> {
  if (harness.level !== "kit") harness.venue.armFault("stream", { kind: "reset" }, 1);
  harness.venue.dropStreams();
  return harness.level === "kit" ? harness.kit.fillSilently(order, terms) : harness.venue.fillOrder(order, terms);
}

/** Fails the case if the fill is missing or differs from the venue's. */
export function assertSameFill(fill: VenueFill | undefined, expected: FakeFill): asserts fill is VenueFill {
  assert(fill !== undefined, `fill ${expected.fill_id} was not emitted`);
  assert(
    fill.fillId === expected.fill_id,
    `the venue's fill ${expected.fill_id} was emitted as ${fill.fillId}: pass the venue's fill id on as a string`,
  );
  assert(
    fill.venueOrderId === expected.order_id,
    `fill ${expected.fill_id} belongs to order ${expected.order_id} but was emitted for order ${fill.venueOrderId}`,
  );
  const isSameQuantity = decimal(fill.quantity).eq(decimal(expected.quantity));
  const isSamePrice = decimal(fill.price).eq(decimal(expected.price));
  assert(
    isSameQuantity && isSamePrice,
    `fill ${expected.fill_id} is ${expected.quantity} at ${expected.price} but was emitted as ` +
      `${fill.quantity} at ${fill.price}`,
  );
  assert(
    fill.side === expected.side && fill.symbol === expected.symbol,
    `fill ${expected.fill_id} is a ${expected.side} of ${expected.symbol} but was emitted as ` +
      `a ${fill.side} of ${fill.symbol}`,
  );
}
