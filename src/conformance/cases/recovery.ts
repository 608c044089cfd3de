/** Recovery cases: the connector is killed at the worst moment, and the desk can reconstruct the state afterwards. */
import { decimal } from "../../domain/decimal.ts";
import type { VenueReport } from "../../domain/market/venue.ts";
import { assert, fail } from "../assert.ts";
import type { TestCase } from "../test-case.ts";
import {
  placeAcknowledged,
  orderAtVenue,
  waitForFullFill,
  orderFor,
  placeRestingOrder,
  sendOrder,
  unknownVenueOrderId,
} from "../place-orders.ts";
import { type ConformanceHarness, firstLine } from "../harness.ts";
import { newClientOrderId, units } from "../order-terms.ts";
import { type MadeFill, reaches } from "../venue/test-venue.ts";

const RESTART_TIMEOUT_MS = 15_000;
const SETTLE_MS = 1_000;

/** Kills the worker and waits until the connector has restarted; `beforeRestart` runs in between. */
export async function killAndRecover(
  harness: ConformanceHarness,
  beforeRestart: () => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  await harness.spy.kill();
  await harness.waitFor(
    () => harness.connector.status.state !== "ready",
    "the worker was killed, but the host did not notice",
  );
  await beforeRestart();
  await harness.waitFor(
    () => harness.connector.status.state === "ready",
    () =>
      `the worker was killed; ${RESTART_TIMEOUT_MS / 1000} s later the connector was ` +
      `${harness.connector.status.state}: ` +
      `${firstLine(harness.connector.status.lastError ?? "")}`,
    RESTART_TIMEOUT_MS,
  );
}

async function reportFor(
  harness: ConformanceHarness,
  query: { venueOrderId?: string; clientOrderId?: string },
  condition: string,
): Promise<VenueReport> {
  const report = await harness.calls.order("kit", query);
  return report ?? fail(`${condition}: getOrder(${JSON.stringify(query)}) returned null, but the venue has the order`);
}

export const RECOVERY_CASES: readonly TestCase[] = [
  {
    id: "C76",
    group: "recovery",
    title: "the connector restarts after its worker was killed",
    proves: "a crash needs no person",
    run: (harness) => killAndRecover(harness),
  },
  {
    id: "C77",
    group: "recovery",
    title: "an order whose response was lost is found by its client order id",
    proves: "an order with an unknown outcome is resolved without a person",
    needs: { venue: "hooked", orders: true, methods: ["getOrder"], declares: "queryByClientId" },
    run: async (harness) => {
      harness.venue.filling = "manual";
      harness.venue.armFault("place", { kind: "hang", isDone: true });
      const order = orderFor(harness);
      const pending = sendOrder(harness, order);
      await harness.pollFor(async () => (await harness.venue.listOrders()).length > 0, "placeOrder sent no order");
      await killAndRecover(harness);
      const { kind } = await pending;
      assert(kind === "unclear", `the worker was killed during placeOrder, but the order ended ${kind}`);
      const accepted = await orderAtVenue(harness, order);
      const report = await reportFor(
        harness,
        { clientOrderId: order.clientOrderId },
        "the venue accepted the order, then the worker was killed",
      );
      assert(
        report.venueOrderId === accepted.order_id,
        `the venue's id is ${accepted.order_id}, but getOrder returned ${report.venueOrderId}`,
      );
      assert(report.status === "open", `the order is open at the venue, but getOrder returned ${report.status}`);
    },
  },
  {
    id: "C78",
    group: "recovery",
    title: "getFills returns fills made while the connector was down",
    proves: "fills missed while the connector was down are recovered",
    needs: { venue: "hooked", orders: true, methods: ["getFills"] },
    run: async (harness) => {
      harness.venue.filling = "manual";
      const placed = await placeAcknowledged(harness, { quantity: units(harness, "2") });
      const order = await orderAtVenue(harness, placed.order);
      const since = harness.venue.now - 1_000;
      let made: MadeFill | undefined;
      await killAndRecover(harness, async () => {
        made = await harness.venue.fillOrder(order);
      });
      // As the desk does. A fill that an adapter makes of the report has an id that the venue does not know.
      if (harness.connector.status.methods.includes("getOrder"))
        await harness.calls.order("kit", { venueOrderId: placed.venueOrderId });
      const fetched = (await harness.calls.fills("kit", since)) ?? [];
      const fill = fetched.find(({ fillId }) => fillId === made?.fill_id);
      assert(
        fill !== undefined,
        `the venue filled an order while the connector was down; ` +
          `getFills(since) returned ${fetched.length} fill(s) without ${made?.fill_id}`,
      );
      assert(
        fill.venueOrderId === placed.venueOrderId,
        `fill ${made?.fill_id} belongs to order ${placed.venueOrderId}, but getFills returned ${fill.venueOrderId}`,
      );
    },
  },
  {
    id: "C79",
    group: "recovery",
    title: "a resting order is listed after a restart",
    proves: "the desk sees all open orders at the venue, including forgotten ones",
    needs: { orders: true, methods: ["getOpenOrders"] },
    run: async (harness) => {
      const { venueOrderId } = await placeRestingOrder(harness);
      const partlyFilled = reaches(harness.level, "hooked")
        ? await placeRestingOrder(harness, units(harness, "4"))
        : undefined;
      if (partlyFilled !== undefined)
        await harness.venue.fillOrder(await orderAtVenue(harness, partlyFilled.order), {
          quantity: units(harness, "1"),
        });
      await harness.connector.restart();
      const open = (await harness.calls.openOrders("kit")) ?? [];
      const resting = open.find((report) => report.venueOrderId === venueOrderId);
      assert(
        resting !== undefined,
        `order ${venueOrderId} rests at the venue, but after a restart getOpenOrders returned ${open.length} ` +
          `order(s) without it`,
      );
      assert(resting.status === "open", `order ${venueOrderId} is open, but getOpenOrders returned ${resting.status}`);
      assert(
        partlyFilled === undefined || open.some((report) => report.venueOrderId === partlyFilled.venueOrderId),
        `order ${partlyFilled?.venueOrderId} is partly filled and still open, but getOpenOrders returned ` +
          `${open.length} order(s) without it`,
      );
    },
  },
  {
    id: "C80",
    group: "recovery",
    title: "getOrder returns null for an order that the venue never received",
    proves: "the desk can tell an order that was never accepted from an unreachable venue",
    needs: { methods: ["getOrder"] },
    run: async (harness) => {
      const queries: readonly object[] = [{ venueOrderId: await unknownVenueOrderId(harness) }];
      const byClientId =
        harness.connector.status.capabilities.queryByClientId === true
          ? [{ clientOrderId: newClientOrderId(harness) }]
          : [];
      for (const query of [...queries, ...byClientId]) {
        const response = await harness.call("getOrder", query);
        if (!response.ok)
          fail(
            `getOrder(${JSON.stringify(query)}) threw: ${response.message}; ` +
              `return null if the venue does not know the order`,
          );
        else
          assert(
            (response.value ?? null) === null,
            `getOrder of an unknown id returned ${JSON.stringify(response.value)}: return null`,
          );
      }
    },
  },
  {
    id: "C81",
    group: "recovery",
    title: "getOrder reports the order's current state",
    proves: "state and filled quantity are the venue's",
    needs: { venue: "hooked", orders: true, methods: ["getOrder"] },
    run: async (harness) => {
      harness.venue.filling = "manual";
      const { order, venueOrderId } = await placeAcknowledged(harness, { quantity: units(harness, "4") });
      const [first, second] = harness.level === "kit" ? ["1.5", "2.5"] : ["1", "3"];
      for (const [part, status, total] of [
        ["0", "open", "0"],
        [first, "partially_filled", first],
        [second, "filled", "4"],
      ] as const) {
        const [quantity, filled] = [units(harness, part), units(harness, total)];
        if (part !== "0") await harness.venue.fillOrder(await orderAtVenue(harness, order), { quantity });
        const report = await reportFor(harness, { venueOrderId }, `the order is ${status}`);
        const isSame = report.venueOrderId === venueOrderId && report.status === status;
        const isRight = isSame && decimal(report.filledQuantity).eq(decimal(filled));
        assert(
          isRight,
          `the order is ${status} with ${filled} filled at the venue, but getOrder returned ${report.status} ` +
            `with ${report.filledQuantity}`,
        );
      }
      const ended = await placeRestingOrder(harness);
      if (harness.level === "kit") harness.kit.state.cancel(await orderAtVenue(harness, ended.order));
      else await harness.calls.cancel("kit", ended.venueOrderId);
      const { status } = await reportFor(harness, { venueOrderId: ended.venueOrderId }, "the order is cancelled");
      assert(status === "cancelled", `the venue cancelled the order, but getOrder returned ${status}`);
    },
  },
  {
    id: "C82",
    group: "recovery",
    title: "a restart closes the old stream",
    proves: "streams do not accumulate at the venue, and fills are not emitted twice",
    needs: { venue: "proxied" },
    run: async (harness) => {
      const { connector, venue } = harness;
      await connector.stop();
      await connector.start();
      venue.dropStreams();
      await harness.sleep(SETTLE_MS);
      assert(
        venue.streams <= 1,
        `after a restart and a dropped stream the venue has ${venue.streams} open streams: ` +
          `close the old stream before opening another`,
      );
    },
  },
  {
    id: "C83",
    group: "recovery",
    title: "orders work after a restart",
    proves: "acknowledgements and fills work in the next worker session",
    needs: { orders: true },
    run: async (harness) => {
      await waitForFullFill(harness, await placeAcknowledged(harness));
      await killAndRecover(harness);
      await waitForFullFill(harness, await placeAcknowledged(harness));
    },
  },
];
