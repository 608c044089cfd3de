/** What a connector pushes besides fills, through a real worker to the journal, at both isolation levels. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { systemClock } from "../../src/app/system.ts";
import type { Clock } from "../../src/domain/ports.ts";
import type { StatusView } from "../../src/domain/status-view.ts";
import type { ConnectorName, OrderId } from "../../src/domain/ids.ts";
import { queryOrderStatus, recoverFills } from "../../src/trading/orders/reconcile.ts";
import { foldDeskState } from "../../src/domain/desk-state.ts";
import { adapterFixture } from "../support/adapter-fixture.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

const NAME = "v" as ConnectorName;
type Level = "worker" | "process";

let desk: TempDesk;
afterEach(async () => {
  await desk.stop();
  await discard(desk);
});

async function open(isolation: Level = "worker", clock: Clock = systemClock): Promise<void> {
  desk = await tempDesk({
    clock,
    files: { "v.ts": adapterFixture("pushing-venue") },
    config: (template) =>
      `${template.replaceAll("enabled = true", "enabled = false")}\n[[connector]]\nname = "v"\ntype = "custom"\n` +
      `adapter = "./v.ts"\nisolation = "${isolation}"\n`,
  });
}
/** Returns the requests that the venue counted, and the hint of the last one. */
async function tell(script: unknown): Promise<{ calls: Record<string, number>; hint: unknown }> {
  const [calls, hint] = (await desk.open.fleet.venues.search("v", JSON.stringify(script), 2)) ?? [];
  return {
    calls: JSON.parse(calls?.name ?? "{}") as Record<string, number>,
    hint: JSON.parse(hint?.name ?? "null") as unknown,
  };
}
/** An order of 10 AAA at 100 that the venue has acknowledged, with the venue's id. */
async function working(symbol = "AAA"): Promise<{ id: string; clientOrderId: string; venueOrderId: string }> {
  const order = { side: "buy", symbol, quantity: "10", type: "limit", limitPrice: "100", rationale: "x" };
  const { id, digest } = await desk.call<{ id: string; digest: string }>("orders propose", {
    connector: "v",
    ...order,
  });
  await desk.call("approve", { id, digest });
  const { clientOrderId = "" } = desk.open.desk.state.orders.get(id as OrderId) ?? {};
  return { id, clientOrderId, venueOrderId: `v-${clientOrderId}` };
}
async function counted(type: string): Promise<number> {
  return (await desk.services.readEvents()).filter(({ event }) => event.type === type).length;
}

describe.each(["worker", "process"] as const)("in a %s,", (level) => {
  it("a pushed report ends its order at once, a streamed quote and an activity arrive, and each counts once", async () => {
    await open(level);
    const { id, clientOrderId, venueOrderId } = await working();
    const report = { venueOrderId, clientOrderId, status: "cancelled", filledQuantity: "0", reason: "at the close" };
    await tell({ emit: "report", item: report, count: 3 });
    expect(await desk.reaches(id, "cancelled")).toBe("cancelled");
    const activity = { id: "a1", kind: "dividend", amount: "1.5", currency: "USD", symbol: "AAA" };
    await tell({ emit: "activity", item: { ...activity, timestamp: Date.now() + 1_000 }, count: 3 });
    const quote = { symbol: "AAA", bid: "98", ask: "99", timestamp: Date.now(), feed: "iex" };
    await expect
      .poll(async () => {
        await tell({ emit: "quote", item: quote });
        return desk.call("quotes get", { connector: "v", symbol: "AAA" });
      })
      .toMatchObject({ bid: "98", untrusted: { text: "feed iex" } });
    const { quotes } = await desk.call<StatusView>("status");
    expect(quotes).toEqual([
      {
        ...{ connector: "v", symbol: "AAA", bid: "98", ask: "99", last: null },
        at: new Date(quote.timestamp).toISOString(),
        ageSeconds: expect.toSatisfy((age: number) => age >= 0 && age < 60),
      },
    ]);
    await expect.poll(() => desk.open.desk.state.activities.size).toBe(1);
    await desk.settled();
    expect([await counted("order.reported"), await counted("venue.activity")]).toEqual([1, 1]);
    const again = foldDeskState(await desk.services.readEvents());
    expect([...again.activities.keys()]).toEqual(["v/a1"]);
  });
});

describe("a link", () => {
  it("that is down degrades the connector and blocks orders; when it is up, the desk reconciles first", async () => {
    await open();
    await tell({ link: false, reason: "socket closed" });
    const { market } = desk.open.desk;
    await expect.poll(() => desk.open.desk.venues.facts("v")?.state).toBe("degraded");
    expect(market.reconciled.has("v")).toBe(false);
    const status = await desk.call<StatusView>("status");
    expect(status.connectors.find(({ name }) => name === "v")).toMatchObject({
      state: "degraded",
      untrusted: { text: "stream down: socket closed" },
    });
    const before = (await tell({})).calls["getFills"] ?? 0;
    await tell({ link: true });
    await expect.poll(() => market.reconciled.has("v")).toBe(true);
    expect((await tell({})).calls["getFills"]).toBe(before + 1);
  });

  it("that changes thousands of times ends the worker, and the journal has few records of it", async () => {
    await open();
    await tell({ link: true, count: 5_000 }).catch(() => undefined);
    await expect.poll(() => desk.open.desk.venues.facts("v")?.state).toBe("quarantined");
    await desk.settled();
    expect(await counted("connector.changed")).toBeLessThan(20);
  });
});

it("reads wait as long as the venue asks, cancels pass, and the status says so", async () => {
  await open();
  const { id } = await working();
  await tell({ set: { retryAfterMs: 60_000 } });
  const { venues } = desk.open.fleet;
  await expect(venues.activities("v", 0)).rejects.toMatchObject({ code: "RATE_LIMITED" });
  await expect(venues.positions("v")).rejects.toMatchObject({ code: "RATE_LIMITED" });
  const status = await desk.call<StatusView>("status");
  expect(status.connectors.find(({ name }) => name === "v")?.readPause).toMatchObject({
    endsInSeconds: 60,
    untrusted: { text: "slow down" },
  });
  expect(venues.facts("v")?.state).toBe("ready");
  await desk.call("cancel", { id });
});

it("look-ups and cancels carry what venues need, and fills are read page by page", async () => {
  await open();
  const { id, clientOrderId, venueOrderId } = await working();
  const fill = { fillId: "f0", venueOrderId, clientOrderId, symbol: "AAA", side: "buy", quantity: "1", price: "100" };
  const pages = [0, 1, 2].map((page) => [{ ...fill, fillId: `f${page}`, timestamp: Date.now() }]);
  await tell({ set: { pages } });
  const before = (await tell({})).calls["getFills"] ?? 0;
  expect(await recoverFills(desk.open.desk, NAME)).toBe(3);
  expect((await tell({})).calls["getFills"]).toBe(before + 3);
  expect(desk.open.desk.state.orders.get(id as OrderId)?.filled.toFixed()).toBe("3");
  expect((await tell({})).hint).toEqual({ symbols: ["AAA"], cursor: "2" });
  await tell({ set: { pages: [[]] } });
  const record = desk.open.desk.state.orders.get(id as OrderId);
  if (record === undefined) throw new Error(`no order ${id}`);
  await queryOrderStatus(desk.open.desk, record);
  expect((await tell({})).hint).toMatchObject({
    venueOrderId,
    symbol: "AAA",
    submittedAt: expect.any(Number) as number,
  });
  const { venues } = desk.open.desk;
  const hints: unknown[] = [];
  const { cancel } = venues;
  vi.spyOn(venues, "cancel").mockImplementation(async (...args) => {
    await cancel(...args);
    hints.push((await tell({})).hint);
  });
  await desk.call("cancel", { id });
  expect(hints[0]).toEqual({ clientOrderId, symbol: "AAA", side: "buy" });
  const seen = await desk.open.fleet.venues.inspect("v", "getFills", ["0", '{"symbols":["AAA"]}']);
  expect(seen.refused).toEqual([]);
});

describe("a flood", () => {
  it.each([
    [
      "changes of an order",
      (order: { clientOrderId: string; venueOrderId: string }) => ({
        emit: "report",
        item: { ...order, status: "partially_filled", filledQuantity: "0.1#" },
        count: 30_000,
      }),
    ],
    [
      "activities",
      () => ({
        emit: "activity",
        item: { id: "a#", kind: "fee", amount: "-1", currency: "USD", timestamp: Date.now() + 10_000 },
        count: 10_000,
      }),
    ],
    ["malformed reports", () => ({ emit: "report", item: { status: "odd" }, count: 2_000 })],
    ["malformed quotes", () => ({ emit: "quote", item: { symbol: "S#" }, count: 1_000 })],
  ])("of %s is cut off at the budget", async (what, script) => {
    await open();
    const order = await working();
    const { id: _id, ...ids } = order;
    await tell(script(ids)).catch(() => undefined);
    const check = expect.poll(
      async () => {
        // Quotes of the same symbols are one quote.
        if (what === "malformed quotes") await tell(script(ids)).catch(() => undefined);
        return desk.open.desk.venues.facts("v")?.state;
      },
      // The budgets of an hour are thousands of records, each of which is written.
      { timeout: 110_000 },
    );
    await check.toBe("quarantined");
    await desk.settled();
    expect(await counted("order.reported")).toBeLessThanOrEqual(20_000);
    expect(await counted("venue.activity")).toBeLessThanOrEqual(5_000);
  });
});

it("an idle desk with ten working orders asks a venue that pushes at most three times a minute", async () => {
  const speed = 40;
  // The rounds and their pace run fast; the deadlines of calls do not.
  const fast = (ms: number): number => (ms === 2_000 || ms === 60_000 ? ms / speed : ms);
  const monotonic = (): number => systemClock.monotonic() * speed;
  await open("worker", { ...systemClock, monotonic, after: (ms, run) => systemClock.after(fast(ms), run) });
  for (let i = 0; i < 10; i++) await working(`A${i}`);
  const total = async (): Promise<number> => {
    const { calls } = await tell({});
    return Object.values(calls).reduce((sum, count) => sum + count, 0);
  };
  const pass = (ms: number): Promise<void> => new Promise((resolve) => systemClock.after(ms / speed, resolve));
  // What the approvals caused is over.
  await pass(30_000);
  const [before, from] = [await total(), monotonic()];
  await pass(150_000);
  const minutes = (monotonic() - from) / 60_000;
  const count = (await total()) - before;
  expect(count / (minutes + 1)).toBeLessThanOrEqual(3);
  expect(count).toBeGreaterThan(0);
});
