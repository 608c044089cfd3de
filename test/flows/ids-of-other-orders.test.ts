/** Ids of the venue that change, or that are those of another order in flight of the same connector. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ConnectorName, OrderId } from "../../src/domain/ids.ts";
import { receiveReports } from "../../src/trading/fills/record-report.ts";
import { queryOrderStatus } from "../../src/trading/orders/reconcile.ts";
import type { VenueReport } from "../../src/domain/market/venue.ts";
import { adapterSource } from "../support/adapter-harness.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

/** A quote of `{...}` sets what the venue does next, and emits fills; `order` is its answer about any order. */
const VENUE = adapterSource(`
  set: any = {};
  sent: any[] = [];
  cancels = 0;
  async getQuote(symbol: string) {
    const isSetting = symbol.startsWith("{");
    if (isSetting) Object.assign(this.set, { emit: [] }, JSON.parse(symbol));
    for (const fill of isSetting ? this.set.emit : []) this.ctx.emitFill({ timestamp: Date.now(), ...fill });
    return { symbol: isSetting ? "AAA" : symbol, bid: 99.9, ask: 100, last: this.cancels + 1, timestamp: Date.now() };
  }
  async getBuyingPower() { return 100000; }
  async getAccount() { return { nav: 100000, cash: 100000, buyingPower: 100000, currency: "USD" }; }
  async placeOrder(order: any): Promise<any> {
    this.sent.push(order);
    if (this.set.place === "lost") throw new Error("the connection was lost");
    return { venueOrderId: this.set.id ?? "V" + this.sent.length, status: "acknowledged" };
  }
  async cancelOrder() { this.cancels += 1; }
  async getOrder(query: any): Promise<any> { return this.set.order ?? null; }
`);
const NAME = "v" as ConnectorName;

const connector = (name: string) =>
  `\n[[connector]]\nname = "${name}"\ntype = "custom"\nadapter = "./venue.ts"\nmode = "paper"\n`;

let desk: TempDesk;
beforeEach(async () => {
  desk = await tempDesk({
    files: { "venue.ts": VENUE },
    config: (template) => `${template.split("\n# Guards are")[0]}${connector("v")}${connector("other")}`,
  });
});
afterEach(async () => {
  await desk.stop();
  await discard(desk);
});

const set = (settings: object, name = "v") => desk.open.fleet.venues.quote(name, JSON.stringify(settings));
function record(id: string) {
  const order = desk.open.desk.state.orders.get(id as OrderId);
  if (order === undefined) throw new Error(`no order ${id}`);
  return order;
}
/** An order to buy at 100, with its receipt or its refusal. */
async function ordered(quantity: string) {
  const terms = { connector: "v", side: "buy", symbol: "AAA", quantity, type: "limit", limitPrice: "100" };
  const { id, digest } = await desk.call<{ id: string; digest: string }>("orders propose", {
    ...terms,
    rationale: quantity,
  });
  const answer: unknown = await desk.call("approve", { id, digest }).catch((error: unknown) => error);
  return { answer, order: record(id) };
}
const BLOCKED = { code: "GUARD_BLOCKED", details: { guard: "unknown-instrument" } };

type Emitted = Readonly<Record<string, string | undefined>>;

/** Emits fills to buy AAA at 99, with these members besides, and waits until the journal has them. */
async function emitted(...fills: readonly Emitted[]): Promise<void> {
  await emittedBy("v", fills);
}
async function emittedBy(name: string, fills: readonly Emitted[]): Promise<void> {
  const { state } = desk.open.desk;
  const known = state.seq;
  const all = fills.map((fill) => ({ symbol: "AAA", side: "buy", quantity: "1", price: "99", ...fill }));
  await set({ emit: all }, name);
  await expect.poll(() => state.seq).toBeGreaterThanOrEqual(known + fills.length);
}
async function answered(order: Parameters<typeof queryOrderStatus>[1], report: object): Promise<string> {
  await set({ order: { status: "open", filledQuantity: "0", ...report } });
  return queryOrderStatus(desk.open.desk, order);
}
function positions(): Record<string, string> {
  const { state } = desk.open.desk;
  return Object.fromEntries([...state.positions].map(([key, { quantity }]) => [key, quantity.toFixed()]));
}
const disputes = () => desk.open.desk.state.disputes.get("v/AAA")?.map(({ kind, misfits }) => [kind, ...misfits]);

describe("the fills of an order's further ids, that came before the report that names these", () => {
  it.each([
    ["the order that continues it", { venueOrderId: "V1", replacedBy: "V9" }],
    ["the order that it continues", { venueOrderId: "V9", replacedBy: "V10" }],
  ])("of %s fill nothing if they do not fit it, and block its instrument", async (_, ids) => {
    const { order } = await ordered("10");
    await emitted(
      { fillId: "f1", venueOrderId: "V9", side: "sell", quantity: "500" },
      { fillId: "f2", venueOrderId: "V9", symbol: "GME", quantity: "700" },
      { fillId: "f3", venueOrderId: "V9", price: "-5" },
    );
    expect(await answered(order, { ...ids, clientOrderId: order.clientOrderId })).toBe("found");
    expect([order.state, order.filled.toFixed(), positions()]).toEqual(["accepted", "0", {}]);
    expect(disputes()).toEqual([
      ["disputed", "side"],
      ["disputed", "symbol"],
      ["disputed", "price"],
    ]);
    expect((await ordered("1")).answer).toMatchObject(BLOCKED);
  });

  it("fill it, by the terms that are in force under each id, and exceed it together", async () => {
    const { order } = await ordered("10");
    await emitted(
      { fillId: "f1", venueOrderId: "V9", quantity: "8", price: "150" },
      { fillId: "f2", venueOrderId: "V9", quantity: "7", price: "150" },
    );
    const terms = { quantity: "10", limitPrice: "200" };
    expect(await answered(order, { venueOrderId: "V1", replacedBy: "V9", ...terms })).toBe("found");
    expect([order.state, positions()]).toEqual(["filled", { "v/AAA": "15" }]);
    expect(disputes()).toEqual([["overfill"]]);
  });
});

describe("the venue's id of another order in flight", () => {
  it("in an acknowledgement leaves the outcome unknown, and names the other order alone", async () => {
    const { order } = await ordered("10");
    await set({ id: "V1" });
    const second = await ordered("11");
    expect(second.answer).toMatchObject({ code: "OUTCOME_UNKNOWN" });
    await emitted({ fillId: "f1", venueOrderId: "V1", quantity: "5" });
    expect([order.filled.toFixed(), second.order.state, second.order.venueOrderId]).toEqual([
      "5",
      "unknown",
      undefined,
    ]);
    expect(await answered(order, { venueOrderId: "V1", status: "cancelled", filledQuantity: "5" })).toBe("found");
    expect([order.state, second.order.state]).toEqual(["cancelled", "unknown"]);
    // Its own id settles it.
    const { clientOrderId } = second.order;
    expect(await answered(second.order, { venueOrderId: "V2", clientOrderId })).toBe("found");
    expect([second.order.state, second.order.venueOrderId]).toEqual(["accepted", "V2"]);
  });

  it("in a report with the client order id says nothing of the order", async () => {
    const { order } = await ordered("10");
    await set({ place: "lost" });
    const { order: second } = await ordered("11");
    const report = { venueOrderId: "V1", clientOrderId: second.clientOrderId, status: "cancelled" };
    expect(await answered(second, report)).toBe("contradicted");
    await receiveReports(desk.open.desk, NAME, [{ ...report, filledQuantity: "0" } as VenueReport]);
    expect([second.state, second.venueOrderId]).toEqual(["unknown", undefined]);
    expect(await answered(order, { venueOrderId: "V1", status: "expired" })).toBe("found");
    expect([order.state, second.state]).toEqual(["expired", "unknown"]);
  });

  it("is of no order that continues another one", async () => {
    const { order } = await ordered("10");
    const { order: second } = await ordered("11");
    expect(await answered(order, { venueOrderId: "V1", replacedBy: "V2", quantity: "11" })).toBe("contradicted");
    await emitted({ fillId: "f1", venueOrderId: "V2", quantity: "11" });
    expect([order.state, order.venueOrderId, second.state]).toEqual(["accepted", "V1", "filled"]);
  });

  it("in a fill with the client order id disputes the fill", async () => {
    const { order } = await ordered("10");
    await set({ place: "lost" });
    const { order: second } = await ordered("11");
    await emitted({ fillId: "f1", venueOrderId: "V1", clientOrderId: second.clientOrderId });
    await emitted({ fillId: "f2", venueOrderId: "V1", quantity: "3" });
    expect([order.filled.toFixed(), second.state, second.venueOrderId]).toEqual(["3", "unknown", undefined]);
    expect([disputes(), positions()]).toEqual([[["disputed", "id"]], { "v/AAA": "3" }]);
  });
});

describe("an order that had ended and is open again", () => {
  type Reopened = (order: ReturnType<typeof record>) => Promise<unknown>;
  const isFilled = { venueOrderId: "V8", status: "filled", filledQuantity: "10" };
  it.each<[string, string, Reopened]>([
    [
      "a report that all of it is filled",
      "0",
      ({ clientOrderId }) => {
        const report = { ...isFilled, clientOrderId } as VenueReport;
        return receiveReports(desk.open.desk, NAME, [report]);
      },
    ],
    [
      "a bust of its fills",
      "10",
      ({ clientOrderId }) => emitted({ fillId: "b", venueOrderId: "V8", clientOrderId, busts: "f" }),
    ],
  ])("by %s leaves the id that another order has since to that order", async (what, filled, reopen) => {
    const { order } = await ordered("10");
    if (filled === "0") await answered(order, { venueOrderId: "V1", status: "cancelled" });
    else await emitted({ fillId: "f", venueOrderId: "V1", quantity: "10" });
    await set({ id: "V1" });
    const { order: second } = await ordered("11");
    await emitted({ fillId: "stray", venueOrderId: "Z", symbol: "ZZZ" });
    const before = order.state;
    await reopen(order);
    expect([before, order.state, second.state, second.venueOrderId]).toEqual([
      filled === "0" ? "cancelled" : "filled",
      filled === "0" ? "accepted" : "partially_filled",
      "accepted",
      "V1",
    ]);
    expect([...order.flags]).toEqual([filled === "0" ? "contradicted" : "busted"]);
    await expect(desk.call("cancel", { id: order.id })).rejects.toMatchObject({
      code: "OUTCOME_UNKNOWN",
      message: expect.stringContaining(`the venue's order id is that of ${second.id} now`) as string,
    });
    expect((await set({})).last).toBe("1");
    await emitted({ fillId: "f2", venueOrderId: "V1", quantity: "4" });
    expect([order.filled.toFixed(), second.filled.toFixed()]).toEqual(["0", "4"]);
  });
});

describe("an order that was approved and not sent yet", () => {
  it("takes no report that names it", async () => {
    const { order } = await ordered("10");
    const replacement = { replace: order.id, limitPrice: "99", rationale: "x" };
    const { id, digest } = await desk.call<{ id: string; digest: string }>("orders propose", replacement);
    await set({ order: { venueOrderId: "V1", status: "open", filledQuantity: "0" } });
    const approving = desk.call("approve", { id, digest });
    const next = record(id);
    await expect.poll(() => next.state).toBe("approved");
    const { clientOrderId } = next;
    const end = { venueOrderId: "V9", clientOrderId, status: "filled", filledQuantity: "10", averagePrice: "99" };
    await receiveReports(desk.open.desk, NAME, [end as VenueReport]);
    expect([next.state, next.venueOrderId]).toEqual(["approved", undefined]);
    await set({ order: { venueOrderId: "V1", status: "cancelled", filledQuantity: "0" } });
    await approving;
    expect([order.state, next.state, next.venueOrderId]).toEqual(["cancelled", "accepted", "V2"]);
  });
});

describe("a fill that counts for one order", () => {
  it.each([
    ["corrected", { corrects: "f1", quantity: "11" }],
    ["taken back", { busts: "f1" }],
  ])("is not %s by a message that names another order, or none", async (_, change) => {
    const { order } = await ordered("10");
    const { order: second } = await ordered("11");
    await emitted({ fillId: "f1", venueOrderId: "V1", quantity: "10" });
    await emitted({ fillId: "f2", venueOrderId: "V2", ...change });
    await emitted({ fillId: "f3", venueOrderId: "V3", ...change });
    expect([order.filled.toFixed(), second.state, positions()]).toEqual(["10", "accepted", { "v/AAA": "10" }]);
    expect([desk.open.desk.state.conflicts.size, desk.open.desk.state.external.size]).toEqual([2, 0]);
    await emitted({ fillId: "f4", venueOrderId: "V1", ...change, quantity: "9" });
    expect([order.filled.toFixed(), positions()["v/AAA"]]).not.toContain("10");
  });

  it.each([
    ["corrected", { corrects: "f1", quantity: "4" }, "4"],
    ["taken back", { busts: "f1" }, "0"],
  ])("is %s in order and position before its order is known", async (_, change, filled) => {
    await set({ place: "lost" });
    const { order } = await ordered("10");
    await emitted({ fillId: "f1", venueOrderId: "V1", quantity: "10" });
    await emitted({ fillId: "f2", venueOrderId: "V1", ...change });
    expect(await answered(order, { venueOrderId: "V1", clientOrderId: order.clientOrderId })).toBe("found");
    expect([order.filled.toFixed(), positions()]).toEqual([filled, { "v/AAA": filled }]);
  });
});

describe("another connector that knows all ids of an order", () => {
  it("reports, fills, corrects and takes back nothing of it", async () => {
    const { order } = await ordered("10");
    await emitted({ fillId: "f1", venueOrderId: "V1", quantity: "4" });
    const ids = { venueOrderId: "V1", clientOrderId: order.clientOrderId };
    const changes = [{}, { corrects: "f1", quantity: "9" }, { busts: "f1" }];
    await emittedBy(
      "other",
      changes.map((change, place) => ({ fillId: `f${place}`, ...ids, ...change })),
    );
    const end = { ...ids, status: "filled", filledQuantity: "10", averagePrice: "99", replacedBy: "V9" };
    await receiveReports(desk.open.desk, "other" as ConnectorName, [end as VenueReport]);
    expect([order.state, order.filled.toFixed(), order.venueOrderId]).toEqual(["partially_filled", "4", "V1"]);
    expect(positions()["v/AAA"]).toBe("4");
  });
});
