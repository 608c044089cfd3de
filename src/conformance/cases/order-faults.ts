/** Fault cases of orders: the venue misbehaves, and the adapter must report the outcome of the order as unknown. */
import { assert } from "../assert.ts";
import type { Fault } from "../venue/fake-venue-faults.ts";
import type { ConformanceHarness } from "../harness.ts";
import { assertOneId, assertOrderWasSent, orderRequests } from "../order-requests.ts";
import { assertNotAcknowledged, assertUnclear, orderAtVenue, orderFor, sendOrder } from "../place-orders.ts";
import type { TestCase } from "../test-case.ts";
import { reaches } from "../venue/test-venue.ts";

const ALWAYS = 1_000;

export async function sendWithFault(
  harness: ConformanceHarness,
  fault: Fault,
  condition: string,
  times = ALWAYS,
): Promise<void> {
  const isHooked = reaches(harness.level, "hooked");
  const ordersBefore = isHooked ? (await harness.venue.listOrders()).length : 0;
  const before = orderRequests(harness).length;
  harness.venue.filling = "manual";
  harness.venue.armFault("place", fault, times);
  const order = orderFor(harness);
  const outcome = await sendOrder(harness, order);
  assertOrderWasSent(harness, order);
  assertUnclear(outcome, condition);
  assertOneId(harness, order, { condition, before });
  if (!isHooked) return;
  const accepted = (await harness.venue.listOrders()).slice(ordersBefore);
  assert(
    accepted.length <= 1,
    `${condition}, and the order was sent again under another client order id: ` +
      `the venue now has ${accepted.length} orders; never change the id`,
  );
  // An adapter that looked the order up may acknowledge it.
  const isFound = outcome.kind === "accepted" && accepted[0]?.order_id === outcome.venueOrderId;
  if (!isFound) assertNotAcknowledged(outcome, condition);
}

/** Returns the case of one fault in the response to an order. */
function orderFaultCase(id: TestCase["id"], title: string, proves: string, fault: Fault, condition: string): TestCase {
  return {
    id,
    group: "faults",
    title,
    proves,
    needs: { venue: "proxied", orders: true },
    run: (harness) => sendWithFault(harness, fault, condition),
  };
}

const UNKNOWN = "the order's outcome is unknown, so the desk queries the venue";

const ORDER_FAULTS: readonly TestCase[] = [
  orderFaultCase(
    "C57",
    "the venue accepts an order but never responds",
    UNKNOWN,
    { kind: "hang", isDone: true },
    "the venue accepted the order but never responded",
  ),
  orderFaultCase(
    "C58",
    "the venue never responds and accepts no order",
    UNKNOWN,
    { kind: "hang" },
    "the venue never responded",
  ),
  orderFaultCase("C59", "the venue answers 500", UNKNOWN, { kind: "500" }, "the venue answered 500"),
  orderFaultCase(
    "C60",
    "the venue accepts an order but answers 500",
    UNKNOWN,
    { kind: "500", isDone: true },
    "the venue accepted the order but answered 500",
  ),
  orderFaultCase(
    "C96",
    "the venue accepts an order but a proxy answers 502",
    UNKNOWN,
    { kind: "502", isDone: true },
    "the venue accepted the order, and a proxy answered 502",
  ),
  orderFaultCase(
    "C61",
    "a proxy answers 503 with HTML",
    UNKNOWN,
    { kind: "html", isDone: true },
    "a proxy answered 503 with an HTML page",
  ),
  orderFaultCase(
    "C62",
    "the response to an order is truncated JSON",
    UNKNOWN,
    { kind: "malformed", isDone: true },
    "the venue's response was truncated JSON",
  ),
  orderFaultCase(
    "C63",
    "the response does not confirm an order",
    "an acknowledgement is never invented",
    { kind: "empty" },
    "the venue answered 200 with {}, which confirms nothing",
  ),
  orderFaultCase(
    "C65",
    "the connection is reset after the order was accepted",
    UNKNOWN,
    { kind: "reset", isDone: true },
    "the venue accepted the order and reset the connection",
  ),
  orderFaultCase(
    "C66",
    "the connection is reset before the response",
    UNKNOWN,
    { kind: "reset" },
    "the venue reset the connection",
  ),
];

export const ORDER_FAULT_CASES: readonly TestCase[] = [
  ...ORDER_FAULTS,
  {
    id: "C97",
    group: "faults",
    title: "the venue accepts an order but a proxy answers 504 or 408",
    proves: UNKNOWN,
    needs: { venue: "proxied", orders: true },
    run: async (harness) => {
      for (const kind of ["504", "408"] as const) {
        harness.venue.clearFaults();
        await sendWithFault(
          harness,
          { kind, isDone: true },
          `the venue accepted the order, and a proxy answered ${kind}`,
        );
      }
    },
  },
  {
    id: "C64",
    group: "faults",
    title: "the venue answers 429",
    proves: "429 leads to an error or to a retry under the same id, never to two orders",
    needs: { venue: "proxied", orders: true },
    run: async (harness) => {
      harness.venue.armFault("place", { kind: "429" });
      const order = orderFor(harness);
      const outcome = await sendOrder(harness, order);
      assertOrderWasSent(harness, order);
      assertOneId(harness, order, { condition: "the venue answered 429 once", before: 0 });
      if (!reaches(harness.level, "hooked")) return;
      const { length } = await harness.venue.listOrders();
      assert(length <= 1, `after one 429 the venue has ${length} orders: retry only under the same client order id`);
      assert(
        length === 1 || outcome.kind !== "accepted",
        "the venue answered 429 and accepted nothing, but the order was acknowledged",
      );
      if (length === 1) await orderAtVenue(harness, order);
      if (length === 1)
        assert(
          outcome.kind === "accepted",
          `after 429 the adapter retried and the venue accepted the order, but placeOrder ended ${outcome.kind}`,
        );
    },
  },
  {
    id: "C67",
    group: "faults",
    title: "nothing listens at the venue's address",
    proves: "an unsent order is never acknowledged, and never reported as rejected by the venue",
    needs: { venue: "proxied", orders: true },
    run: async (harness) => {
      await harness.venue.close();
      // A connection that the adapter kept open ends in a reset, not in a refusal. This read uses it up.
      await harness.call("getQuote", harness.settings.symbol);
      const outcome = await sendOrder(harness, orderFor(harness));
      assertNotAcknowledged(outcome, "the venue's address refused the connection");
      assert(
        outcome.kind !== "rejected",
        "the venue's address refused the connection, but placeOrder threw VenueRejection: " +
          "throw NotSent, or a plain Error",
      );
    },
  },
  {
    id: "C95",
    group: "faults",
    title: "a retry under the same id is not reported as rejected",
    proves: "a duplicate error for a retry of an accepted order is not treated as a rejection",
    needs: { venue: "proxied", orders: true },
    run: (harness) =>
      sendWithFault(
        harness,
        { kind: "reset", isDone: true },
        "the venue accepted the order and reset the connection once",
        1,
      ),
  },
];
