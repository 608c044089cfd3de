/** Cancel cases: cancelOrder succeeds only if the venue confirmed the cancel. */
import { assert, fail, leaveUntried } from "../assert.ts";
import type { TestCase } from "../test-case.ts";
import {
  placeAcknowledged,
  orderAtVenue,
  waitForFullFill,
  placeRestingOrder,
  unknownVenueOrderId,
} from "../place-orders.ts";
import { reaches } from "../venue/test-venue.ts";

export const CANCEL_CASES: readonly TestCase[] = [
  {
    id: "C53",
    group: "cancel",
    title: "a cancel ends its own order and no other",
    proves: "the correct order is cancelled at the venue",
    needs: { orders: true },
    run: async (harness) => {
      const [first, second, third] = [
        await placeRestingOrder(harness),
        await placeRestingOrder(harness),
        await placeRestingOrder(harness),
      ];
      await harness.calls.cancel("kit", second.venueOrderId);
      if (!reaches(harness.level, "hooked")) {
        const report = await harness.calls.order("kit", { venueOrderId: second.venueOrderId });
        if (report === undefined)
          leaveUntried("the adapter has no getOrder: set venue in certify.toml, so that the kit can list orders");
        assert(
          report?.status === "cancelled",
          `an order was cancelled, but getOrder reports ${report === null ? "no such order" : report?.status}`,
        );
        return;
      }
      // The second of three orders, so that neither the newest nor the oldest order is the correct one.
      const cancelled = await orderAtVenue(harness, second.order);
      assert(
        cancelled.status === "cancelled",
        `cancelOrder(${second.venueOrderId}) succeeded, but the order is ${cancelled.status} at the venue: ` +
          `send the cancel and await its response`,
      );
      for (const { order, venueOrderId } of [first, third]) {
        const { status } = await orderAtVenue(harness, order);
        assert(
          status === "open",
          `cancelOrder(${second.venueOrderId}) also ended ${venueOrderId}, which is now ${status}`,
        );
      }
    },
  },
  {
    id: "C54",
    group: "cancel",
    title: "cancelling an unknown order is an error",
    proves: "a cancel without a confirmation never looks successful",
    needs: { orders: true },
    run: async (harness) => {
      const response = await harness.call("cancelOrder", await unknownVenueOrderId(harness));
      if (response.ok)
        fail("cancelOrder succeeded for an id that the venue never issued: throw unless the venue confirms the cancel");
      // A queue or a lock that the error left behind would hold the next cancel back.
      const { venueOrderId } = await placeRestingOrder(harness);
      const next = await harness.call("cancelOrder", venueOrderId);
      if (!next.ok) fail(`a cancel failed, and the next one, of an open order, threw: ${next.message}`);
    },
  },
  {
    id: "C55",
    group: "cancel",
    title: "cancelling a filled order is an error",
    proves: "a completed trade never looks cancelled",
    needs: { orders: true },
    run: async (harness) => {
      const placed = await placeAcknowledged(harness);
      const isFilled = async (): Promise<boolean> => (await orderAtVenue(harness, placed.order)).status === "filled";
      if (reaches(harness.level, "hooked")) await harness.pollFor(isFilled, "the venue did not fill the order");
      else await waitForFullFill(harness, placed);
      const response = await harness.call("cancelOrder", placed.venueOrderId);
      if (response.ok)
        fail("cancelOrder succeeded for a filled order: throw with the venue's message (409 already filled)");
      if (!harness.connector.status.methods.includes("getOrder")) return;
      const report = await harness.calls.order("kit", { venueOrderId: placed.venueOrderId });
      assert(
        report?.status === "filled",
        `a cancel came after the order was filled, and getOrder then returned ${report?.status ?? "null"}: the order ` +
          `is filled`,
      );
    },
  },
  {
    id: "C56",
    group: "cancel",
    title: "an unconfirmed cancel is an error",
    proves: "an order that is still open never looks cancelled",
    needs: { venue: "proxied", orders: true },
    run: async (harness) => {
      const { venueOrderId } = await placeRestingOrder(harness);
      for (const fault of [{ kind: "500" }, { kind: "html" }, { kind: "429" }, { kind: "reset" }] as const) {
        harness.venue.clearFaults();
        harness.venue.armFault("cancel", fault, 100);
        const response = await harness.call("cancelOrder", venueOrderId).catch(() => ({ ok: false }) as const);
        if (response.ok) fail(`the venue answered the cancel with ${fault.kind}, but cancelOrder succeeded: throw`);
      }
    },
  },
];
