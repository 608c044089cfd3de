/** Cases of an adapter that runs for a while, and of a cancel beside reads that the venue does not answer. */
import { messageOf } from "../../domain/errors/error.ts";
import { assert, fail } from "../assert.ts";
import { type ConformanceHarness, firstLine } from "../harness.ts";
import { placeUnfilledOrder } from "../fill-assertions.ts";
import { orderAtVenue, orderFor, placeRestingOrder, sendOrder } from "../place-orders.ts";
import type { TestCase } from "../test-case.ts";

/** Less than an adapter waits for the answer of a read. */
const CANCEL_MS = 2_000;
/** Longer than a request may take, so that what was made for the first requests has ended. */
const RUNNING_MS = 10_500;
const READS = 5;
const DAY_MS = 86_400_000;
const DAYS_BACK = 3;

async function assertCancelPasses(harness: ConformanceHarness): Promise<void> {
  const { venue, settings, clock } = harness;
  const { venueOrderId } = await placeRestingOrder(harness);
  venue.armFault("quote", { kind: "hang" }, 100);
  const reads = Array.from({ length: READS }, () =>
    harness.call("getQuote", settings.symbol).catch(() => ({ ok: false }) as const),
  );
  await harness.sleep(50);
  const startedAt = clock.monotonic();
  const response = await harness
    .call("cancelOrder", venueOrderId)
    .catch((error: unknown) => ({ ok: false, message: messageOf(error) }) as const);
  const ms = Math.round(clock.monotonic() - startedAt);
  const condition = `the venue did not answer ${READS} calls of getQuote`;
  if (!response.ok) fail(`${condition}, and cancelOrder threw: ${firstLine(response.message)}`);
  assert(
    ms <= CANCEL_MS,
    `${condition}, and cancelOrder took ${ms} ms: do not send all requests one after the other; a cancel must not wait ` +
      `for reads`,
  );
  venue.clearFaults();
  await Promise.all(reads);
}

/** Fails the case if a call fails that works right after the start. */
async function assertKeepsWorking(harness: ConformanceHarness): Promise<void> {
  await harness.sleep(RUNNING_MS);
  const { settings } = harness;
  const condition = `${RUNNING_MS / 1_000} s after its start`;
  const calls = [...(settings.quotes ? [["getQuote", settings.symbol] as const] : []), ["getPositions"] as const];
  for (const [method, ...args] of calls) {
    const response = await harness
      .call(method, ...args)
      .catch((error: unknown) => ({ ok: false, message: messageOf(error) }) as const);
    if (!response.ok)
      fail(
        `${condition} ${method} threw: ${firstLine(response.message)}; a time-out, a token or a connection of the start ` +
          `must not be used for later requests`,
      );
  }
  if (!settings.orders) return;
  const outcome = await sendOrder(harness, orderFor(harness));
  if (outcome.kind !== "accepted") fail(`${condition} an order ended ${outcome.kind}: ${firstLine(outcome.reason)}`);
}

/** The desk was down over a long weekend, and the order filled on its first day. */
async function assertOldFill(harness: ConformanceHarness): Promise<void> {
  const { venue } = harness;
  const placed = await placeUnfilledOrder(harness, "1");
  const time = venue.now - DAYS_BACK * DAY_MS;
  const made = await venue.fillOrder(await orderAtVenue(harness, placed.order), { time });
  const fills = (await harness.calls.fills("kit", time - DAY_MS)) ?? [];
  assert(
    fills.some(({ fillId }) => fillId === made.fill_id),
    `a fill is ${DAYS_BACK} days old, and getFills(${time - DAY_MS}), which asks for the time before it, left it out: ` +
      "return every fill since then, in several requests if the venue limits the time of one",
  );
}

export const ENDURANCE_CASES: readonly TestCase[] = [
  {
    id: "C150",
    group: "recovery",
    title: "getFills reaches days back",
    proves: "fills of a weekend without the desk are recovered",
    needs: { venue: "hooked", orders: true, methods: ["getFills"] },
    run: assertOldFill,
  },
  {
    id: "C147",
    group: "cancel",
    title: "a cancel does not wait for reads without an answer",
    proves: "an order can be cancelled while the venue answers slowly",
    needs: { venue: "proxied", orders: true },
    run: assertCancelPasses,
  },
  {
    id: "C148",
    group: "limits",
    title: "calls work after a while",
    proves: "nothing that the start made ends for later requests",
    run: assertKeepsWorking,
  },
];
