import { describe, expect, it } from "vitest";
import { VenueRejection } from "../../../src/domain/sdk.ts";
import { Bench, type BarRow, orderOf, rulesOf, seedFor, tapeOf } from "../../support/paper-market.ts";

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
): Bench {
  return new Bench(
    tapeOf({ X: [START, day1, REST, REST, REST] }),
    rulesOf(changes, { seed: seedFor("X", first), ...other }),
  );
}

/** Holding `quantity` X, so that there is something to sell. */
function holding(made: Bench, quantity = "10"): Bench {
  made.state = { ...made.state, holdings: [{ symbol: "X", quantity, averagePrice: "100" }] };
  return made;
}

describe("which price an order meets", () => {
  const cases: [
    what: string,
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
  it.each(cases)("%s", (_what, day1, first, order, fills) => {
    const made = holding(bench(day1, first));
    made.place(orderOf(order));
    made.step(4);
    expect(made.fills()).toEqual(fills);
  });

  it("pays the spread and the slippage at market, on whole ticks, and never more than the bar and the slippage", () => {
    const made = bench([100, 100.05, 99, 100, 4000], "low", { spreadBps: "20", slippageBps: "5" });
    made.place(orderOf());
    made.step();
    // Ask 100.10 is outside the bar: 100.05, and 5 basis points, rounded up.
    expect(made.fills()).toEqual(["1@100.11"]);
    const seller = holding(bench(CALM, "low", { spreadBps: "20", slippageBps: "5" }));
    seller.place(orderOf({ side: "sell" }));
    seller.step();
    expect(seller.fills()).toEqual(["1@99.85"]);
  });

  it("asks a limit order to meet the touch, not the last price", () => {
    const made = bench([100, 100, 100, 100], "low", { spreadBps: "20", slippageBps: "5" });
    made.place(orderOf({ type: "limit", limit: "100.09", timeInForce: "gtc" }));
    made.step(4);
    expect(made.fills()).toEqual([]);
    made.place(orderOf({ type: "limit", limit: "100.1" }));
    made.step();
    expect(made.fills()).toEqual(["1@100"]);
  });
});

describe("time in force", () => {
  it("fills at later ticks only", () => {
    const made = bench(CALM);
    made.place(orderOf());
    expect(made.executions).toEqual([]);
    expect(made.state.working).toHaveLength(1);
    expect(made.step().executions).toHaveLength(1);
  });

  it("keeps a day order through the whole next day and ends it before the open after that", () => {
    const made = bench(CALM);
    made.place(orderOf({ type: "limit", limit: "50" }));
    made.step(4);
    expect(made.ended).toEqual([]);
    made.step();
    expect(made.ended).toMatchObject([{ no: 1, status: "expired", filled: "0" }]);
  });

  it("gives a day order that comes in at the open that day and the next", () => {
    const made = bench(CALM);
    made.step();
    made.place(orderOf({ type: "limit", limit: "50" }));
    made.step(7);
    expect(made.ended).toEqual([]);
    made.step();
    expect(made.ended).toMatchObject([{ status: "expired" }]);
  });

  it("does not let an expiring order trade at the open that ends it", () => {
    const made = new Bench(tapeOf({ X: [START, START, [50, 50, 50, 50]] }), rulesOf());
    made.place(orderOf({ type: "limit", limit: "60" }));
    made.step(5);
    expect(made.fills()).toEqual([]);
    expect(made.ended).toMatchObject([{ status: "expired" }]);
  });

  it("keeps a gtc order", () => {
    const made = bench(CALM);
    made.place(orderOf({ type: "limit", limit: "50", timeInForce: "gtc" }));
    made.step(16);
    expect(made.state.working).toHaveLength(1);
  });

  it.each(["ioc", "fok"] as const)("ends an %s order that meets no price at its first tick", (timeInForce) => {
    const made = bench(CALM);
    made.place(orderOf({ type: "limit", limit: "95", timeInForce }));
    made.step();
    expect(made.fills()).toEqual([]);
    expect(made.ended).toMatchObject([{ status: "cancelled", filled: "0" }]);
  });

  it("fills of an ioc order what there is and cancels the rest", () => {
    const made = bench([100, 110, 90, 105, 20]);
    made.place(orderOf({ quantity: "8", timeInForce: "ioc" }));
    made.step();
    expect(made.fills()).toEqual(["5@100"]);
    expect(made.ended).toMatchObject([{ status: "cancelled", filled: "5" }]);
  });

  it("fills a fok order whole or not at all", () => {
    const made = bench([100, 110, 90, 105, 20]);
    made.place(orderOf({ quantity: "5.001", timeInForce: "fok" }));
    made.place(orderOf({ quantity: "5", timeInForce: "fok" }));
    made.step();
    expect(made.fills()).toEqual(["5@100"]);
    expect(made.ended).toMatchObject([
      { no: 1, status: "cancelled", filled: "0" },
      { no: 2, status: "filled", filled: "5" },
    ]);
  });
});

describe("volume", () => {
  it("fills in parts, a share of the bar at each tick, the older order first", () => {
    const made = bench([100, 110, 90, 105, 80], "low", { participation: "0.5" });
    made.place(orderOf({ quantity: "15" }));
    made.place(orderOf({ quantity: "7" }));
    made.step(2);
    expect(made.executions.map(({ no, nth, quantity, price }) => [no, nth, quantity, price])).toEqual([
      [1, 1, "10", "100"],
      [1, 2, "5", "90"],
      [2, 1, "5", "90"],
    ]);
    expect(made.state.working).toMatchObject([{ no: 2, filled: "5", value: "450", fills: 1 }]);
    expect(made.ended).toMatchObject([{ no: 1, status: "filled", filled: "15", value: "1450" }]);
  });

  it("knows no limit where no volume was recorded", () => {
    const made = bench([100, 110, 90, 105]);
    made.place(orderOf({ quantity: "9000" }));
    made.step();
    expect(made.fills()).toEqual(["9000@100"]);
  });
});

describe("money", () => {
  const refused = (made: Bench, order: Parameters<typeof orderOf>[0], words: RegExp): void => {
    const before = made.state;
    expect(() => made.place(orderOf(order))).toThrow(words);
    expect(() => made.place(orderOf(order))).toThrow(VenueRejection);
    expect(made.state).toBe(before);
  };

  it("takes an order for exactly the cash there is, and none for a lot more", () => {
    const made = new Bench(tapeOf({ X: [START, CALM] }), rulesOf(), "1000");
    refused(made, { quantity: "10.001" }, /insufficient buying power.*needs 1000\.1, 1000 is free/);
    made.place(orderOf({ quantity: "10" }));
    refused(made, { quantity: "0.001" }, /insufficient buying power/);
    made.step();
    expect(made.state).toMatchObject({ cash: "0", holdings: [{ symbol: "X", quantity: "10", averagePrice: "100" }] });
  });

  it("holds back what open orders may cost, commission included", () => {
    const made = new Bench(tapeOf({ X: [START, CALM] }), rulesOf({ commissionBps: "100" }), "1000");
    made.place(orderOf({ quantity: "5", type: "limit", limit: "90" }));
    refused(made, { quantity: "5.402" }, /needs 545\.6, 545\.5 is free/);
    made.place(orderOf({ quantity: "5.401" }));
  });

  it("buys only what the cash allows when the price has risen, and cancels the rest", () => {
    const made = new Bench(tapeOf({ X: [START, UP] }), rulesOf({ commissionBps: "10" }), "1010");
    made.place(orderOf({ quantity: "10" }));
    made.step();
    // 8.408 x 120 = 1008.96 and 1.01; one lot more would cost 1010.09.
    expect(made.executions).toMatchObject([{ quantity: "8.408", price: "120", fee: "1.01" }]);
    expect(made.ended).toMatchObject([{ status: "cancelled", filled: "8.408" }]);
    expect(made.state.cash).toBe("0.03");
  });

  it("keeps on buying while volume, not money, is what lacks", () => {
    const made = new Bench(tapeOf({ X: [START, [120, 120, 120, 120, 8]] }), rulesOf(), "1000");
    made.place(orderOf({ quantity: "10", timeInForce: "gtc" }));
    made.step(4);
    expect(made.fills()).toEqual(["2@120", "2@120", "2@120", "2@120"]);
    expect(made.state.working).toMatchObject([{ filled: "8" }]);
    made.step();
    expect(made.fills().at(-1)).toBe("0.333@120");
    expect(made.ended).toMatchObject([{ status: "cancelled", filled: "8.333" }]);
  });

  it("counts what earlier open orders close already", () => {
    const made = holding(new Bench(tapeOf({ X: [START, CALM] }), rulesOf({}, { allowShort: true }), "0"), "3");
    made.place(orderOf({ side: "sell", quantity: "2", type: "limit", limit: "200" }));
    refused(made, { side: "sell", quantity: "2", type: "limit", limit: "200" }, /needs 200, 0 is free/);
    made.place(orderOf({ side: "sell", quantity: "1", type: "limit", limit: "200" }));
  });

  it("does not sell what is not held, counting open sell orders", () => {
    const made = holding(bench(CALM), "3");
    refused(
      made,
      { side: "sell", quantity: "3.001" },
      /3 held, 0 of it in open sell orders; short sales need allow_short = true/,
    );
    made.place(orderOf({ side: "sell", quantity: "2", type: "limit", limit: "200" }));
    refused(made, { side: "sell", quantity: "1.001" }, /3 held, 2 of it/);
    made.place(orderOf({ side: "sell", quantity: "1" }));
  });

  it("sells short where that is allowed, as far as the cash covers it once more", () => {
    const made = new Bench(
      tapeOf({ X: [START, CALM, REST] }),
      rulesOf({}, { allowShort: true, seed: seedFor("X", "low") }),
      "1000",
    );
    refused(made, { side: "sell", quantity: "10.001" }, /insufficient buying power/);
    made.place(orderOf({ side: "sell", quantity: "10" }));
    made.step();
    expect(made.state).toMatchObject({ cash: "2000", holdings: [{ quantity: "-10", averagePrice: "100" }] });
    refused(made, { side: "sell", quantity: "0.1" }, /insufficient/);
    made.place(orderOf({ side: "buy", quantity: "10" }));
    made.step();
    expect(made.state).toMatchObject({ cash: "1100", holdings: [] });
  });

  it("lets a loss-making short be closed beyond the money there is", () => {
    const made = new Bench(
      tapeOf({ X: [START, START, [500, 500, 500, 500]] }),
      rulesOf({}, { allowShort: true }),
      "1000",
    );
    made.place(orderOf({ side: "sell", quantity: "10" }));
    made.step(5);
    made.place(orderOf({ quantity: "10" }));
    made.step();
    expect(made.state).toMatchObject({ cash: "-3000", holdings: [] });
  });

  it("takes a reduce-only order only against a position, and not for more of it than is left", () => {
    refused(bench(CALM), { reduceOnly: true }, /reduce-only buy 1 X: the position is 0/);
    const made = holding(bench(CALM), "3");
    refused(made, { reduceOnly: true }, /reduce-only/);
    refused(made, { side: "sell", quantity: "4", reduceOnly: true }, /reduce-only/);
    made.place(orderOf({ side: "sell", quantity: "3", reduceOnly: true }));
    made.step();
    expect(made.state.holdings).toEqual([]);
  });

  it("never turns a position by a reduce-only order, even where another order closed it first", () => {
    const made = holding(bench(CALM, "low", {}, { allowShort: true }), "3");
    made.place(orderOf({ side: "sell", quantity: "3", reduceOnly: true, type: "limit", limit: "105" }));
    made.place(orderOf({ side: "sell", quantity: "2" }));
    made.step(4);
    expect(made.fills()).toEqual(["2@100", "1@105"]);
    expect(made.ended.at(-1)).toMatchObject({ no: 1, status: "cancelled", filled: "1" });
    expect(made.state.holdings).toEqual([]);
  });
});
