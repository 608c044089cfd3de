/** Fill cases over several orders, gaps, pages and bursts. */
import type { FakeOrder } from "../../domain/sdk-kit.ts";
import { ZERO, decimal, text } from "../../domain/decimal.ts";
import { messageOf } from "../../domain/errors/error.ts";
import { CaseFailed, assert, skip } from "../assert.ts";
import type { VenueFill } from "../../domain/market/venue.ts";
import type { FillTerms } from "../venue/fake-venue-state.ts";
import {
  assertIncludesFill,
  assertSameFill,
  assertFetched,
  fillInGap,
  fillUnseen,
  placeUnfilledOrder,
  tradeOutsideAdapter,
} from "../fill-assertions.ts";
import { type ConformanceHarness, firstLine } from "../harness.ts";
import { fetchQuote, priceAt, units, withAllDigits } from "../order-terms.ts";
import { type AcknowledgedOrder, fillsOf, orderAtVenue, waitForFills } from "../place-orders.ts";
import { slowdown } from "../slowdown.ts";
import type { TestCase } from "../test-case.ts";
import type { VenueRequest } from "../venue/fake-venue-http.ts";
import type { MadeFill } from "../venue/test-venue.ts";
import { counted } from "../../lib/counted.ts";

const GAP_TIMEOUT_MS = 10_000;
const CLOCK_BEHIND_MS = 10 * 60_000;
/** Longer than a fill takes through the stream. */
const LIVE_FILL_MS = 500;
const BURST = 500;
/** More than a page of most venues, and more than an adapter could take for all that a gap holds. */
const GAP_FILLS = 120;
/** Pages of the fills of a gap, and one more. */
const LOOKUPS = 4;
/** Longer than ten pages of a hundred fills. */
const HISTORY = { fills: 1_050, atAnyVenue: 120 };
/** A stream that is dead and not yet cut. */
const DEAD_STREAM_MS = 300;
/** Four times what an adapter needs that only passes its fills on. */
const BURST_TIMEOUT_MS = 2_000;

/** Fails the case if a fill of a gap was not emitted after the adapter reconnected. */
async function assertEmittedAfterGap(
  harness: ConformanceHarness,
  placed: AcknowledgedOrder,
  missed: readonly [MadeFill, ...MadeFill[]],
  condition: string,
): Promise<void> {
  const without = (fills: readonly VenueFill[]): readonly MadeFill[] => {
    const ids = new Set(fills.map(({ fillId }) => fillId));
    return missed.filter(({ fill_id }) => !ids.has(fill_id));
  };
  const isWhole = (): boolean => without(fillsOf(harness, placed)).length === 0;
  await harness.waitFor(isWhole, "-", GAP_TIMEOUT_MS).catch(() => undefined);
  // A connector that the host restarted is asked for its fills by the desk.
  const isAsked = !isWhole() && harness.connector.status.restarts > 0;
  const since = (missed[0].time ?? harness.venue.now) - 1_000;
  const fetched = isAsked ? ((await harness.calls.fills("kit", since)) ?? []) : [];
  const found = [...fillsOf(harness, placed), ...fetched];
  const [lost, ...others] = without(found);
  assert(
    lost === undefined,
    `${condition}; ${GAP_TIMEOUT_MS / 1_000} s later fill ${lost?.fill_id} had not been emitted` +
      `${others.length === 0 ? "" : `, nor had ${others.length} others of ${missed.length}`}: after each reconnect, ` +
      `request the fills since the time of the newest one before the gap, including that time, and keep that start ` +
      `until the request has succeeded`,
  );
  for (const made of missed) assertIncludesFill(found, made);
}

/** Fills the order at each request for missed fills, whose answer lacks that fill: a stream must be open by then. */
async function fillDuringLookups(
  harness: ConformanceHarness,
  order: FakeOrder,
  before: number,
): Promise<readonly MadeFill[]> {
  const { venue } = harness;
  const made: MadeFill[] = [];
  const isLookup = ({ route }: VenueRequest): boolean => route === "fills" || route === "background";
  const isAsked = (): boolean => venue.requests.slice(before).filter(isLookup).length > made.length;
  const wait = (ms: number): Promise<boolean> => harness.waitFor(isAsked, "-", ms).catch(() => false);
  for (let ms = GAP_TIMEOUT_MS; made.length < LOOKUPS && (await wait(ms)); ms = 2 * LIVE_FILL_MS)
    made.push(await venue.fillOrder(order, { quantity: units(harness, "1") }));
  return made;
}

/** The stream is dead for a moment before it is cut, and the venue goes on filling the order meanwhile. */
async function assertGapIsWhole(harness: ConformanceHarness): Promise<void> {
  const placed = await placeUnfilledOrder(harness, String(GAP_FILLS + LOOKUPS + 1));
  const order = await orderAtVenue(harness, placed.order);
  const fill = { quantity: units(harness, "1") };
  const live = await harness.venue.fillOrder(order, fill);
  await waitForFills(harness, placed, 1);
  const held = harness.venue.holdStreams();
  // The same time as that of the newest fill before the gap.
  const first = await harness.venue.fillOrder(order, live.time === undefined ? fill : { ...fill, time: live.time });
  await harness.sleep(DEAD_STREAM_MS);
  harness.venue.armFault("fills", { kind: "slow", ms: LIVE_FILL_MS }, LOOKUPS);
  const before = harness.venue.requests.length;
  const missed: [MadeFill, ...MadeFill[]] = [first, await fillInGap(harness, order, fill)];
  held.discard();
  const make = () => fillUnseen(harness, order, fill);
  while (missed.length < GAP_FILLS) missed.push(await make());
  missed.push(...(await fillDuringLookups(harness, order, before)));
  const condition = `the venue filled an order ${GAP_FILLS} times while the stream was dead and then cut`;
  await assertEmittedAfterGap(harness, placed, missed, condition);
}

async function fillInTurn(harness: ConformanceHarness): Promise<void> {
  const [first, second] = [await placeUnfilledOrder(harness, "2"), await placeUnfilledOrder(harness, "3")];
  const { ask } = await fetchQuote(harness);
  const made: [AcknowledgedOrder, MadeFill][] = [];
  for (const [index, placed] of [first, second, first, second, second].entries()) {
    const terms = { quantity: units(harness, "1"), price: priceAt(harness, ask, 100 - index) };
    made.push([placed, await harness.venue.fillOrder(await orderAtVenue(harness, placed.order), terms)]);
  }
  await waitForFills(harness, first, 2);
  await waitForFills(harness, second, 3);
  for (const [placed, fill] of made) assertIncludesFill(fillsOf(harness, placed), fill);
}

async function assertEveryPage(harness: ConformanceHarness): Promise<void> {
  const count = harness.level === "kit" ? HISTORY.fills : HISTORY.atAnyVenue;
  const placed = await placeUnfilledOrder(harness, String(count));
  const since = harness.venue.now - 60_000;
  const order = await orderAtVenue(harness, placed.order);
  const made: MadeFill[] = [];
  for (let index = 0; index < count; index += 1) {
    // Seven fills have one time: a page ends between fills of the same time.
    const terms = { quantity: units(harness, "1"), time: since + 1_000 + Math.floor(index / 7) };
    made.push(await fillUnseen(harness, order, terms));
  }
  const fetched = (await harness.calls.fills("kit", since)) ?? [];
  const ids = new Set(fetched.map(({ fillId }) => fillId));
  const missing = made.filter(({ fill_id }) => !ids.has(fill_id));
  assert(
    missing.length === 0,
    `the venue made ${counted(count, "fill")}, but getFills returned ${ids.size} of them: request every page, also where a ` +
      `page ends between fills of the same time`,
  );
  assert(
    fetched.every((fill, index) => fill.at >= (fetched[index - 1]?.at ?? 0)),
    `getFills returned a newer fill before an older one: return the oldest first, over all pages`,
  );
}

async function assertBurst(harness: ConformanceHarness): Promise<void> {
  const placed = await placeUnfilledOrder(harness, harness.level === "kit" ? String(BURST) : "10");
  const order = await orderAtVenue(harness, placed.order);
  const quantity = harness.level === "kit" ? "1" : await oneLot(harness);
  // All at once: one after the other they would come as slowly as the machine is.
  await Promise.all(Array.from({ length: BURST }, () => harness.venue.fillOrder(order, { quantity })));
  const timeoutMs = Math.round(BURST_TIMEOUT_MS * slowdown(harness.clock));
  await waitForFills(harness, placed, BURST, timeoutMs).catch((error: unknown) => {
    const advice = "do not drop fills, and do not keep the thread busy or wait for each one";
    throw new CaseFailed(`${messageOf(error)} within ${timeoutMs} ms: ${advice}`);
  });
  const { restarts, lastError } = harness.connector.status;
  assert(restarts === 0, `during ${BURST} fills the worker ended: ${firstLine(lastError ?? "")}`);
}

async function oneLot({ venue, settings }: ConformanceHarness): Promise<string> {
  return (await venue.describeInstrument(settings.symbol)).lotSize;
}

/** Quantities and prices with every digit that fills can have. */
async function exactFills(harness: ConformanceHarness): Promise<readonly FillTerms[]> {
  if (harness.level === "kit")
    return [
      { quantity: "0.1", price: "100.5" },
      { quantity: "0.2", price: "100.123456" },
      { quantity: "0.12345678", price: "0.00001234" },
    ];
  const { lotSize, tickSize } = await harness.venue.describeInstrument(harness.settings.symbol);
  const { ask } = await fetchQuote(harness);
  return ["0.11", "0.29", "0.73"].map((share) => ({
    quantity: withAllDigits(decimal(harness.settings.quantity).times(decimal(share)), lotSize),
    price: withAllDigits(decimal(ask).times(decimal(share)), tickSize),
  }));
}

async function assertExactFills(harness: ConformanceHarness): Promise<void> {
  const terms = await exactFills(harness);
  const placed = await placeUnfilledOrder(harness);
  const order = await orderAtVenue(harness, placed.order);
  const made: MadeFill[] = [];
  for (const each of terms) made.push(await harness.venue.fillOrder(order, each));
  const fills = await waitForFills(harness, placed, made.length);
  for (const fill of made) assertIncludesFill(fills, fill);
  await assertFetched(harness, made);
  if (!harness.connector.status.methods.includes("getOrder")) return;
  const report = await harness.calls.order("kit", { venueOrderId: placed.venueOrderId });
  const total = made.reduce((sum, { quantity }) => sum.plus(decimal(quantity)), ZERO);
  assert(
    decimal(report?.filledQuantity ?? "0").eq(total),
    `${made.map(({ quantity }) => quantity).join(", ")} were filled, ${text(total)} together, but getOrder returned ` +
      `${report?.filledQuantity}: do not add floats`,
  );
}

async function assertGapIsKept(harness: ConformanceHarness): Promise<void> {
  const { venue, level } = harness;
  const placed = await placeUnfilledOrder(harness);
  const order = await orderAtVenue(harness, placed.order);
  await venue.fillOrder(order, { quantity: units(harness, "1") });
  await waitForFills(harness, placed, 1);
  const opened = venue.streamsOpened;
  if (opened === 0) skip("the adapter has no stream");
  if (level === "kit") venue.armFault("fills", { kind: "500" });
  const background = (): number => venue.requests.filter(({ route }) => route === "background").length;
  const missed = await fillInGap(harness, order, { quantity: units(harness, "2") });
  let before = 0;
  const isOpen = (): boolean => {
    if (venue.streamsOpened === opened) return false;
    // Behind the proxy the request for the missed fills is known by its time alone, and fails after the live fill.
    if (level !== "kit") venue.armFault("background", { kind: "500", afterMs: LIVE_FILL_MS });
    before = background();
    return true;
  };
  await harness.waitFor(isOpen, "the adapter did not reconnect", GAP_TIMEOUT_MS);
  if (level !== "kit") await harness.waitFor(() => background() > before, "-").catch(() => undefined);
  await venue.fillOrder(order, { quantity: units(harness, "3") });
  const condition =
    "the venue filled an order during a gap in the stream, a live fill followed, and the first request for the " +
    "missed fills failed";
  await assertEmittedAfterGap(harness, placed, [missed], condition);
}

async function assertOutsideFill(harness: ConformanceHarness): Promise<void> {
  const made = await tradeOutsideAdapter(harness, "buy", "1");
  if (made === undefined) return;
  const find = () => harness.fills.find(({ fillId }) => fillId === made.fill_id);
  const fill = await harness.waitFor(find, "-").catch(() => undefined);
  assert(
    fill !== undefined,
    "the venue filled an order that was placed elsewhere, and the fill was never emitted: emit every fill",
  );
  assertSameFill(fill, made);
  await assertFetched(harness, [made]);
}

export const FILL_ORDER_CASES: readonly TestCase[] = [
  {
    id: "C111",
    group: "fills",
    title: "two orders that fill in turn keep their fills apart",
    proves: "a fill belongs to its own order, whichever was placed or filled last",
    needs: { venue: "hooked", orders: true },
    run: fillInTurn,
  },
  {
    id: "C112",
    group: "fills",
    title: "quantity and price of a fill are not rounded",
    proves: "positions are exact without exactDecimals: no float arithmetic, no rounding to lots or cents",
    needs: { venue: "hooked", orders: true },
    run: assertExactFills,
  },
  {
    id: "C113",
    group: "fills",
    title: "getFills returns every page",
    proves: "a long day of fills is recovered whole",
    needs: { venue: "hooked", orders: true, methods: ["getFills"] },
    run: assertEveryPage,
  },
  {
    id: "C114",
    group: "fills",
    title: "a fill of a gap is not lost to a live fill",
    proves: "the start of a gap does not move with live fills while its fills have not been read",
    needs: { venue: "hooked", orders: true },
    run: assertGapIsKept,
  },
  {
    id: "C115",
    group: "fills",
    title: "every fill of a gap is emitted after the reconnect",
    proves: "a short outage of the stream loses no fill, without a restart of the connector",
    needs: { venue: "hooked", orders: true },
    run: assertGapIsWhole,
  },
  {
    id: "C116",
    group: "fills",
    title: "a fill of a gap is emitted if the venue's clock is behind",
    proves: "a gap is measured with the venue's clock, not with the local one",
    needs: { venue: "hooked", orders: true },
    startsConnector: true,
    run: async (harness) => {
      await harness.venue.setClock(-CLOCK_BEHIND_MS);
      await harness.start();
      const placed = await placeUnfilledOrder(harness, "1");
      const missed = await fillInGap(harness, await orderAtVenue(harness, placed.order));
      const condition = "the venue's clock is 10 minutes behind, and it filled an order during a gap in the stream";
      await assertEmittedAfterGap(harness, placed, [missed], condition);
    },
  },
  {
    id: "C117",
    group: "fills",
    title: "a fill of an order placed elsewhere is emitted",
    proves: "the desk notices trades of the account that it did not send",
    needs: { venue: "hooked" },
    run: assertOutsideFill,
  },
  {
    id: "C118",
    group: "fills",
    title: "a burst of 500 fills is emitted whole",
    proves: "a busy market loses no fill and does not block the thread",
    needs: { venue: "hooked", orders: true },
    run: assertBurst,
  },
];
