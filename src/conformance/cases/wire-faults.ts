/** Faults of the wire besides: errors in a success response, refused resends, redirects, bans, odd frames, silence. */
import { createServer } from "node:http";
import { assert, fail, leaveOut, skip } from "../assert.ts";
import { REQUEST_ROUTES } from "../venue/fake-venue-faults.ts";
import { type ConformanceHarness, firstLine } from "../harness.ts";
import { closeServer, listenOnLoopback, portOf } from "../venue/loopback-server.ts";
import { orderAtVenue, orderFor, placeAcknowledged, sendOrder, waitForFills } from "../place-orders.ts";
import { sendWithFault } from "./order-faults.ts";
import { kitOf, requireHttp } from "../venue/kit-venue.ts";
import { units } from "../order-terms.ts";
import type { TestCase } from "../test-case.ts";

const ALWAYS = 1_000;
/** A client may repeat a refused request a few times, with pauses. */
const BANNED = { ms: 2_000, requests: 12 };
/** Longer than venues allow the time of a signed request to differ. */
const SKEW_MS = 90_000;
/** Long enough to sign in to a new stream of a venue that the kit does not know. */
const SIGN_IN_MS = 300;

async function assertErrorInSuccess(harness: ConformanceHarness): Promise<void> {
  requireHttp(harness);
  const { venue } = harness;
  venue.armFault("account", { kind: "error-in-200" }, ALWAYS);
  const before = venue.requests.length;
  const power = await harness.calls.buyingPower("kit").catch(() => undefined);
  // An adapter may know the buying power from what its stream sent.
  if (power !== undefined && (harness.level === "kit" || venue.requests.length > before))
    fail(`the venue answered 200 with an error, but getBuyingPower returned ${power}: check the body`);
  venue.clearFaults();
  if (!harness.settings.orders) return;
  const condition = "the venue took the order and answered 200 with an internal error";
  await sendWithFault(harness, { kind: "error-in-200", isDone: true }, condition);
  venue.clearFaults();
  const { venueOrderId } = await placeAcknowledged(harness);
  venue.armFault("cancel", { kind: "error-in-200" }, ALWAYS);
  const response = await harness.call("cancelOrder", venueOrderId);
  if (response.ok) fail("the venue answered a cancel with 200 and an error, but cancelOrder succeeded: check the body");
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
  if (harness.connector.status.capabilities.clientIdDedupe !== "forever") return;
  harness.venue.clearFaults();
  const condition = "the order reached the venue twice, and the refusal of the second one names no order";
  await sendWithFault(harness, { kind: "duplicate" }, condition, 1);
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
  requireHttp(harness);
  const { settings, venue } = harness;
  await withSink(async (to, received) => {
    for (const route of ["account", "positions", "place"] as const)
      venue.armFault(route, { kind: "redirect", to }, ALWAYS);
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
  const { venue } = harness;
  if (venue.streamsOpened === 0) skip("the adapter has no stream");
  venue.filling = "manual";
  const placed = await placeAcknowledged(harness, { quantity: units(harness, "3") });
  const order = await orderAtVenue(harness, placed.order);
  const made = [];
  for (const count of ["1", "2"]) made.push(await venue.fillOrder(order, { quantity: units(harness, count) }));
  await waitForFills(harness, placed, made.length);
  const opened = venue.streamsOpened;
  venue.dropStreams();
  await harness.waitFor(() => venue.streamsOpened > opened, "the stream was cut, and the adapter opened no other");
  await harness.waitFor(() => venue.listening > 0, "the adapter did not sign in to the new stream");
  if (harness.level !== "kit") await harness.sleep(SIGN_IN_MS);
  if (!venue.resendFills(made)) leaveOut("no message of the venue's stream has the id of a fill");
  await harness.sleep(300);
  const ids = new Set(harness.fills.map(({ fillId }) => fillId));
  assert(
    ids.size === made.length,
    `after a reconnect the venue sent the last ${made.length} fills again, and the adapter emitted ${ids.size} ` +
      `different ids for them: use the venue's execution id`,
  );
}

async function assertBinaryFrames(harness: ConformanceHarness): Promise<void> {
  const { venue } = harness;
  if (venue.streamsOpened === 0) skip("the adapter has no stream");
  venue.filling = "manual";
  for (const frame of [Buffer.from([0, 255, 1, 254]), Buffer.alloc(0), Buffer.from("{")])
    if (!venue.pushBinary(frame)) leaveOut("the stream of this venue has no frames");
  await harness.sleep(100);
  const placed = await placeAcknowledged(harness);
  await venue.fillOrder(await orderAtVenue(harness, placed.order));
  await waitForFills(harness, placed, 1);
  const { restarts } = harness.connector.status;
  assert(
    restarts === 0,
    "the venue sent binary frames that are no messages, and the worker ended: ignore and log them",
  );
}

async function assertBan(harness: ConformanceHarness): Promise<void> {
  requireHttp(harness);
  const { settings, venue } = harness;
  for (const route of REQUEST_ROUTES) venue.armFault(route, { kind: "418" }, ALWAYS);
  const before = venue.requests.length;
  const calls = [
    harness.call("getQuote", settings.symbol),
    harness.call("getPositions"),
    harness.call("getBuyingPower"),
  ].map((call) => call.catch(() => ({ ok: false }) as const));
  await harness.sleep(BANNED.ms);
  const sent = venue.requests.length - before;
  if (sent === 0 && harness.level !== "kit") skip("the adapter answers without a request to the venue");
  assert(
    sent <= BANNED.requests,
    `the venue answered 418 with retry-after: 60, and three calls sent ${sent} requests in ${BANNED.ms} ms: a venue ` +
      `that bans extends the ban for each; throw RateLimited`,
  );
  const answers = await Promise.all(calls);
  assert(
    answers.every(({ ok }) => !ok) || (harness.level !== "kit" && sent < answers.length),
    "the venue answered each request with 418, but a call succeeded",
  );
}

/** Connections are accepted, and nothing is answered. */
async function assertHalfOpen(harness: ConformanceHarness): Promise<void> {
  harness.venue.goSilent();
  await harness.connector.start();
  const { state } = harness.connector.status;
  assert(
    state !== "ready",
    "the venue accepts connections and answers nothing, and the connector is ready: connect must wait for an answer",
  );
}

/** A refusal for its time names the time, or the clock. */
const NAMES_CLOCK = /clock|time|nonce|expired/i;

/** Fails the case if a read or an order fails for the time that the adapter signed, and nothing says so. */
async function assertClockIsNamed(harness: ConformanceHarness, condition: string): Promise<void> {
  const { status } = harness.connector;
  if (status.state !== "ready") {
    const reason = firstLine(status.lastError ?? "");
    assert(
      NAMES_CLOCK.test(reason),
      `${condition}, and the connector is ${status.state}: ${reason}; ask the venue for its time, or name the clock`,
    );
    return;
  }
  const read = await harness.call("getBuyingPower");
  if (!read.ok && !NAMES_CLOCK.test(read.message))
    fail(`${condition}, and getBuyingPower threw ${firstLine(read.message)}: use the venue's time, or name the clock`);
  if (!harness.settings.orders) return;
  const order = orderFor(harness);
  const outcome = await sendOrder(harness, order);
  if (outcome.kind === "accepted") return;
  const isLive = (await harness.venue.listOrders()).some((one) => one.client_order_id === order.clientOrderId);
  if (isLive) return;
  assert(
    outcome.kind !== "unclear",
    `${condition}, and an order that the venue does not have ended unclear (${outcome.reason}): a refusal for the ` +
      `time of a request is definite; throw VenueRejection, or send it again with the venue's time`,
  );
  assert(
    NAMES_CLOCK.test(outcome.reason),
    `${condition}, and an order ended ${outcome.kind} (${outcome.reason}): name the clock`,
  );
}

/** The clock of the machine is set while the adapter runs, too. */
async function assertClockSkew(harness: ConformanceHarness): Promise<void> {
  const { venue } = harness;
  await venue.setClock(SKEW_MS);
  await harness.connector.start();
  await assertClockIsNamed(harness, `the venue's clock is ${SKEW_MS / 1_000} s ahead`);
  await venue.setClock(-SKEW_MS);
  await assertClockIsNamed(harness, `the venue's clock fell to ${SKEW_MS / 1_000} s behind after the start`);
  await harness.connector.restart();
  await assertClockIsNamed(harness, `the venue's clock is ${SKEW_MS / 1_000} s behind`);
}

export const WIRE_FAULT_CASES: readonly TestCase[] = [
  {
    id: "C139",
    group: "faults",
    title: "an error in a success response is an error",
    proves: "a 200 that holds an error is neither an answer, nor an acknowledgement, nor a rejection, nor a cancel",
    needs: { venue: "proxied" },
    run: assertErrorInSuccess,
  },
  {
    id: "C140",
    group: "faults",
    title: "a resend that is refused as a duplicate is not a rejection",
    proves: "an order that is live at the venue never looks rejected",
    needs: { venue: "hooked", orders: true },
    run: assertResendRefused,
  },
  {
    id: "C141",
    group: "secrets",
    title: "keys do not follow a redirect",
    proves: "a redirect to another host gets no secret",
    needs: { venue: "proxied", auth: true },
    run: assertNoRedirect,
  },
  {
    id: "C142",
    group: "fills",
    title: "frames that the venue sends again after a reconnect keep their ids",
    proves: "a replay of the stream makes no new fill",
    needs: { venue: "hooked", orders: true },
    run: assertReplayedFrames,
  },
  {
    id: "C143",
    group: "faults",
    title: "binary frames do not end the stream",
    proves: "a frame of another form is no fill and no crash",
    needs: { venue: "hooked", orders: true },
    run: assertBinaryFrames,
  },
  {
    id: "C144",
    group: "faults",
    title: "a ban is not made longer",
    proves: "418 does not lead to a loop of requests",
    needs: { venue: "proxied" },
    run: assertBan,
  },
  {
    id: "C145",
    group: "load",
    title: "a half-open venue is not ready",
    proves: "a venue that accepts connections and answers nothing gets no order",
    needs: { venue: "proxied" },
    startsConnector: true,
    run: assertHalfOpen,
  },
  {
    id: "C146",
    group: "faults",
    title: "a venue whose clock is ahead or behind is traded with, or the clock is named",
    proves: "a wrong clock of the machine never looks like an outage, and leaves no order unknown",
    needs: { venue: "hooked" },
    startsConnector: true,
    run: assertClockSkew,
  },
];
