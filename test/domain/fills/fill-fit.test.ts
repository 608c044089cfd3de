import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { misfitsOf } from "../../../src/domain/fills/fill-fit.ts";
import type { OrderId } from "../../../src/domain/ids.ts";
import type { VenueFill } from "../../../src/domain/market/venue.ts";
import { type JournalScenario, SCENARIO_START, amount, scenario } from "../../support/journal-scenario.ts";

function working(side: "buy" | "sell" = "buy"): JournalScenario {
  return scenario().desk().account("paper").working("a", { symbol: "BTC-USD", side, quantity: "10" });
}
function misfits(fill: Partial<VenueFill>, side: "buy" | "sell" = "buy", now: number | undefined = SCENARIO_START) {
  const order = working(side)
    .state()
    .orders.get("a" as OrderId);
  if (order === undefined) throw new Error("no order");
  const fits = { fillId: "f", venueOrderId: "v-a", symbol: "BTC-USD", side, quantity: amount("10") };
  return misfitsOf(order, { ...fits, price: amount("100"), at: SCENARIO_START + 5_000, ...fill }, now);
}

describe("a fill of an order with a limit of 100", () => {
  it.each<[string, Partial<VenueFill>, readonly string[]]>([
    ["at the limit", {}, []],
    ["below the limit of a buy", { price: amount("1") }, []],
    ["in another spelling of the symbol", { symbol: "BTC/USD" }, []],
    ["of another symbol", { symbol: "GME" }, ["symbol"]],
    ["of the other side", { side: "sell" }, ["side"]],
    ["above the limit of a buy", { price: amount("100.01") }, ["price"]],
    ["at a price of zero", { price: amount("0") }, ["price"]],
    ["at a price below zero", { price: amount("-5") }, ["price"]],
    ["60 s ahead", { at: SCENARIO_START + 60_000 }, []],
    ["more than 60 s ahead", { at: SCENARIO_START + 60_001 }, ["time"]],
    ["of the year 2199", { at: Date.UTC(2199, 0, 1) }, ["time"]],
    ["at the time of the intent", { at: SCENARIO_START + 5_000 }, []],
    ["1 ms before the intent", { at: SCENARIO_START + 4_999 }, ["time"]],
    ["of the second before the intent", { at: SCENARIO_START + 4_000 }, ["time"]],
    ["of a day before the intent", { at: SCENARIO_START - 86_400_000 }, ["time"]],
    ["of another symbol and side", { symbol: "GME", side: "sell" }, ["symbol", "side"]],
    ["that is taken back", { symbol: "GME", side: "sell", busts: "x" }, []],
  ])("%s: %j", (_, fill, expected) => {
    expect(misfits(fill)).toEqual(expected);
  });

  it("may be at a price below zero if the order was priced below zero to close a position", () => {
    const tale = scenario().desk().working("a", { side: "sell", type: "market", protectionPrice: "-38.8" });
    const order = tale.state().orders.get("a" as never);
    const fill = { fillId: "f", venueOrderId: "v-a", symbol: order?.terms.symbol ?? "", side: "sell" as const };
    const at = { quantity: amount("1"), price: amount("-37.7"), at: SCENARIO_START + 5_000 };
    expect(misfitsOf(order as never, { ...fill, ...at }, undefined)).toEqual([]);
  });

  it("contradicts a sell below the limit", () => {
    expect(misfits({ price: amount("99.99") }, "sell")).toEqual(["price"]);
    expect(misfits({ price: amount("100.01") }, "sell")).toEqual([]);
  });

  it.each([
    ["of the intent's second, without milliseconds", 5_000, []],
    ["in the intent's second, before the intent", 5_299, ["time"]],
    ["of the second before the intent's second", 4_000, ["time"]],
  ])("with an intent at 5.3 s and the time %s", (_, at, expected) => {
    const order = scenario()
      .wait(300)
      .desk()
      .account("paper")
      .working("a")
      .state()
      .orders.get("a" as OrderId);
    const fill = { fillId: "f", venueOrderId: "v-a", symbol: "AAPL", side: "buy", quantity: amount("1") } as const;
    const arrived = { ...fill, price: amount("100"), at: SCENARIO_START + at };
    expect(order && misfitsOf(order, arrived, SCENARIO_START)).toEqual(expected);
  });

  it("contradicts an order that was never sent", () => {
    const order = scenario()
      .desk()
      .proposed("a")
      .approved("a")
      .state()
      .orders.get("a" as OrderId);
    const fill = { fillId: "f", venueOrderId: "v-a", symbol: "AAPL", side: "buy", quantity: amount("1") } as const;
    const arrived = { ...fill, price: amount("100"), at: SCENARIO_START + 9_000 };
    expect(order && misfitsOf(order, arrived, undefined)).toEqual(["time"]);
  });

  it("has any time at a venue with a time of its own", () => {
    const order = working()
      .state()
      .orders.get("a" as OrderId);
    const fill = { fillId: "f", venueOrderId: "v-a", symbol: "BTC-USD", side: "buy", quantity: amount("1") } as const;
    expect(order && misfitsOf(order, { ...fill, price: amount("100"), at: Date.UTC(2019, 0, 1) }, undefined)).toEqual(
      [],
    );
  });
});

/** Appends a fill of order `a` with the finding that it is disputed. */
function disputed(tale: JournalScenario, fill: Partial<VenueFill> = {}): JournalScenario {
  return tale.event({
    type: "fill.received",
    id: "a" as OrderId,
    connector: "paper" as never,
    generation: 1,
    fill: {
      ...{ fillId: "d1", venueOrderId: "v-a", symbol: "BTC-USD", side: "sell", quantity: amount("10") },
      ...{ price: amount("100"), at: tale.now, ...fill },
    },
    finding: { kind: "disputed", misfits: ["side"] },
  });
}

describe("a disputed fill in the fold", () => {
  it("fills nothing, moves no position, and stays until the instrument is cleared", () => {
    const tale = disputed(working());
    const state = tale.state();
    const order = state.orders.get("a" as OrderId);
    expect([order?.state, order?.filled.toFixed(), [...(order?.flags ?? [])]]).toEqual(["accepted", "0", ["disputed"]]);
    expect(state.positions.get("paper/BTC-USD")?.quantity.toFixed() ?? "0").toBe("0");
    expect(state.disputes.get("paper/BTC-USD")).toMatchObject([{ order: "a", misfits: ["side"] }]);
    expect(tale.cleared("paper", "BTC-USD", "0").state().disputes.size).toBe(0);
  });

  it("blocks the instrument of the order and the instrument that the fill names", () => {
    const state = disputed(working(), { symbol: "GME" }).state();
    expect([...state.disputes.keys()]).toEqual(["paper/BTC-USD", "paper/GME"]);
  });

  it("counts once the venue corrects it to a fill that fits", () => {
    const tale = disputed(working());
    const { records } = { records: tale.records() };
    const last = records.at(-1)?.event;
    if (last?.type !== "fill.received") throw new Error("no fill");
    const { finding: _finding, ...event } = last;
    tale.event({ ...event, fill: { ...event.fill, fillId: "d2", corrects: "d1", side: "buy" } });
    const state = tale.state();
    expect(state.orders.get("a" as OrderId)?.state).toBe("filled");
    expect(state.positions.get("paper/BTC-USD")?.quantity.toFixed()).toBe("10");
    expect(state.disputes.size).toBe(0);
  });
});

it("the time of the newest fill is never ahead of its arrival", () => {
  fc.assert(
    fc.property(fc.integer({ min: -1_000_000, max: 10_000_000_000 }), (ahead) => {
      const tale = working();
      const at = tale.now;
      tale.event({
        type: "fill.received",
        id: null,
        connector: "paper" as never,
        generation: 1,
        fill: {
          ...{ fillId: "x", venueOrderId: "other", symbol: "GME", side: "buy", quantity: amount("1") },
          ...{ price: amount("1"), at: at + ahead },
        },
      });
      expect(tale.state().lastFillAt.get("paper")).toBe(Math.min(at, at + ahead));
    }),
  );
});
