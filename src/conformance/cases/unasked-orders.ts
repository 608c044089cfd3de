/** The adapter sends and cancels no orders that the desk did not ask for. */
import { assert } from "../assert.ts";
import type { ConformanceHarness } from "../harness.ts";
import { orderRequests } from "../order-requests.ts";
import {
  type AcknowledgedOrder,
  orderAtVenue,
  orderFor,
  placeRestingOrder,
  restingRequest,
  sendOrder,
} from "../place-orders.ts";
import type { TestCase } from "../test-case.ts";
import { counted } from "../../lib/counted.ts";

/** The time in which an adapter may open its stream again, and what it then does. */
const RECONNECT_MS = 10_000;
const SETTLE_MS = 500;

const ADVICE = "send and cancel only what placeOrder and cancelOrder ask for, because only that was approved";

/** What the desk has asked for. */
interface AskedFor {
  /** Is open at the venue. */
  readonly resting: AcknowledgedOrder;
  /** The client order ids that the venue may have. */
  readonly ids: readonly string[];
  /** How many requests have sent an order. */
  readonly sent: number;
}

/** Fails the case unless the venue got only what the desk asked for, and the resting order is still open. */
async function assertOnlyAsked(
  harness: ConformanceHarness,
  { resting, ids, sent }: AskedFor,
  when: string,
): Promise<void> {
  const { venue } = harness;
  const other = (await venue.listOrders()).find(({ client_order_id }) => !ids.includes(client_order_id));
  assert(
    other === undefined,
    `${when} the venue has an order ${other?.client_order_id} that the desk did not place: ${ADVICE}`,
  );
  const received = orderRequests(harness).length;
  assert(
    received === sent,
    `${when} the venue has received ${counted(received, "order")}, and the desk asked for ${sent}: ${ADVICE}`,
  );
  const { status } = await orderAtVenue(harness, resting.order);
  assert(status === "open", `${when} the order of the desk is ${status} at the venue: ${ADVICE}`);
}

/**
 * Sends an order of the same form whose answer is lost. The adapter may have sent it again in that call, under the same
 * id.
 */
async function sendUnclear(harness: ConformanceHarness, resting: AcknowledgedOrder): Promise<AskedFor> {
  const { venue } = harness;
  const unclear = orderFor(harness, await restingRequest(harness));
  venue.armFault("place", { kind: "reset" });
  await sendOrder(harness, unclear);
  venue.clearFaults();
  const ids = [resting.order.clientOrderId, unclear.clientOrderId];
  return { resting, ids, sent: orderRequests(harness).length };
}

async function assertNothingUnasked(harness: ConformanceHarness): Promise<void> {
  const { venue, connector } = harness;
  venue.filling = "manual";
  const resting = await placeRestingOrder(harness);
  const first = { resting, ids: [resting.order.clientOrderId], sent: 1 };
  await assertOnlyAsked(harness, first, "after the start and one order");
  const asked = await sendUnclear(harness, resting);
  const opened = venue.streamsOpened;
  if (opened > 0) {
    venue.dropStreams();
    // Another case asks for the reconnect itself.
    await harness.waitFor(() => venue.streamsOpened > opened && venue.streams > 0, "", RECONNECT_MS).catch(() => false);
    await harness.sleep(SETTLE_MS);
    await assertOnlyAsked(harness, asked, "after an unclear order and a cut of the stream");
  }
  await connector.stop();
  await assertOnlyAsked(harness, asked, "after a disconnect");
  await connector.start();
  await harness.sleep(SETTLE_MS);
  await assertOnlyAsked(harness, asked, "after a disconnect and a new start");
}

export const UNASKED_ORDER_CASES: readonly TestCase[] = [
  {
    id: "C154",
    group: "orders",
    title: "the adapter sends and cancels no order by itself",
    proves: "a start, a new stream and a stop change no order at the venue, and send no unclear order again",
    needs: { venue: "hooked", orders: true },
    run: assertNothingUnasked,
  },
];
