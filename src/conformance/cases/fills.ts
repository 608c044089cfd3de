/** Fill cases: every fill that the venue makes is emitted unchanged and with its own id. */
import { decimal, text } from "../../domain/decimal.ts";
import type { VenueFill } from "../../domain/market/venue.ts";
import { assert } from "../assert.ts";
import type { TestCase } from "../test-case.ts";
import type { FillTerms } from "../venue/fake-venue-state.ts";
import {
  assertFetched,
  assertIncludesFill,
  assertSameFee,
  assertSameFill,
  assertSameTime,
  fillInGap,
  madeFor,
  placeUnfilledOrder,
  statedTime,
} from "../fill-assertions.ts";
import type { ConformanceHarness } from "../harness.ts";
import { fetchQuote, otherSymbol, priceAt, signedSymbol, units } from "../order-terms.ts";
import {
  orderAtVenue,
  orderFor,
  placeAcknowledged,
  sendOrder,
  waitForFills,
  waitForFullFill,
} from "../place-orders.ts";
import { type MadeFill, reaches } from "../venue/test-venue.ts";

/** Long enough for a duplicate to arrive. */
const DUPLICATE_WAIT_MS = 300;
/** Clocks differ a little. */
const FILL_AGE_MAX_S = 60;
const GAP_TIMEOUT_MS = 10_000;

/** Three parts of an order of ten units, each at another price. */
async function parts(harness: ConformanceHarness): Promise<readonly FillTerms[]> {
  const { ask } = await fetchQuote(harness);
  return (
    [
      ["2", 100],
      ["3", 99],
      ["5", 98],
    ] as const
  ).map(([count, percent]) => ({ quantity: units(harness, count), price: priceAt(harness, ask, percent) }));
}

/** Fails the case if a fill of just now has another time. The kit's own venue knows the exact one. */
function assertRecent({ clock, connector }: ConformanceHarness, { at }: VenueFill): void {
  if (connector.status.capabilities.simulatedTime === true) return;
  const seconds = Math.round(Math.abs(clock.now() - at) / 1000);
  assert(
    seconds <= FILL_AGE_MAX_S,
    `the venue filled the order just now, but the fill was emitted with a time ${seconds} s off: return milliseconds ` +
      `since 1970, or an ISO string with its offset`,
  );
}

function assertSameAsEmitted(fill: VenueFill, fetched: readonly VenueFill[]): void {
  const other = fetched.find(({ fillId }) => fillId === fill.fillId);
  assert(
    other !== undefined,
    `fill ${fill.fillId} was emitted, but getFills(since) returned ${fetched.length} fill(s) without it`,
  );
  const of = ({ venueOrderId, symbol, side, quantity, price }: VenueFill): string =>
    `${side} ${text(decimal(quantity))} ${symbol} at ${text(decimal(price))} of order ${venueOrderId}`;
  assert(of(fill) === of(other), `fill ${fill.fillId} was emitted as ${of(fill)}, but getFills returned ${of(other)}`);
  // A venue may report whole seconds in one of the two places.
  assert(
    Math.abs(fill.at - other.at) <= 1_000,
    `fill ${fill.fillId} was emitted with the time ${fill.at}, but getFills returned ${other.at}: use the venue's time`,
  );
}

const OLD_FILL_MS = 10 * 60_000;

async function assertFillsSince(harness: ConformanceHarness): Promise<void> {
  const placed = await placeUnfilledOrder(harness);
  const order = await orderAtVenue(harness, placed.order);
  const { now } = harness.venue;
  const made: (MadeFill & { readonly time: number })[] = [];
  for (const [count, time] of [
    ["2", now - OLD_FILL_MS],
    ["3", now - 3_000],
    ["5", now - 1_000],
  ] as const) {
    const fill = await harness.venue.fillOrder(order, { quantity: units(harness, count), time });
    made.push({ ...fill, time: statedTime(fill, time) });
  }
  const emitted = await waitForFills(harness, placed, 3);
  const since = async (time: number): Promise<readonly VenueFill[]> => (await harness.calls.fills("kit", time)) ?? [];
  const fetched = await since(now - 2 * OLD_FILL_MS);
  assert(fetched.length === 3, `the venue made 3 fills since that time, but getFills returned ${fetched.length}`);
  assert(
    fetched.every((fill, index) => fill.at >= (fetched[index - 1]?.at ?? 0)),
    "getFills returned a newer fill before an older one: return the oldest first",
  );
  for (const [index, part] of made.entries()) {
    const fill = fetched[index];
    assertSameFill(fill, part);
    assertSameTime(fill.at, part.time, "a fill of getFills");
    assertSameFee(fill, part);
  }
  for (const fill of emitted) assertSameAsEmitted(fill, fetched);
  const [oldest, , newest] = made;
  // A fill at since itself is included, and the desk drops what it knows.
  const recent = await since(newest?.time ?? now);
  assert(
    recent.some(({ fillId }) => fillId === newest?.fill_id),
    "getFills(since) left out a fill at since itself: include it, and the desk drops what it knows",
  );
  const newer = await since((newest?.time ?? now) - 500);
  assert(
    newer.some(({ fillId }) => fillId === newest?.fill_id),
    "getFills(since) left out a fill that is newer than since",
  );
  assert(
    !newer.some(({ fillId }) => fillId === oldest?.fill_id),
    `getFills(since) returned a fill of ${OLD_FILL_MS / 60_000} minutes before since: pass since on to the venue, or ` +
      `leave older fills out`,
  );
}

/** A fill of a symbol with signs or small letters keeps its symbol. */
async function assertSignedSymbol(harness: ConformanceHarness): Promise<void> {
  const symbol = signedSymbol(harness);
  if (symbol === undefined) return;
  const order = orderFor(harness, { symbol });
  const outcome = await sendOrder(harness, order);
  // C35 fails an adapter that does not send such an order and does not say why.
  if (outcome.kind !== "accepted") return;
  const placed = { order, venueOrderId: outcome.venueOrderId };
  const [fill] = await waitForFills(harness, placed, 1);
  assertSameFill(fill, await madeFor(harness, placed));
}

export const FILL_CASES: readonly TestCase[] = [
  {
    id: "C39",
    group: "fills",
    title: "a fill is emitted with the ids of its order",
    proves: "the desk receives every trade and can match it to its order",
    needs: { orders: true },
    run: async (harness) => {
      const placed = await placeAcknowledged(harness);
      const [fill] = await waitForFullFill(harness, placed);
      assert(
        fill?.symbol === placed.order.symbol && fill.side === "buy",
        `a buy of ${placed.order.symbol} was filled as a ${fill?.side} of ${fill?.symbol}`,
      );
      const clientId = fill.clientOrderId ?? placed.order.clientOrderId;
      assert(
        clientId === placed.order.clientOrderId,
        `the fill has client order id ${clientId}, but the order has ${placed.order.clientOrderId}`,
      );
      if (reaches(harness.level, "hooked")) assertSameFill(fill, await madeFor(harness, placed));
      if (harness.level !== "kit") assertRecent(harness, fill);
    },
  },
  {
    id: "C40",
    group: "fills",
    title: "a fill is emitted once, and two fills have different ids",
    proves: "fillId is the venue's id, not a placeholder",
    needs: { orders: true },
    run: async (harness) => {
      const [first, second] = [await placeAcknowledged(harness), await placeAcknowledged(harness)];
      await waitForFullFill(harness, first);
      await waitForFullFill(harness, second);
      await harness.sleep(DUPLICATE_WAIT_MS);
      const byId = new Map<string, Set<string>>();
      for (const fill of harness.fills)
        byId.set(fill.fillId, (byId.get(fill.fillId) ?? new Set()).add(fill.venueOrderId));
      const shared = [...byId].find(([, orders]) => orders.size > 1);
      assert(
        shared === undefined,
        `fills of two orders were both emitted as ${shared?.[0]}: that is a placeholder; use the venue's fill id`,
      );
      if (!reaches(harness.level, "hooked")) return;
      assert(
        byId.size === 2,
        `the venue made 2 fills, but ${byId.size} fill ids were emitted: emit the same fill with the same id each time`,
      );
    },
  },
  {
    id: "C41",
    group: "fills",
    title: "partial fills are emitted one by one and in order",
    proves: "no partial fill is lost, merged or reordered",
    needs: { venue: "hooked", orders: true },
    run: async (harness) => {
      const placed = await placeUnfilledOrder(harness, "10");
      const order = await orderAtVenue(harness, placed.order);
      const venueFills: MadeFill[] = [];
      for (const terms of await parts(harness)) venueFills.push(await harness.venue.fillOrder(order, terms));
      const fills = await waitForFills(harness, placed, 3);
      for (const [index, part] of venueFills.entries()) assertSameFill(fills[index], part);
    },
  },
  {
    id: "C42",
    group: "fills",
    title: "a fill keeps every digit",
    proves: "positions and costs are exact",
    needs: { venue: "hooked", orders: true, declares: "exactDecimals" },
    run: async (harness) => {
      const placed = await placeUnfilledOrder(harness);
      const [quantity, price, fee] = ["0.1234567890123456789", "100.4999999999999999", "0.0123456789012345678"];
      const terms = { quantity, price, fee };
      const made = await harness.venue.fillOrder(await orderAtVenue(harness, placed.order), terms);
      const [fill] = await waitForFills(harness, placed, 1);
      assert(
        fill?.quantity === quantity && fill.price === price,
        `the venue filled ${quantity} at ${price}, but the fill was emitted as ${fill?.quantity} at ` +
          `${fill?.price}: pass the venue's strings on`,
      );
      assertSameFee(fill, made);
    },
  },
  {
    id: "C50",
    group: "fills",
    title: "a sell is filled as a sell",
    proves: "a sell never increases a position",
    needs: { venue: "hooked", orders: true },
    run: async (harness) => {
      // Another symbol than that of the other cases, so that it is no constant.
      const symbol = otherSymbol(harness);
      // A venue of the author's may refuse to sell what the account does not hold.
      if (harness.level !== "kit") await waitForFullFill(harness, await placeAcknowledged(harness, { symbol }));
      const placed = await placeAcknowledged(harness, { side: "sell", symbol });
      const [fill] = await waitForFills(harness, placed, 1);
      const made = await madeFor(harness, placed);
      assertSameFill(fill, made);
      assert(fill.side === "sell", `a sell of ${symbol} was filled as a ${fill.side}`);
      await assertFetched(harness, [made]);
      await assertSignedSymbol(harness);
    },
  },
  {
    id: "C51",
    group: "fills",
    title: "getFills returns the same fills as the stream",
    proves: "the desk recognises a fill that it reads again by its id",
    needs: { orders: true, methods: ["getFills"] },
    run: async (harness) => {
      if (reaches(harness.level, "hooked")) return assertFillsSince(harness);
      const emitted = await waitForFullFill(harness, await placeAcknowledged(harness));
      const fetched = (await harness.calls.fills("kit", (emitted[0]?.at ?? 1) - 1)) ?? [];
      for (const fill of emitted) assertSameAsEmitted(fill, fetched);
    },
  },
  {
    id: "C52",
    group: "fills",
    title: "a fill during a gap in the stream is not lost",
    proves: "the fill is emitted after the reconnect or returned by getFills",
    needs: { venue: "hooked", orders: true },
    run: async (harness) => {
      const placed = await placeUnfilledOrder(harness, "1");
      const order = await orderAtVenue(harness, placed.order);
      const since = harness.venue.now - 1_000;
      const venueFill = await fillInGap(harness, order);
      if (harness.connector.status.methods.includes("getFills")) {
        const fetched = (await harness.calls.fills("kit", since)) ?? [];
        assertIncludesFill(fetched, venueFill);
        return;
      }
      const fills = await waitForFills(harness, placed, 1, GAP_TIMEOUT_MS).catch(() => []);
      assert(
        fills.length > 0,
        `the venue filled an order while the stream was down; ${GAP_TIMEOUT_MS / 1000} s later the fill had not ` +
          `been emitted, and there is no ` +
          `getFills: add getFills, or request the missed fills after each reconnect`,
      );
      assertSameFill(fills[0], venueFill);
    },
  },
];
