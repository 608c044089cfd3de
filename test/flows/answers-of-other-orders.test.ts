/** Answers about an order that can be of another one only, in each state of the order: they change nothing. */
import { afterEach, describe, expect, it } from "vitest";
import type { ConnectorName, OrderId } from "../../src/domain/ids.ts";
import { compareOpenOrders, queryOrderStatus } from "../../src/trading/orders/reconcile.ts";
import { receiveReports } from "../../src/trading/fills/record-report.ts";
import type { VenueReport } from "../../src/domain/market/venue.ts";
import { adapterSource } from "../support/adapter-harness.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

/** A quote of `{...}` sets what the venue does next; `order` is its answer about any order. */
const VENUE = adapterSource(`
  set: any = {};
  sent: any[] = [];
  async getQuote(symbol: string) {
    const isSetting = symbol.startsWith("{");
    if (isSetting) Object.assign(this.set, JSON.parse(symbol));
    return { symbol: isSetting ? "AAA" : symbol, bid: 99.9, ask: 100, last: this.sent.length + 1, timestamp: Date.now() };
  }
  async getBuyingPower() { return 100000; }
  async getAccount() { return { nav: 100000, cash: 100000, buyingPower: 100000, currency: "USD" }; }
  async placeOrder(order: any): Promise<any> {
    this.sent.push(order);
    if (this.set.place === "lost") throw new Error("the connection was lost");
    const venueOrderId = "V" + this.sent.length;
    if (this.set.place === "part") this.ctx.emitFill({
      fillId: "f1", venueOrderId, clientOrderId: order.clientOrderId, symbol: order.symbol, side: order.side,
      quantity: "4", price: "99", timestamp: Date.now(),
    });
    return { venueOrderId, status: "acknowledged" };
  }
  async cancelOrder() { if (this.set.cancel === "lost") throw new Error("the connection was lost"); }
  async getOrder(query: any): Promise<any> { return this.set.order ?? null; }
  async getOpenOrders(): Promise<any> { return this.set.order ? [this.set.order] : []; }
`);
const NAME = "v" as ConnectorName;

let desk: TempDesk;
afterEach(async () => {
  await desk.stop();
  await discard(desk);
});

async function open(): Promise<void> {
  desk = await tempDesk({
    files: { "venue.ts": VENUE },
    config: (template) =>
      `${template.split("\n# Guards are")[0]}\n[[connector]]\nname = "v"\ntype = "custom"\nadapter = "./venue.ts"\nmode = "paper"\n`,
  });
}
const set = (settings: object) => desk.open.fleet.venues.quote("v", JSON.stringify(settings));
const sent = async () => Number((await set({})).last) - 1;
function record(id: string) {
  const order = desk.open.desk.state.orders.get(id as OrderId);
  if (order === undefined) throw new Error(`no order ${id}`);
  return order;
}
async function propose(symbol: string): Promise<{ id: string; digest: string }> {
  const terms = { connector: "v", side: "buy", symbol, quantity: "10", type: "limit", limitPrice: "100" };
  return desk.call("orders propose", { ...terms, rationale: "x" });
}
async function ordered(symbol = "AAA"): Promise<string> {
  const { id, digest } = await propose(symbol);
  await desk.call("approve", { id, digest }).catch(() => undefined);
  return id;
}
const position = () => desk.open.desk.state.positions.get("v/AAA")?.quantity.toFixed() ?? "0";

/** Reports that end an order as filled and that are of another order. The order has the id V2, another one V1. */
const END = { status: "filled", filledQuantity: "10", averagePrice: "99" } as const;
const OTHERS: readonly (readonly [string, (own: string, other: string) => VenueReport])[] = [
  ["of another symbol", (own) => ({ ...END, venueOrderId: "V2", clientOrderId: own, symbol: "GME" }) as VenueReport],
  ["of the other side", (own) => ({ ...END, venueOrderId: "V2", clientOrderId: own, side: "sell" }) as VenueReport],
  [
    "of another order's client order id",
    (_, other) => ({ ...END, venueOrderId: "V2", clientOrderId: other }) as VenueReport,
  ],
  ["of another order's venue id", () => ({ ...END, venueOrderId: "V1" }) as VenueReport],
];

describe.each([
  ["unknown", { place: "lost" }, undefined],
  ["accepted", {}, undefined],
  ["partially filled", { place: "part" }, undefined],
  ["being cancelled", { cancel: "lost" }, "cancel"],
])("an order that is %s", (_, settings, action) => {
  it.each(OTHERS)("takes no answer %s", async (_name, reportOf) => {
    await open();
    const other = record(await ordered("BBB"));
    await set(settings);
    const order = record(await ordered());
    if (action === "cancel") await desk.call("orders cancel", { id: order.id }).catch(() => undefined);
    const before = [order.state, order.filled.toFixed(), order.venueOrderId, position(), other.state];
    const report = reportOf(order.clientOrderId ?? "", other.clientOrderId ?? "");
    await set({ order: report });
    expect(await queryOrderStatus(desk.open.desk, order)).toBe("contradicted");
    await compareOpenOrders(desk.open.desk, NAME);
    await receiveReports(desk.open.desk, NAME, [report]);
    expect([order.state, order.filled.toFixed(), order.venueOrderId, position()]).toEqual(before.slice(0, 4));
    expect(await sent()).toBe(2);
  });
});

describe("an order that is replaced", () => {
  it("is not taken for ended by an answer of another order, and the new order is not sent", async () => {
    await open();
    const order = record(await ordered());
    const { id, digest } = await desk.call<{ id: string; digest: string }>("orders propose", {
      replace: order.id,
      limitPrice: "99",
      rationale: "x",
    });
    await set({ order: { venueOrderId: "V9", status: "cancelled", filledQuantity: "0", symbol: "GME" } });
    await expect(desk.call("approve", { id, digest })).rejects.toMatchObject({ code: "REPLACEMENT_NOT_SENT" });
    expect([await sent(), order.state]).toEqual([1, "accepted"]);
  }, 30_000);
});

describe("answers that contradict earlier ones of the same order", () => {
  it("are journaled once, if they say that an order which ended as filled was cancelled", async () => {
    await open();
    const order = record(await ordered());
    await set({ order: { venueOrderId: "V1", status: "filled", filledQuantity: "10" } });
    await queryOrderStatus(desk.open.desk, order);
    await set({ order: { venueOrderId: "V1", status: "cancelled", filledQuantity: "0" } });
    const { seq } = desk.open.desk.state;
    for (let asked = 0; asked < 3; asked++) await queryOrderStatus(desk.open.desk, order);
    expect([order.state, desk.open.desk.state.seq]).toEqual(["accepted", seq]);
  });

  it("cut the connector off over its budget of changes, also if the desk asked for them", async () => {
    await open();
    const order = record(await ordered());
    const { fillBudgets, venues } = desk.open.desk;
    while (fillBudgets.spend(NAME, "report") === undefined);
    await set({ order: { venueOrderId: "V1", status: "partially_filled", filledQuantity: "1" } });
    await expect(queryOrderStatus(desk.open.desk, order)).rejects.toMatchObject({ code: "FILL_FLOOD" });
    expect([venues.facts(NAME)?.state, order.reportedFilled.toFixed()]).toEqual(["quarantined", "0"]);
  });

  it("do not take a fill back, nor open an order that has ended", async () => {
    await open();
    await set({ place: "part" });
    const order = record(await ordered());
    await expect.poll(() => order.filled.toFixed()).toBe("4");
    const answer = (report: object): Promise<unknown> =>
      set({ order: { venueOrderId: "V1", ...report } }).then(() => queryOrderStatus(desk.open.desk, order));
    await answer({ status: "open", filledQuantity: "0" });
    expect([order.state, order.filled.toFixed(), position()]).toEqual(["partially_filled", "4", "4"]);
    await answer({ status: "cancelled", filledQuantity: "4", averagePrice: "99" });
    await answer({ status: "open", filledQuantity: "2", averagePrice: "99" });
    await compareOpenOrders(desk.open.desk, NAME);
    expect([order.state, order.filled.toFixed(), position()]).toEqual(["cancelled", "4", "4"]);
    expect(desk.open.desk.market.externalOrders.get(NAME)).toMatchObject([{ closedHere: order.id }]);
    expect(await sent()).toBe(1);
  });
});
