/** Fault cases: the venue misbehaves, and the adapter must report the outcome of the order as unknown. */
import { decimal } from "../domain/decimal.ts";
import { assert, fail } from "./assert.ts";
import type { TestCase } from "./test-case.ts";
import type { Fault, VenueRoute } from "./fake-venue-faults.ts";
import {
  placeAcknowledged,
  orderAtVenue,
  fillsOf,
  waitForFills,
  assertUnclear,
  assertNotAcknowledged,
  orderFor,
  sendOrder,
} from "./place-orders.ts";
import { type ConformanceHarness, firstLine } from "./harness.ts";

const ALWAYS = 1_000;
const RECONNECT_MS = 10_000;
const SKEW_MS = 5 * 60 * 60_000;
const SLOW_MS = 1_500;
/** Long enough for an uncaught error to end the worker. */
const CRASH_WAIT_MS = 300;

async function sendWithFault(
  harness: ConformanceHarness,
  fault: Fault,
  condition: string,
  times = ALWAYS,
): Promise<void> {
  harness.venue.filling = "manual";
  harness.venue.armFault("place", fault, times);
  const order = orderFor(harness);
  const outcome = await sendOrder(harness, order);
  const requests = harness.venue.requests.filter(({ route }) => route === "place").length;
  assert(requests > 0, "placeOrder sent no order to the kit's venue");
  assertUnclear(outcome, condition);
  const accepted = harness.venue.orders;
  assert(
    accepted.length <= 1,
    `${condition}, and the order was sent again under another client order id: ` +
      `the venue now has ${accepted.length} orders; never change the id`,
  );
  // An adapter that looked the order up may acknowledge it.
  const isFound = outcome.kind === "acknowledged" && accepted[0]?.order_id === outcome.venueOrderId;
  if (!isFound) assertNotAcknowledged(outcome, condition);
}

/** Returns the case of one fault in the response to an order. */
function orderFaultCase(id: TestCase["id"], title: string, proves: string, fault: Fault, condition: string): TestCase {
  return {
    id,
    group: "faults",
    title,
    proves,
    needs: { venue: true, orders: true },
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

interface FaultyRead {
  readonly route: VenueRoute;
  readonly method: "getQuote" | "getOrder" | "getFills" | "getOpenOrders" | "getInstrument";
  readonly argument?: unknown;
  /** What returning a value would claim, for the failure message. */
  readonly hint: string;
}

/** Fails the case if a read method returns a value although the venue's response was faulty. */
async function assertReadThrows(
  harness: ConformanceHarness,
  { route, method, argument, hint }: FaultyRead,
): Promise<void> {
  for (const fault of [{ kind: "500" }, { kind: "html" }, { kind: "malformed" }, { kind: "reset" }] as const) {
    harness.venue.clearFaults();
    harness.venue.armFault(route, fault, ALWAYS);
    const response = await harness.call(method, argument).catch(() => ({ ok: false }) as const);
    if (response.ok)
      fail(
        `the venue's response had a fault (${fault.kind}), but ${method} returned ` +
          `${JSON.stringify(response.value ?? null)}: throw; ${hint}`,
      );
  }
}

export const FAULT_CASES: readonly TestCase[] = [
  ...ORDER_FAULTS,
  {
    id: "C64",
    group: "faults",
    title: "the venue answers 429",
    proves: "429 leads to an error or to a retry under the same id, never to two orders",
    needs: { venue: true, orders: true },
    run: async (harness) => {
      harness.venue.armFault("place", { kind: "429" });
      const order = orderFor(harness);
      const outcome = await sendOrder(harness, order);
      const { length } = harness.venue.orders;
      assert(length <= 1, `after one 429 the venue has ${length} orders: retry only under the same client order id`);
      assert(
        length === 1 || outcome.kind !== "acknowledged",
        "the venue answered 429 and accepted nothing, but the order was acknowledged",
      );
      if (length === 1) orderAtVenue(harness, order);
      if (length === 1)
        assert(
          outcome.kind === "acknowledged",
          `after 429 the adapter retried and the venue accepted the order, but placeOrder ended ${outcome.kind}`,
        );
    },
  },
  {
    id: "C67",
    group: "faults",
    title: "nothing listens at the venue's address",
    proves: "an unsent order is never acknowledged, and never reported as rejected by the venue",
    needs: { venue: true, orders: true },
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
    id: "C68",
    group: "faults",
    title: "a slow response is accepted",
    proves: "the adapter's timeouts are not shorter than the desk's",
    needs: { venue: true, orders: true },
    run: async (harness) => {
      for (const route of ["quote", "place"] as const) harness.venue.armFault(route, { kind: "slow", ms: SLOW_MS });
      const quote = await harness.call("getQuote", harness.settings.symbol);
      if (!quote.ok)
        fail(`the venue took ${SLOW_MS} ms for a quote, and getQuote threw: ${quote.message}; the desk waits 5 s`);
      const outcome = await sendOrder(harness, orderFor(harness));
      assert(
        outcome.kind === "acknowledged",
        `the venue took ${SLOW_MS} ms to confirm an order, and placeOrder ended ${outcome.kind}; the desk waits 10 s`,
      );
    },
  },
  {
    id: "C69",
    group: "faults",
    title: "the stream reconnects after it was cut",
    proves: "fills are emitted again within 10 s, without a person",
    needs: { venue: true, orders: true },
    run: async (harness) => {
      harness.venue.filling = "manual";
      const placed = await placeAcknowledged(harness, { quantity: "2" });
      const opened = harness.venue.streamsOpened;
      // The first reconnect is refused, as by a venue that restarts.
      harness.venue.armFault("stream", { kind: "reset" });
      harness.venue.dropStreams();
      if (opened > 0)
        await harness.waitFor(
          () => harness.venue.streamsOpened > opened && harness.venue.streams > 0,
          `the venue cut the stream, and ${RECONNECT_MS / 1000} s later the adapter had not reconnected: ` +
            `reconnect on close`,
          RECONNECT_MS,
        );
      const { restarts, lastError } = harness.connector.status;
      assert(
        restarts === 0,
        `after a cut the stream was refused once, and the worker ended: ${firstLine(lastError ?? "")}; ` +
          `catch that error`,
      );
      harness.venue.fill(orderAtVenue(harness, placed.order), { quantity: "1" });
      await waitForFills(harness, placed, 1);
    },
  },
  {
    id: "C70",
    group: "faults",
    title: "invalid messages do not end the stream",
    proves: "an invalid message does not cause lost fills",
    needs: { venue: true, orders: true },
    run: async (harness) => {
      harness.venue.filling = "manual";
      const placed = await placeAcknowledged(harness, { quantity: "2" });
      for (const message of ["{", "", "null", "[]", "12", '"text"', '{"type":"unknown-type"}', '{"type":null}'])
        harness.venue.push(message);
      harness.venue.fill(orderAtVenue(harness, placed.order), { quantity: "1" });
      await waitForFills(harness, placed, 1).catch(() => []);
      await harness.sleep(CRASH_WAIT_MS);
      // An adapter that closes the stream has still received the first fill, so a second one is needed.
      harness.venue.fill(orderAtVenue(harness, placed.order), { quantity: "1" });
      const fills = await waitForFills(harness, placed, 2).catch(() => fillsOf(harness, placed));
      const { state, restarts, lastError } = harness.connector.status;
      const crash =
        state === "ready" && restarts === 0
          ? ""
          : `; the connector is ${state} after ${restarts} restart(s): ${firstLine(lastError ?? "")}`;
      assert(
        crash === "" && fills.length > 1,
        `after 8 invalid messages ${fills.length} of 2 fills were emitted${crash}; ` +
          `catch errors of each message separately`,
      );
    },
  },
  {
    id: "C71",
    group: "faults",
    title: "a crossed quote is passed on or an error",
    proves: "a crossed market is never hidden",
    needs: { venue: true },
    run: async (harness) => {
      const { symbol } = harness.settings;
      harness.venue.state.quotes.set(symbol, { bid: "101", ask: "100", last: "100.50" });
      const response = await harness.call("getQuote", symbol);
      if (!response.ok) return;
      const { bid, ask } = await harness.calls.quote("kit", symbol);
      assert(
        decimal(bid).eq(decimal("101")) && decimal(ask).eq(decimal("100")),
        `the venue's bid is 101 and its ask 100, but getQuote returned ${bid}/${ask}: ` +
          `pass the prices on unchanged, or throw`,
      );
    },
  },
  {
    id: "C72",
    group: "faults",
    title: "the venue's clock is five hours ahead",
    proves: "times are the venue's, and nothing depends on the local clock",
    needs: { venue: true, orders: true },
    startsConnector: true,
    run: async (harness) => {
      harness.venue.skewMs = SKEW_MS;
      await harness.start();
      const placed = await placeAcknowledged(harness);
      const [fill] = await waitForFills(harness, placed, 1);
      const time = harness.venue.state.fills[0]?.time ?? 0;
      assert(
        fill?.at === time,
        `the venue filled at ${time}, but the fill was emitted with ${fill?.at}, ` +
          `${Math.round(((fill?.at ?? 0) - time) / 60_000)} minutes off; ` +
          `use the venue's time`,
      );
    },
  },
  {
    id: "C73",
    group: "faults",
    title: "an unreadable quote is an error",
    proves: "orders are never checked against an invented price",
    needs: { venue: true },
    run: (harness) =>
      assertReadThrows(harness, {
        route: "quote",
        method: "getQuote",
        argument: harness.settings.symbol,
        hint: "do not return an old or empty quote",
      }),
  },
  {
    id: "C74",
    group: "faults",
    title: "an unreadable order is an error, not an unknown order",
    proves: "a venue outage never looks like an order that was not accepted",
    needs: { venue: true, orders: true, methods: ["getOrder"] },
    run: async (harness) => {
      const { order, venueOrderId } = await placeAcknowledged(harness);
      const hint = "null means that the venue does not know the order";
      await assertReadThrows(harness, { route: "order", method: "getOrder", argument: { venueOrderId }, hint });
      if (harness.connector.status.capabilities.queryByClientId !== true) return;
      const argument = { clientOrderId: order.clientOrderId };
      await assertReadThrows(harness, { route: "orders", method: "getOrder", argument, hint });
    },
  },
  {
    id: "C75",
    group: "faults",
    title: "unreadable fills are an error, not an empty list",
    proves: "a venue outage never looks like a day without trades",
    needs: { venue: true, methods: ["getFills"] },
    run: (harness) =>
      assertReadThrows(harness, {
        route: "fills",
        method: "getFills",
        argument: 0,
        hint: "an empty list means that there were no fills",
      }),
  },
  {
    id: "C93",
    group: "faults",
    title: "unreadable open orders are an error, not an empty list",
    proves: "a venue outage never looks like an account without open orders",
    needs: { venue: true, methods: ["getOpenOrders"] },
    run: (harness) =>
      assertReadThrows(harness, {
        route: "orders",
        method: "getOpenOrders",
        hint: "an empty list means that no order is open",
      }),
  },
  {
    id: "C94",
    group: "faults",
    title: "an unreadable instrument is an error, not an unlisted symbol",
    proves: "a venue outage never makes a symbol look unlisted",
    needs: { venue: true, methods: ["getInstrument"] },
    run: (harness) =>
      assertReadThrows(harness, {
        route: "instrument",
        method: "getInstrument",
        argument: harness.settings.symbol,
        hint: "null means that the venue does not list the symbol",
      }),
  },
  {
    id: "C95",
    group: "faults",
    title: "a retry under the same id is not reported as rejected",
    proves: "a duplicate error for a retry of an accepted order is not treated as a rejection",
    needs: { venue: true, orders: true },
    run: (harness) =>
      sendWithFault(
        harness,
        { kind: "reset", isDone: true },
        "the venue accepted the order and reset the connection once",
        1,
      ),
  },
];
