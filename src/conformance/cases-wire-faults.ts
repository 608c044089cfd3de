/** Faults of the wire besides: errors in a success response, refused resends, redirects, bans, odd frames, silence. */
import { createServer } from "node:http";
import { assert, fail, skip } from "./assert.ts";
import { REQUEST_ROUTES } from "./fake-venue-faults.ts";
import type { ConformanceHarness } from "./harness.ts";
import { closeServer, listenOnLoopback, portOf } from "./loopback-server.ts";
import { orderAtVenue, orderFor, placeAcknowledged, sendOrder, waitForFills } from "./place-orders.ts";
import { sendWithFault } from "./cases-order-faults.ts";
import { KIT, kitOf } from "./kit-venue.ts";
import type { TestCase } from "./test-case.ts";

const ALWAYS = 1_000;
/** A client may repeat a refused request a few times, with pauses. */
const BANNED = { ms: 2_000, requests: 12 };

async function assertErrorInSuccess(harness: ConformanceHarness): Promise<void> {
  const kit = kitOf(harness);
  kit.armFault("account", { kind: "error-in-200" }, ALWAYS);
  const power = await harness.calls.buyingPower("kit").catch(() => undefined);
  if (power !== undefined)
    fail(`the venue answered 200 with an error, but getBuyingPower returned ${power}: check the body`);
  kit.clearFaults();
  if (!harness.settings.orders) return;
  const condition = "the venue took the order and answered 200 with an internal error";
  await sendWithFault(harness, { kind: "error-in-200", isDone: true }, condition);
}

/** The twin is refused without a word about the order that is live. */
async function assertResendRefused(harness: ConformanceHarness): Promise<void> {
  kitOf(harness).state.hidesDuplicates = true;
  await sendWithFault(
    harness,
    { kind: "reset", isDone: true },
    "the answer to an order was lost, and the venue refuses the same id again",
    1,
  );
}

/** Another address of this machine, which an adapter has no reason to ask. */
async function withSink(use: (url: string, received: readonly string[]) => Promise<void>): Promise<void> {
  const received: string[] = [];
  const sink = createServer((request, response) => {
    received.push(JSON.stringify([request.url, request.headers]));
    response.writeHead(200, { "content-type": "application/json" });
    response.end("{}");
  });
  await listenOnLoopback(sink);
  try {
    await use(`http://127.0.0.1:${portOf(sink)}`, received);
  } finally {
    sink.closeAllConnections();
    await closeServer(sink);
  }
}

async function assertNoRedirect(harness: ConformanceHarness): Promise<void> {
  const kit = kitOf(harness);
  const { settings } = harness;
  await withSink(async (to, received) => {
    for (const route of ["account", "positions", "place"] as const)
      kit.armFault(route, { kind: "redirect", to }, ALWAYS);
    await harness.call("getPositions").catch(() => undefined);
    await harness.call("getBuyingPower").catch(() => undefined);
    if (settings.orders) await sendOrder(harness, orderFor(harness));
    const secrets = Object.values(settings.auth);
    const leaked = received.find((request) => secrets.some((secret) => request.includes(secret)));
    assert(
      leaked === undefined,
      'the venue answered 307 with another host, and a secret was sent there: use redirect: "error", and ' +
        "follow no redirect by hand",
    );
  });
}

async function assertReplayedFrames(harness: ConformanceHarness): Promise<void> {
  const kit = kitOf(harness);
  if (kit.streamsOpened === 0) skip("the adapter has no stream");
  kit.filling = "manual";
  const placed = await placeAcknowledged(harness, { quantity: "3" });
  const order = await orderAtVenue(harness, placed.order);
  const made = ["1", "2"].map((quantity) => kit.fill(order, { quantity }));
  await waitForFills(harness, placed, 2);
  const opened = kit.streamsOpened;
  kit.dropStreams();
  await harness.waitFor(() => kit.streamsOpened > opened, "the stream was cut, and the adapter opened no other");
  await harness.waitFor(() => kit.listening > 0, "the adapter did not sign in to the new stream");
  for (const fill of made) kit.sendFill(fill);
  await harness.sleep(300);
  const ids = new Set(harness.fills.map(({ fillId }) => fillId));
  assert(
    ids.size === 2,
    `after a reconnect the venue sent the last 2 fills again, and the adapter emitted ${ids.size} different ids for ` +
      `them: use the venue's execution id`,
  );
}

async function assertBinaryFrames(harness: ConformanceHarness): Promise<void> {
  const kit = kitOf(harness);
  if (kit.streamsOpened === 0) skip("the adapter has no stream");
  kit.filling = "manual";
  for (const frame of [Buffer.from([0, 255, 1, 254]), Buffer.alloc(0), Buffer.from("{")]) kit.pushBinary(frame);
  await harness.sleep(100);
  const placed = await placeAcknowledged(harness);
  kit.fill(await orderAtVenue(harness, placed.order));
  await waitForFills(harness, placed, 1);
  const { restarts } = harness.connector.status;
  assert(
    restarts === 0,
    "the venue sent binary frames that are no messages, and the worker ended: ignore and log them",
  );
}

async function assertBan(harness: ConformanceHarness): Promise<void> {
  const kit = kitOf(harness);
  const { settings } = harness;
  for (const route of REQUEST_ROUTES) kit.armFault(route, { kind: "418" }, ALWAYS);
  const before = kit.requests.length;
  const calls = [
    harness.call("getQuote", settings.symbol),
    harness.call("getPositions"),
    harness.call("getBuyingPower"),
  ].map((call) => call.catch(() => ({ ok: false }) as const));
  await harness.sleep(BANNED.ms);
  const sent = kit.requests.length - before;
  assert(
    sent <= BANNED.requests,
    `the venue answered 418 with retry-after: 60, and three calls sent ${sent} requests in ${BANNED.ms} ms: a venue ` +
      `that bans extends the ban for each; throw RateLimited`,
  );
  const answers = await Promise.all(calls);
  assert(
    answers.every(({ ok }) => !ok),
    "the venue answered each request with 418, but a call succeeded",
  );
}

/** Connections are accepted, and nothing is answered. */
async function assertHalfOpen(harness: ConformanceHarness): Promise<void> {
  for (const route of REQUEST_ROUTES) kitOf(harness).armFault(route, { kind: "hang" }, ALWAYS);
  await harness.connector.start();
  const { state } = harness.connector.status;
  assert(
    state !== "ready",
    "the venue accepts connections and answers nothing, and the connector is ready: connect must wait for an answer",
  );
}

export const WIRE_FAULT_CASES: readonly TestCase[] = [
  {
    id: "C139",
    group: "faults",
    title: "an error in a success response is an error",
    proves: "a 200 that holds an error is neither an answer, nor an acknowledgement, nor a rejection",
    needs: KIT,
    run: assertErrorInSuccess,
  },
  {
    id: "C140",
    group: "faults",
    title: "a resend that is refused as a duplicate is not a rejection",
    proves: "an order that is live at the venue never looks rejected",
    needs: { ...KIT, orders: true },
    run: assertResendRefused,
  },
  {
    id: "C141",
    group: "secrets",
    title: "keys do not follow a redirect",
    proves: "a redirect to another host gets no secret",
    needs: { ...KIT, auth: true },
    run: assertNoRedirect,
  },
  {
    id: "C142",
    group: "fills",
    title: "frames that the venue sends again after a reconnect keep their ids",
    proves: "a replay of the stream makes no new fill",
    needs: { ...KIT, orders: true },
    run: assertReplayedFrames,
  },
  {
    id: "C143",
    group: "faults",
    title: "binary frames do not end the stream",
    proves: "a frame of another form is no fill and no crash",
    needs: { ...KIT, orders: true },
    run: assertBinaryFrames,
  },
  {
    id: "C144",
    group: "faults",
    title: "a ban is not made longer",
    proves: "418 does not lead to a loop of requests",
    needs: KIT,
    run: assertBan,
  },
  {
    id: "C145",
    group: "load",
    title: "a half-open venue is not ready",
    proves: "a venue that accepts connections and answers nothing gets no order",
    needs: KIT,
    startsConnector: true,
    run: assertHalfOpen,
  },
];
