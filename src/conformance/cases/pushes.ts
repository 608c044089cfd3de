/** Cases of what an adapter may send or return besides: reports, quotes, activities, rates, sessions, pages, a link. */
import type { FakeActivity, FakeOrder } from "../../domain/sdk-kit.ts";
import { decimal } from "../../domain/decimal.ts";
import { assert, fail, leaveOut, skip } from "../assert.ts";
import { BookVenue } from "../venue/book-venue.ts";
import { omitUndefined } from "../../lib/omit-undefined.ts";
import type { VenueActivity, VenueReport } from "../../domain/market/venue.ts";
import type { ConformanceHarness } from "../harness.ts";
import { fillsOf, orderAtVenue, placeAcknowledged, placeRestingOrder, waitForFills } from "../place-orders.ts";
import { requireHttp, statementOf } from "../venue/kit-venue.ts";
import { units } from "../order-terms.ts";
import { assertStreamedQuote } from "./streamed-quote.ts";
import type { TestCase } from "../test-case.ts";
import type { TestVenue } from "../venue/test-venue.ts";
import { counted } from "../../lib/counted.ts";

const PUSH_MS = 2_000;
const LINK_MS = 4_000;
/** Longer than an adapter's pause before it reconnects. */
const LINK_UP_MS = 20_000;
const DAY_MS = 86_400_000;
const PAGED_FILLS = 230;
const PAGES_MAX = 20;
const RATE_MS = 30_000;

async function assertReports(harness: ConformanceHarness): Promise<void> {
  const { venue } = harness;
  venue.filling = "manual";
  const resting = await placeRestingOrder(harness);
  const order = await orderAtVenue(harness, resting.order);
  if (!(await venue.endOrder(order, "cancelled"))) leaveOut("this venue cancels no order by itself");
  if (venue instanceof BookVenue) venue.sendOrder(order);
  const isOf = ({ venueOrderId }: { readonly venueOrderId: string }) => venueOrderId === resting.venueOrderId;
  // The first report may say that the order is open.
  const isEnd = (report: VenueReport): boolean => isOf(report) && report.status === "cancelled";
  const reported =
    (await harness.waitFor(() => harness.reports.findLast(isEnd), "no report", PUSH_MS).catch(() => undefined)) ??
    harness.reports.findLast(isOf);
  if (reported === undefined) {
    if (harness.connector.status.capabilities.reports !== "pushed") skip("the adapter emits no reports");
    return fail(
      'the venue cancelled an order, and no report was emitted: an adapter with reports: "pushed" emits each',
    );
  }
  const { status, clientOrderId = order.client_order_id, filledQuantity } = reported;
  assert(
    status === "cancelled" && clientOrderId === order.client_order_id && filledQuantity === "0",
    `the venue cancelled an order that had no fill, and the adapter reported ${clientOrderId} as ${status} with ` +
      `${filledQuantity} filled`,
  );
  const bought = await placeAcknowledged(harness);
  await venue.fillOrder(await orderAtVenue(harness, bought.order));
  await harness.waitFor(
    () => {
      const isFilled = harness.reports.some(
        ({ venueOrderId, status: state }) => venueOrderId === bought.venueOrderId && state === "filled",
      );
      if (isFilled && fillsOf(harness, bought).length === 0)
        fail("the report that an order is filled was emitted before its fill: emit the fills first");
      return isFilled;
    },
    "the venue filled an order, and no report with the status filled was emitted",
    PUSH_MS,
  );
}

/** Some venues state times in whole seconds. */
function activitiesOf(now: number, stated: readonly Omit<FakeActivity, "id" | "time">[]): readonly FakeActivity[] {
  const at = Math.floor(now / 1_000) * 1_000 - 1_000;
  const [first] = stated as readonly [Omit<FakeActivity, "id" | "time">];
  const recent = stated.map((activity, index) => ({
    ...activity,
    id: `a${index + 1}`,
    time: at - (stated.length - index) * 1_000,
  }));
  return [{ ...first, id: "old", time: at - 30 * DAY_MS }, ...recent];
}

async function readActivities(harness: ConformanceHarness, since: number): Promise<readonly VenueActivity[]> {
  const found: VenueActivity[] = [];
  for (let cursor: string | undefined, page = 0; page === 0 || cursor !== undefined; page++) {
    assert(page < PAGES_MAX, `getActivities returned more than ${PAGES_MAX} pages for a few activities`);
    const answer = await harness.calls.activities("kit", since, cursor);
    found.push(...(answer?.items ?? []));
    cursor = answer?.cursor;
  }
  return found;
}

function isSameText(a: string | undefined, b: string | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && decimal(a).eq(decimal(b)));
}

async function assertActivities(harness: ConformanceHarness): Promise<void> {
  const stated = statementOf(harness, "activities");
  const { venue } = harness;
  const made = activitiesOf(venue.now, stated);
  await venue.addActivities(made);
  const found = await readActivities(harness, venue.now - DAY_MS);
  const recent = made.slice(1);
  const words = (activities: readonly { readonly kind: string; readonly time: number }[]) =>
    activities.map(({ kind, time }) => `${kind} of ${time}`).join(", ") || "none";
  assert(
    words(found.map(({ kind, at: time }) => ({ kind, time }))) === words(recent),
    `the venue has the activities ${words(recent)} since that time, oldest first, and getActivities returned ` +
      words(found.map(({ kind, at: time }) => ({ kind, time }))),
  );
  const ids = new Set(found.map(({ id }) => id));
  assert(ids.size === found.length, "getActivities returned one id for two activities");
  for (const [index, { amount, currency, symbol, ratio }] of recent.entries()) {
    const activity = found[index];
    const isSame =
      isSameText(activity?.amount, amount) &&
      activity?.currency === currency &&
      activity?.symbol === symbol &&
      activity?.ratio?.join() === ratio?.join();
    assert(isSame, `getActivities returned ${JSON.stringify(activity)} for ${JSON.stringify(recent[index])}`);
  }
}

async function assertRates(harness: ConformanceHarness): Promise<void> {
  const { pair, rate } = statementOf(harness, "rate");
  const { venue } = harness;
  const time = venue.now - 5_000;
  await venue.setRate({ pair, rate, time });
  const found = (await harness.calls.rates("kit", [pair, "XXX/YYY"])) ?? [];
  const [only] = found;
  assert(
    found.length === 1 && only?.pair === pair,
    `the venue has a rate of ${pair} and no rate of XXX/YYY, and getRates returned ` +
      `${found.map((known) => known.pair).join() || "nothing"}`,
  );
  // A venue that states no time of its prices has the time of its answer.
  const isTimed = venue instanceof BookVenue && !venue.traits.statesQuoteTime;
  const isInTime = isTimed ? Math.abs(only.at - venue.now) < RATE_MS : only.at === time;
  const [base, quote] = pair.split("/");
  assert(
    only.rate === rate && isInTime,
    `the venue's rate ${pair} is ${rate} of ${time}, and getRates returned ${only.rate} of ${only.at}: it is the ` +
      `price of one ${base} in ${quote}`,
  );
}

async function assertSchedule(harness: ConformanceHarness): Promise<void> {
  const kind = statementOf(harness, "schedule");
  const { settings, venue } = harness;
  const day = Math.floor(venue.now / DAY_MS) * DAY_MS;
  const session = (name: string, from: number, until: number) => ({
    kind: name,
    open: day + from * 60_000,
    close: day + until * 60_000,
  });
  const halfDay = [session("pre", 540, 870), session("core", 870, 1_080), session("post", 1_080, 1_320)];
  const made = kind === "always" ? [session("core", 0, 1_440)] : halfDay;
  if (kind === "sessions") await venue.setSessions(settings.symbol, made);
  const found = (await harness.calls.schedule("kit", settings.symbol, { from: day, to: day + DAY_MS })) ?? [];
  const words = (sessions: readonly { kind: string; open: number; close: number }[]) =>
    sessions.map(({ kind: name, open, close }) => `${name} ${open} to ${close}`).join(", ");
  assert(
    words(found) === words(made),
    `the venue's sessions are ${words(made)}, and getSchedule returned ${words(found) || "none"}`,
  );
}

async function assertLink(harness: ConformanceHarness): Promise<void> {
  const { venue } = harness;
  if (venue.streamsOpened === 0) skip("the adapter has no stream");
  venue.armFault("stream", { kind: "reset" }, 3);
  venue.dropStreams();
  const isDown = () => harness.connector.status.state === "degraded";
  const wasDown = await harness.waitFor(isDown, "", LINK_MS).catch(() => false);
  venue.clearFaults();
  if (!wasDown) skip("the adapter does not use ctx.link");
  await harness.waitFor(
    () => harness.connector.status.state === "ready",
    "after ctx.link(false) the stream works again, and ctx.link(true) was not called: the connector gets no orders",
    LINK_UP_MS,
  );
}

async function assertRateLimited(harness: ConformanceHarness): Promise<void> {
  requireHttp(harness);
  harness.venue.armFault("account", { kind: "429" }, 100);
  const before = harness.venue.requests.length;
  const response = await harness.call("getBuyingPower");
  if (response.ok && harness.level !== "kit" && harness.venue.requests.length === before)
    return skip("getBuyingPower answers without a request to the venue");
  if (response.ok) return fail("the venue answered 429, but getBuyingPower returned an amount");
  if (response.kind !== "rate-limited") return skip("getBuyingPower does not throw RateLimited");
  const ms = response.retryAfterMs ?? 0;
  assert(
    ms === 0 || (ms >= 1_000 && ms <= 60_000),
    `the venue said retry-after: 1, and RateLimited says ${ms} ms: the header is in seconds, the error in milliseconds`,
  );
}

interface FillPage {
  readonly fills: readonly { readonly fillId: string }[];
  readonly cursor?: string | undefined;
}

/** Fills the order in many parts. At the kit's own venue no message of a stream says so. */
async function fillInParts(venue: TestVenue, order: FakeOrder, quantity: string): Promise<void> {
  for (let n = 0; n < PAGED_FILLS; n++)
    if (venue instanceof BookVenue) venue.fillSilently(order, { quantity });
    else await venue.fillOrder(order, { quantity });
}

async function assertPages(harness: ConformanceHarness): Promise<void> {
  const { settings, venue } = harness;
  const since = venue.now - 1_000;
  const read = (cursor?: string) =>
    harness.connector.invoke("getFills", [since, omitUndefined({ symbols: [settings.symbol], cursor })]);
  const probe = await read();
  if (probe.ok && Array.isArray(probe.value)) return skip("getFills returns a list, not pages with a cursor");
  venue.filling = "manual";
  const placed = await placeAcknowledged(harness, { quantity: units(harness, String(PAGED_FILLS)) });
  await fillInParts(venue, await orderAtVenue(harness, placed.order), units(harness, "1"));
  const seen: string[] = [];
  for (let cursor: string | undefined, page = 0; page === 0 || cursor !== undefined; page++) {
    const response = await read(cursor);
    if (!response.ok) return fail(`getFills threw for page ${page + 1}: ${response.message}`);
    const found = response.value as FillPage;
    seen.push(...found.fills.map(({ fillId }) => fillId));
    assert(
      found.cursor === undefined || found.cursor !== cursor,
      "getFills returned the cursor that it was given: no page follows",
    );
    assert(page < PAGED_FILLS, `getFills returned more than ${PAGED_FILLS} pages for ${PAGED_FILLS} fills`);
    cursor = found.cursor;
  }
  const expected = venue.fills.map(({ fill_id }) => fill_id);
  assert(
    seen.join() === expected.join(),
    `the pages of getFills have ${counted(seen.length, "fill")} (${new Set(seen).size} different ones); the venue made ` +
      `${expected.length}: each fill is on one page, oldest first`,
  );
}

/** A later fill arrives, and the message of an earlier one does not. */
async function assertDroppedFrame(harness: ConformanceHarness): Promise<void> {
  const { venue } = harness;
  venue.filling = "manual";
  const since = venue.now - 1_000;
  const placed = await placeAcknowledged(harness, { quantity: units(harness, "3") });
  const order = await orderAtVenue(harness, placed.order);
  const held = venue.holdStreams();
  const lost = await venue.fillOrder(order, { quantity: units(harness, "1") });
  const hasMessage = () => Promise.resolve(held.texts.length > 0);
  await harness.pollFor(hasMessage, "no message", PUSH_MS).catch(() => skip("no stream of the venue states fills"));
  held.discard();
  await venue.fillOrder(order, { quantity: units(harness, "2") });
  await waitForFills(harness, placed, 1);
  const fetched = (await harness.calls.fills("kit", since)) ?? [];
  assert(
    fetched.some(({ fillId }) => fillId === lost.fill_id),
    "the message of a fill was lost, a later one arrived, and getFills left the lost fill out: the desk asks since a " +
      "time of its own, so return every fill since then",
  );
}

export const PUSH_CASES: readonly TestCase[] = [
  {
    id: "C130",
    group: "recovery",
    title: "a pushed report is the order's state",
    proves: "emitReport and getOrder say the same, and a fill arrives before the report that the order is filled",
    needs: { venue: "hooked", orders: true },
    run: assertReports,
  },
  {
    id: "C131",
    group: "quotes",
    title: "a streamed quote is the venue's",
    proves: "emitQuote passes each digit and the venue's time on",
    needs: { venue: "hooked" },
    run: assertStreamedQuote,
  },
  {
    id: "C132",
    group: "account",
    title: "activities are the venue's, since a time",
    proves: "a deposit is no profit, and a split changes no value",
    needs: { venue: "hooked", methods: ["getActivities"] },
    run: assertActivities,
  },
  {
    id: "C133",
    group: "account",
    title: "rates are the venue's, in the direction of the pair",
    proves: "no amount is converted by a made-up or inverted rate",
    needs: { venue: "hooked", methods: ["getRates"] },
    run: assertRates,
  },
  {
    id: "C134",
    group: "quotes",
    title: "the schedule has the sessions of a half day",
    proves: "market-hours knows when the venue is open",
    needs: { venue: "hooked", methods: ["getSchedule"] },
    run: assertSchedule,
  },
  {
    id: "C135",
    group: "faults",
    title: "a link that is down is up again after the stream is",
    proves: "the desk sends no order while the stream is down, and trades again afterwards",
    needs: { venue: "proxied" },
    run: assertLink,
  },
  {
    id: "C136",
    group: "faults",
    title: "RateLimited has the venue's pause",
    proves: "the desk waits as long as the venue asks",
    needs: { venue: "proxied" },
    run: assertRateLimited,
  },
  {
    id: "C137",
    group: "fills",
    title: "the pages of getFills hold each fill once",
    proves: "a cursor neither repeats nor skips fills",
    needs: { venue: "hooked", orders: true, methods: ["getFills"] },
    run: assertPages,
  },
  {
    id: "C138",
    group: "fills",
    title: "a fill whose message was lost is in getFills",
    proves: "one lost frame loses no fill",
    needs: { venue: "hooked", orders: true, methods: ["getFills"] },
    run: assertDroppedFrame,
  },
];
