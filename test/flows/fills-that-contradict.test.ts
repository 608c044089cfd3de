/** Fills that contradict or exceed their order: kept, alerted, blocking, and counted only where that is safe. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { systemClock } from "../../src/app/system.ts";
import type { ConnectorName, OrderId } from "../../src/domain/ids.ts";
import { markAccount } from "../../src/trading/market/market-snapshot.ts";
import { queryOrderStatus } from "../../src/trading/orders/reconcile.ts";
import { adapterFixture } from "../support/adapter-fixture.ts";
import { adapterSource } from "../support/adapter-harness.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

let desk: TempDesk;
let aheadMs = 0;
afterEach(async () => {
  aheadMs = 0;
  await desk.stop();
  await discard(desk);
});

async function set(setting: string): Promise<void> {
  await desk.open.fleet.venues.quote("v", `SET:${setting}`);
}
async function propose(quantity: string, symbol = "AAA"): Promise<{ id: string; digest: string }> {
  const terms = { connector: "v", side: "buy", symbol, quantity, type: "limit", limitPrice: "100", rationale: "x" };
  return desk.call("orders propose", terms);
}
/** An order to buy 10 AAA at 100, which the venue fills at once with the settings of the test. */
async function filledWith(...settings: readonly string[]): Promise<string> {
  await startDesk();
  for (const setting of ["fills:on", ...settings]) await set(setting);
  const { id, digest } = await propose("10");
  await desk.call("approve", { id, digest });
  return id;
}
async function startDesk(venue = adapterFixture("scripted-venue")): Promise<void> {
  desk = await tempDesk({
    files: { "venue.ts": venue },
    clock: {
      ...systemClock,
      now: () => systemClock.now() + aheadMs,
      monotonic: () => systemClock.monotonic() + aheadMs,
    },
    config: (template) =>
      `${template.split("\n# Guards are")[0]}\n[[connector]]\nname = "v"\ntype = "custom"\nadapter = "./venue.ts"\nmode = "paper"\n`,
  });
}
function orderOf(id: string) {
  const order = desk.open.desk.state.orders.get(id as OrderId);
  if (order === undefined) throw new Error(`no order ${id}`);
  return order;
}
function position(symbol = "AAA"): string {
  return desk.open.desk.state.positions.get(`v/${symbol}`)?.quantity.toFixed() ?? "0";
}
async function refusal(): Promise<unknown> {
  const { id, digest } = await propose("1");
  return desk.call("approve", { id, digest }).catch((error: unknown) => error);
}
/** No human signed the end of the block: the journal is whole without it, now and at the next start. */
async function staysWhole(): Promise<void> {
  expect(await desk.call("journal verify")).toMatchObject({ ok: true, problems: [] });
  await desk.stop();
  desk = await tempDesk({ again: desk });
  expect(await desk.call("status")).toMatchObject({ readOnly: null });
}
const BLOCKED = { code: "GUARD_BLOCKED", details: { guard: "unknown-instrument" } };

describe("a buy of 10 at 100 is not filled", () => {
  it.each([
    ["by a sell", ["side:sell"], "side"],
    ["by a fill of another symbol", ["symbol:GME"], "symbol"],
    ["at a price below zero", ["price:-5"], "price"],
    ["at a price worse than its limit", ["price:100.01"], "price"],
    ["by a fill of two days ago", ["at:-172800000"], "time"],
    ["by a fill of the next century", ["at:5000000000000"], "time"],
  ])("%s", async (_, settings, misfit) => {
    const id = await filledWith(...settings);
    expect([orderOf(id).state, orderOf(id).filled.toFixed(), position(), position("GME")]).toEqual([
      "accepted",
      "0",
      "0",
      "0",
    ]);
    expect(desk.open.desk.state.disputes.get("v/AAA")).toMatchObject([{ kind: "disputed", misfits: [misfit] }]);
    expect(await refusal()).toMatchObject(BLOCKED);
    await desk.settled();
    const [item] = readdirSync(join(desk.root, "inbox")).filter((name) => name.includes("-fill-"));
    expect(desk.read(`inbox/${item}`)).toMatch(
      /kind: "?alert[^]*title: "?Disputed, not counted: [^]*It contradicts its order/,
    );
    expect(await desk.call("orders show", { id })).toMatchObject({ filled: "0", fills: [], disputed: "10" });
    const { columns, words, rows } = await desk.call<{ columns: string[]; words: string[]; rows: number[][] }>(
      "fills list",
    );
    expect(rows.map((row) => words[row[columns.indexOf("note")] ?? 0])).toEqual(["disputed"]);
    const { flagReasons } = await desk.call<{ flagReasons: Record<string, string> }>("status");
    expect(flagReasons["v/AAA"]).toBe(`1 fill of ${id}: not as ordered`);
    expect(desk.open.desk.state.lastFillAt.get("v") ?? 0).toBeLessThanOrEqual(Date.now());
  });
});

describe("a fill that arrives before the acknowledgement and does not bear the client order id", () => {
  it("is checked when the acknowledgement names its order", async () => {
    const id = await filledWith("fills:anonymous", "side:sell");
    expect([orderOf(id).state, position()]).toEqual(["accepted", "0"]);
    expect(desk.open.desk.state.disputes.get("v/AAA")).toMatchObject([{ kind: "disputed", misfits: ["side"] }]);
    expect(await refusal()).toMatchObject(BLOCKED);
  });

  it("that exceeds the order is an overfill", async () => {
    const id = await filledWith("fills:anonymous", "quantity:11");
    expect([orderOf(id).state, [...orderOf(id).flags], position()]).toEqual(["filled", ["overfilled"], "11"]);
    expect(await refusal()).toMatchObject(BLOCKED);
  });

  it("that fits fills the order", async () => {
    const id = await filledWith("fills:anonymous");
    expect([orderOf(id).state, position(), desk.open.desk.state.disputes.size]).toEqual(["filled", "10", 0]);
    expect(desk.open.desk.state.external.size).toBe(0);
  });
});

describe("a blocked instrument", () => {
  it("is released by a later comparison that agrees", async () => {
    await filledWith("side:sell");
    await markAccount(desk.open.desk, "v" as ConnectorName);
    expect(desk.open.desk.state.disputes.size).toBe(1);
    aheadMs = 6_000;
    await markAccount(desk.open.desk, "v" as ConnectorName);
    expect(desk.open.desk.state.disputes.size).toBe(0);
    await staysWhole();
  });

  it("stays blocked while the venue holds the disputed quantity, until a human resolves it", async () => {
    await filledWith("price:101", "held:10");
    aheadMs = 6_000;
    await markAccount(desk.open.desk, "v" as ConnectorName);
    expect(await refusal()).toMatchObject(BLOCKED);
    // The venue's position has changed since the last mark.
    await set("held:7");
    expect(await desk.call("resolve", { id: "v/AAA", note: "looked at the venue" })).toMatchObject({ quantity: "7" });
    expect([desk.open.desk.state.disputes.size, position()]).toEqual([0, "7"]);
  });

  it.each([
    ["is resolved by one signature if fills arrive while the venue answers", "2", { quantity: "7" }, undefined],
    ["is not resolved while fills arrive with every answer", "9", undefined, { code: "POSITION_UNSETTLED" }],
  ])("%s", async (_, busy, resolved, error) => {
    await filledWith("price:101", "held:7");
    await set(`busy:${busy}`);
    const result = desk.call("resolve", { id: "v/AAA", note: "looked at the venue" });
    if (error === undefined) expect(await result).toMatchObject(resolved);
    else await expect(result).rejects.toMatchObject(error);
    expect(desk.open.desk.state.disputes.size).toBe(error === undefined ? 0 : 1);
  });

  it("cannot be resolved while its venue cannot be asked", async () => {
    await filledWith("side:sell");
    await desk.call("connectors quarantine", { name: "v", reason: "maintenance" });
    await expect(desk.call("resolve", { id: "v/AAA", note: "looked at the venue" })).rejects.toMatchObject({
      code: "CONNECTOR_NOT_READY",
    });
    expect(desk.open.desk.state.disputes.size).toBe(1);
  });
});

it("an overfill is applied, flagged and blocks its instrument", async () => {
  const id = await filledWith("quantity:1000");
  expect([orderOf(id).state, [...orderOf(id).flags], position()]).toEqual(["filled", ["overfilled"], "1000"]);
  expect(desk.open.desk.state.disputes.get("v/AAA")).toMatchObject([{ kind: "overfill" }]);
  expect(await refusal()).toMatchObject(BLOCKED);
  await set("held:1000");
  aheadMs = 6_000;
  await markAccount(desk.open.desk, "v" as ConnectorName);
  expect(await refusal()).toMatchObject(BLOCKED);
  await desk.call("resolve", { id: "v/AAA", note: "looked at the venue" });
  expect(desk.open.desk.state.disputes.size).toBe(0);
});

it("an overfill is an alert in the inbox that says what to do", async () => {
  await filledWith("quantity:1000");
  await desk.settled();
  const texts = readdirSync(join(desk.root, "inbox")).map((name) => desk.read(`inbox/${name}`));
  expect(texts.filter((text) => text.includes("exceeds the open quantity"))).toEqual([
    expect.stringMatching(
      /kind: "?alert[^]*title: "?More than the order: [^]*is counted, and the instrument is blocked until a person resolves it\.[^]*`qoc resolve v\/AAA -m/,
    ),
  ]);
});

it("a fill that fits fills its order and blocks nothing", async () => {
  const id = await filledWith();
  expect([orderOf(id).state, desk.open.desk.state.disputes.size, position()]).toEqual(["filled", 0, "10"]);
});

describe("what happens at the venue without this desk", () => {
  const mark = (): Promise<unknown> => markAccount(desk.open.desk, "v" as ConnectorName);

  it("a fill of an order of others blocks nothing, and the position follows the venue's", async () => {
    await filledWith();
    await set("held:10");
    await mark();
    await desk.open.fleet.venues.quote("v", "FILL:other:x1");
    await expect.poll(() => desk.open.desk.state.external.size).toBe(1);
    expect([position(), desk.open.desk.state.disputes.size]).toEqual(["10", 0]);
    await set("held:11");
    await mark();
    expect([position(), desk.open.desk.state.flagged.size, desk.open.desk.state.external.size]).toEqual(["11", 0, 0]);
    await desk.settled();
    const items = readdirSync(join(desk.root, "inbox")).map((name) => desk.read(`inbox/${name}`));
    expect(items.filter((text) => text.includes("an order this desk did not send"))).toHaveLength(1);
  });

  it("the position follows a venue that holds another quantity once the fills have settled", async () => {
    await filledWith();
    await desk.open.fleet.venues.quote("v", "FILL:other:x1");
    await expect.poll(() => desk.open.desk.state.external.size).toBe(1);
    await set("held:15");
    await mark();
    expect(position()).toBe("10");
    aheadMs = 6_000;
    await mark();
    expect([position(), desk.open.desk.state.flagged.size]).toEqual(["15", 0]);
  });

  it("a position that changes without a fill is flagged at the second mark", async () => {
    await filledWith();
    await set("held:12");
    // A mark that follows at once may still precede the fill.
    for (const _ of ["first", "at once"]) {
      await mark();
      expect(desk.open.desk.state.flagged.size).toBe(0);
    }
    aheadMs = 6_000;
    await mark();
    expect(desk.open.desk.state.flagged.get("v/AAA")).toMatchObject({ expected: "10", actual: "12" });
    expect(await refusal()).toMatchObject(BLOCKED);
  });

  it("a position that agrees again at a later mark is blocked no longer", async () => {
    await filledWith();
    for (const held of ["held:12", "held:12", "held:11"]) {
      await set(held);
      await mark();
      aheadMs += 6_000;
    }
    expect(desk.open.desk.state.flagged.size).toBe(1);
    await set("held:10");
    await mark();
    expect([position(), desk.open.desk.state.flagged.size]).toEqual(["10", 0]);
    expect(await refusal()).not.toBeInstanceOf(Error);
    await staysWhole();
  });

  it("a position that this desk never traded, and that the venue lists no longer, is blocked no longer", async () => {
    await startDesk();
    for (const held of ["held:1", "held:1"]) {
      await set(held);
      await mark();
      aheadMs += 6_000;
    }
    expect(await desk.call("status")).toMatchObject({
      flagged: ["v/AAA"],
      flagReasons: { "v/AAA": "the venue has 1, our fills make 0" },
    });
    await set("held:none");
    await mark();
    expect(await desk.call("status")).toMatchObject({ flagged: [] });
    await staysWhole();
  });
});

describe("fills of before the desk's first mark", () => {
  it("are part of the opened positions: they are neither counted nor listed", async () => {
    desk = await tempDesk({
      files: { "venue.ts": adapterFixture("scripted-venue") },
      config: (template) =>
        `${template.split("\n# Guards are")[0]}\n[[connector]]\nname = "v"\ntype = "custom"\nadapter = "./venue.ts"\nmode = "paper"\n[connector.options]\nheld = "17"\nquantity = "17"\n`,
    });
    for (const [at, id] of [
      ["-86400000", "old"],
      ["0", "new"],
    ] as const) {
      await set(`at:${at}`);
      await desk.open.fleet.venues.quote("v", `FILL:foreign:${id}`);
    }
    await expect.poll(() => [...desk.open.desk.state.fills.keys()]).toEqual(["v/AAA/new"]);
    expect(position()).toBe("17");
    await desk.settled();
    expect(readdirSync(join(desk.root, "inbox")).filter((name) => name.includes("-fill-"))).toHaveLength(1);
  });
});

it("a fill that comes again with another content is written down once", async () => {
  await filledWith();
  const quote = (symbol: string) => desk.open.fleet.venues.quote("v", symbol);
  await set("quantity:3");
  for (let n = 0; n < 4; n++) {
    await quote("FILL:foreign:f9");
    await set("quantity:4");
  }
  await quote("FILL:foreign:last");
  await expect.poll(() => desk.open.desk.state.fills.has("v/AAA/last")).toBe(true);
  const events = await desk.services.readEvents();
  expect(events.filter(({ event }) => event.type === "fill.conflicted")).toHaveLength(1);
});

it("a later message that only adds a fee completes the fill, and one with another fee is a conflict", async () => {
  const id = await filledWith();
  const again = () => desk.open.fleet.venues.quote("v", "AGAIN:V1:f1");
  const fees = () => [...(desk.open.desk.state.positions.get("v/AAA" as never)?.fees ?? [])].map(String);
  for (const setting of ["quantity:10", "fee:1.5"]) await set(setting);
  expect([position(), fees()]).toEqual(["10", []]);
  await again();
  await expect.poll(fees).toEqual(["USD,1.5"]);
  await again();
  await set("fee:2");
  await again();
  await set("quantity:1");
  await desk.open.fleet.venues.quote("v", "FILL:foreign:last");
  await expect.poll(() => desk.open.desk.state.fills.has("v/AAA/last")).toBe(true);
  const events = (await desk.services.readEvents()).map(({ event }) => event);
  expect(events.filter((event) => event.type === "fill.received" && event.completes === true)).toHaveLength(1);
  expect(events.filter(({ type }) => type === "fill.conflicted")).toHaveLength(1);
  expect([orderOf(id).filled.toFixed(), position(), fees()]).toEqual(["10", "10", ["USD,1.5"]]);
});

describe("a total of a venue that lists no fills, of a buy of 10 at 100,", () => {
  const VENUE = (report: string): string =>
    adapterSource(`
  async getQuote(symbol: string) { return { symbol, bid: 99.9, ask: 100, timestamp: Date.now() }; }
  async getBuyingPower() { return 100000; }
  async getAccount() { return { nav: 100000, cash: 100000, buyingPower: 100000, currency: "USD" }; }
  async getOrder({ clientOrderId }: any): Promise<any> {
    return { venueOrderId: "v-" + clientOrderId, clientOrderId, ...${report} };
  }`);
  async function reported(report: object): Promise<string> {
    await startDesk(VENUE(JSON.stringify(report)));
    const { id, digest } = await propose("10");
    await desk.call("approve", { id, digest });
    await queryOrderStatus(desk.open.desk, orderOf(id));
    return id;
  }

  it.each(["500", "-5", "0"])("is not counted at an average of %s, and blocks the instrument", async (averagePrice) => {
    const id = await reported({ status: "filled", filledQuantity: "10", averagePrice });
    await queryOrderStatus(desk.open.desk, orderOf(id));
    expect([orderOf(id).filled.toFixed(), position()]).toEqual(["0", "0"]);
    expect(desk.open.desk.state.disputes.get("v/AAA")).toMatchObject([{ kind: "disputed", misfits: ["price"] }]);
    expect(await refusal()).toMatchObject(BLOCKED);
    await staysWhole();
  });

  it("is an overfill above its quantity, and blocks the instrument", async () => {
    const id = await reported({ status: "filled", filledQuantity: "1000", averagePrice: "99" });
    expect([orderOf(id).state, position()]).toEqual(["filled", "1000"]);
    expect(desk.open.desk.state.disputes.get("v/AAA")).toMatchObject([{ kind: "overfill" }]);
    expect(await refusal()).toMatchObject(BLOCKED);
  });

  it("counts at an average that is rounded up from the limit", async () => {
    const id = await reported({ status: "filled", filledQuantity: "10", averagePrice: "100.01" });
    expect([orderOf(id).state, position(), desk.open.desk.state.disputes.size]).toEqual(["filled", "10", 0]);
  });
});
