/** Cases of order reports and sessions: each state of the venue, closed orders, and orders from before a restart. */
import { decimal } from "../../domain/decimal.ts";
import type { Order } from "../../domain/sdk.ts";
import type { VenueReport } from "../../domain/market/venue.ts";
import { assert, fail, skip } from "../assert.ts";
import { killAndRecover } from "./recovery.ts";
import { assertSameFill, placeUnfilledOrder } from "../fill-assertions.ts";
import type { ConformanceHarness } from "../harness.ts";
import { restingPrice, restingTimeInForce, units } from "../order-terms.ts";
import {
  type AcknowledgedOrder,
  orderAtVenue,
  orderFor,
  placeRestingOrder,
  sendOrder,
  waitForFills,
  waitForFullFill,
} from "../place-orders.ts";
import type { TestCase } from "../test-case.ts";

const SILENT_MS = 1_500;

/** Returns the order's reports by the venue's id and, if the adapter can, by the client order id. */
async function reportsOf(
  harness: ConformanceHarness,
  { order, venueOrderId }: AcknowledgedOrder,
): Promise<readonly (readonly [query: string, report: VenueReport | undefined])[]> {
  const byClientId = harness.connector.status.capabilities.queryByClientId === true;
  const queries = [{ venueOrderId }, ...(byClientId ? [{ clientOrderId: order.clientOrderId }] : [])];
  const reports: (readonly [string, VenueReport | undefined])[] = [];
  for (const query of queries)
    reports.push([JSON.stringify(query), (await harness.calls.order("kit", query)) ?? undefined]);
  return reports;
}

async function assertStatus(harness: ConformanceHarness, placed: AcknowledgedOrder, status: string): Promise<void> {
  for (const [query, report] of await reportsOf(harness, placed)) {
    if (report === undefined)
      fail(`the order is ${status} at the venue, but getOrder(${query}) returned null: look among closed orders too`);
    else
      assert(
        report.status === status && report.venueOrderId === placed.venueOrderId,
        `the order is ${status} at the venue, but getOrder(${query}) returned ${report.venueOrderId} as ${report.status}`,
      );
  }
}

async function assertOldOrderWorks(harness: ConformanceHarness): Promise<void> {
  const resting = await placeRestingOrder(harness);
  const working = await placeUnfilledOrder(harness, "1");
  await killAndRecover(harness);
  const made = await harness.venue.fillOrder(await orderAtVenue(harness, working.order));
  const fills = await waitForFills(harness, working, 1).catch(() => []);
  assert(
    fills.length > 0,
    "an order from before a restart was filled after it, and the fill was never emitted: keep no list of own orders",
  );
  assertSameFill(fills[0], made);
  const response = await harness.call("cancelOrder", resting.venueOrderId);
  if (!response.ok)
    fail(`an order from before a restart cannot be cancelled after it: ${response.message}; use the venue's order id`);
  const { status } = await orderAtVenue(harness, resting.order);
  assert(status === "cancelled", `cancelOrder succeeded after a restart, but the order is ${status} at the venue`);
}

/** Fails the case if what a report says about its order differs from the order. Most members are optional. */
function assertTerms(report: VenueReport, order: Order): void {
  const { clientOrderId, symbol, side, quantityText, limitPriceText } = order;
  const sent = { clientOrderId, symbol, side, quantity: quantityText, limitPrice: limitPriceText };
  for (const [name, value] of Object.entries(sent)) {
    const reported = report[name as keyof typeof sent];
    if (reported === undefined || value === undefined) continue;
    const isAmount = name === "quantity" || name === "limitPrice";
    const isSame = isAmount ? decimal(reported).eq(decimal(value)) : reported === value;
    assert(
      isSame,
      `an order has ${name} ${value}, but getOpenOrders returned ${reported}: report the order's own terms`,
    );
  }
}

async function assertOnlyOpenOrders(harness: ConformanceHarness): Promise<void> {
  const [kept, cancelled] = [await placeRestingOrder(harness), await placeRestingOrder(harness)];
  const reports = (await harness.calls.openOrders("kit")) ?? [];
  const report = reports.find(({ venueOrderId }) => venueOrderId === kept.venueOrderId);
  assert(report !== undefined, `order ${kept.venueOrderId} is open, but getOpenOrders left it out`);
  assert(report.status !== "unknown", `order ${kept.venueOrderId} is open, but getOpenOrders cannot read it`);
  assertTerms(report, kept.order);
  await harness.calls.cancel("kit", cancelled.venueOrderId);
  const filled = await placeUnfilledOrder(harness, "1");
  await harness.venue.fillOrder(await orderAtVenue(harness, filled.order));
  const after = ((await harness.calls.openOrders("kit")) ?? []).map(({ venueOrderId }) => venueOrderId);
  assert(
    after.includes(kept.venueOrderId),
    `order ${kept.venueOrderId} is still open, but getOpenOrders left it out after another was cancelled`,
  );
  for (const [placed, state] of [
    [cancelled, "cancelled"],
    [filled, "filled"],
  ] as const)
    assert(
      !after.includes(placed.venueOrderId),
      `order ${placed.venueOrderId} is ${state}, but getOpenOrders returned it: request the list each time`,
    );
}

/** More than most venues list on one page. */
const MANY_ORDERS = 60;

async function assertEveryPageIsRead(harness: ConformanceHarness): Promise<void> {
  const placed: string[] = [];
  while (placed.length < MANY_ORDERS) placed.push((await placeRestingOrder(harness)).venueOrderId);
  const listed = new Set(((await harness.calls.openOrders("kit")) ?? []).map(({ venueOrderId }) => venueOrderId));
  const missing = placed.filter((id) => !listed.has(id));
  assert(
    missing.length === 0,
    `${MANY_ORDERS} orders are open, but getOpenOrders left out ${missing.length}: read every page`,
  );
}

/** An order as another program or the venue's page makes it: the adapter that lists it has not sent it. */
async function assertOthersOrdersAreListed(harness: ConformanceHarness): Promise<void> {
  const limit = await restingPrice(harness);
  const order = orderFor(harness, { limit, timeInForce: restingTimeInForce(harness) });
  const outcome = await sendOrder(harness, { ...order, clientOrderId: `X${harness.ids.random(6)}` });
  if (outcome.kind !== "accepted") return skip(`the venue takes no client order id of another form: ${outcome.reason}`);
  await killAndRecover(harness);
  const listed = ((await harness.calls.openOrders("kit")) ?? []).map(({ venueOrderId }) => venueOrderId);
  assert(
    listed.includes(outcome.venueOrderId),
    `order ${outcome.venueOrderId} is open, and getOpenOrders left it out, because its client order id is not of the ` +
      `desk's form or because the adapter did not send it: list every open order of the account`,
  );
}

export const ORDER_STATE_CASES: readonly TestCase[] = [
  {
    id: "C119",
    group: "recovery",
    title: "an order from before a restart still fills and can be cancelled",
    proves: "the adapter needs no memory of the orders that it sent",
    needs: { venue: "hooked", orders: true },
    run: assertOldOrderWorks,
  },
  {
    id: "C127",
    group: "recovery",
    title: "a closed order is found",
    proves: "an order that filled or was cancelled while its response was lost is resolved without a person",
    needs: { venue: "hooked", orders: true, methods: ["getOrder"] },
    run: async (harness) => {
      const filled = await placeUnfilledOrder(harness, "1");
      await harness.venue.fillOrder(await orderAtVenue(harness, filled.order));
      await waitForFullFill(harness, filled);
      const cancelled = await placeRestingOrder(harness);
      await harness.calls.cancel("kit", cancelled.venueOrderId);
      await assertStatus(harness, filled, "filled");
      await assertStatus(harness, cancelled, "cancelled");
    },
  },
  {
    id: "C121",
    group: "recovery",
    title: "every status of the venue is reported",
    proves: "an order that ended never looks open, and an order that the venue rejected never looks cancelled",
    needs: { venue: "hooked", orders: true, methods: ["getOrder"] },
    run: async (harness) => {
      for (const status of ["rejected", "expired", "cancelled"] as const) {
        const placed = await placeRestingOrder(harness, units(harness, "4"));
        const order = await orderAtVenue(harness, placed.order);
        const filled = status === "cancelled" ? units(harness, "1") : "0";
        if (status === "cancelled") await harness.venue.fillOrder(order, { quantity: filled });
        if (!(await harness.venue.endOrder(order, status))) continue;
        await assertStatus(harness, placed, status);
        const [[, report] = []] = await reportsOf(harness, placed);
        assert(
          decimal(report?.filledQuantity ?? "0").eq(decimal(filled)),
          `the ${status} order had ${filled} filled, but getOrder returned ${report?.filledQuantity}`,
        );
      }
    },
  },
  {
    id: "C122",
    group: "recovery",
    title: "getOpenOrders lists open orders only",
    proves: "the desk sees neither ghosts of closed orders nor an old list",
    needs: { venue: "hooked", orders: true, methods: ["getOpenOrders"] },
    run: assertOnlyOpenOrders,
  },
  {
    id: "C129",
    group: "recovery",
    title: `each of ${MANY_ORDERS} resting orders is listed`,
    proves: "getOpenOrders reads every page, so that the desk misses no working order",
    needs: { venue: "hooked", orders: true, methods: ["getOpenOrders"] },
    run: assertEveryPageIsRead,
  },
  {
    id: "C155",
    group: "recovery",
    title: "an order of another program is listed",
    proves: "the desk sees every order that works in the account, also those that it did not send",
    needs: { venue: "hooked", orders: true, methods: ["getOpenOrders"] },
    run: assertOthersOrdersAreListed,
  },
  {
    id: "C123",
    group: "load",
    title: "a disconnected adapter is silent",
    proves: "no timer, stream or request goes on after disconnect",
    needs: { venue: "proxied" },
    run: async (harness) => {
      const { venue, spy } = harness;
      const response = await harness.call("disconnect");
      if (!response.ok) fail(`disconnect threw: ${response.message}`);
      // What was under way may end first.
      await harness.sleep(SILENT_MS / 3);
      const [requests, messages] = [venue.requests.length, spy.received.length];
      assert(venue.streams === 0, "after disconnect the adapter's stream is still open: close it");
      await harness.sleep(SILENT_MS);
      assert(venue.streams === 0, "after disconnect the adapter opened a stream again: stop reconnecting");
      const sent = venue.requests.length - requests;
      assert(sent === 0, `after disconnect the adapter sent ${sent} request(s) to the venue: clear its timers`);
      const reported = spy.received.length - messages;
      assert(reported === 0, `after disconnect the adapter sent ${reported} message(s) to the desk: clear its timers`);
    },
  },
];
