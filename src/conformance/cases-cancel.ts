/** Cancels: done at the venue, or an error. */
import { type Case, fail, must, skip } from "./test-case.ts";
import { acked, orderAtVenue, filledWhole, placeRestingOrder } from "./place-orders.ts";
import { usesVenue } from "./harness.ts";

export const CANCEL_CASES: readonly Case[] = [
  {
    id: "C53",
    group: "cancel",
    title: "a cancel ends its own order",
    proves: "the right order is cancelled at the venue, and no other",
    needs: { orders: true },
    run: async (stand) => {
      const [first, second, third] = [
        await placeRestingOrder(stand),
        await placeRestingOrder(stand),
        await placeRestingOrder(stand),
      ];
      await stand.ask.cancel("kit", second.venueOrderId);
      if (!usesVenue(stand.settings)) {
        const report = await stand.ask.order("kit", { venueOrderId: second.venueOrderId });
        if (report === undefined) skip("it has no getOrder: nobody can look");
        must(
          report?.status === "cancelled",
          `an order was cancelled, and getOrder says ${report?.status ?? "it never was"}`,
        );
        return;
      }
      // The one in the middle: neither the newest nor the oldest is meant.
      const ended = orderAtVenue(stand, second.order);
      must(
        ended.status === "cancelled",
        `cancelOrder(${second.venueOrderId}) answered, and the order is ${ended.status} at the venue: send the cancel and await its answer`,
      );
      for (const { order, venueOrderId } of [first, third]) {
        const { status } = orderAtVenue(stand, order);
        must(status === "open", `cancelOrder(${second.venueOrderId}) also ended ${venueOrderId}, which is ${status}`);
      }
    },
  },
  {
    id: "C54",
    group: "cancel",
    title: "cancelling an unknown order is an error",
    proves: "silence never stands for done",
    needs: { orders: true },
    run: async (stand) => {
      const answer = await stand.call("cancelOrder", "7999999999999999999");
      if (answer.ok)
        fail(
          "cancelOrder of an id that the venue never gave answered as if it were done: throw when the venue does not confirm",
        );
    },
  },
  {
    id: "C55",
    group: "cancel",
    title: "cancelling a filled order is an error",
    proves: "nobody believes that a trade was taken back",
    needs: { orders: true },
    run: async (stand) => {
      const placed = await acked(stand);
      const isFilled = (): boolean => orderAtVenue(stand, placed.order).status === "filled";
      if (usesVenue(stand.settings)) await stand.until(isFilled, "the kit's venue never filled it");
      else await filledWhole(stand, placed);
      const answer = await stand.call("cancelOrder", placed.venueOrderId);
      if (answer.ok)
        fail(
          "a filled order was cancelled, and cancelOrder answered as if it were done: throw what the venue says (409 already filled)",
        );
    },
  },
  {
    id: "C56",
    group: "cancel",
    title: "a cancel that the venue did not confirm is an error",
    proves: "an order that still works is never taken for cancelled",
    needs: { venue: true, orders: true },
    run: async (stand) => {
      const { venueOrderId } = await placeRestingOrder(stand);
      for (const fault of [{ kind: "500" }, { kind: "html" }, { kind: "429" }, { kind: "reset" }] as const) {
        stand.venue.noFaults();
        stand.venue.fault("cancel", fault, 100);
        const answer = await stand.call("cancelOrder", venueOrderId).catch(() => ({ ok: false }) as const);
        if (answer.ok)
          fail(`the venue answered the cancel with ${fault.kind}, and cancelOrder answered as if it were done: throw`);
      }
    },
  },
];
