/** Fills of a venue that errs: doubled, early, late, too many, out of order, under an id used before. The desk judges them. */
import { decimal } from "../domain/decimal.ts";
import { type Case, must } from "./test-case.ts";
import type { VenueFill as Made } from "./fake-venue-book.ts";
import { held, assertSameFill } from "./fill-match.ts";
import { type Acked, acked, orderAtVenue, fillsOf, fillsWithin, placeRestingOrder } from "./place-orders.ts";
import type { ConformanceHarness } from "./harness.ts";

function hasQuantity(stand: ConformanceHarness, placed: Acked, quantity: string): boolean {
  return fillsOf(stand, placed).some((fill) => decimal(fill.quantity).eq(decimal(quantity)));
}

export const ODD_FILL_CASES: readonly Case[] = [
  {
    id: "C43",
    group: "fills",
    title: "a fill that the venue sends twice has one id",
    proves: "the desk can drop the copy",
    needs: { venue: true, orders: true },
    run: async (stand) => {
      const placed = await held(stand, "4");
      const made = stand.venue.fill(orderAtVenue(stand, placed.order), { quantity: "1" });
      stand.venue.push({ type: "fill", ...made });
      const last = stand.venue.fill(orderAtVenue(stand, placed.order), { quantity: "3" });
      await stand.until(
        () => hasQuantity(stand, placed, last.quantity),
        "after a fill that was sent twice, the next one never came",
      );
      const ids = new Set(fillsOf(stand, placed).map((fill) => fill.fillId));
      must(
        ids.size === 2,
        `2 fills, one of them sent twice, were emitted under ${ids.size} ids (${[...ids].join(", ")}): use the venue's fill id as it is`,
      );
    },
  },
  {
    id: "C44",
    group: "fills",
    title: "a fill that comes before the acknowledgement is not lost",
    proves: "a fast market is no danger",
    needs: { venue: true, orders: true },
    run: async (stand) => {
      stand.venue.filling = "before-ack";
      const placed = await acked(stand);
      const fills = await fillsWithin(stand, placed, 1).catch(() => []);
      must(
        fills.length > 0,
        "the venue sent the fill before it confirmed the order, and the fill was never emitted: " +
          "emit it with the venue's order id, whether you know the order or not",
      );
      assertSameFill(fills[0], stand.venue.book.fills[0] as Made);
    },
  },
  {
    id: "C45",
    group: "fills",
    title: "a fill after the cancel is not lost",
    proves: "a cancel that came too late is seen",
    needs: { venue: true, orders: true },
    run: async (stand) => {
      const placed = await placeRestingOrder(stand);
      await stand.ask.cancel("kit", placed.venueOrderId);
      const made = stand.venue.fill(orderAtVenue(stand, placed.order), { quantity: "0.25" });
      const fills = await fillsWithin(stand, placed, 1).catch(() => []);
      must(
        fills.length > 0,
        "the venue filled an order after its cancel, and the fill was never emitted: pass on every fill, whatever the order's state",
      );
      assertSameFill(fills[0], made);
    },
  },
  {
    id: "C46",
    group: "fills",
    title: "an overfill is not hidden",
    proves: "the desk sees what the venue really did, and halts the instrument",
    needs: { venue: true, orders: true },
    run: async (stand) => {
      const placed = await held(stand, "2");
      const order = orderAtVenue(stand, placed.order);
      const made = [stand.venue.fill(order, { quantity: "2" }), stand.venue.fill(order, { quantity: "1" })];
      const fills = await fillsWithin(stand, placed, 2).catch(() => fillsOf(stand, placed));
      must(
        fills.length >= 2,
        "the venue filled 3 of an order for 2, and the third was not emitted: pass on every fill; the desk judges",
      );
      for (const [index, part] of made.entries()) assertSameFill(fills[index], part);
    },
  },
  {
    id: "C47",
    group: "fills",
    title: "a fill has the venue's time and its fee",
    proves: "the record is the venue's, not the moment of its arrival",
    needs: { venue: true, orders: true },
    run: async (stand) => {
      const placed = await held(stand);
      const time = stand.venue.now - 90_000;
      const made = stand.venue.fill(orderAtVenue(stand, placed.order), { time });
      const [fill] = await fillsWithin(stand, placed, 1);
      must(
        fill?.at === time,
        `the venue filled at ${time}, emitted as ${fill?.at}, ${(fill?.at ?? 0) - time} ms away: use the venue's time`,
      );
      const fee = fill.fee ?? "none";
      must(
        fill.fee !== undefined && decimal(fill.fee).eq(decimal(made.fee)),
        `the venue took a fee of ${made.fee}, emitted as ${fee}: set fee and feeCurrency`,
      );
    },
  },
  {
    id: "C48",
    group: "fills",
    title: "fills out of order all arrive",
    proves: "none is dropped for coming late",
    needs: { venue: true, orders: true },
    run: async (stand) => {
      const placed = await held(stand);
      const order = orderAtVenue(stand, placed.order);
      const now = stand.venue.now;
      const made = [1, 2, 3].map((n) =>
        stand.venue.fillSilently(order, { quantity: String(n), time: now - 1_000 + n }),
      );
      for (const fill of made.toReversed()) stand.venue.push({ type: "fill", ...fill });
      const fills = await fillsWithin(stand, placed, 3);
      for (const part of made)
        assertSameFill(
          fills.find((fill) => fill.fillId === part.fill_id),
          part,
        );
    },
  },
  {
    id: "C49",
    group: "fills",
    title: "a fill id that the venue uses again stays as it is",
    proves: "the desk, and not the connector, decides what a reused id means",
    needs: { venue: true, orders: true },
    run: async (stand) => {
      const placed = await held(stand);
      const made = stand.venue.fill(orderAtVenue(stand, placed.order), { quantity: "1" });
      stand.venue.push({ type: "fill", ...made, quantity: "2" });
      const last = stand.venue.fill(orderAtVenue(stand, placed.order), { quantity: "3" });
      await stand.until(
        () => hasQuantity(stand, placed, last.quantity),
        "after a reused fill id, the next fill never came",
      );
      const strange = fillsOf(stand, placed).find(
        (fill) => fill.fillId !== made.fill_id && fill.fillId !== last.fill_id,
      );
      must(
        strange === undefined,
        `the venue used fill id ${made.fill_id} twice, and ${strange?.fillId} was emitted: never make up an id`,
      );
    },
  },
];
