/** Fault cases besides a lost response: refusals, duplicates, confirmations of nothing, limits of requests. */
import { assert, fail, skip } from "../assert.ts";
import { sendWithFault } from "./order-faults.ts";
import { exercise } from "../exercise.ts";
import { REQUEST_ROUTES } from "../venue/fake-venue-faults.ts";
import { BookVenue } from "../venue/book-venue.ts";
import { type ConformanceHarness, firstLine } from "../harness.ts";
import { assertOrderWasSent, orderRequests } from "../order-requests.ts";
import { assertNotAcknowledged, assertUnclear, orderFor, placeAcknowledged, sendOrder } from "../place-orders.ts";
import { ProxyVenue } from "../venue/proxy-venue.ts";
import type { TestCase } from "../test-case.ts";
import { reaches } from "../venue/test-venue.ts";

/** Long enough for an uncaught error to end the worker. */
const CRASH_WAIT_MS = 300;
const REFUSED = { ms: 1_500, attempts: 15 };
const LIMITED = { ms: 900, requests: 3 };

/** Fails the case if the order was sent more than once to a venue that would accept it twice. */
async function assertSentOnce(harness: ConformanceHarness): Promise<void> {
  if (harness.venue instanceof BookVenue) harness.venue.state.refusesDuplicates = false;
  harness.venue.filling = "manual";
  for (const fault of [{ kind: "reset" }, { kind: "500" }, { kind: "504" }, { kind: "hang" }] as const) {
    harness.venue.clearFaults();
    harness.venue.armFault("place", { ...fault, isDone: true });
    const order = orderFor(harness);
    const before = orderRequests(harness).length;
    const outcome = await sendOrder(harness, order);
    const sent = orderRequests(harness).length - before;
    assert(
      sent <= 1,
      `the venue accepted the order, its response was lost (${fault.kind}), and the adapter sent the order ${sent} ` +
        `times; it does not declare clientIdDedupe "forever", so the venue may make ${sent} orders of it: ` +
        `never send an order again; throw a plain Error, and the desk looks the order up`,
    );
    assertUnclear(outcome, `the venue accepted the order, and its response was lost (${fault.kind})`);
  }
}

export const MORE_FAULT_CASES: readonly TestCase[] = [
  {
    id: "C98",
    group: "faults",
    title: "an order is sent once if the venue would accept it twice",
    proves: "a lost response never leads to two orders",
    needs: { venue: "proxied", orders: true },
    run: async (harness) => {
      if (harness.connector.status.capabilities.clientIdDedupe === "forever")
        skip("the adapter declares that the venue refuses a second order with the same id");
      await assertSentOnce(harness);
    },
  },
  {
    id: "C99",
    group: "faults",
    title: "an order that reaches the venue twice is not reported as rejected",
    proves: "a duplicate error for an order that was accepted is not treated as a rejection",
    needs: { venue: "proxied", orders: true, declares: "clientIdDedupe" },
    run: (harness) =>
      sendWithFault(harness, { kind: "duplicate" }, "the order reached the venue twice, and the first was accepted", 1),
  },
  {
    id: "C100",
    group: "faults",
    title: "an order that is refused for its key is not unknown",
    proves: "a revoked key does not leave an instrument blocked by an order that never existed",
    needs: { venue: "proxied", orders: true },
    run: async (harness) => {
      harness.venue.armFault("place", { kind: "401" }, 100);
      const order = orderFor(harness);
      const outcome = await sendOrder(harness, order);
      assertOrderWasSent(harness, order);
      assertNotAcknowledged(outcome, "the venue answered 401");
      if (outcome.kind === "unclear")
        fail(
          `the venue answered the order with 401, and placeOrder threw ${JSON.stringify(firstLine(outcome.reason))}: ` +
            `401 and 403 are definite refusals; throw VenueRejection`,
        );
    },
  },
  {
    id: "C101",
    group: "faults",
    title: "an order that the response calls rejected is not acknowledged",
    proves: "a success status alone is not taken as an acknowledgement",
    needs: { venue: "hooked", orders: true },
    run: async (harness) => {
      if (!(await harness.venue.rejectNext())) skip("the venue calls no order rejected in the answer to its request");
      const outcome = await sendOrder(harness, orderFor(harness));
      assertNotAcknowledged(outcome, "the venue answered with a success status and an order that it calls rejected");
    },
  },
  {
    id: "C102",
    group: "faults",
    title: "the response of another order confirms nothing",
    proves: "an order is never acknowledged under the id of another order",
    needs: { venue: "proxied", orders: true },
    run: async (harness) => {
      const { venue } = harness;
      if (harness.level === "kit" && !harness.kit.traits.confirmsId)
        skip("the venue's answer to an order does not name its id");
      venue.filling = "manual";
      const first = await placeAcknowledged(harness);
      const answer = venue instanceof ProxyVenue ? (venue.firstAnswer ?? "") : first.order.clientOrderId;
      if (!answer.includes(first.order.clientOrderId)) skip("the venue's answer to an order does not name its id");
      venue.armFault("place", { kind: "other-order", isDone: true });
      const condition = "the venue answered with another client order id";
      const outcome = await sendOrder(harness, orderFor(harness));
      assertUnclear(outcome, condition);
      if (outcome.kind === "accepted" && ["7999", first.venueOrderId].includes(outcome.venueOrderId))
        fail(`${condition}, but placeOrder acknowledged that order: compare client_order_id with the order's`);
    },
  },
  {
    id: "C103",
    group: "faults",
    title: "the connector stays up through faults",
    proves: "no fault of the venue crashes the adapter later: no unhandled rejection",
    needs: { venue: "proxied" },
    run: async (harness) => {
      for (const fault of [{ kind: "500" }, { kind: "malformed" }, { kind: "reset" }, { kind: "empty" }] as const) {
        harness.venue.clearFaults();
        for (const route of REQUEST_ROUTES) harness.venue.armFault(route, fault, 100);
        await exercise(harness);
        await harness.sleep(CRASH_WAIT_MS);
        const { restarts, lastError } = harness.connector.status;
        assert(
          restarts === 0,
          `during the fault ${fault.kind} of the venue the worker ended: ${firstLine(lastError ?? "")}; ` +
            `catch each promise that is not awaited`,
        );
      }
    },
  },
  {
    id: "C104",
    group: "faults",
    title: "a venue that limits requests is not flooded",
    proves: "429 does not lead to a loop of requests, and never to a made-up quote",
    needs: { venue: "proxied" },
    run: async (harness) => {
      const { symbol } = harness.settings;
      harness.venue.armFault("quote", { kind: "429" }, 1_000);
      const before = harness.venue.requests.length;
      const call = harness.call("getQuote", symbol).catch(() => ({ ok: false }) as const);
      await harness.sleep(LIMITED.ms);
      const sent = harness.venue.requests.slice(before).filter(({ route }) => route === "quote").length;
      if (sent === 0 && harness.level !== "kit") skip("getQuote answers without a request to the venue");
      assert(
        sent <= LIMITED.requests,
        `the venue answered 429 with retry-after: 1, and getQuote sent ${sent} requests in ${LIMITED.ms} ms: ` +
          `wait, or throw RateLimited`,
      );
      const response = await call;
      assert(
        !response.ok,
        "the venue answered each request with 429, but getQuote returned a quote: throw RateLimited",
      );
    },
  },
  {
    id: "C128",
    group: "faults",
    title: "a refused stream is not retried in a loop",
    proves: "an outage of the venue does not get the account banned",
    needs: { venue: "proxied" },
    run: async (harness) => {
      const { venue } = harness;
      if (venue.streamsOpened === 0) skip("the adapter has no stream");
      venue.armFault("stream", { kind: "reset" }, 100_000);
      venue.dropStreams();
      const attempts = (): number => venue.requests.filter(({ route }) => route === "stream").length;
      const before = attempts();
      await harness.sleep(REFUSED.ms);
      const made = attempts() - before;
      assert(
        made <= REFUSED.attempts,
        `the venue refused the stream, and the adapter tried ${made} times in ${REFUSED.ms} ms: ` +
          `wait longer after each failure`,
      );
    },
  },
  {
    id: "C124",
    group: "cancel",
    title: "a cancel without a response is an error",
    proves: "an order never looks cancelled because the venue was silent",
    needs: { venue: "proxied", orders: true },
    run: async (harness) => {
      harness.venue.filling = "manual";
      const outcome = await sendOrder(harness, orderFor(harness));
      if (outcome.kind !== "accepted") return fail(`the order ended ${outcome.kind}: ${outcome.reason}`);
      harness.venue.armFault("cancel", { kind: "hang" }, 100);
      const response = await harness.call("cancelOrder", outcome.venueOrderId).catch(() => ({ ok: false }) as const);
      assert(!response.ok, "the venue never answered the cancel, but cancelOrder succeeded: throw after a timeout");
      if (!reaches(harness.level, "hooked")) return;
      const open = (await harness.venue.listOrders()).some(({ status }) => status === "open");
      assert(open, "the venue never received the cancel, and the order is closed");
    },
  },
];
