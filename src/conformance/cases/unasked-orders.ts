/** The adapter sends and cancels no orders that the desk did not ask for. */
import { assert } from "../assert.ts";
import type { ConformanceHarness } from "../harness.ts";
import { orderRequests } from "../order-requests.ts";
import { type AcknowledgedOrder, orderAtVenue, placeRestingOrder } from "../place-orders.ts";
import type { TestCase } from "../test-case.ts";

/** The time in which an adapter may open its stream again, and what it then does. */
const RECONNECT_MS = 10_000;
const SETTLE_MS = 500;

const ADVICE = "send and cancel only what placeOrder and cancelOrder ask for, because only that was approved";

/** Fails the case unless the venue got only the order of the case, and it is still open. */
async function assertOnlyOrder(harness: ConformanceHarness, { order }: AcknowledgedOrder, when: string): Promise<void> {
  const { venue } = harness;
  const others = (await venue.listOrders())
    .map(({ client_order_id }) => client_order_id)
    .filter((id) => id !== order.clientOrderId);
  assert(others.length === 0, `${when} the venue has an order ${others[0]} that the desk did not place: ${ADVICE}`);
  const sent = orderRequests(harness).length;
  assert(sent === 1, `${when} the venue has received ${sent} orders, and the desk placed one: ${ADVICE}`);
  const { status } = await orderAtVenue(harness, order);
  assert(status === "open", `${when} the order of the desk is ${status} at the venue: ${ADVICE}`);
}

async function assertNothingUnasked(harness: ConformanceHarness): Promise<void> {
  const { venue, connector } = harness;
  venue.filling = "manual";
  const resting = await placeRestingOrder(harness);
  await assertOnlyOrder(harness, resting, "after the start and one order");
  const opened = venue.streamsOpened;
  if (opened > 0) {
    venue.dropStreams();
    // Another case asks for the reconnect itself.
    await harness.waitFor(() => venue.streamsOpened > opened && venue.streams > 0, "", RECONNECT_MS).catch(() => false);
    await harness.sleep(SETTLE_MS);
    await assertOnlyOrder(harness, resting, "after the stream was cut");
  }
  await connector.stop();
  await assertOnlyOrder(harness, resting, "after a disconnect");
  await connector.start();
  await harness.sleep(SETTLE_MS);
  await assertOnlyOrder(harness, resting, "after a disconnect and a new start");
}

export const UNASKED_ORDER_CASES: readonly TestCase[] = [
  {
    id: "C154",
    group: "orders",
    title: "the adapter sends and cancels no order by itself",
    proves: "a start, a new stream and a stop change no order at the venue",
    needs: { venue: "hooked", orders: true },
    run: assertNothingUnasked,
  },
];
