/** Order cases: the venue receives exactly the desk's order, once, and the adapter returns the venue's response. */
import { decimal, text } from "../../domain/decimal.ts";
import type { Order } from "../../domain/sdk.ts";
import { assert, fail } from "../assert.ts";
import type { TestCase } from "../test-case.ts";
import {
  type OrderRequest,
  placeAcknowledged,
  orderAtVenue,
  orderFor,
  placeRestingOrder,
  sendOrder,
  waitForFullFill,
} from "../place-orders.ts";
import { fetchQuote, otherSymbol, priceAt, signedSymbol, timesInForce, units, withAllDigits } from "../order-terms.ts";
import { reaches } from "../venue/test-venue.ts";
import type { ConformanceHarness } from "../harness.ts";
import { FakeVenueFault } from "../venue/venue-hooks.ts";

/** The venue withholds the fill for this long; an acknowledgement that takes longer is waiting for the fill. */
const ACK_MS = 3_000;

/** Quantities and limit prices below the market: several at the kit's venue, elsewhere on the instrument's steps. */
async function limitOrders(
  harness: ConformanceHarness,
): Promise<readonly { readonly quantity: string; readonly limit: string }[]> {
  if (harness.level !== "kit") return limitOrdersOnSteps(harness);
  return harness.kit.traits.limitOrders;
}

/** With every digit that lot and tick allow: an adapter that rounds passes with fewer. */
async function limitOrdersOnSteps(
  harness: ConformanceHarness,
): Promise<readonly { readonly quantity: string; readonly limit: string }[]> {
  const { lotSize, tickSize } = await harness.venue.describeInstrument(harness.settings.symbol);
  const { bid } = await fetchQuote(harness);
  return (
    [
      ["1", 49],
      ["3", 51],
    ] as const
  ).map(([count, percent]) => ({
    quantity: withAllDigits(decimal(units(harness, count)), lotSize),
    limit: withAllDigits(decimal(priceAt(harness, bid, percent)), tickSize),
  }));
}

const LONGEST = { tickSize: "0.00000000000000001", lotSize: "0.000000000000000001" };

/** Starts the connector, at a venue that takes amounts of 19 digits, and returns such amounts. */
async function startWithLongestAmounts(
  harness: ConformanceHarness,
): Promise<{ readonly quantity: string; readonly limit: string }> {
  const { venue, settings, level } = harness;
  // Before the start: an adapter may read the list of instruments once.
  const steps = level === "kit" ? harness.kit.traits.longest.steps : LONGEST;
  if (steps !== undefined) await venue.describeInstrument(settings.symbol, steps);
  await harness.start();
  if (level === "kit") return harness.kit.traits.longest;
  const { bid } = await fetchQuote(harness);
  return {
    quantity: text(decimal(settings.quantity).plus(decimal(LONGEST.lotSize))),
    limit: text(decimal(priceAt(harness, bid, 49)).plus(decimal(LONGEST.tickSize))),
  };
}

/** The text of an amount in the request that sent the order: then the adapter sent it, and the venue changed it. */
function assertFakeKeeps({ venue, level }: ConformanceHarness, sent: string, hook: string): void {
  if (level === "kit") return;
  const request = venue.requests.findLast(({ route }) => route === "place");
  const body = typeof request?.body === "string" ? request.body : JSON.stringify(request?.body);
  if (`${request?.path} ${body}`.includes(sent))
    throw new FakeVenueFault(`the adapter sent ${sent}, but the hook orders returned ${hook}: keep amounts as text`);
}

async function assertSidesAndSymbols(harness: ConformanceHarness): Promise<void> {
  const [first, second] = [harness.settings.symbol, otherSymbol(harness)];
  // A venue of the author's may sell only what the account holds.
  if (harness.level !== "kit") await waitForFullFill(harness, await placeAcknowledged(harness));
  const assertSame = async ({ order }: { readonly order: Order }): Promise<void> => {
    const { side, symbol } = await orderAtVenue(harness, order);
    assert(
      side === order.side && symbol === order.symbol,
      `a ${order.side} of ${order.symbol} reached the venue as a ${side} of ${symbol}`,
    );
  };
  await assertSame(await placeAcknowledged(harness, { side: "sell", symbol: first }));
  await assertSame(await placeAcknowledged(harness, { side: "buy", symbol: second }));
  const signed = signedSymbol(harness);
  if (signed === undefined) return;
  const order = orderFor(harness, { symbol: signed });
  const outcome = await sendOrder(harness, order);
  if (outcome.kind === "accepted") await assertSame({ order });
  else if (outcome.kind !== "not-sent")
    fail(`an order of ${signed}, which the venue lists, ended ${outcome.kind}: ${outcome.reason}`);
}

export const ORDER_CASES: readonly TestCase[] = [
  {
    id: "C26",
    group: "orders",
    title: "an order is acknowledged",
    proves: "placeOrder returns { venueOrderId, status } in time",
    needs: { orders: true },
    run: async (harness) => void (await placeAcknowledged(harness)),
  },
  {
    id: "C27",
    group: "orders",
    title: "placeOrder does not wait for the fill",
    proves: "an order that rests for hours is acknowledged at once",
    needs: { venue: "hooked", orders: true },
    run: async (harness) => {
      harness.venue.filling = "manual";
      const order = orderFor(harness);
      let isAnswered = false;
      const pending = sendOrder(harness, order).finally(() => {
        isAnswered = true;
        harness.notify();
      });
      await harness.waitFor(
        () => isAnswered || harness.venue.requests.some(({ route }) => route === "place"),
        "placeOrder sent no order to the venue within 5 s",
      );
      await harness.waitFor(() => isAnswered, "-", ACK_MS).catch(() => undefined);
      const isWaitingForFill = !isAnswered;
      if (isWaitingForFill)
        for (const venueOrder of await harness.venue.listOrders()) await harness.venue.fillOrder(venueOrder);
      const outcome = await pending;
      if (isWaitingForFill)
        fail(
          `placeOrder waits for the fill: the venue had confirmed the order, but placeOrder ` +
            `${outcome.kind === "accepted" ? "returned" : "threw"} only after the fill, which the kit ` +
            `withheld for ` +
            `${ACK_MS / 1000} s; return { venueOrderId, status: "acknowledged" } as soon as the venue confirms, ` +
            `and pass fills to ctx.emitFill`,
        );
      assert(
        outcome.kind === "accepted",
        `the venue confirmed the order and withheld its fill, but placeOrder ended ${outcome.kind}`,
      );
    },
  },
  {
    id: "C28",
    group: "orders",
    title: "two orders have different ids",
    proves: "the order id is not a placeholder, so cancels and fills find the correct order",
    needs: { orders: true },
    run: async (harness) => {
      const [first, second] = [await placeAcknowledged(harness), await placeAcknowledged(harness)];
      assert(
        first.venueOrderId !== second.venueOrderId,
        `two orders were both acknowledged as ${JSON.stringify(first.venueOrderId)}: that is a placeholder; ` +
          `return the order id that the venue issued`,
      );
    },
  },
  {
    id: "C29",
    group: "orders",
    title: "the acknowledged id is the venue's id, exactly",
    proves: "ids of 19 digits are not rounded",
    needs: { venue: "hooked", orders: true },
    run: async (harness) => {
      const { order, venueOrderId } = await placeAcknowledged(harness);
      const { order_id } = await orderAtVenue(harness, order);
      assert(
        venueOrderId === order_id,
        `the venue's id is ${order_id}, but the acknowledgement has ${venueOrderId}: ` +
          `pass the id on as a string, never as a number`,
      );
    },
  },
  {
    id: "C30",
    group: "orders",
    title: "the client order id reaches the venue",
    proves: "an order whose response was lost can be found again",
    needs: { venue: "hooked", orders: true },
    run: async (harness) => {
      const order = orderFor(harness);
      const { kind } = await sendOrder(harness, order);
      await orderAtVenue(harness, order);
      assert(kind === "accepted", `the venue confirmed the order, but placeOrder ended ${kind}`);
      const { length } = await harness.venue.listOrders();
      assert(length === 1, `one order was placed, but the venue has ${length}`);
    },
  },
  {
    id: "C31",
    group: "orders",
    title: "quantity and limit price reach the venue unchanged",
    proves: "no amount is changed in transit",
    needs: { venue: "hooked", orders: true },
    run: async (harness) => {
      for (const { quantity, limit } of await limitOrders(harness)) {
        const { order } = await placeAcknowledged(harness, { quantity, limit });
        const received = await orderAtVenue(harness, order);
        if (!decimal(received.quantity).eq(decimal(quantity))) assertFakeKeeps(harness, quantity, received.quantity);
        assert(
          decimal(received.quantity).eq(decimal(quantity)),
          `quantity ${quantity} reached the venue as ${received.quantity}: send order.quantityText`,
        );
        assert(
          received.limit_price !== undefined,
          `the limit price ${limit} did not reach the venue: send order.limitPriceText`,
        );
        assert(
          decimal(received.limit_price).eq(decimal(limit)),
          `the limit price ${limit} reached the venue as ${received.limit_price}: send order.limitPriceText`,
        );
      }
    },
  },
  {
    id: "C32",
    group: "orders",
    title: "the longest amounts that the venue takes reach it exactly",
    proves: "amounts that a JavaScript number cannot hold are sent exactly",
    needs: { venue: "hooked", orders: true, declares: "exactDecimals" },
    startsConnector: true,
    run: async (harness) => {
      const { quantity, limit } = await startWithLongestAmounts(harness);
      const { order } = await placeAcknowledged(harness, { quantity, limit });
      const received = await orderAtVenue(harness, order);
      if (received.quantity !== quantity) assertFakeKeeps(harness, quantity, received.quantity);
      if (received.limit_price !== limit) assertFakeKeeps(harness, limit, received.limit_price ?? "none");
      assert(
        received.quantity === quantity && received.limit_price === limit,
        `${quantity} at ${limit} reached the venue as ${received.quantity} at ${received.limit_price}: ` +
          `the adapter declares ` +
          `exactDecimals, so send the …Text fields`,
      );
    },
  },
  {
    id: "C33",
    group: "orders",
    title: "order type and time in force reach the venue unchanged",
    proves: "a limit order is never sent as a market order, nor a day order with another time in force",
    needs: { venue: "hooked", orders: true },
    run: async (harness) => {
      const { bid, ask } = await fetchQuote(harness);
      const taken = timesInForce(harness);
      const resting = taken.filter((one) => one === "gtc" || one === "day");
      const requests: readonly OrderRequest[] = [
        ...taken
          .filter((one) => one === "ioc")
          .flatMap((timeInForce) => [{ timeInForce }, { limit: priceAt(harness, ask, 101), timeInForce }]),
        ...resting.map((timeInForce, index) => ({ limit: priceAt(harness, bid, 49 + index), timeInForce })),
        ...taken
          .filter((one) => one === "fok")
          .map((timeInForce) => ({ limit: priceAt(harness, ask, 101), timeInForce })),
      ];
      for (const request of requests) {
        const { order } = await placeAcknowledged(harness, request);
        const received = await orderAtVenue(harness, order);
        assert(received.type === order.type, `a ${order.type} order reached the venue as ${received.type}`);
        assert(
          received.time_in_force === order.timeInForce,
          `time in force ${order.timeInForce} reached the venue as ${received.time_in_force}`,
        );
      }
    },
  },
  {
    id: "C34",
    group: "orders",
    title: "a stop order reaches the venue as a stop, or is rejected",
    proves: "a stop order is never sent as an order that trades at once",
    needs: { venue: "hooked", orders: true },
    run: async (harness) => {
      const { ask } = await fetchQuote(harness);
      const [stop, limit] = [priceAt(harness, ask, 120), priceAt(harness, ask, 121)];
      for (const request of [{ type: "stop", stop } as const, { type: "stop_limit", stop, limit } as const]) {
        const order = orderFor(harness, request);
        const outcome = await sendOrder(harness, order);
        if (outcome.kind === "unclear")
          fail(
            `a ${request.type} order ended unclear (${outcome.reason}): ` +
              `throw VenueRejection or NotSent for order types that the adapter does not support`,
          );
        if (outcome.kind !== "accepted") continue;
        const { type, stop_price = "none", limit_price = "none" } = await orderAtVenue(harness, order);
        assert(type === request.type, `a ${request.type} order reached the venue as ${type}`);
        assert(
          stop_price !== "none" && decimal(stop_price).eq(decimal(request.stop)),
          `the stop price ${request.stop} reached the venue as ${stop_price}: send order.stopPriceText`,
        );
        const wanted = "limit" in request ? request.limit : "none";
        assert(
          limit_price === wanted || (wanted !== "none" && decimal(limit_price).eq(decimal(wanted))),
          `the limit price ${wanted} of a ${request.type} order reached the venue as ${limit_price}: ` +
            `send order.limitPriceText`,
        );
      }
    },
  },
  {
    id: "C35",
    group: "orders",
    title: "side and symbol reach the venue unchanged",
    proves: "a sell is never sent as a buy, and the symbol is correct",
    needs: { venue: "hooked", orders: true },
    run: assertSidesAndSymbols,
  },
  {
    id: "C36",
    group: "orders",
    title: "the venue's rejection is a VenueRejection with the venue's message",
    proves: "a rejected order is final, and the operator sees the reason",
    needs: { venue: "proxied", orders: true },
    run: async (harness) => {
      const outcome = await sendOrder(harness, orderFor(harness, { quantity: "99999999" }));
      if (outcome.kind !== "rejected")
        fail(
          `the venue rejected an order that it cannot fill, but the order ended ${outcome.kind}: ` +
            `throw new VenueRejection(the venue's message)`,
        );
      else if (harness.level === "kit") {
        const words = harness.kit.traits.insufficientFunds;
        assert(
          outcome.reason.includes(words),
          `the venue's message is "${words}", but the rejection has ${JSON.stringify(outcome.reason)}: ` +
            `pass the venue's message on`,
        );
      }
      // A queue or a lock that the error left behind would hold the next order back.
      await placeAcknowledged(harness);
    },
  },
  {
    id: "C37",
    group: "orders",
    title: "one client order id makes one order",
    proves: "the declared clientIdDedupe is true",
    needs: { orders: true, declares: "clientIdDedupe" },
    run: async (harness) => {
      const { order, venueOrderId } = await placeRestingOrder(harness);
      const second = await sendOrder(harness, order);
      const count = reaches(harness.level, "hooked") ? (await harness.venue.listOrders()).length : 1;
      assert(
        count === 1,
        `the same order was sent twice, and the venue has ${count} orders: send order.clientOrderId unchanged`,
      );
      if (second.kind === "accepted")
        assert(
          second.venueOrderId === venueOrderId,
          `the same order was acknowledged as ${venueOrderId}, then as ${second.venueOrderId}`,
        );
    },
  },
  {
    id: "C38",
    group: "orders",
    title: "five concurrent orders each have their own id",
    proves: "concurrent acknowledgements are not mixed up",
    needs: { orders: true },
    run: async (harness) => {
      if (harness.level !== "none") harness.venue.armFault("place", { kind: "slow", ms: 150 }, 1);
      const all = await Promise.all(Array.from({ length: 5 }, () => placeAcknowledged(harness)));
      const ids = new Set(all.map(({ venueOrderId }) => venueOrderId));
      assert(
        ids.size === 5,
        `five concurrent orders have ${ids.size} different ids: do not keep the state of a call in a field`,
      );
      if (!reaches(harness.level, "hooked")) return;
      for (const { order, venueOrderId } of all) {
        const { order_id } = await orderAtVenue(harness, order);
        assert(
          order_id === venueOrderId,
          `of five concurrent orders, ${order.clientOrderId} is ${order_id} at the venue but was acknowledged as ` +
            `${venueOrderId}`,
        );
      }
    },
  },
];
