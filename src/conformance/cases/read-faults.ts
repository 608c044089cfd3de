/** Fault cases of reads: what cannot be read is an error, never an empty or an old value. */
import { decimal } from "../../domain/decimal.ts";
import { malformedItem } from "../../host/unread-items.ts";
import { fillSchema } from "../../protocol/schemas.ts";
import { assert, fail, skip } from "../assert.ts";
import { placeUnfilledOrder } from "../fill-assertions.ts";
import { fetchQuote, units } from "../order-terms.ts";
import type { VenueRoute } from "../venue/fake-venue-faults.ts";
import type { ConformanceHarness } from "../harness.ts";
import { orderAtVenue, placeAcknowledged } from "../place-orders.ts";
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

/** Every item of the list, as the adapter returns it. @throws the adapter's error. */
async function listedFills(harness: ConformanceHarness): Promise<readonly unknown[]> {
  const items: unknown[] = [];
  const symbols = [harness.settings.symbol];
  for (let cursor: string | undefined, page = 0; page === 0 || cursor !== undefined; page++) {
    const answer = await harness.call("getFills", 0, cursor === undefined ? { symbols } : { symbols, cursor });
    if (!answer.ok) throw new Error(answer.message);
    const { fills = answer.value, cursor: next } = answer.value as { fills?: unknown; cursor?: string };
    items.push(...(fills as readonly unknown[]));
    cursor = page < PAGES_MAX ? next : undefined;
  }
  return items;
}

const PAGES_MAX = 100;

/** Two fills at different prices, of which the venue's list has one price as `n/a`. */
async function assertUnreadFill(harness: ConformanceHarness): Promise<void> {
  const { bid, ask } = await fetchQuote(harness);
  const placed = await placeUnfilledOrder(harness, "4");
  const order = await orderAtVenue(harness, placed.order);
  for (const price of [bid, ask]) await harness.venue.fillOrder(order, { quantity: units(harness, "1"), price });
  harness.venue.armFault("fills", { kind: "garbled", number: ask }, ALWAYS);
  const items = await listedFills(harness).catch(() => undefined);
  // The desk shows the error, and goes on asking.
  if (items === undefined) return;
  const fills = items.map((item) => fillSchema.safeParse(item).data);
  const prices = fills.flatMap((fill) => (fill?.venueOrderId === placed.venueOrderId ? [fill.price] : []));
  const has = (price: string): boolean => prices.some((found) => decimal(found).eq(decimal(price)));
  if (has(ask)) skip("the adapter returned the price, which the kit did not find in the venue's answer");
  // The desk names a malformed fill by its id, too.
  const isNamed = items.some(
    (item, index) => fills[index] === undefined && malformedItem("fill", item, "") !== undefined,
  );
  assert(
    isNamed && has(bid) && prices.length === 1,
    `the venue's list has a fill at ${bid} and one whose price is "n/a", and getFills returned ` +
      `${prices.length === 0 ? "no fill" : `fills at ${prices.join(", ")}`} of that order` +
      `${isNamed ? "" : ", and none that cannot be read"}: list it as UnreadableFill, or throw`,
  );
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
    id: "C158",
    group: "faults",
    title: "a fill that cannot be read is listed as such, or is an error",
    proves: "one fill that cannot be read is never lost, or booked with an invented number",
    needs: { venue: "hooked", orders: true, methods: ["getFills"] },
    run: assertUnreadFill,
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
