/**
 * Helpers of the fill cases: place an order whose fills the case makes itself, and compare an emitted fill with the
 * venue's.
 */
import type { FakeOrder } from "../domain/sdk-kit.ts";
import { ZERO, decimal } from "../domain/decimal.ts";
import type { VenueFill } from "../domain/market/venue.ts";
import { assert, leaveUntried } from "./assert.ts";
import type { FillTerms } from "./venue/fake-venue-state.ts";
import type { ConformanceHarness } from "./harness.ts";
import { fetchQuote, units, withAllDigits } from "./order-terms.ts";
import { type AcknowledgedOrder, placeAcknowledged } from "./place-orders.ts";
import type { MadeFill } from "./venue/test-venue.ts";

/** Places an order of `count` units that stays unfilled until the case fills it. */
export async function placeUnfilledOrder(harness: ConformanceHarness, count = "10"): Promise<AcknowledgedOrder> {
  harness.venue.filling = "manual";
  return placeAcknowledged(harness, { quantity: units(harness, count) });
}

/**
 * Trades `count` units in the account without the adapter, at the quoted price by default; returns the fill, undefined
 * if the venue does not allow the trade.
 */
export async function tradeOutsideAdapter(
  harness: ConformanceHarness,
  side: "buy" | "sell",
  count: string,
  price?: string,
): Promise<MadeFill | undefined> {
  const { symbol } = harness.settings;
  const quantity = units(harness, count);
  return harness.venue.trade({ symbol, side, quantity, price: price ?? (await exactPrice(harness, side)) });
}

/** Returns the quoted price; on a venue with a tick with all of its digits, so that sums have them too. */
async function exactPrice(harness: ConformanceHarness, side: "buy" | "sell"): Promise<string> {
  const quoted = (await fetchQuote(harness))[side === "buy" ? "ask" : "bid"];
  if (harness.level === "kit") return quoted;
  const { tickSize } = await harness.venue.describeInstrument(harness.settings.symbol);
  return withAllDigits(decimal(quoted), tickSize);
}

/** Fails the case if the fill has another time than the venue states; a time in whole seconds counts as the same. */
export function assertSameTime(at: number | undefined, stated: number, label: string): void {
  const isSame = at !== undefined && (at === stated || (isWholeSecond(at, stated) && Math.abs(at - stated) < 1_000));
  assert(
    isSame,
    `the venue states the time ${stated} for ${label}, but the adapter returned ${at}, ` +
      `${Math.round(((at ?? 0) - stated) / 1000)} s off: use the venue's time`,
  );
}

function isWholeSecond(...times: readonly number[]): boolean {
  return times.some((time) => time % 1_000 === 0);
}

/**
 * Returns the time that the author's venue states for a fill that was to have the time `wanted`; leaves the case
 * untried if the venue did not use that time.
 */
export function statedTime({ time }: MadeFill, wanted: number): number {
  if (time === undefined) return leaveUntried("the hook fill returned no timestamp: return the time of the fill");
  if (Math.abs(time - wanted) >= 1_000)
    leaveUntried(`the hook fill was given the timestamp ${wanted} and used ${time}: use it as the time of the fill`);
  return time;
}

/** Fails the case if the fill has another fee than the venue states. */
export function assertSameFee(fill: VenueFill, { fee, fee_currency }: MadeFill): void {
  if (fee === undefined)
    return leaveUntried("the hook fill returned no fee: return fee and feeCurrency, or null if the venue has no fees");
  const emitted = fill.fee ?? "none";
  if (fee === null) {
    assert(fill.fee === undefined || decimal(fill.fee).eq(ZERO), `the venue has no fees, but the fill has ${emitted}`);
    return;
  }
  assert(
    fill.fee !== undefined && decimal(fill.fee).eq(decimal(fee)),
    `the venue charged a fee of ${fee}, but the fill was emitted with ${emitted}: set fee and feeCurrency, with the ` +
      `sign and the unit of the venue`,
  );
  assert(
    fee_currency === undefined || fee_currency === null || fill.feeCurrency === fee_currency,
    `the venue's fee is in ${fee_currency}, but the fill was emitted with ${fill.feeCurrency}: pass the currency on`,
  );
}

/** Fails the case if the fill names another liquidity than the venue. A fill without one, or a venue, is no failure. */
export function assertSameLiquidity(fill: VenueFill, { liquidity }: MadeFill): void {
  assert(
    fill.liquidity === undefined || liquidity === undefined || fill.liquidity === liquidity,
    `the venue calls the fill that of a ${liquidity}, but it was emitted as that of a ${fill.liquidity}: pass the ` +
      `venue's word on, or leave liquidity out`,
  );
}

/** Cuts the streams and fills the order before the adapter can reconnect. */
export async function fillInGap(
  harness: ConformanceHarness,
  order: FakeOrder,
  terms: FillTerms = {},
): Promise<MadeFill> {
  if (harness.level !== "kit") harness.venue.armFault("stream", { kind: "reset" }, 1);
  harness.venue.dropStreams();
  return fillUnseen(harness, order, terms);
}

/** Fills the order; the kit's own venue sends no message of the fill. */
export async function fillUnseen(harness: ConformanceHarness, order: FakeOrder, terms: FillTerms): Promise<MadeFill> {
  return harness.level === "kit" ? harness.kit.fillSilently(order, terms) : harness.venue.fillOrder(order, terms);
}

/** Fails the case if the adapter emitted a fill that the kit's own venue did not make. */
export function assertNoInventedFill({ level, fills, venue }: ConformanceHarness): void {
  if (level !== "kit") return;
  const made = new Set(venue.fills.map(({ fill_id }) => fill_id));
  const invented = fills.find(({ fillId }) => !made.has(fillId));
  assert(
    invented === undefined,
    `fill ${invented?.fillId} of order ${invented?.venueOrderId} was emitted, and the venue made no fill with that id: ` +
      `emit the venue's fills only, and make up none from an order's filled quantity`,
  );
}

/** Fails the case if the adapter has getFills, and a fill is not among its results or differs there. */
export async function assertFetched(harness: ConformanceHarness, made: readonly MadeFill[]): Promise<void> {
  if (!harness.connector.status.methods.includes("getFills")) return;
  const since = Math.min(...made.map(({ time = harness.venue.now }) => time)) - 1_000;
  const fetched = (await harness.calls.fills("kit", since)) ?? [];
  for (const expected of made) {
    const fill = fetched.find(({ fillId }) => fillId === expected.fill_id);
    assert(fill !== undefined, `the venue made fill ${expected.fill_id}, but getFills left it out`);
    assertSameFill(fill, expected);
    assertSameFee(fill, expected);
  }
}

/** Returns the first fill that the venue made of the order. The hook may return after the fill was emitted. */
export function madeFor(harness: ConformanceHarness, { venueOrderId }: AcknowledgedOrder): Promise<MadeFill> {
  return harness.waitFor(
    () => harness.venue.fills.find(({ order_id }) => order_id === venueOrderId),
    `the venue has made no fill of order ${venueOrderId}: acknowledge orders under the venue's id`,
  );
}

/** Fails the case if the fill is missing or differs from the venue's. */
export function assertSameFill(fill: VenueFill | undefined, expected: MadeFill): asserts fill is VenueFill {
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

/** Fails the case if the fill is not among those of the adapter, or differs from the venue's. */
export function assertIncludesFill(fills: readonly VenueFill[], expected: MadeFill): void {
  assertSameFill(
    fills.find(({ fillId }) => fillId === expected.fill_id),
    expected,
  );
}
