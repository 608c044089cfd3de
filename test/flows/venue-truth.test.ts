/** Venue reports that are late, repeated, unpriced or missing: a fill counts once, and every order can be closed. */
import type { StatusView } from "../../src/domain/status-view.ts";
import { gapDigest } from "../../src/domain/authority/journal-head.ts";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Desk } from "../../src/trading/desk.ts";
import { followOrders, recoverFills } from "../../src/trading/orders/reconcile.ts";
import { foldDeskState } from "../../src/domain/desk-state.ts";
import { ZERO } from "../../src/domain/decimal.ts";
import type { ConnectorName, OrderId } from "../../src/domain/ids.ts";
import { countedFills } from "../../src/domain/orders/order-state.ts";
import { adapterSource } from "../support/adapter-harness.ts";
import { adapterFixture } from "../support/adapter-fixture.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

const VENUE = adapterFixture("reporting-venue");
const NAME = "v" as ConnectorName;
function config(template: string): string {
  return `${template.replaceAll("enabled = true", "enabled = false")}\n[[connector]]\nname = "v"\ntype = "custom"\nadapter = "./v.ts"\n`;
}

let desk: TempDesk;
afterEach(async () => {
  await desk.stop();
  await discard(desk);
});

/** Creates an order of 10 that the venue has acknowledged. */
async function working(): Promise<string> {
  desk = await tempDesk({ files: { "v.ts": VENUE }, config });
  const terms = {
    connector: "v",
    side: "buy",
    symbol: "AAA",
    quantity: "10",
    type: "limit",
    limitPrice: "10",
    rationale: "x",
  };
  const { id, digest } = await desk.call<{ id: string; digest: string }>("orders propose", terms);
  await desk.call("approve", { id, digest });
  return id;
}
function pull(string: string): Promise<unknown> {
  return desk.open.fleet.venues.quote("v", string);
}
function ask(): Promise<void> {
  return followOrders(desk.open.desk, NAME);
}
function orderOf(id: string) {
  const order = desk.open.desk.state.orders.get(id as OrderId);
  if (order === undefined) throw new Error(`no order ${id}`);
  return order;
}
function position(): string {
  return desk.open.desk.state.positions.get("v/AAA")?.quantity.toFixed() ?? "0";
}
function known(): number {
  return desk.open.desk.state.fills.size;
}

/** Each step, and the filled quantity after it. */
const FILL_ORDERS: readonly (readonly [string, readonly (readonly [string, string])[]])[] = [
  [
    "whole, after the venue's total",
    [
      ["SAY_10_10", "10"],
      ["FILL_10", "10"],
    ],
  ],
  [
    "in parts, after the venue's total",
    [
      ["SAY_10_10", "10"],
      ["FILL_4", "10"],
      ["FILL_5", "10"],
      ["FILL_1", "10"],
    ],
  ],
  [
    "of what was counted, and then more",
    [
      ["SAY_5_10", "5"],
      ["FILL_5", "5"],
      ["FILL_5", "10"],
    ],
  ],
  [
    "before the venue's total",
    [
      ["FILL_10", "10"],
      ["SAY_10_10", "10"],
    ],
  ],
  [
    "some before, some after",
    [
      ["FILL_3", "3"],
      ["SAY_8_10", "8"],
      ["FILL_5", "8"],
      ["FILL_2", "10"],
    ],
  ],
];

describe("a fill", () => {
  it.each(FILL_ORDERS)("a fill that arrives %s counts once, in the order and in the position", async (_when, steps) => {
    const id = await working();
    for (const [string, filled] of steps) {
      const before = known();
      await pull(string);
      if (string.startsWith("FILL")) await expect.poll(known).toBeGreaterThan(before);
      else await ask();
      expect([string, orderOf(id).filled.toFixed(), position()]).toEqual([string, filled, filled]);
    }
    const order = orderOf(id);
    expect(order.state).toBe("filled");
    expect([...order.flags]).not.toContain("overfilled");
    expect(countedFills(order).every(({ inferred }) => !inferred)).toBe(true);
    // A restart folds the same state from the journal.
    const again = foldDeskState(await desk.services.readEvents());
    expect(again.orders.get(order.id)?.filled.toFixed()).toBe("10");
    expect(again.positions.get("v/AAA")?.quantity.toFixed()).toBe("10");
    const lots = [...(again.positions.get("v/AAA")?.lots ?? [])];
    expect(lots.reduce((sum, { quantity }) => sum.plus(quantity), ZERO).toFixed()).toBe("10");
  });
});

describe("a fill that contradicts its order, at a venue without getFills", () => {
  it("is not booked as an inferred fill when the venue's total contains it, also after a human resolved it", async () => {
    const id = await working();
    await pull("FILL_10_99");
    await expect.poll(known).toBe(1);
    await pull("SAY_10_10");
    await ask();
    expect([orderOf(id).filled.toFixed(), position(), known()]).toEqual(["0", "0", 1]);
    await desk.call("resolve", { id: "v/AAA", note: "looked at the venue" });
    await ask();
    expect([orderOf(id).filled.toFixed(), position(), known()]).toEqual(["0", "0", 1]);
  });

  it("leaves an inferred fill as it is", async () => {
    const id = await working();
    await pull("SAY_10_10");
    await ask();
    await pull("FILL_10_99");
    await expect.poll(() => desk.open.desk.state.disputes.size).toBe(1);
    expect([orderOf(id).filled.toFixed(), position(), [...orderOf(id).flags]]).toEqual([
      "10",
      "10",
      ["inferred_fill", "disputed"],
    ]);
  });
});

describe("an order", () => {
  const reports = async (): Promise<number> =>
    (await desk.services.readEvents()).filter(({ event }) => event.type === "order.reported").length;

  it("an order that its venue has lost can be resolved by hand, and not while the venue has it", async () => {
    const id = await working();
    await expect(desk.call("resolve", { id, note: "it is gone" })).rejects.toMatchObject({ code: "NOT_UNKNOWN" });
    await pull("SAY_LOST");
    await expect(desk.call("cancel", { id })).rejects.toMatchObject({ code: "CALL_FAILED" });
    expect(await desk.call("resolve", { id, note: "it is gone" })).toMatchObject({ state: "cancelled" });
    expect(desk.open.desk.state.inFlight.size).toBe(0);
  });

  it("an unknown order that its venue does not know is warned of once, and after an hour again", async () => {
    const source = adapterSource(`
      async placeOrder() { throw new Error("time-out"); }
      async getOrder() { return null; }
      async getQuote(symbol: string) { return { symbol, bid: 9, ask: 11, timestamp: Date.now() }; }
      async getBuyingPower() { return 1_000_000; }
      static capabilities = { mode: "paper" };`);
    const withoutGuards = (template: string): string => config(template.replace(/\[\[guard\]\][\s\S]*$/, ""));
    desk = await tempDesk({ files: { "v.ts": source }, config: withoutGuards });
    const terms = { connector: "v", side: "buy", symbol: "AAA", quantity: "10", type: "limit", limitPrice: "10" };
    const { id, digest } = await desk.call<{ id: string; digest: string }>("orders propose", {
      ...terms,
      rationale: "x",
    });
    await desk.call("approve", { id, digest }).catch(() => undefined);
    expect(orderOf(id).state).toBe("unknown");
    const open = desk.open.desk as { -readonly [K in keyof Desk]: Desk[K] };
    const { clock } = open;
    let later = 0;
    open.clock = { ...clock, monotonic: () => clock.monotonic() + later };
    const warnings = async (): Promise<number> => {
      await desk.open.logs.flush();
      return (await desk.services.readLogs({ tail: 1_000 })).filter(({ message }) =>
        /does not know/.test(String(message)),
      ).length;
    };
    for (let n = 0; n < 5; n++) await ask();
    expect(await warnings()).toBe(1);
    later = 3_600_001;
    for (let n = 0; n < 5; n++) await ask();
    expect(await warnings()).toBe(2);
  });

  it("an order that ended without a price is reported once, and can be resolved by hand", async () => {
    const id = await working();
    await pull("SAY_10");
    for (let n = 0; n < 4; n++) await ask();
    expect(await reports()).toBe(1);
    expect(orderOf(id).state).toBe("accepted");
    expect(await desk.call("resolve", { id, note: "booked by hand" })).toMatchObject({ state: "cancelled" });
  });

  it("an order whose connector was removed from desk.toml can be resolved by hand", async () => {
    const id = await working();
    await desk.stop();
    const { root, home } = desk;
    desk = await tempDesk({
      again: { root, home },
      config: (text) => text.replace(/\[\[connector\]\]\nname = "v"[^]*$/, ""),
    });
    expect(await desk.call("resolve", { id, note: "the account is closed" })).toMatchObject({ state: "cancelled" });
  });
});

it("a cancel that its venue refuses because the order has filled is no error", async () => {
  const id = await working();
  await pull("SAY_10_10");
  expect(await desk.call("cancel", { id })).toMatchObject({ id, state: "filled" });
  await pull("FILL_10");
  await expect.poll(position).toBe("10");
});

describe("an account", () => {
  it("with nothing of a symbol that its venue does not quote is marked like any other", async () => {
    const unpriced = (template: string): string =>
      `${config(template)}  [connector.options]\n  unpriced_position = 0\n`;
    desk = await tempDesk({ files: { "v.ts": VENUE }, config: unpriced });
    const { book } = await desk.call<StatusView>("status");
    expect(book.accounts).toMatchObject([{ connector: "v", nav: "1000000", unvalued: [] }]);
    expect(book.positions).toEqual([]);
  });

  it.each([
    [5, "allow", "ZZZ at v has no value and counts zero"],
    [-5, "block", "v is short of ZZZ, which has no price"],
  ])("with %s of a position without a price trades in the rest", async (quantity, decision, message) => {
    const unpriced = (template: string): string =>
      `${config(template)}  [connector.options]\n  unpriced_position = ${quantity}\n`;
    desk = await tempDesk({ files: { "v.ts": VENUE }, config: unpriced });
    expect(desk.open.desk.market.reconciled.has("v")).toBe(true);
    const order = { connector: "v", side: "buy", symbol: "AAA", quantity: "10", type: "limit", limitPrice: "10" };
    const { verdict } = await desk.call<{ verdict: { decision: string; checks: object[] } }>("orders propose", {
      ...order,
      rationale: "x",
    });
    expect(verdict.decision).toBe(decision);
    const review = await desk.call<{ review: { checks: { message: string }[] } }>("orders show", {
      id: [...desk.open.desk.state.proposed.keys()][0],
    });
    expect(review.review.checks.map((check) => check.message).join("\n")).toContain(message);
    const { book } = await desk.call<StatusView>("status");
    expect(book.accounts).toMatchObject([{ connector: "v", nav: "1000000", unvalued: ["ZZZ"] }]);
    expect(book.positions).toMatchObject([{ symbol: "ZZZ", value: null }]);
  });
});

it("marks of positions are asked for together, and the order's own symbol once", async () => {
  const venue = adapterSource(`
    asked = new Set();
    release;
    both = new Promise((resolve) => (this.release = resolve));
    async getPositions() { return ["AAA", "BBB", "CCC"].map((symbol) => ({ symbol, quantity: "1" })); }
    async getQuote(symbol) {
      this.asked.add(symbol);
      if (this.asked.has("BBB") && this.asked.has("CCC")) this.release();
      if (symbol !== "AAA") await this.both;
      return { symbol, bid: "9", ask: "11", timestamp: Date.now() };
    }`);
  const live = (template: string): string => config(template).replace("[account]", '[account]\nnav_method = "live"');
  desk = await tempDesk({ files: { "v.ts": venue }, config: live });
  const quote = vi.spyOn(desk.open.desk.venues, "quote");
  await desk.call("orders propose", {
    ...{ connector: "v", side: "buy", symbol: "AAA", quantity: "1", type: "limit", limitPrice: "10", rationale: "x" },
  });
  const asked = quote.mock.calls.map(([, symbol]) => symbol).toSorted();
  expect(asked).toEqual(["AAA", "BBB", "CCC"]);
});

describe("the paper venue's own time", () => {
  it("the paper venue's own time dates its first mark, and a fill that the journal lost is read again", async () => {
    desk = await tempDesk();
    const account = desk.open.desk.state.accounts.get("paper");
    expect(account?.venueDate).toMatch(/^20(0\d|1\d|20)-/);
    const { id, digest } = await desk.call<{ id: string; digest: string }>("orders propose", {
      ...{ side: "buy", symbol: "SPX", quantity: "1", type: "market", rationale: "x" },
    });
    await desk.call("approve", { id, digest });
    await desk.reaches(id, "filled");
    await desk.stop();
    const { root, home } = desk;
    const path = join(root, ".qoc/journal/000001.ndjson");
    const lines = readFileSync(path, "utf8").split("\n");
    writeFileSync(
      path,
      `${lines
        .slice(
          0,
          lines.findIndex((line) => line.includes('"type":"fill.received"')),
        )
        .join("\n")}\n`,
    );
    desk = await tempDesk({ again: { root, home } });
    // A signed head names the lost records, so that a human accepts the gap first.
    const gap = desk.open.desk.record.gap();
    if (gap === undefined) throw new Error("the cut journal has no gap");
    await desk.call("resume", { gap: gapDigest(gap) });
    expect(await desk.reaches(id, "filled")).toBe("filled");
    expect(desk.open.desk.state.flagged.size).toBe(0);
    expect(await recoverFills(desk.open.desk, "paper" as ConnectorName)).toBe(0);
  });
});
