/**
 * Random days of Alpaca's stream of trade updates: messages as text and as bytes, twice, late, lost in a cut or in a
 * connection that is half-open, and activities that fail or come late. In the end the desk has what Alpaca has.
 */
import { EventEmitter } from "node:events";
import fc from "fast-check";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { WebSocket } from "ws";
import AlpacaConnector from "../../../connectors/alpaca/index.ts";
import { averagePrice } from "../../../src/domain/account/position.ts";
import { ZERO, decimal, parseText, text } from "../../../src/domain/decimal.ts";
import type { ConnectorName, OrderId } from "../../../src/domain/ids.ts";
import type { ConnectorContext } from "../../../src/domain/sdk.ts";
import { fillSchema, reportSchema } from "../../../src/protocol/schemas.ts";
import { recordFills } from "../../../src/trading/fills/record-fill.ts";
import { receiveReports } from "../../../src/trading/fills/record-report.ts";
import { ENDS, AlpacaModel, NOTICES, WORKING, decimalText, timeText } from "../../support/alpaca-model.ts";
import { openDesk } from "../../support/fill-desk.ts";
import { SCENARIO_START, scenarioClientId } from "../../support/journal-scenario.ts";
import { RUNS, SEED } from "../../support/random-payload.ts";

const STORE = { get: () => Promise.resolve(undefined), put: () => Promise.resolve() };
const VENUE = "paper" as ConnectorName;
const IDS = ["a", "b"] as const;
const QUANTITY = 10n;

/** The venue's side of the connections. */
const wire: { readonly open: VenueSocket[]; isAway: boolean } = { open: [], isAway: false };

/** One connection, with both of its ends. */
class VenueSocket extends EventEmitter {
  isListened = false;
  isDead = false;
  constructor() {
    super();
    setTimeout(() => {
      if (wire.isAway) return this.terminate();
      wire.open.push(this);
      this.emit("open");
    }, 1);
  }
  send(message: string): void {
    const { action } = JSON.parse(message) as { action: string };
    const listening = { stream: "listening", data: { streams: ["trade_updates"] } };
    const authorized = { stream: "authorization", data: { status: "authorized", action: "authenticate" } };
    if (action === "listen") this.isListened = true;
    this.emit("message", Buffer.from(JSON.stringify(action === "listen" ? listening : authorized)));
  }
  ping(): void {
    if (!this.isDead) this.emit("pong");
  }
  close(): void {
    this.terminate();
  }
  terminate(): void {
    const index = wire.open.indexOf(this);
    if (index !== -1) wire.open.splice(index, 1);
    this.emit("close");
  }
}

const ORDER = fc.nat({ max: 1 });
const OF = fc.nat({ max: 999 });
const STEP = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant("fill" as const), order: ORDER, of: OF }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("bust" as const), order: ORDER, of: OF }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("correct" as const), order: ORDER, of: OF, isOfFirst: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("replace" as const), order: ORDER, of: fc.nat({ max: 3 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      ...{ kind: fc.constant("working" as const), order: ORDER, status: fc.constantFrom(...WORKING) },
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      ...{ kind: fc.constant("notice" as const), order: ORDER, event: fc.constantFrom(...NOTICES) },
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("end" as const), order: ORDER, status: fc.constantFrom(...ENDS) }),
  },
);

/** What happens between Alpaca and the connector. */
const EVENT = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant("step" as const), step: STEP, copies: fc.nat({ max: 2 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("again" as const), of: OF }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("spoilt" as const), of: OF }) },
  { weight: 2, arbitrary: fc.constant({ kind: "cut" } as const) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("away" as const), isAway: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("failing" as const), isFailing: fc.boolean() }) },
  {
    weight: 4,
    arbitrary: fc.record({
      ...{ kind: fc.constant("wait" as const), ms: fc.constantFrom(1, 400, 600, 1_500, 8_000, 70_000, 400_000) },
    }),
  },
);

const DAY = fc.record({
  events: fc.array(EVENT, { minLength: 1, maxLength: 30 }),
  paysCommission: fc.boolean(),
  delayMs: fc.constantFrom(0, 500, 20_000),
  isBinary: fc.boolean(),
});
type Day = typeof DAY extends fc.Arbitrary<infer T> ? T : never;

beforeEach(() => {
  vi.useFakeTimers();
  vi.setSystemTime(SCENARIO_START + 60_000);
  [wire.open.length, wire.isAway] = [0, false];
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** Answers the connector's requests from the model. `isFailing`: the activities cannot be read. */
function answer(model: AlpacaModel, failing: { isFailing: boolean }): (url: string) => Promise<Response> {
  const json = (body: object | undefined): Response =>
    new Response(JSON.stringify(body ?? { code: "40410000", message: "not found" }), {
      ...{ status: body === undefined ? 404 : 200, headers: { "content-type": "application/json" } },
    });
  return async (url) => {
    const { pathname, searchParams } = new URL(url);
    if (pathname === "/v2/account")
      return json({ account_number: "PA1", currency: "USD", status: "ACTIVE", equity: "1", cash: "1" });
    if (pathname === "/v2/clock") return json({ timestamp: timeText(Date.now()) });
    if (pathname === "/v2/assets") return json([]);
    if (pathname.startsWith("/v2/orders/")) return json(model.find(pathname.slice("/v2/orders/".length)));
    const [since, until] = ["since", "until"].map((name) => Date.parse(searchParams.get(name) ?? ""));
    // The answer ends at the time that was asked for.
    await new Promise((resolve) => void setTimeout(resolve, Math.max(0, (until ?? 0) - Date.now())));
    const listed = model.activities.filter(
      ({ at, listedAt }) => at >= (since ?? 0) && at <= (until ?? 0) && listedAt <= Date.now(),
    );
    const events = listed.map(({ payload }) => `data: ${JSON.stringify(payload)}\n\n`).join("");
    const body = failing.isFailing ? `${events}: internal server error\n` : events;
    return new Response(body, { status: 200, headers: { "content-type": "text/event-stream" } });
  };
}

/** A connection of before carries nothing again, and neither end knows. */
function setAway(isAway: boolean): void {
  wire.isAway = isAway;
  if (isAway) for (const socket of wire.open) socket.isDead = true;
}

async function live(day: Day) {
  const model = new AlpacaModel(
    IDS.map((id) => ({ id: `v-${id}`, clientId: scenarioClientId(id), quantity: QUANTITY * 10_000n })),
    day.paysCommission,
  );
  const failing = { isFailing: false };
  vi.stubGlobal("fetch", answer(model, failing));
  const { desk, problems } = openDesk(VENUE, IDS, String(QUANTITY));
  const said: Promise<unknown>[] = [];
  const links: boolean[] = [];
  const report = (raw: unknown) => said.push(receiveReports(desk, VENUE, [reportSchema.parse(raw) as never]));
  const connector = new AlpacaConnector(() => new VenueSocket() as unknown as WebSocket);
  const context = {
    ...{ options: { environment: "paper" }, secret: () => "key", emitReport: report, store: STORE },
    logger: { info: () => undefined, warn: () => undefined, error: () => undefined },
    emitFill: (raw: unknown) =>
      said.push(recordFills(desk, { connector: VENUE, generation: 1, fills: [fillSchema.parse(raw) as never] })),
    link: (isUp: boolean) => {
      links.push(isUp);
      expect(isUp && wire.open.length === 0).toBe(false);
    },
  };
  const connected = connector.connect(context as unknown as ConnectorContext);
  await vi.advanceTimersByTimeAsync(10);
  await connected;
  const sent: string[] = [];
  const send = (message: string): void => {
    for (const socket of wire.open)
      if (socket.isListened && !socket.isDead)
        socket.emit("message", day.isBinary ? Buffer.from(message) : [Buffer.from(message)]);
  };
  for (const event of day.events) {
    if (event.kind === "step")
      for (const data of model.take(event.step, day.delayMs)) {
        const message = JSON.stringify({ stream: "trade_updates", data });
        sent.push(message);
        for (let copy = 0; copy <= event.copies; copy += 1) send(message);
      }
    else if (event.kind === "again" && sent.length > 0) send(sent[event.of % sent.length] ?? "");
    else if (event.kind === "spoilt")
      send(event.of % 2 === 0 ? "no JSON" : JSON.stringify({ stream: "trade_updates", data: { event: "fill" } }));
    else if (event.kind === "cut") for (const socket of [...wire.open]) socket.terminate();
    else if (event.kind === "away") setAway(event.isAway);
    else if (event.kind === "failing") failing.isFailing = event.isFailing;
    else if (event.kind === "wait") await vi.advanceTimersByTimeAsync(event.ms);
    await vi.advanceTimersByTimeAsync(2);
  }
  [wire.isAway, failing.isFailing] = [false, false];
  await vi.advanceTimersByTimeAsync(20 * 60_000);
  // As the desk does when the link is up again.
  for (const id of IDS) report(await connector.getOrder({ venueOrderId: `v-${id}` }));
  await connector.disconnect();
  await Promise.all(said);
  expect(links.at(-1) ?? true).toBe(true);
  return { desk, problems, results: model.results() };
}

it("any day of the stream leaves the fills, the fees, the prices and the states that Alpaca has", async () => {
  const property = fc.asyncProperty(DAY, async (day) => {
    vi.setSystemTime(SCENARIO_START + 60_000);
    const { desk, problems, results } = await live(day);
    for (const [index, id] of IDS.entries()) {
      const order = desk.state.orders.get(id as string as OrderId);
      const expected = results[index];
      if (order === undefined || expected === undefined) throw new Error("no such order");
      const counted = [...order.fills.values()].filter(({ fill }) => fill.busts === undefined);
      const trades = counted.map(({ fill }) => {
        const { fillId, corrects = fillId, quantity, price, fee = "0" } = fill;
        return { id: corrects, quantity, price, fee };
      });
      expect(trades.toSorted((a, b) => (a.id < b.id ? -1 : 1))).toEqual(expected.trades);
      expect(text(order.filled)).toBe(decimalText(expected.filled));
      const isWorking = order.state === "accepted" || order.state === "partially_filled";
      if (expected.state !== undefined) expect(isWorking ? "working" : order.state).toBe(expected.state);
    }
    const position = desk.state.positions.get(`${VENUE}/AAPL`);
    const filled = results.reduce((sum, one) => sum + one.filled, 0n);
    expect(text(position?.quantity ?? ZERO)).toBe(decimalText(filled));
    const cost = results.reduce((sum, one) => sum + one.cost, 0n);
    const paid = decimal(text(parseText(decimalText(filled)))).times((position && averagePrice(position)) ?? ZERO);
    expect(Number(text(paid))).toBeCloseTo(Number(cost) / 1e8, 6);
    expect(problems.filter((problem) => problem.includes("different content"))).toEqual([]);
  });
  await fc.assert(property, { numRuns: RUNS, seed: SEED });
}, 120_000);
