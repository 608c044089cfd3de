import { describe, expect, it } from "vitest";
import { VenueRejection } from "../../../src/domain/sdk.ts";
import { EngineHarness, type BarRow, orderOf, rulesOf, seedFor, feedOf } from "../../support/paper-market.ts";

/** Day 0 closes at 100. */
const START: BarRow = [100, 100, 100, 100, 4000];
/** Opens where it closed, 90 and 110, closes 105: no gap. */
const CALM: BarRow = [100, 110, 90, 105, 4000];
/** Opens above all of day 0. */
const UP: BarRow = [120, 130, 115, 125, 4000];
/** Opens below all of day 0. */
const DOWN: BarRow = [80, 85, 70, 75, 4000];
const REST: BarRow = [100, 100, 100, 100, 4000];

function bench(
  day1: BarRow,
  first: "low" | "high" = "low",
  changes: Parameters<typeof rulesOf>[0] = {},
  other = {},
): EngineHarness {
  return new EngineHarness(
    feedOf({ X: [START, day1, REST, REST, REST] }),
    rulesOf(changes, { seed: seedFor("X", first), ...other }),
  );
}

/** Holding `quantity` X, so that there is something to sell. */
function holding(harness: EngineHarness, quantity = "10"): EngineHarness {
  harness.state = { ...harness.state, holdings: [{ symbol: "X", quantity, averagePrice: "100" }] };
  return harness;
}

describe("the price of a fill", () => {
  const cases: [
    label: string,
    day1: BarRow,
    first: "low" | "high",
    order: Parameters<typeof orderOf>[0],
    fills: string[],
  ][] = [
    ["market buy fills at the next price", CALM, "low", {}, ["1@100"]],
    ["market buy after a gap pays the open", UP, "low", {}, ["1@120"]],
    ["market sell after a gap gets the open", DOWN, "low", { side: "sell" }, ["1@80"]],

    ["limit buy above the market pays the market", CALM, "low", { type: "limit", limit: "103" }, ["1@100"]],
    ["limit buy that the price comes down to pays its limit", CALM, "low", { type: "limit", limit: "95" }, ["1@95"]],
    ["limit buy at the very low fills", CALM, "low", { type: "limit", limit: "90" }, ["1@90"]],
    ["limit buy below the low waits", CALM, "low", { type: "limit", limit: "89.99" }, []],
    ["limit buy that a gap jumps over pays the better open", DOWN, "low", { type: "limit", limit: "95" }, ["1@80"]],
    ["limit buy that a gap leaves behind waits", UP, "low", { type: "limit", limit: "103" }, []],
    [
      "limit sell below the market gets the market",
      CALM,
      "low",
      { side: "sell", type: "limit", limit: "95" },
      ["1@100"],
    ],
    [
      "limit sell that the price comes up to gets its limit",
      CALM,
      "low",
      { side: "sell", type: "limit", limit: "107" },
      ["1@107"],
    ],
    ["limit sell above the high waits", CALM, "low", { side: "sell", type: "limit", limit: "110.01" }, []],
    [
      "limit sell that a gap jumps over gets the better open",
      UP,
      "low",
      { side: "sell", type: "limit", limit: "107" },
      ["1@120"],
    ],
    ["limit sell that a gap leaves behind waits", DOWN, "low", { side: "sell", type: "limit", limit: "99" }, []],

    ["stop buy pays its stop when the price rises through it", CALM, "low", { type: "stop", stop: "107" }, ["1@107"]],
    ["stop buy above the high waits", CALM, "low", { type: "stop", stop: "110.01" }, []],
    ["stop buy that a gap jumps over pays the worse open", UP, "low", { type: "stop", stop: "107" }, ["1@120"]],
    [
      "stop sell gets its stop when the price falls through it",
      CALM,
      "low",
      { side: "sell", type: "stop", stop: "95" },
      ["1@95"],
    ],
    [
      "stop sell that a gap jumps over gets the worse open",
      DOWN,
      "low",
      { side: "sell", type: "stop", stop: "95" },
      ["1@80"],
    ],
    ["stop sell below the low waits", CALM, "low", { side: "sell", type: "stop", stop: "89.99" }, []],
    [
      "stop sell already reached trades at the next price",
      CALM,
      "low",
      { side: "sell", type: "stop", stop: "101" },
      ["1@100"],
    ],
    ["stop buy already reached trades at the next price", UP, "low", { type: "stop", stop: "99" }, ["1@120"]],

    [
      "stop-limit buy with room pays its stop",
      CALM,
      "low",
      { type: "stop_limit", stop: "107", limit: "108" },
      ["1@107"],
    ],
    [
      "stop-limit buy with a lower limit waits for the way back",
      CALM,
      "low",
      { type: "stop_limit", stop: "107", limit: "106" },
      ["1@106"],
    ],
    [
      "stop-limit buy that a gap carries past its limit waits",
      UP,
      "high",
      { type: "stop_limit", stop: "107", limit: "108" },
      [],
    ],
    [
      "stop-limit buy that a gap triggers pays the open",
      UP,
      "low",
      { type: "stop_limit", stop: "107", limit: "121" },
      ["1@120"],
    ],
    [
      "stop-limit buy after a gap fills on the way back",
      UP,
      "high",
      { type: "stop_limit", stop: "107", limit: "118" },
      ["1@118"],
    ],
    [
      "stop-limit sell with room gets its stop",
      CALM,
      "low",
      { side: "sell", type: "stop_limit", stop: "95", limit: "94" },
      ["1@95"],
    ],
    [
      "stop-limit sell after a gap waits",
      DOWN,
      "low",
      { side: "sell", type: "stop_limit", stop: "95", limit: "94" },
      [],
    ],
    [
      "stop-limit that is not triggered does not trade at its limit",
      CALM,
      "low",
      { type: "stop_limit", stop: "115", limit: "120" },
      [],
    ],
  ];
  it.each(cases)("%s", (_label, day1, first, order, fills) => {
    const harness = holding(bench(day1, first));
    harness.place(orderOf(order));
    harness.step(4);
    expect(harness.fills()).toEqual(fills);
  });

  it("a market order pays spread and slippage in whole ticks, at most the bar's range plus slippage", () => {
    const harness = bench([100, 100.05, 99, 100, 4000], "low", { spreadBps: "20", slippageBps: "5" });
    harness.place(orderOf());
    harness.step();
    // Ask 100.10 is outside the bar: 100.05, and 5 basis points, rounded up.
    expect(harness.fills()).toEqual(["1@100.11"]);
    const seller = holding(bench(CALM, "low", { spreadBps: "20", slippageBps: "5" }));
    seller.place(orderOf({ side: "sell" }));
    seller.step();
    expect(seller.fills()).toEqual(["1@99.85"]);
  });

  it("a limit order fills when the best price reaches its limit, not when the last price does", () => {
    const harness = bench([100, 100, 100, 100], "low", { spreadBps: "20", slippageBps: "5" });
    harness.place(orderOf({ type: "limit", limit: "100.09", timeInForce: "gtc" }));
    harness.step(4);
    expect(harness.fills()).toEqual([]);
    harness.place(orderOf({ type: "limit", limit: "100.1" }));
    harness.step();
    expect(harness.fills()).toEqual(["1@100"]);
  });
});

describe("time in force", () => {
  it("an order never fills at the tick of its acceptance", () => {
    const harness = bench(CALM);
    harness.place(orderOf());
    expect(harness.executions).toEqual([]);
    expect(harness.state.working).toHaveLength(1);
    expect(harness.step().executions).toHaveLength(1);
  });

  it("a day order stays open for the whole next day and expires before the following open", () => {
    const harness = bench(CALM);
    harness.place(orderOf({ type: "limit", limit: "50" }));
    harness.step(4);
    expect(harness.ended).toEqual([]);
    harness.step();
    expect(harness.ended).toMatchObject([{ no: 1, status: "expired", filled: "0" }]);
  });

  it("a day order accepted at the open stays open for that day and the next", () => {
    const harness = bench(CALM);
    harness.step();
    harness.place(orderOf({ type: "limit", limit: "50" }));
    harness.step(7);
    expect(harness.ended).toEqual([]);
    harness.step();
    expect(harness.ended).toMatchObject([{ status: "expired" }]);
  });

  it("an expiring day order does not trade at the open at which it ends", () => {
    const harness = new EngineHarness(feedOf({ X: [START, START, [50, 50, 50, 50]] }), rulesOf());
    harness.place(orderOf({ type: "limit", limit: "60" }));
    harness.step(5);
    expect(harness.fills()).toEqual([]);
    expect(harness.ended).toMatchObject([{ status: "expired" }]);
  });

  it("a gtc order stays open", () => {
    const harness = bench(CALM);
    harness.place(orderOf({ type: "limit", limit: "50", timeInForce: "gtc" }));
    harness.step(16);
    expect(harness.state.working).toHaveLength(1);
  });

  it.each(["ioc", "fok"] as const)("an %s order ends if it cannot trade at its first tick", (timeInForce) => {
    const harness = bench(CALM);
    harness.place(orderOf({ type: "limit", limit: "95", timeInForce }));
    harness.step();
    expect(harness.fills()).toEqual([]);
    expect(harness.ended).toMatchObject([{ status: "cancelled", filled: "0" }]);
  });

  it("an ioc order fills the available volume, and the rest is cancelled", () => {
    const harness = bench([100, 110, 90, 105, 20]);
    harness.place(orderOf({ quantity: "8", timeInForce: "ioc" }));
    harness.step();
    expect(harness.fills()).toEqual(["5@100"]);
    expect(harness.ended).toMatchObject([{ status: "cancelled", filled: "5" }]);
  });

  it("a fok order fills completely or not at all", () => {
    const harness = bench([100, 110, 90, 105, 20]);
    harness.place(orderOf({ quantity: "5.001", timeInForce: "fok" }));
    harness.place(orderOf({ quantity: "5", timeInForce: "fok" }));
    harness.step();
    expect(harness.fills()).toEqual(["5@100"]);
    expect(harness.ended).toMatchObject([
      { no: 1, status: "cancelled", filled: "0" },
      { no: 2, status: "filled", filled: "5" },
    ]);
  });
});

describe("volume", () => {
  it("an order fills by a share of the bar's volume at each tick, the older order first", () => {
    const harness = bench([100, 110, 90, 105, 80], "low", { participation: "0.5" });
    harness.place(orderOf({ quantity: "15" }));
    harness.place(orderOf({ quantity: "7" }));
    harness.step(2);
    expect(harness.executions.map(({ no, nth, quantity, price }) => [no, nth, quantity, price])).toEqual([
      [1, 1, "10", "100"],
      [1, 2, "5", "90"],
      [2, 1, "5", "90"],
    ]);
    expect(harness.state.working).toMatchObject([{ no: 2, filled: "5", value: "450", fills: 1 }]);
    expect(harness.ended).toMatchObject([{ no: 1, status: "filled", filled: "15", value: "1450" }]);
  });

  it("an order fills completely if the bar has no volume", () => {
    const harness = bench([100, 110, 90, 105]);
    harness.place(orderOf({ quantity: "9000" }));
    harness.step();
    expect(harness.fills()).toEqual(["9000@100"]);
  });
});

describe("money", () => {
  const expectRejected = (harness: EngineHarness, order: Parameters<typeof orderOf>[0], message: RegExp): void => {
    const before = harness.state;
    expect(() => harness.place(orderOf(order))).toThrow(message);
    expect(() => harness.place(orderOf(order))).toThrow(VenueRejection);
    expect(harness.state).toBe(before);
  };

  it("an order for exactly the available cash is accepted, and for one lot more rejected", () => {
    const harness = new EngineHarness(feedOf({ X: [START, CALM] }), rulesOf(), "1000");
    expectRejected(harness, { quantity: "10.001" }, /insufficient buying power.*needs 1000\.1, 1000 is available/);
    harness.place(orderOf({ quantity: "10" }));
    expectRejected(harness, { quantity: "0.001" }, /insufficient buying power/);
    harness.step();
    expect(harness.state).toMatchObject({
      cash: "0",
      holdings: [{ symbol: "X", quantity: "10", averagePrice: "100" }],
    });
  });

  it("cash is reserved for open orders including commission", () => {
    const harness = new EngineHarness(feedOf({ X: [START, CALM] }), rulesOf({ commissionBps: "100" }), "1000");
    harness.place(orderOf({ quantity: "5", type: "limit", limit: "90" }));
    expectRejected(harness, { quantity: "5.402" }, /needs 545\.6, 545\.5 is available/);
    harness.place(orderOf({ quantity: "5.401" }));
  });

  it("a buy fills as far as the cash allows after the price has risen, and the rest is cancelled", () => {
    const harness = new EngineHarness(feedOf({ X: [START, UP] }), rulesOf({ commissionBps: "10" }), "1010");
    harness.place(orderOf({ quantity: "10" }));
    harness.step();
    // 8.408 x 120 = 1008.96 and 1.01; one lot more would cost 1010.09.
    expect(harness.executions).toMatchObject([{ quantity: "8.408", price: "120", fee: "1.01" }]);
    expect(harness.ended).toMatchObject([{ status: "cancelled", filled: "8.408" }]);
    expect(harness.state.cash).toBe("0.03");
  });

  it("a buy stays open if only the volume limits it", () => {
    const harness = new EngineHarness(feedOf({ X: [START, [120, 120, 120, 120, 8]] }), rulesOf(), "1000");
    harness.place(orderOf({ quantity: "10", timeInForce: "gtc" }));
    harness.step(4);
    expect(harness.fills()).toEqual(["2@120", "2@120", "2@120", "2@120"]);
    expect(harness.state.working).toMatchObject([{ filled: "8" }]);
    harness.step();
    expect(harness.fills().at(-1)).toBe("0.333@120");
    expect(harness.ended).toMatchObject([{ status: "cancelled", filled: "8.333" }]);
  });

  it("earlier open orders reduce the quantity that a later order closes", () => {
    const harness = holding(
      new EngineHarness(feedOf({ X: [START, CALM] }), rulesOf({}, { allowShort: true }), "0"),
      "3",
    );
    harness.place(orderOf({ side: "sell", quantity: "2", type: "limit", limit: "200" }));
    expectRejected(harness, { side: "sell", quantity: "2", type: "limit", limit: "200" }, /needs 200, 0 is available/);
    harness.place(orderOf({ side: "sell", quantity: "1", type: "limit", limit: "200" }));
  });

  it("a sell beyond the position minus open sells is rejected", () => {
    const harness = holding(bench(CALM), "3");
    expectRejected(
      harness,
      { side: "sell", quantity: "3.001" },
      /3 held, 0 of it in open sell orders; short sales need allow_short = true/,
    );
    harness.place(orderOf({ side: "sell", quantity: "2", type: "limit", limit: "200" }));
    expectRejected(harness, { side: "sell", quantity: "1.001" }, /3 held, 2 of it/);
    harness.place(orderOf({ side: "sell", quantity: "1" }));
  });

  it("a short sale is accepted with allow_short as far as the cash covers its value", () => {
    const harness = new EngineHarness(
      feedOf({ X: [START, CALM, REST] }),
      rulesOf({}, { allowShort: true, seed: seedFor("X", "low") }),
      "1000",
    );
    expectRejected(harness, { side: "sell", quantity: "10.001" }, /insufficient buying power/);
    harness.place(orderOf({ side: "sell", quantity: "10" }));
    harness.step();
    expect(harness.state).toMatchObject({ cash: "2000", holdings: [{ quantity: "-10", averagePrice: "100" }] });
    expectRejected(harness, { side: "sell", quantity: "0.1" }, /insufficient/);
    harness.place(orderOf({ side: "buy", quantity: "10" }));
    harness.step();
    expect(harness.state).toMatchObject({ cash: "1100", holdings: [] });
  });

  it("a losing short position can be closed even if the cash becomes negative", () => {
    const harness = new EngineHarness(
      feedOf({ X: [START, START, [500, 500, 500, 500]] }),
      rulesOf({}, { allowShort: true }),
      "1000",
    );
    harness.place(orderOf({ side: "sell", quantity: "10" }));
    harness.step(5);
    harness.place(orderOf({ quantity: "10" }));
    harness.step();
    expect(harness.state).toMatchObject({ cash: "-3000", holdings: [] });
  });

  it("a reduce-only order is accepted only up to the part of the position that no other order closes", () => {
    expectRejected(bench(CALM), { reduceOnly: true }, /reduce-only buy 1 X: the position is 0/);
    const harness = holding(bench(CALM), "3");
    expectRejected(harness, { reduceOnly: true }, /reduce-only/);
    expectRejected(harness, { side: "sell", quantity: "4", reduceOnly: true }, /reduce-only/);
    harness.place(orderOf({ side: "sell", quantity: "3", reduceOnly: true }));
    harness.step();
    expect(harness.state.holdings).toEqual([]);
  });

  it("a reduce-only order never reverses a position, even if another order closed the position first", () => {
    const harness = holding(bench(CALM, "low", {}, { allowShort: true }), "3");
    harness.place(orderOf({ side: "sell", quantity: "3", reduceOnly: true, type: "limit", limit: "105" }));
    harness.place(orderOf({ side: "sell", quantity: "2" }));
    harness.step(4);
    expect(harness.fills()).toEqual(["2@100", "1@105"]);
    expect(harness.ended.at(-1)).toMatchObject({ no: 1, status: "cancelled", filled: "1" });
    expect(harness.state.holdings).toEqual([]);
  });
});
