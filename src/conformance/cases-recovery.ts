/** Recovery: the connector dies at the worst moment, and the truth is found again. */
import { decimal } from "../domain/decimal.ts";
import type { VenueReport } from "../domain/venue.ts";
import { type Case, fail, must } from "./test-case.ts";
import { acked, orderAtVenue, filledWhole, orderFor, placeRestingOrder, send } from "./place-orders.ts";
import { type ConformanceHarness, firstLine, usesVenue } from "./harness.ts";

const BACK_MS = 15_000;
const SETTLE_MS = 1_000;

/** Ends its life without a goodbye; `meanwhile` happens before the next one. */
async function killed(stand: ConformanceHarness, meanwhile: () => void = () => undefined): Promise<void> {
  await stand.wire.kill();
  await stand.until(() => stand.connector.facts.state !== "ready", "its life was ended, and the desk did not notice");
  meanwhile();
  await stand.until(
    () => stand.connector.facts.state === "ready",
    () =>
      `its life was ended from outside; ${BACK_MS / 1000} s later it was ${stand.connector.facts.state}: ` +
      `${firstLine(stand.connector.facts.lastError ?? "")}`,
    BACK_MS,
  );
}

async function reportFor(
  stand: ConformanceHarness,
  query: { venueOrderId?: string; clientOrderId?: string },
  what: string,
): Promise<VenueReport> {
  const report = await stand.ask.order("kit", query);
  return report ?? fail(`${what}: getOrder(${JSON.stringify(query)}) answered null, and the venue knows the order`);
}

export const RECOVERY_CASES: readonly Case[] = [
  {
    id: "C76",
    group: "recovery",
    title: "it comes back after it was killed",
    proves: "a crash needs no human",
    run: (stand) => killed(stand),
  },
  {
    id: "C77",
    group: "recovery",
    title: "an order whose answer was lost is found by its client order id",
    proves: "an unknown order is settled without a human",
    needs: { venue: true, orders: true, methods: ["getOrder"], declares: "queryByClientId" },
    run: async (stand) => {
      stand.venue.filling = "held";
      stand.venue.fault("place", { kind: "hang", isDone: true });
      const order = orderFor(stand);
      const sent = send(stand, order);
      await stand.until(() => stand.venue.orders.length > 0, "placeOrder sent nothing to the kit's venue");
      await killed(stand);
      const { kind } = await sent;
      must(kind === "unclear", `its life ended during placeOrder, and the order ended ${kind}`);
      const taken = orderAtVenue(stand, order);
      const report = await reportFor(
        stand,
        { clientOrderId: order.clientOrderId },
        "the order was taken, then the connector died",
      );
      must(
        report.venueOrderId === taken.order_id,
        `the venue's id is ${taken.order_id}, getOrder answered ${report.venueOrderId}`,
      );
      must(report.status === "open", `the order is open at the venue, getOrder answered ${report.status}`);
    },
  },
  {
    id: "C78",
    group: "recovery",
    title: "fills made while it was down can be read",
    proves: "fills missed while it was down are recovered",
    needs: { venue: true, orders: true, methods: ["getFills"] },
    run: async (stand) => {
      stand.venue.filling = "held";
      const placed = await acked(stand, { quantity: "2" });
      const since = stand.venue.now - 1_000;
      await killed(stand, () => void stand.venue.fillSilently(orderAtVenue(stand, placed.order), { quantity: "2" }));
      const [made] = stand.venue.book.fills;
      const read = (await stand.ask.fills("kit", since)) ?? [];
      const found = read.find((fill) => fill.fillId === made?.fill_id);
      must(
        found !== undefined,
        `the venue filled an order while it was down; getFills(since) answered ${read.length} fill(s) and not ${made?.fill_id}`,
      );
      must(
        found.venueOrderId === placed.venueOrderId,
        `fill ${made?.fill_id} is of order ${placed.venueOrderId}, getFills says ${found.venueOrderId}`,
      );
    },
  },
  {
    id: "C79",
    group: "recovery",
    title: "a resting order is listed after a restart",
    proves: "orders at the venue are seen, also those that nobody here remembers",
    needs: { orders: true, methods: ["getOpenOrders"] },
    run: async (stand) => {
      const { venueOrderId } = await placeRestingOrder(stand);
      const isOurs = usesVenue(stand.settings);
      const begun = isOurs ? await placeRestingOrder(stand) : undefined;
      if (begun !== undefined) stand.venue.fillSilently(orderAtVenue(stand, begun.order), { quantity: "0.25" });
      await stand.connector.restart();
      const open = (await stand.ask.openOrders("kit")) ?? [];
      const found = open.find((report) => report.venueOrderId === venueOrderId);
      must(
        found !== undefined,
        `order ${venueOrderId} rests at the venue; after a restart getOpenOrders answered ${open.length} order(s), and not this one`,
      );
      must(found.status === "open", `order ${venueOrderId} rests untouched, and getOpenOrders says ${found.status}`);
      must(
        begun === undefined || open.some((report) => report.venueOrderId === begun.venueOrderId),
        `order ${begun?.venueOrderId} is filled in part and still works; getOpenOrders answered ${open.length} order(s), and not this one`,
      );
    },
  },
  {
    id: "C80",
    group: "recovery",
    title: "an order that the venue never had is null",
    proves: "the desk can tell never taken from not to be reached",
    needs: { methods: ["getOrder"] },
    run: async (stand) => {
      const queries = [{ venueOrderId: "7999999999999999999" }];
      const more =
        stand.connector.facts.capabilities.queryByClientId === true ? [{ clientOrderId: "kit-never-sent" }] : [];
      for (const query of [...queries, ...more]) {
        const answer = await stand.call("getOrder", query);
        if (!answer.ok)
          fail(
            `getOrder(${JSON.stringify(query)}) threw: ${answer.message}; answer null for what the venue does not know`,
          );
        else
          must(
            (answer.value ?? null) === null,
            `getOrder of an unknown id answered ${JSON.stringify(answer.value)}: it must be null`,
          );
      }
    },
  },
  {
    id: "C81",
    group: "recovery",
    title: "an order's report follows its life",
    proves: "state and filled quantity are the venue's",
    needs: { venue: true, orders: true, methods: ["getOrder"] },
    run: async (stand) => {
      stand.venue.filling = "held";
      const { order, venueOrderId } = await acked(stand, { quantity: "4" });
      for (const [quantity, status, filled] of [
        ["0", "open", "0"],
        ["1.5", "partially_filled", "1.5"],
        ["2.5", "filled", "4"],
      ] as const) {
        if (quantity !== "0") stand.venue.fill(orderAtVenue(stand, order), { quantity });
        const report = await reportFor(stand, { venueOrderId }, `an order that is ${status}`);
        const isSame = report.venueOrderId === venueOrderId && report.status === status;
        const isRight = isSame && decimal(report.filledQuantity).eq(decimal(filled));
        must(
          isRight,
          `the venue has the order ${status} with ${filled} filled; getOrder answered ${report.status} with ${report.filledQuantity}`,
        );
      }
      const ended = await placeRestingOrder(stand);
      stand.venue.book.cancel(orderAtVenue(stand, ended.order));
      const { status } = await reportFor(stand, { venueOrderId: ended.venueOrderId }, "an order that is cancelled");
      must(status === "cancelled", `the venue cancelled the order; getOrder answered ${status}`);
    },
  },
  {
    id: "C82",
    group: "recovery",
    title: "a restart leaves no stream behind",
    proves: "nothing piles up at the venue, and no fill is told twice over",
    needs: { venue: true },
    run: async (stand) => {
      const { connector, venue } = stand;
      await connector.stop();
      await connector.start();
      venue.dropStreams();
      await stand.quiet(SETTLE_MS);
      must(
        venue.streams <= 1,
        `after a restart and one cut of the stream the venue sees ${venue.streams} streams: close the old one before opening another`,
      );
    },
  },
  {
    id: "C83",
    group: "recovery",
    title: "an order after a restart is as good as before",
    proves: "acknowledgements and fills work in the next life",
    needs: { orders: true },
    run: async (stand) => {
      await filledWhole(stand, await acked(stand));
      await killed(stand);
      await filledWhole(stand, await acked(stand));
    },
  },
];
