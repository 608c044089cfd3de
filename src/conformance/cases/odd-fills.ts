/**
 * Cases of a faulty venue: duplicate, early, late, excess and reordered fills, and reused fill ids. The desk decides
 * what they mean.
 */
import type { FakeOrder } from "../../domain/sdk-kit.ts";
import { decimal } from "../../domain/decimal.ts";
import { assert, fail, skip } from "../assert.ts";
import type { TestCase } from "../test-case.ts";
import type { FillTerms } from "../venue/fake-venue-state.ts";
import {
  assertIncludesFill,
  assertSameFee,
  assertSameFill,
  assertSameTime,
  madeFor,
  placeUnfilledOrder,
  statedTime,
} from "../fill-assertions.ts";
import type { HeldMessages } from "../venue/held-messages.ts";
import { units } from "../order-terms.ts";
import {
  type AcknowledgedOrder,
  placeAcknowledged,
  orderAtVenue,
  fillsOf,
  waitForFills,
  placeRestingOrder,
  orderFor,
  sendOrder,
} from "../place-orders.ts";
import type { ConformanceHarness } from "../harness.ts";
import type { MadeFill } from "../venue/test-venue.ts";

/** Longer than a fill takes from the venue through the stream. */
const ACK_DELAY_MS = 400;
/** Long enough for a message of the stream to arrive. */
const HELD_MS = 1_000;

function hasQuantity(harness: ConformanceHarness, placed: AcknowledgedOrder, quantity: string): boolean {
  return fillsOf(harness, placed).some((fill) => decimal(fill.quantity).eq(decimal(quantity)));
}

/** A quarter of an order of one unit at the kit's venue; elsewhere the whole order, whose lot the kit may not know. */
function partOf({ level, settings }: ConformanceHarness): string {
  return level === "kit" ? "0.25" : settings.quantity;
}

/** Places an order whose acknowledgement is delayed until the venue has filled it. */
async function placeFilledBeforeAck(harness: ConformanceHarness): Promise<AcknowledgedOrder> {
  harness.venue.armFault("place", { kind: "slow", ms: ACK_DELAY_MS });
  const order = orderFor(harness);
  const pending = sendOrder(harness, order);
  const find = async () =>
    (await harness.venue.listOrders()).find(({ client_order_id }) => client_order_id === order.clientOrderId);
  await harness.venue.fillOrder(await harness.pollFor(find, "placeOrder sent no order to the venue"));
  const outcome = await pending;
  if (outcome.kind === "accepted") return { order, venueOrderId: outcome.venueOrderId };
  return fail(`the venue filled the order and confirmed it ${ACK_DELAY_MS} ms later, but it ended ${outcome.kind}`);
}

/** Waits until the streams' messages name every fill; a binary format may not. */
async function holdFills(
  harness: ConformanceHarness,
  order: FakeOrder,
  terms: readonly FillTerms[],
): Promise<{ readonly held: HeldMessages; readonly made: readonly MadeFill[] }> {
  if (harness.venue.streamsOpened === 0) skip("the adapter has no stream");
  const held = harness.venue.holdStreams();
  const made: MadeFill[] = [];
  for (const each of terms) made.push(await harness.venue.fillOrder(order, each));
  const isHeld = async (): Promise<boolean> => {
    const texts = held.texts.join("\n");
    return made.every(({ fill_id }) => texts.includes(fill_id));
  };
  await harness.pollFor(isHeld, "-", HELD_MS).catch(() => undefined);
  return { held, made };
}

async function assertDuplicateKeepsId(harness: ConformanceHarness): Promise<void> {
  const placed = await placeUnfilledOrder(harness, "4");
  const order = await orderAtVenue(harness, placed.order);
  const { held } = await holdFills(harness, order, [{ quantity: units(harness, "1") }]);
  held.release("twice");
  const last = await harness.venue.fillOrder(order, { quantity: units(harness, "3") });
  await harness.waitFor(
    () => hasQuantity(harness, placed, last.quantity),
    "the venue sent a fill twice, and the next fill was never emitted",
  );
  const ids = new Set(fillsOf(harness, placed).map((fill) => fill.fillId));
  assert(
    ids.size === 2,
    `2 fills, one of them sent twice, were emitted under ${ids.size} ids (${[...ids].join(", ")}): ` +
      `use the venue's fill id unchanged`,
  );
}

async function assertOverfill(harness: ConformanceHarness): Promise<void> {
  const placed = await placeUnfilledOrder(harness, "2");
  const order = await orderAtVenue(harness, placed.order);
  const made = [
    await harness.venue.fillOrder(order, { quantity: units(harness, "2") }),
    await harness.venue.fillOrder(order, { quantity: units(harness, "1") }),
  ];
  const fills = await waitForFills(harness, placed, 2).catch(() => fillsOf(harness, placed));
  assert(
    fills.length >= 2,
    "the venue filled 3 units of an order for 2, and the excess fill was not emitted: " +
      "emit every fill, and let the desk decide",
  );
  for (const [index, part] of made.entries()) assertSameFill(fills[index], part);
}

async function assertTimeAndFee(harness: ConformanceHarness): Promise<void> {
  const placed = await placeUnfilledOrder(harness);
  const wanted = harness.venue.now - 90_000;
  const made = await harness.venue.fillOrder(await orderAtVenue(harness, placed.order), {
    quantity: units(harness, "1"),
    time: wanted,
  });
  const time = statedTime(made, wanted);
  const [fill] = await waitForFills(harness, placed, 1);
  assert(fill !== undefined, `fill ${made.fill_id} was not emitted`);
  assertSameTime(fill.at, time, "the fill");
  assertSameFee(fill, made);
}

async function assertUnordered(harness: ConformanceHarness): Promise<void> {
  const placed = await placeUnfilledOrder(harness);
  const order = await orderAtVenue(harness, placed.order);
  const now = harness.venue.now;
  const { held, made } = await holdFills(
    harness,
    order,
    ["1", "2", "3"].map((count, index) => ({ quantity: units(harness, count), time: now - 1_000 + index })),
  );
  held.release("reversed");
  const fills = await waitForFills(harness, placed, 3);
  for (const part of made) assertIncludesFill(fills, part);
}

async function assertReusedId(harness: ConformanceHarness): Promise<void> {
  const placed = await placeUnfilledOrder(harness);
  const order = await orderAtVenue(harness, placed.order);
  const first = await harness.venue.fillOrder(order, { quantity: units(harness, "1") });
  const again = await harness.venue.fillOrder(order, { quantity: units(harness, "2"), fillId: first.fill_id });
  if (again.fill_id !== first.fill_id) skip("the fake venue never uses the id of a fill again");
  const last = await harness.venue.fillOrder(order, { quantity: units(harness, "3") });
  await harness.waitFor(
    () => hasQuantity(harness, placed, last.quantity),
    "the venue reused a fill id, and the next fill was never emitted",
  );
  const invented = fillsOf(harness, placed).find(({ fillId }) => fillId !== first.fill_id && fillId !== last.fill_id);
  assert(
    invented === undefined,
    `the venue used fill id ${first.fill_id} twice, but ${invented?.fillId} was emitted: never make up an id`,
  );
}

export const ODD_FILL_CASES: readonly TestCase[] = [
  {
    id: "C43",
    group: "fills",
    title: "a fill that the venue sends twice keeps its id",
    proves: "the desk can drop the duplicate",
    needs: { venue: "hooked", orders: true },
    run: assertDuplicateKeepsId,
  },
  {
    id: "C44",
    group: "fills",
    title: "a fill that arrives before the acknowledgement is not lost",
    proves: "fast fills are not lost",
    needs: { venue: "hooked", orders: true },
    run: async (harness) => {
      harness.venue.filling = "before-ack";
      const placed = harness.level === "kit" ? await placeAcknowledged(harness) : await placeFilledBeforeAck(harness);
      const fills = await waitForFills(harness, placed, 1).catch(() => []);
      assert(
        fills.length > 0,
        "the venue sent the fill before it confirmed the order, and the fill was never emitted: " +
          "emit it with the venue's order id, even if the adapter does not know the order yet",
      );
      assertSameFill(fills[0], await madeFor(harness, placed));
    },
  },
  {
    id: "C45",
    group: "fills",
    title: "a fill after the cancel is not lost",
    proves: "a cancel that was too late is noticed",
    needs: { venue: "hooked", orders: true },
    run: async (harness) => {
      const placed = await placeRestingOrder(harness);
      await harness.calls.cancel("kit", placed.venueOrderId);
      const venueFill = await harness.venue.fillOrder(await orderAtVenue(harness, placed.order), {
        quantity: partOf(harness),
      });
      const fills = await waitForFills(harness, placed, 1).catch(() => []);
      assert(
        fills.length > 0,
        "the venue filled an order after its cancel, and the fill was never emitted: " +
          "emit every fill, whatever the order's state",
      );
      assertSameFill(fills[0], venueFill);
    },
  },
  {
    id: "C46",
    group: "fills",
    title: "an overfill is emitted",
    proves: "the desk sees an overfill and can halt the instrument",
    needs: { venue: "hooked", orders: true },
    run: assertOverfill,
  },
  {
    id: "C47",
    group: "fills",
    title: "a fill has the venue's time and fee",
    proves: "the journal has the venue's time, not the time of arrival",
    needs: { venue: "hooked", orders: true },
    run: assertTimeAndFee,
  },
  {
    id: "C48",
    group: "fills",
    title: "fills out of order are all emitted",
    proves: "no fill is dropped because it is late",
    needs: { venue: "hooked", orders: true },
    run: assertUnordered,
  },
  {
    id: "C49",
    group: "fills",
    title: "a reused fill id is passed on unchanged",
    proves: "the desk decides what a reused id means, not the adapter",
    needs: { venue: "hooked", orders: true },
    run: assertReusedId,
  },
];
