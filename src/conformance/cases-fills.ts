/** Fills: each one that the venue made arrives, as it was made, under its own id. */
import { type Case, must } from "./test-case.ts";
import type { VenueFill as Made } from "./fake-venue-book.ts";
import { held, assertSameFill } from "./fill-match.ts";
import { acked, orderAtVenue, filledWhole, fillsWithin } from "./place-orders.ts";
import { usesVenue } from "./harness.ts";

/** Long enough for a second copy to arrive. */
const QUIET_MS = 300;
const FAR_MS = 10_000;

export const FILL_CASES: readonly Case[] = [
  {
    id: "C39",
    group: "fills",
    title: "a fill arrives, under the ids of its order",
    proves: "the desk learns of each trade and knows whose it is",
    needs: { orders: true },
    run: async (stand) => {
      const placed = await acked(stand);
      const [fill] = await filledWhole(stand, placed);
      must(
        fill?.symbol === placed.order.symbol && fill.side === "buy",
        `a buy of ${placed.order.symbol} filled as a ${fill?.side} of ${fill?.symbol}`,
      );
      const clientId = fill.clientOrderId ?? placed.order.clientOrderId;
      must(
        clientId === placed.order.clientOrderId,
        `the fill carries client order id ${clientId}; the order's is ${placed.order.clientOrderId}`,
      );
      if (usesVenue(stand.settings)) assertSameFill(fill, stand.venue.book.fills[0] as Made);
    },
  },
  {
    id: "C40",
    group: "fills",
    title: "a fill is emitted once, and two fills have two ids",
    proves: "fillId is no placeholder and is not made up",
    needs: { orders: true },
    run: async (stand) => {
      const [first, second] = [await acked(stand), await acked(stand)];
      await filledWhole(stand, first);
      await filledWhole(stand, second);
      await stand.quiet(QUIET_MS);
      const byId = new Map<string, Set<string>>();
      for (const fill of stand.fills)
        byId.set(fill.fillId, (byId.get(fill.fillId) ?? new Set()).add(fill.venueOrderId));
      const shared = [...byId].find(([, orders]) => orders.size > 1);
      must(
        shared === undefined,
        `fills of two orders were both emitted as ${shared?.[0]}: that is a placeholder; use the venue's id of the fill`,
      );
      if (!usesVenue(stand.settings)) return;
      must(
        byId.size === 2,
        `the venue made 2 fills, and ${byId.size} ids were emitted: the same fill must have the same id each time`,
      );
    },
  },
  {
    id: "C41",
    group: "fills",
    title: "partial fills arrive one by one, in order",
    proves: "no part is lost, summed up or overtaken",
    needs: { venue: true, orders: true },
    run: async (stand) => {
      const placed = await held(stand);
      const order = orderAtVenue(stand, placed.order);
      const parts = [
        ["2", "100.5"],
        ["3", "100.25"],
        ["5", "100.75"],
      ] as const;
      const made = parts.map(([quantity, price]) => stand.venue.fill(order, { quantity, price }));
      const fills = await fillsWithin(stand, placed, 3);
      for (const [index, part] of made.entries()) assertSameFill(fills[index], part);
    },
  },
  {
    id: "C42",
    group: "fills",
    title: "a fill keeps every digit",
    proves: "positions and cost are exact",
    needs: { venue: true, orders: true, declares: "exactDecimals" },
    run: async (stand) => {
      const placed = await held(stand);
      const [quantity, price] = ["0.1234567890123456789", "100.4999999999999999"];
      stand.venue.fill(orderAtVenue(stand, placed.order), { quantity, price });
      const [fill] = await fillsWithin(stand, placed, 1);
      must(
        fill?.quantity === quantity && fill.price === price,
        `the venue filled ${quantity} at ${price}, emitted as ${fill?.quantity} at ${fill?.price}: pass the venue's text on`,
      );
    },
  },
  {
    id: "C50",
    group: "fills",
    title: "a sell fills as a sell",
    proves: "no position grows that should shrink",
    needs: { venue: true, orders: true },
    run: async (stand) => {
      const placed = await acked(stand, { side: "sell", symbol: "MSFT" });
      const [fill] = await fillsWithin(stand, placed, 1);
      assertSameFill(fill, stand.venue.book.fills[0] as Made);
    },
  },
  {
    id: "C51",
    group: "fills",
    title: "getFills and the stream tell of the same fills",
    proves: "a fill that is read again is known by its id",
    needs: { orders: true, methods: ["getFills"] },
    run: async (stand) => {
      if (!usesVenue(stand.settings)) {
        const seen = await filledWhole(stand, await acked(stand));
        const again = (await stand.ask.fills("kit", (seen[0]?.at ?? 1) - 1)) ?? [];
        const lost = seen.find((fill) => !again.some((other) => other.fillId === fill.fillId));
        must(
          lost === undefined,
          `fill ${lost?.fillId} was emitted, and getFills(since) answered ${again.length} fill(s) without it`,
        );
        return;
      }
      const placed = await held(stand);
      const order = orderAtVenue(stand, placed.order);
      const now = stand.venue.now;
      const made = ["2", "3", "5"].map((quantity, index) =>
        stand.venue.fill(order, { quantity, time: now - 3_000 + index * 1_000 }),
      );
      await fillsWithin(stand, placed, 3);
      const read = (await stand.ask.fills("kit", now - 10_000)) ?? [];
      must(read.length === 3, `the venue made 3 fills since that time, getFills answered ${read.length}`);
      must(
        read.every((fill, index) => fill.at >= (read[index - 1]?.at ?? 0)),
        "getFills answered the newest fill before an older one: oldest first",
      );
      for (const [index, part] of made.entries()) {
        assertSameFill(read[index], part);
        const at = read[index]?.at;
        must(at === part.time, `the venue filled at ${part.time}, getFills says ${at}: use the venue's time`);
      }
      const late = (await stand.ask.fills("kit", now - 1_500)) ?? [];
      must(
        late.some((fill) => fill.fillId === made[2]?.fill_id),
        "getFills(since) left out a fill that is newer than since",
      );
    },
  },
  {
    id: "C52",
    group: "fills",
    title: "a fill during a gap of the stream is not lost",
    proves: "it is emitted after the reconnect, or can be read by getFills",
    needs: { venue: true, orders: true },
    run: async (stand) => {
      const placed = await held(stand, "1");
      const since = stand.venue.now - 1_000;
      stand.venue.dropStreams();
      const made = stand.venue.fillSilently(orderAtVenue(stand, placed.order), {});
      if (stand.connector.facts.methods.includes("getFills")) {
        const read = (await stand.ask.fills("kit", since)) ?? [];
        assertSameFill(
          read.find((fill) => fill.fillId === made.fill_id),
          made,
        );
        return;
      }
      const fills = await fillsWithin(stand, placed, 1, FAR_MS).catch(() => []);
      must(
        fills.length > 0,
        `the venue filled an order while the stream was cut; ${FAR_MS / 1000} s later nothing had come, and there is no getFills: ` +
          `add getFills, or read what was missed after each reconnect`,
      );
      assertSameFill(fills[0], made);
    },
  },
];
