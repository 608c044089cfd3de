/** Orders: what the desk wants is what the venue gets, once, and the answer is the venue's own. */
import { decimal } from "../domain/decimal.ts";
import { type Case, fail, must } from "./test-case.ts";
import { type OrderRequest, acked, orderAtVenue, orderFor, placeRestingOrder, send } from "./place-orders.ts";
import { usesVenue } from "./harness.ts";

/** An acknowledgement that waits longer than this while the venue withholds the fill waits for the fill. */
const ACK_MS = 3_000;

export const ORDER_CASES: readonly Case[] = [
  {
    id: "C26",
    group: "orders",
    title: "an order is acknowledged",
    proves: "placeOrder answers { venueOrderId, status } in time",
    needs: { orders: true },
    run: async (stand) => void (await acked(stand)),
  },
  {
    id: "C27",
    group: "orders",
    title: "placeOrder does not await its fill",
    proves: "an order that rests for hours does not hold up its acknowledgement",
    needs: { venue: true, orders: true },
    run: async (stand) => {
      stand.venue.filling = "held";
      const order = orderFor(stand);
      let isAnswered = false;
      const sent = send(stand, order).finally(() => {
        isAnswered = true;
        stand.changed();
      });
      await stand.until(
        () => isAnswered || stand.venue.orders.length > 0,
        "placeOrder sent nothing to the venue in 5 s",
      );
      await stand.until(() => isAnswered, "-", ACK_MS).catch(() => undefined);
      const wasHeld = !isAnswered;
      if (wasHeld) for (const taken of stand.venue.orders) stand.venue.fill(taken);
      const outcome = await sent;
      if (wasHeld)
        fail(
          `placeOrder awaits its fill: the venue had confirmed the order, and placeOrder answered only ` +
            `${outcome.kind === "acked" ? "after the fill, which" : "with an error after the fill, which"} the kit withheld for ` +
            `${ACK_MS / 1000} s; return { venueOrderId, status: "acknowledged" } as soon as the venue confirms, ` +
            `and hand fills to ctx.emitFill`,
        );
      must(
        outcome.kind === "acked",
        `the venue confirmed the order and withheld its fill; placeOrder ended ${outcome.kind}`,
      );
    },
  },
  {
    id: "C28",
    group: "orders",
    title: "two orders have two ids",
    proves: "the id is no placeholder: a cancel and a fill find their own order",
    needs: { orders: true },
    run: async (stand) => {
      const [first, second] = [await acked(stand), await acked(stand)];
      must(
        first.venueOrderId !== second.venueOrderId,
        `two orders were both acknowledged as ${JSON.stringify(first.venueOrderId)}: that is a placeholder; ` +
          `answer with the id that the venue gave`,
      );
    },
  },
  {
    id: "C29",
    group: "orders",
    title: "the id is the venue's, to its last digit",
    proves: "ids of 19 digits are not rounded",
    needs: { venue: true, orders: true },
    run: async (stand) => {
      const { order, venueOrderId } = await acked(stand);
      const { order_id } = orderAtVenue(stand, order);
      must(
        venueOrderId === order_id,
        `the venue's id is ${order_id}, the acknowledgement says ${venueOrderId}: pass the id on as text, never as a number`,
      );
    },
  },
  {
    id: "C30",
    group: "orders",
    title: "the client order id reaches the venue",
    proves: "an order whose answer was lost can be found again",
    needs: { venue: true, orders: true },
    run: async (stand) => {
      const order = orderFor(stand);
      const { kind } = await send(stand, order);
      orderAtVenue(stand, order);
      must(kind === "acked", `the venue confirmed the order, and placeOrder ended ${kind}`);
      must(stand.venue.orders.length === 1, `one order was placed, and the venue has ${stand.venue.orders.length}`);
    },
  },
  {
    id: "C31",
    group: "orders",
    title: "quantity and limit arrive as they were sent",
    proves: "no amount is changed on its way",
    needs: { venue: true, orders: true },
    run: async (stand) => {
      for (const [quantity, limit] of [
        ["0.1", "49.07"],
        ["3", "50"],
        ["1000.25", "0.29"],
        ["0.0000001", "48"],
      ] as const) {
        const { order } = await acked(stand, { quantity, limit });
        const taken = orderAtVenue(stand, order);
        must(
          decimal(taken.quantity).eq(decimal(quantity)),
          `quantity ${quantity} arrived as ${taken.quantity}: send order.quantityText`,
        );
        must(taken.limit_price !== undefined, `a limit of ${limit} never reached the venue: send order.limitPriceText`);
        must(
          decimal(taken.limit_price).eq(decimal(limit)),
          `a limit of ${limit} arrived as ${taken.limit_price}: send order.limitPriceText`,
        );
      }
    },
  },
  {
    id: "C32",
    group: "orders",
    title: "amounts of 19 digits arrive whole",
    proves: "what no number holds is sent exactly",
    needs: { venue: true, orders: true, declares: "exactDecimals" },
    run: async (stand) => {
      const [quantity, limit] = ["1.000000000000000001", "49.12345678901234567"];
      const { order } = await acked(stand, { quantity, limit });
      const taken = orderAtVenue(stand, order);
      must(
        taken.quantity === quantity && taken.limit_price === limit,
        `${quantity} at ${limit} arrived as ${taken.quantity} at ${taken.limit_price}: it declares exactDecimals, ` +
          `so it must send the …Text fields`,
      );
    },
  },
  {
    id: "C33",
    group: "orders",
    title: "type and time in force arrive as they were sent",
    proves: "a limit order is never sent as a market order, nor a day order as another",
    needs: { venue: true, orders: true },
    run: async (stand) => {
      const wishes: readonly OrderRequest[] = [
        { timeInForce: "ioc" },
        { limit: "49.07", timeInForce: "gtc" },
        { limit: "49.08", timeInForce: "day" },
      ];
      for (const wish of wishes) {
        const { order } = await acked(stand, wish);
        const taken = orderAtVenue(stand, order);
        must(taken.type === order.type, `a ${order.type} order arrived as ${taken.type}`);
        must(
          taken.time_in_force === order.timeInForce,
          `time in force ${order.timeInForce} arrived as ${taken.time_in_force}`,
        );
      }
    },
  },
  {
    id: "C34",
    group: "orders",
    title: "a stop arrives as a stop, or is refused",
    proves: "a stop is never sent as something that trades at once",
    needs: { venue: true, orders: true },
    run: async (stand) => {
      for (const wish of [
        { type: "stop", stop: "120.5" },
        { type: "stop_limit", stop: "120.5", limit: "121" },
      ] as const) {
        const order = orderFor(stand, wish);
        const outcome = await send(stand, order);
        if (outcome.kind === "unclear")
          fail(
            `a ${wish.type} order ended unclear (${outcome.reason}): ` +
              `what it does not support it must refuse with VenueRejection or NotSent`,
          );
        if (outcome.kind !== "acked") continue;
        const { type, stop_price = "nothing", limit_price = "nothing" } = orderAtVenue(stand, order);
        must(type === wish.type, `a ${wish.type} order arrived as ${type}`);
        must(stop_price === wish.stop, `stop price ${wish.stop} arrived as ${stop_price}: send order.stopPriceText`);
        const limit = "limit" in wish ? wish.limit : "nothing";
        must(
          limit_price === limit,
          `the limit ${limit} of a ${wish.type} order arrived as ${limit_price}: send order.limitPriceText`,
        );
      }
    },
  },
  {
    id: "C35",
    group: "orders",
    title: "a sell is a sell, and its symbol its own",
    proves: "no order goes the wrong way",
    needs: { venue: true, orders: true },
    run: async (stand) => {
      for (const [side, symbol] of [
        ["sell", "AAPL"],
        ["buy", "MSFT"],
      ] as const) {
        const { order } = await acked(stand, { side, symbol });
        const taken = orderAtVenue(stand, order);
        must(
          taken.side === side && taken.symbol === symbol,
          `a ${side} of ${symbol} arrived as a ${taken.side} of ${taken.symbol}`,
        );
      }
    },
  },
  {
    id: "C36",
    group: "orders",
    title: "the venue's no is a VenueRejection, in its words",
    proves: "a refused order is over, and the operator reads why",
    needs: { venue: true, orders: true },
    run: async (stand) => {
      const outcome = await send(stand, orderFor(stand, { quantity: "99999999" }));
      if (outcome.kind !== "rejected")
        fail(
          `the venue refused the order with 422 "insufficient funds", and it ended ${outcome.kind}: ` +
            `throw new VenueRejection(the venue's words)`,
        );
      else
        must(
          outcome.reason.includes("insufficient funds"),
          `the venue said "insufficient funds", and the rejection says ${JSON.stringify(outcome.reason)}: pass the venue's words on`,
        );
    },
  },
  {
    id: "C37",
    group: "orders",
    title: "one client order id makes one order",
    proves: "what it declares as clientIdDedupe is so",
    needs: { orders: true, declares: "clientIdDedupe" },
    run: async (stand) => {
      const { order, venueOrderId } = await placeRestingOrder(stand);
      const again = await send(stand, order);
      const count = stand.venue.orders.length;
      must(
        !usesVenue(stand.settings) || count === 1,
        `the same order was sent twice, and the venue has ${count}: send order.clientOrderId as it is`,
      );
      if (again.kind === "acked")
        must(
          again.venueOrderId === venueOrderId,
          `the same order was acknowledged as ${venueOrderId}, then as ${again.venueOrderId}`,
        );
    },
  },
  {
    id: "C38",
    group: "orders",
    title: "five orders at once keep their own ids",
    proves: "acknowledgements are not mixed up",
    needs: { orders: true },
    run: async (stand) => {
      const { venue, settings } = stand;
      const isOurs = usesVenue(settings);
      if (isOurs) venue.fault("place", { kind: "slow", ms: 150 }, 1);
      const all = await Promise.all(Array.from({ length: 5 }, () => acked(stand)));
      const ids = new Set(all.map(({ venueOrderId }) => venueOrderId));
      must(ids.size === 5, `five orders at once were given ${ids.size} ids: keep nothing of a call outside it`);
      if (!isOurs) return;
      for (const { order, venueOrderId } of all) {
        const { order_id } = orderAtVenue(stand, order);
        must(
          order_id === venueOrderId,
          `five orders at once: ${order.clientOrderId} is ${order_id} at the venue and was acknowledged as ${venueOrderId}`,
        );
      }
    },
  },
];
