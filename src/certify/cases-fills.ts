/** Fills: each one that the venue made arrives, as it was made, under its own id. */
import { decimal } from "../domain/decimal.ts";
import type { VenueFill } from "../domain/venue.ts";
import { type Case, must } from "./case.ts";
import type { VenueFill as Made } from "./fake-venue-book.ts";
import { type Acked, acked, atVenue, filledWhole, fillsOf, fillsWithin, resting } from "./placing.ts";
import { type Stand, usesVenue } from "./stand.ts";

/** Long enough for a second copy to arrive. */
const QUIET_MS = 300;
const FAR_MS = 10_000;

/** An acknowledged order whose fills the case makes itself. */
const held = async (stand: Stand, quantity = "10"): Promise<Acked> => {
  stand.venue.filling = "held";
  return acked(stand, { quantity });
};

/** A fill that says other than the venue did. */
const mustMatch = (fill: VenueFill | undefined, made: Made): void => {
  must(fill !== undefined, `fill ${made.fill_id} was not emitted`);
  must(fill.fillId === made.fill_id, `the venue's fill ${made.fill_id} was emitted as ${fill.fillId}: pass the venue's id on as text`);
  must(
    fill.venueOrderId === made.order_id,
    `fill ${made.fill_id} belongs to order ${made.order_id}, and was emitted for ${fill.venueOrderId}`,
  );
  const isEqual = decimal(fill.quantity).eq(decimal(made.quantity)) && decimal(fill.price).eq(decimal(made.price));
  must(isEqual, `fill ${made.fill_id} is ${made.quantity} at ${made.price}, and was emitted as ${fill.quantity} at ${fill.price}`);
  must(
    fill.side === made.side && fill.symbol === made.symbol,
    `fill ${made.fill_id} is a ${made.side} of ${made.symbol}, emitted as ${fill.side} of ${fill.symbol}`,
  );
};

const hasQuantity = (stand: Stand, placed: Acked, quantity: string): boolean =>
  fillsOf(stand, placed).some((fill) => decimal(fill.quantity).eq(decimal(quantity)));

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
      if (usesVenue(stand.settings)) mustMatch(fill, stand.venue.book.fills[0] as Made);
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
      for (const fill of stand.fills) byId.set(fill.fillId, (byId.get(fill.fillId) ?? new Set()).add(fill.venueOrderId));
      const shared = [...byId].find(([, orders]) => orders.size > 1);
      must(
        shared === undefined,
        `fills of two orders were both emitted as ${shared?.[0]}: that is a placeholder; use the venue's id of the fill`,
      );
      if (!usesVenue(stand.settings)) return;
      must(byId.size === 2, `the venue made 2 fills, and ${byId.size} ids were emitted: the same fill must have the same id each time`);
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
      const order = atVenue(stand, placed.order);
      const made = [["2", "100.5"], ["3", "100.25"], ["5", "100.75"]].map(([quantity = "", price = ""]) => stand.venue.fill(order, { quantity, price }));
      const fills = await fillsWithin(stand, placed, 3);
      for (const [index, part] of made.entries()) mustMatch(fills[index], part);
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
      stand.venue.fill(atVenue(stand, placed.order), { quantity, price });
      const [fill] = await fillsWithin(stand, placed, 1);
      must(
        fill?.quantity === quantity && fill.price === price,
        `the venue filled ${quantity} at ${price}, emitted as ${fill?.quantity} at ${fill?.price}: pass the venue's text on`,
      );
    },
  },
  {
    id: "C43",
    group: "fills",
    title: "a fill that the venue sends twice has one id",
    proves: "the desk can drop the copy",
    needs: { venue: true, orders: true },
    run: async (stand) => {
      const placed = await held(stand, "4");
      const made = stand.venue.fill(atVenue(stand, placed.order), { quantity: "1" });
      stand.venue.push({ type: "fill", ...made });
      const last = stand.venue.fill(atVenue(stand, placed.order), { quantity: "3" });
      await stand.until(() => hasQuantity(stand, placed, last.quantity), "after a fill that was sent twice, the next one never came");
      const ids = new Set(fillsOf(stand, placed).map((fill) => fill.fillId));
      must(
        ids.size === 2,
        `2 fills, one of them sent twice, were emitted under ${ids.size} ids (${[...ids].join(", ")}): use the venue's fill id as it is`,
      );
    },
  },
  {
    id: "C44",
    group: "fills",
    title: "a fill that comes before the acknowledgement is not lost",
    proves: "a fast market is no danger",
    needs: { venue: true, orders: true },
    run: async (stand) => {
      stand.venue.filling = "before-ack";
      const placed = await acked(stand);
      const fills = await fillsWithin(stand, placed, 1).catch(() => []);
      must(
        fills.length > 0,
        "the venue sent the fill before it confirmed the order, and the fill was never emitted: emit it with the venue's order id, whether you know the order or not",
      );
      mustMatch(fills[0], stand.venue.book.fills[0] as Made);
    },
  },
  {
    id: "C45",
    group: "fills",
    title: "a fill after the cancel is not lost",
    proves: "a cancel that came too late is seen",
    needs: { venue: true, orders: true },
    run: async (stand) => {
      const placed = await resting(stand);
      await stand.ask.cancel("kit", placed.venueOrderId);
      const made = stand.venue.fill(atVenue(stand, placed.order), { quantity: "1" });
      const fills = await fillsWithin(stand, placed, 1).catch(() => []);
      must(
        fills.length > 0,
        "the venue filled an order after its cancel, and the fill was never emitted: pass on every fill, whatever the order's state",
      );
      mustMatch(fills[0], made);
    },
  },
  {
    id: "C46",
    group: "fills",
    title: "an overfill is not hidden",
    proves: "the desk sees what the venue really did, and halts the instrument",
    needs: { venue: true, orders: true },
    run: async (stand) => {
      const placed = await held(stand, "2");
      const order = atVenue(stand, placed.order);
      const made = [stand.venue.fill(order, { quantity: "2" }), stand.venue.fill(order, { quantity: "1" })];
      const fills = await fillsWithin(stand, placed, 2).catch(() => fillsOf(stand, placed));
      must(fills.length >= 2, "the venue filled 3 of an order for 2, and the third was not emitted: pass on every fill; the desk judges");
      for (const [index, part] of made.entries()) mustMatch(fills[index], part);
    },
  },
  {
    id: "C47",
    group: "fills",
    title: "a fill has the venue's time and its fee",
    proves: "the record is the venue's, not the moment of its arrival",
    needs: { venue: true, orders: true },
    run: async (stand) => {
      const placed = await held(stand);
      const time = stand.venue.now - 90_000;
      const made = stand.venue.fill(atVenue(stand, placed.order), { time });
      const [fill] = await fillsWithin(stand, placed, 1);
      must(
        fill?.at === time,
        `the venue filled at ${time}, emitted as ${fill?.at}, ${(fill?.at ?? 0) - time} ms away: use the venue's time`,
      );
      const fee = fill.fee ?? "none";
      must(
        fill.fee !== undefined && decimal(fill.fee).eq(decimal(made.fee)),
        `the venue took a fee of ${made.fee}, emitted as ${fee}: set fee and feeCurrency`,
      );
    },
  },
  {
    id: "C48",
    group: "fills",
    title: "fills out of order all arrive",
    proves: "none is dropped for coming late",
    needs: { venue: true, orders: true },
    run: async (stand) => {
      const placed = await held(stand);
      const order = atVenue(stand, placed.order);
      const now = stand.venue.now;
      const made = [1, 2, 3].map((quantity) => stand.venue.fillSilently(order, { quantity: String(quantity), time: now - 1_000 + quantity }));
      for (const fill of made.toReversed()) stand.venue.push({ type: "fill", ...fill });
      const fills = await fillsWithin(stand, placed, 3);
      for (const part of made) mustMatch(fills.find((fill) => fill.fillId === part.fill_id), part);
    },
  },
  {
    id: "C49",
    group: "fills",
    title: "a fill id that the venue uses again stays as it is",
    proves: "the desk, and not the connector, decides what a reused id means",
    needs: { venue: true, orders: true },
    run: async (stand) => {
      const placed = await held(stand);
      const made = stand.venue.fill(atVenue(stand, placed.order), { quantity: "1" });
      stand.venue.push({ type: "fill", ...made, quantity: "2" });
      const last = stand.venue.fill(atVenue(stand, placed.order), { quantity: "3" });
      await stand.until(() => hasQuantity(stand, placed, last.quantity), "after a reused fill id, the next fill never came");
      const strange = fillsOf(stand, placed).find((fill) => fill.fillId !== made.fill_id && fill.fillId !== last.fill_id);
      must(strange === undefined, `the venue used fill id ${made.fill_id} twice, and ${strange?.fillId} was emitted: never make up an id`);
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
      mustMatch(fill, stand.venue.book.fills[0] as Made);
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
        must(lost === undefined, `fill ${lost?.fillId} was emitted, and getFills(since) answered ${again.length} fill(s) without it`);
        return;
      }
      const placed = await held(stand);
      const order = atVenue(stand, placed.order);
      const now = stand.venue.now;
      const made = ["2", "3", "5"].map((quantity, index) => stand.venue.fill(order, { quantity, time: now - 3_000 + index * 1_000 }));
      await fillsWithin(stand, placed, 3);
      const read = (await stand.ask.fills("kit", now - 10_000)) ?? [];
      must(read.length === 3, `the venue made 3 fills since that time, getFills answered ${read.length}`);
      must(
        read.every((fill, index) => fill.at >= (read[index - 1]?.at ?? 0)),
        "getFills answered the newest fill before an older one: oldest first",
      );
      for (const [index, part] of made.entries()) mustMatch(read[index], part);
      const late = (await stand.ask.fills("kit", now - 1_500)) ?? [];
      must(late.some((fill) => fill.fillId === made[2]?.fill_id), "getFills(since) left out a fill that is newer than since");
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
      const made = stand.venue.fillSilently(atVenue(stand, placed.order), {});
      if (stand.connector.facts.methods.includes("getFills")) {
        const read = (await stand.ask.fills("kit", since)) ?? [];
        mustMatch(read.find((fill) => fill.fillId === made.fill_id), made);
        return;
      }
      const fills = await fillsWithin(stand, placed, 1, FAR_MS).catch(() => []);
      must(
        fills.length > 0,
        `the venue filled an order while the stream was cut; ${FAR_MS / 1000} s later nothing had come, and there is no getFills: ` +
        `add getFills, or read what was missed after each reconnect`,
      );
      mustMatch(fills[0], made);
    },
  },
];
