/** Cases of what a venue does by itself: it ends a stream in order, and it replaces an order after a split. */
import { type Decimal, decimal, text } from "../../domain/decimal.ts";
import type { VenueReport } from "../../domain/market/venue.ts";
import { assert, fail, leaveOut, skip } from "../assert.ts";
import type { ConformanceHarness } from "../harness.ts";
import { units } from "../order-terms.ts";
import { type AcknowledgedOrder, orderAtVenue, placeAcknowledged, waitForFills } from "../place-orders.ts";
import { readOrFail, readUntil } from "../read-money.ts";
import type { TestCase } from "../test-case.ts";
import { BookVenue } from "../venue/book-venue.ts";
import { statementOf } from "../venue/kit-venue.ts";

/** WebSocket: try again later. */
const TRY_LATER = 1013;
/** While the venue restarts, and how often a client may try in that time. */
const RESTART = { ms: 1_500, attempts: 12 };
const ALWAYS = 1_000;
const REOPEN_MS = 20_000;

async function assertOrderlyClose(harness: ConformanceHarness): Promise<void> {
  const { venue } = harness;
  if (venue.streamsOpened === 0) skip("the adapter has no stream");
  venue.filling = "manual";
  const placed = await placeAcknowledged(harness, { quantity: units(harness, "2") });
  const order = await orderAtVenue(harness, placed.order);
  const attempts = () => venue.requests.filter(({ route }) => route === "stream").length;
  const [opened, before] = [venue.streamsOpened, attempts()];
  venue.armFault("stream", { kind: "reset" }, ALWAYS);
  if (!venue.closeStreams(TRY_LATER, "serverShutdown")) leaveOut("the stream of this venue has no code for its end");
  await venue.fillOrder(order, { quantity: units(harness, "2") });
  await harness.sleep(RESTART.ms);
  const tried = attempts() - before;
  assert(
    tried <= RESTART.attempts,
    `the venue closed the stream with ${TRY_LATER} (try again later), and the adapter tried to open it ${tried} times ` +
      `in ${RESTART.ms} ms: wait longer after each failure`,
  );
  venue.clearFaults();
  await harness.waitFor(
    () => venue.streamsOpened > opened,
    `the venue closed the stream with ${TRY_LATER} (try again later), and the adapter opened no other: a close with a ` +
      `code is no end of the connection that the adapter asked for`,
    REOPEN_MS,
  );
  await waitForFills(harness, placed, 1, REOPEN_MS);
  assert(harness.connector.status.restarts === 0, "the venue closed the stream, and the worker ended");
}

/** Seven for one; a limit of 49 is then one of 7. */
const SPLIT = { ratio: 7, limit: "49", limitAfter: "7", quote: { bid: "14.2", ask: "14.3", last: "14.25" } };

async function lookUp(harness: ConformanceHarness, placed: AcknowledgedOrder): Promise<VenueReport> {
  const { symbol, clientOrderId } = placed.order;
  const byVenueId = { venueOrderId: placed.venueOrderId, symbol };
  const reports: VenueReport[] = [];
  for (const query of [byVenueId, { clientOrderId, symbol }]) {
    const report = await harness.calls.order("kit", query);
    if (report === null || report === undefined)
      return fail("the venue replaced an order after a split, and getOrder returned null: the order works on");
    assert(
      report.status === "open" && (report.clientOrderId ?? clientOrderId) === clientOrderId,
      `the venue replaced an order after a split, and getOrder returned ${report.clientOrderId ?? ""} as ` +
        `${report.status}: the order works on, with another id; report its state under the ids that you were asked for`,
    );
    reports.push(report);
  }
  return reports[0] as VenueReport;
}

function assertTerms({ quantity, limitPrice }: VenueReport, total: Decimal): void {
  const isRight =
    (quantity === undefined || decimal(quantity).eq(total)) &&
    (limitPrice === undefined || decimal(limitPrice).eq(decimal(SPLIT.limitAfter)));
  assert(
    isRight,
    `after a split the order is for ${text(total)} at ${SPLIT.limitAfter}, and getOrder returned ${quantity} at ${limitPrice}`,
  );
}

async function assertReplaced(harness: ConformanceHarness): Promise<void> {
  statementOf(harness, "replacesOrders");
  const { venue, settings } = harness;
  if (!(venue instanceof BookVenue)) return leaveOut("the venue replaces no order by itself");
  venue.filling = "manual";
  const { symbol } = settings;
  await venue.trade({ symbol, side: "buy", quantity: "3", price: "100" });
  const rest = { limit: SPLIT.limit, timeInForce: "gtc" } as const;
  const filled = await placeAcknowledged(harness, { quantity: "2", ...rest });
  const next = venue.split(await orderAtVenue(harness, filled.order), SPLIT.ratio, SPLIT.quote);
  const held = await readUntil(
    harness,
    async () => {
      const positions = await readOrFail("getPositions", harness.calls.positions("kit"));
      return positions.find((position) => position.symbol === symbol)?.quantity ?? "0";
    },
    (quantity) => decimal(quantity).eq(decimal("21")),
  );
  assert(
    decimal(held).eq(decimal("21")),
    `after a split of 7:1 the venue holds 21 ${symbol}, but getPositions returned ${held}`,
  );
  const report = await lookUp(harness, filled);
  assertTerms(report, decimal("14"));
  await venue.fillOrder(next);
  const { clientOrderId } = filled.order;
  const isOurs = (fill: { readonly venueOrderId: string; readonly clientOrderId?: string | undefined }): boolean =>
    fill.clientOrderId === clientOrderId || [filled.venueOrderId, report.replacedBy].includes(fill.venueOrderId);
  await harness.waitFor(
    () => harness.fills.some(isOurs),
    "the order that continues another one was filled, and no fill names the order: return the new id as replacedBy, " +
      "or emit the fill with the ids of the order that was placed",
  );
  await assertCancelled(harness, rest);
}

/** As the desk cancels: with the id of the order that works, if it is known. */
async function assertCancelled(harness: ConformanceHarness, rest: { readonly timeInForce: "gtc" }): Promise<void> {
  const { venue } = harness;
  if (!(venue instanceof BookVenue)) return;
  const placed = await placeAcknowledged(harness, { quantity: "1", ...rest, limit: SPLIT.limitAfter });
  const next = venue.split(await orderAtVenue(harness, placed.order), 1, SPLIT.quote);
  const { replacedBy = placed.venueOrderId } = await lookUp(harness, placed);
  const { clientOrderId, symbol, side } = placed.order;
  const answer = await harness.call("cancelOrder", replacedBy, { clientOrderId, symbol, side });
  assert(
    answer.ok && next.status === "cancelled",
    "the venue replaced an order, and cancelOrder did not cancel the order that continues it: return its id as " +
      "replacedBy, or follow it",
  );
}

export const VENUE_ACTION_CASES: readonly TestCase[] = [
  {
    id: "C151",
    group: "faults",
    title: "a stream that the venue closes in order is opened again",
    proves: "a venue that restarts loses no fill, and is not asked in a loop",
    needs: { venue: "hooked", orders: true },
    run: assertOrderlyClose,
  },
  {
    id: "C152",
    group: "orders",
    title: "an order that the venue replaces after a split works on",
    proves: "a corporate action makes no order look ended, and its fills and cancel reach the order that continues it",
    needs: { venue: "hooked", orders: true, methods: ["getOrder"] },
    run: assertReplaced,
  },
];
