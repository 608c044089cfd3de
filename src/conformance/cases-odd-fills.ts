/**
 * Cases of a faulty venue: duplicate, early, late, excess and reordered fills, and reused fill ids. The desk decides
 * what they mean.
 */
import { decimal } from "../domain/decimal.ts";
import { assert } from "./assert.ts";
import type { TestCase } from "./test-case.ts";
import type { FakeFill } from "./fake-venue-state.ts";
import { placeUnfilledOrder, assertSameFill } from "./fill-assertions.ts";
import {
  type AcknowledgedOrder,
  placeAcknowledged,
  orderAtVenue,
  fillsOf,
  waitForFills,
  placeRestingOrder,
} from "./place-orders.ts";
import type { ConformanceHarness } from "./harness.ts";

function hasQuantity(harness: ConformanceHarness, placed: AcknowledgedOrder, quantity: string): boolean {
  return fillsOf(harness, placed).some((fill) => decimal(fill.quantity).eq(decimal(quantity)));
}

export const ODD_FILL_CASES: readonly TestCase[] = [
  {
    id: "C43",
    group: "fills",
    title: "a fill that the venue sends twice keeps its id",
    proves: "the desk can drop the duplicate",
    needs: { venue: true, orders: true },
    run: async (harness) => {
      const placed = await placeUnfilledOrder(harness, "4");
      const venueFill = harness.venue.fill(orderAtVenue(harness, placed.order), { quantity: "1" });
      harness.venue.push({ type: "fill", ...venueFill });
      const last = harness.venue.fill(orderAtVenue(harness, placed.order), { quantity: "3" });
      await harness.waitFor(
        () => hasQuantity(harness, placed, last.quantity),
        "the venue sent a fill twice, and the next fill was never emitted",
      );
      const ids = new Set(fillsOf(harness, placed).map((fill) => fill.fillId));
      assert(
        ids.size === 2,
        `2 fills, one of them sent twice, were emitted under ${ids.size} ids (${[...ids].join(", ")}): ` +
          `use the venue's fill id unchanged`,
      );
    },
  },
  {
    id: "C44",
    group: "fills",
    title: "a fill that arrives before the acknowledgement is not lost",
    proves: "fast fills are not lost",
    needs: { venue: true, orders: true },
    run: async (harness) => {
      harness.venue.filling = "before-ack";
      const placed = await placeAcknowledged(harness);
      const fills = await waitForFills(harness, placed, 1).catch(() => []);
      assert(
        fills.length > 0,
        "the venue sent the fill before it confirmed the order, and the fill was never emitted: " +
          "emit it with the venue's order id, even if the adapter does not know the order yet",
      );
      assertSameFill(fills[0], harness.venue.state.fills[0] as FakeFill);
    },
  },
  {
    id: "C45",
    group: "fills",
    title: "a fill after the cancel is not lost",
    proves: "a cancel that was too late is noticed",
    needs: { venue: true, orders: true },
    run: async (harness) => {
      const placed = await placeRestingOrder(harness);
      await harness.calls.cancel("kit", placed.venueOrderId);
      const venueFill = harness.venue.fill(orderAtVenue(harness, placed.order), { quantity: "0.25" });
      const fills = await waitForFills(harness, placed, 1).catch(() => []);
      assert(
        fills.length > 0,
        "the venue filled an order after its cancel, and the fill was never emitted: " +
          "emit every fill, whatever the order's state",
      );
      assertSameFill(fills[0], venueFill);
    },
  },
  {
    id: "C46",
    group: "fills",
    title: "an overfill is emitted",
    proves: "the desk sees an overfill and can halt the instrument",
    needs: { venue: true, orders: true },
    run: async (harness) => {
      const placed = await placeUnfilledOrder(harness, "2");
      const order = orderAtVenue(harness, placed.order);
      const venueFill = [harness.venue.fill(order, { quantity: "2" }), harness.venue.fill(order, { quantity: "1" })];
      const fills = await waitForFills(harness, placed, 2).catch(() => fillsOf(harness, placed));
      assert(
        fills.length >= 2,
        "the venue filled 3 of an order for 2, and the excess fill was not emitted: " +
          "emit every fill, and let the desk decide",
      );
      for (const [index, part] of venueFill.entries()) assertSameFill(fills[index], part);
    },
  },
  {
    id: "C47",
    group: "fills",
    title: "a fill has the venue's time and fee",
    proves: "the journal has the venue's time, not the time of arrival",
    needs: { venue: true, orders: true },
    run: async (harness) => {
      const placed = await placeUnfilledOrder(harness);
      const time = harness.venue.now - 90_000;
      const venueFill = harness.venue.fill(orderAtVenue(harness, placed.order), { time });
      const [fill] = await waitForFills(harness, placed, 1);
      assert(
        fill?.at === time,
        `the venue filled at ${time}, but the fill was emitted with ${fill?.at}, ${(fill?.at ?? 0) - time} ms ` +
          `off: use the venue's time`,
      );
      const fee = fill.fee ?? "none";
      assert(
        fill.fee !== undefined && decimal(fill.fee).eq(decimal(venueFill.fee)),
        `the venue charged a fee of ${venueFill.fee}, but the fill was emitted with ${fee}: set fee and feeCurrency`,
      );
    },
  },
  {
    id: "C48",
    group: "fills",
    title: "fills out of order are all emitted",
    proves: "no fill is dropped because it is late",
    needs: { venue: true, orders: true },
    run: async (harness) => {
      const placed = await placeUnfilledOrder(harness);
      const order = orderAtVenue(harness, placed.order);
      const now = harness.venue.now;
      const venueFill = [1, 2, 3].map((n) =>
        harness.venue.fillSilently(order, { quantity: String(n), time: now - 1_000 + n }),
      );
      for (const fill of venueFill.toReversed()) harness.venue.push({ type: "fill", ...fill });
      const fills = await waitForFills(harness, placed, 3);
      for (const part of venueFill)
        assertSameFill(
          fills.find((fill) => fill.fillId === part.fill_id),
          part,
        );
    },
  },
  {
    id: "C49",
    group: "fills",
    title: "a reused fill id is passed on unchanged",
    proves: "the desk decides what a reused id means, not the adapter",
    needs: { venue: true, orders: true },
    run: async (harness) => {
      const placed = await placeUnfilledOrder(harness);
      const venueFill = harness.venue.fill(orderAtVenue(harness, placed.order), { quantity: "1" });
      harness.venue.push({ type: "fill", ...venueFill, quantity: "2" });
      const last = harness.venue.fill(orderAtVenue(harness, placed.order), { quantity: "3" });
      await harness.waitFor(
        () => hasQuantity(harness, placed, last.quantity),
        "the venue reused a fill id, and the next fill was never emitted",
      );
      const invented = fillsOf(harness, placed).find(
        (fill) => fill.fillId !== venueFill.fill_id && fill.fillId !== last.fill_id,
      );
      assert(
        invented === undefined,
        `the venue used fill id ${venueFill.fill_id} twice, but ${invented?.fillId} was emitted: never make up an id`,
      );
    },
  },
];
