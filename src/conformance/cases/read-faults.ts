/** Fault cases of reads: what cannot be read is an error, never an empty or an old value. */
import { fail, skip } from "../assert.ts";
import type { VenueRoute } from "../venue/fake-venue-faults.ts";
import type { ConformanceHarness } from "../harness.ts";
import { placeAcknowledged } from "../place-orders.ts";
import type { TestCase } from "../test-case.ts";

const ALWAYS = 1_000;

interface FaultyRead {
  readonly routes: readonly VenueRoute[];
  readonly method: "getQuote" | "getOrder" | "getFills" | "getOpenOrders" | "getInstrument";
  readonly argument?: unknown;
  /** What returning a value would claim, for the failure message. */
  readonly hint: string;
}

/** Fails the case if a read method returns a value although the venue's response was faulty. */
async function assertReadThrows(
  harness: ConformanceHarness,
  { routes, method, argument, hint }: FaultyRead,
): Promise<void> {
  for (const kind of ["500", "html", "malformed", "reset", "429", "401"] as const) {
    const fault = { kind };
    harness.venue.clearFaults();
    for (const route of routes) harness.venue.armFault(route, fault, ALWAYS);
    const before = harness.venue.requests.length;
    const response = await harness.call(method, argument).catch(() => ({ ok: false }) as const);
    // Behind the kit's proxy, an adapter may answer from what its stream sent: no fault of a request concerns that.
    if (harness.level !== "kit" && harness.venue.requests.length === before)
      skip(`${method} answers without a request to the venue`);
    if (response.ok)
      fail(
        `the venue's response had a fault (${fault.kind}), but ${method} returned ` +
          `${JSON.stringify(response.value ?? null)}: throw; ${hint}`,
      );
  }
}

export const READ_FAULT_CASES: readonly TestCase[] = [
  {
    id: "C73",
    group: "faults",
    title: "an unreadable quote is an error",
    proves: "orders are never checked against an invented price",
    needs: { venue: "proxied" },
    run: (harness) =>
      assertReadThrows(harness, {
        routes: ["quote"],
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
    needs: { venue: "proxied", orders: true, methods: ["getOrder"] },
    run: async (harness) => {
      const { order, venueOrderId } = await placeAcknowledged(harness);
      const hint = "null means that the venue does not know the order";
      await assertReadThrows(harness, {
        routes: ["order", "orders"],
        method: "getOrder",
        argument: { venueOrderId },
        hint,
      });
      if (harness.connector.status.capabilities.queryByClientId !== true) return;
      const argument = { clientOrderId: order.clientOrderId };
      await assertReadThrows(harness, { routes: ["order", "orders"], method: "getOrder", argument, hint });
    },
  },
  {
    id: "C75",
    group: "faults",
    title: "unreadable fills are an error, not an empty list",
    proves: "a venue outage never looks like a day without trades",
    needs: { venue: "proxied", methods: ["getFills"] },
    run: (harness) =>
      assertReadThrows(harness, {
        routes: ["fills"],
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
    needs: { venue: "proxied", methods: ["getOpenOrders"] },
    run: (harness) =>
      assertReadThrows(harness, {
        routes: ["orders"],
        method: "getOpenOrders",
        hint: "an empty list means that no order is open",
      }),
  },
  {
    id: "C94",
    group: "faults",
    title: "an unreadable instrument is an error, not an unlisted symbol",
    proves: "a venue outage never makes a symbol look unlisted",
    needs: { venue: "proxied", methods: ["getInstrument"] },
    run: (harness) =>
      assertReadThrows(harness, {
        routes: ["instrument"],
        method: "getInstrument",
        argument: harness.settings.symbol,
        hint: "null means that the venue does not list the symbol",
      }),
  },
];
