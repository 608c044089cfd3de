import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import PaperVenue from "../../../connectors/paper/index.ts";
import { type Bar, type Fill, NotSent, VenueRejection } from "../../../src/domain/sdk.ts";
import { CrashStore } from "../../support/crash-store.ts";
import { orderOf } from "../../support/paper-market.ts";
import { type PaperHarness, openPaper } from "../../support/paper-harness.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function pass(ms: number): Promise<unknown> {
  return vi.advanceTimersByTimeAsync(ms);
}
function spx(changes: Parameters<typeof orderOf>[0] = {}) {
  return orderOf({ symbol: "SPX", ...changes });
}
const FAR = { type: "limit", limit: "100", timeInForce: "gtc" } as const;

describe("the market", () => {
  it("the market starts after the close of 2019-10-10 at 2938.13", async () => {
    const { venue } = await openPaper();
    const quote = await venue.getQuote("SPX");
    expect(quote).toEqual({
      symbol: "SPX",
      last: "2938.13",
      bid: "2937.83",
      ask: "2938.43",
      timestamp: Date.UTC(2019, 9, 10, 19, 59),
      bidSize: "80431250",
      askSize: "80431250",
    });
  });

  it("the price moves within a day, which takes two seconds", async () => {
    const { venue } = await openPaper();
    const seen: [string, unknown][] = [];
    for (let i = 0; i < 5; i++) {
      const { timestamp, last } = await venue.getQuote("SPX");
      seen.push([new Date(Number(timestamp)).toISOString().slice(0, 16), last]);
      await pass(500);
    }
    expect(seen.map(([time]) => time.slice(5))).toEqual([
      "10-10T19:59",
      "10-11T14:30",
      "10-11T16:19",
      "10-11T18:09",
      "10-11T19:59",
    ]);
    expect(seen[1]?.[1]).toBe("2963.07");
    expect(seen[4]?.[1]).toBe("2970.27");
    expect([seen[2]?.[1], seen[3]?.[1]].toSorted()).toEqual(["2963.07", "2993.28"]);
  });

  it("the five stocks start at their last recorded month", async () => {
    const { venue } = await openPaper();
    const prices = await Promise.all(
      ["AAPL", "MSFT", "AMZN", "GOOG", "IBM"].map(async (symbol) => (await venue.getQuote(symbol)).last),
    );
    expect(prices).toEqual(["223.02", "28.8", "128.82", "560.19", "125.55"]);
    await pass(2000);
    expect((await venue.getQuote("AAPL")).last).toBe("204.62");
    expect(await venue.getQuote("AAPL")).not.toHaveProperty("bidSize");
  });

  it("other symbols are not listed", async () => {
    const { venue } = await openPaper();
    expect(await venue.getInstrument("NOPE")).toBeNull();
    await expect(venue.getQuote("NOPE")).rejects.toThrow('"NOPE" is not listed');
  });

  it("getInstrument returns tick, lot and supported order types", async () => {
    const { venue } = await openPaper();
    expect(await venue.getInstrument("SPX")).toEqual({
      symbol: "SPX",
      name: "S&P 500 index, recorded daily bars",
      tickSize: "0.01",
      lotSize: "0.001",
      minQuantity: "0.001",
      maxQuantity: "1000000000",
      currency: "USD",
      orderTypes: ["market", "limit", "stop", "stop_limit"],
      timesInForce: ["day", "gtc", "ioc", "fok"],
      tradable: true,
    });
    expect(PaperVenue.capabilities).toMatchObject({
      mode: "paper",
      simulatedTime: true,
      exactDecimals: true,
      clientIdDedupe: "forever",
    });
  });

  it("the operator's bars are listed with a tick size that fits their price, and invalid bars are ignored", async () => {
    const day = (n: number, close: string, more: Partial<Bar> = {}): Bar => {
      return { symbol: "MEME", timestamp: Date.UTC(2019, 9, n), open: close, high: close, low: close, close, ...more };
    };
    const meme = [day(8, "0.000012"), day(10, "0.000014"), day(11, "0.000016"), day(12, "0.1", { low: "0.2" })];
    const bars = { MEME: meme, AAPL: [day(9, "300")] };
    const { venue, log } = await openPaper({ bars });
    expect((await venue.getQuote("MEME")).last).toBe("0.000014");
    expect(await venue.getInstrument("MEME")).toMatchObject({ tickSize: "0.00000001" });
    expect((await venue.getQuote("AAPL")).last).toBe("300");
    expect(log.some((line) => line.includes("MEME: 1 of 4 bars are ignored"))).toBe(true);
    await venue.placeOrder(orderOf({ symbol: "MEME", quantity: "1000" }));
    await pass(500);
    expect(await venue.getPositions()).toMatchObject([{ symbol: "MEME", quantity: "1000", markPrice: "0.000016" }]);
  });

  it("getBars returns complete days without the current one", async () => {
    const { venue } = await openPaper();
    const from = Date.UTC(2019, 9, 9);
    const dates = async () => {
      const bars = await venue.getBars("SPX", { resolution: "1d", from });
      return bars.map(({ timestamp }) => new Date(timestamp).toISOString().slice(0, 10));
    };
    expect(await dates()).toEqual(["2019-10-09", "2019-10-10"]);
    await pass(1500);
    expect(await dates()).toEqual(["2019-10-09", "2019-10-10"]);
    await pass(500);
    expect(await dates()).toEqual(["2019-10-09", "2019-10-10", "2019-10-11"]);
    const all = await venue.getBars("SPX", { resolution: "1d" });
    expect(all).toHaveLength(2000);
    expect(all.at(-1)).toMatchObject({
      open: "2963.07",
      high: "2993.28",
      low: "2963.07",
      close: "2970.27",
      volume: "3580460000",
    });
    expect(await venue.getBars("AAPL", { resolution: "1d" })).toHaveLength(123);
    await expect(venue.getBars("SPX", { resolution: "1m" })).rejects.toThrow('resolution "1d", not "1m"');
  });
});

describe("a market that lasts", () => {
  it("says beside the quote and the account that a recording has ended, from its first made-up price on", async () => {
    const { venue } = await openPaper({ options: { start: "2020-04-16", bar_seconds: 4 } });
    expect((await venue.getQuote("AAPL")).notice).toBeUndefined();
    expect((await venue.getQuote("SPX")).notice).toBeUndefined();
    await pass(4_000);
    expect((await venue.getQuote("AAPL")).notice).toContain("the recording of AAPL ended on 2010-03-01");
    expect((await venue.getAccount()).notice).toBeUndefined();
    await pass(1_000);
    const words = "the recording of SPX ended on 2020-04-17: its prices now are that recording played backwards";
    expect((await venue.getQuote("SPX")).notice).toContain(words);
    expect((await venue.getAccount()).notice).toContain(words);
    const bars = await venue.getBars("SPX", { resolution: "1d" });
    await pass(2 * 1200 * 1_000);
    expect(await venue.getBars("SPX", { resolution: "1d" })).toEqual(bars);
    expect(new Date(bars.at(-1)?.timestamp ?? 0).toISOString()).toContain("2020-04-17");
  });

  it("the operator's bars come back as they are, whatever the date of the market", async () => {
    const hour = Date.UTC(2026, 0, 5, 9);
    const own = [0, 1, 2].map((n) => {
      const [low, high] = [10 + n, 20 + n];
      return { symbol: "OWN", timestamp: hour + n * 3_600_000, open: low, high, low, close: high, volume: 5 };
    });
    const { venue } = await openPaper({ bars: { OWN: own } });
    const bars = await venue.getBars("OWN", { resolution: "1d" });
    expect(bars.map(({ timestamp }) => timestamp)).toEqual(own.map(({ timestamp }) => timestamp));
    expect(bars.map(({ close, volume }) => [Number(close), Number(volume)])).toEqual([20, 21, 22].map((at) => [at, 5]));
    expect(await venue.getBars("OWN", { resolution: "1d", from: hour + 1 })).toHaveLength(2);
  });

  it("a day takes a minute by default, and a market order still fills within two seconds", async () => {
    const { venue, fills } = await openPaper({ options: { bar_seconds: undefined } });
    const before = (await venue.getQuote("SPX")).timestamp;
    await venue.placeOrder(spx({ type: "market" }));
    await pass(2_000);
    expect(fills).toHaveLength(1);
    await pass(58_000);
    const day = (at: unknown): string => new Date(at as number).toISOString().slice(0, 10);
    expect([before, (await venue.getQuote("SPX")).timestamp].map(day)).toEqual(["2019-10-10", "2019-10-11"]);
  });
});

describe("an order", () => {
  it("an order is acknowledged first and filled within five seconds at the default speed", async () => {
    const events: string[] = [];
    const { venue, fills } = await openPaper({ onFill: ({ fillId }) => void events.push(fillId) });
    void venue
      .placeOrder(spx({ clientOrderId: "first" }))
      .then(({ venueOrderId, status }) => events.push(`${status} ${venueOrderId}`));
    await pass(5000);
    expect(events).toEqual(["acknowledged P-000001", "P-000001-1"]);
    expect(fills).toEqual([
      {
        fillId: "P-000001-1",
        venueOrderId: "P-000001",
        clientOrderId: "first",
        symbol: "SPX",
        side: "buy",
        quantity: "1",
        price: "2963.67",
        timestamp: Date.UTC(2019, 9, 11, 14, 30),
        fee: "0",
        feeCurrency: "USD",
      },
    ]);
    expect(await venue.getFills(0)).toEqual(fills);
    expect(await venue.getFills(Date.UTC(2019, 9, 11, 14, 31))).toEqual([]);
  });

  it("an order is acknowledged before its fill even if the next tick follows at once", async () => {
    const events: string[] = [];
    const onFill = ({ clientOrderId }: Fill) => void events.push(`fill ${clientOrderId}`);
    const { venue } = await openPaper({ options: { bar_seconds: 0.02 }, onFill });
    for (let i = 0; i < 200; i++) {
      const order = spx({ quantity: "0.001" });
      void venue.placeOrder(order).then(() => events.push(`ack ${order.clientOrderId}`));
      await pass(i % 7);
    }
    await pass(20);
    expect(events).toHaveLength(400);
    for (const event of events.filter((line) => line.startsWith("fill"))) {
      expect(events.indexOf(event)).toBeGreaterThan(events.indexOf(event.replace("fill", "ack")));
    }
  });

  it("an order is acknowledged before its fill if the tick waited for the store", async () => {
    const events: string[] = [];
    let delayMs = 0;
    const delay = (): Promise<void> =>
      delayMs === 0 ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve, delayMs));
    const store = new CrashStore(new Map(), { delay });
    const { venue } = await openPaper({ store, onFill: () => void events.push("fill") });
    await pass(490);
    delayMs = 50;
    void venue.placeOrder(spx()).then(async () => {
      // The way out of a worker has turns of its own.
      for (let i = 0; i < 100; i++) await Promise.resolve();
      events.push("ack");
    });
    await pass(0);
    delayMs = 0;
    await pass(600);
    expect(events).toEqual(["ack", "fill"]);
  });

  it("a fill changes cash, positions and net value by its price and fee", async () => {
    const { venue, fills } = await openPaper({ options: { commission_bps: 10, cash: 5000 } });
    await venue.placeOrder(spx({ quantity: "1.5" }));
    expect(await venue.getBuyingPower()).toBe("587.495");
    await pass(500);
    expect(fills[0]).toMatchObject({ price: "2963.67", fee: "4.45" });
    const timestamp = Number((await venue.getQuote("SPX")).timestamp);
    expect(await venue.getAccount()).toEqual({
      cash: "550.045",
      buyingPower: "550.045",
      nav: "4994.65",
      currency: "USD",
      timestamp,
    });
    const held = { symbol: "SPX", quantity: "1.5", averagePrice: "2963.67", markPrice: "2963.07", currency: "USD" };
    expect(await venue.getPositions()).toEqual([held]);
  });

  it("getOrder finds an open or ended order by either id", async () => {
    const { venue } = await openPaper();
    const { venueOrderId } = await venue.placeOrder(spx({ clientOrderId: "a", ...FAR }));
    await venue.placeOrder(spx({ clientOrderId: "b", quantity: "2" }));
    const open = { venueOrderId, clientOrderId: "a", status: "open", filledQuantity: "0" };
    const first = await venue.getOrder({ venueOrderId });
    expect(first).toEqual({ ...open, updatedAt: expect.any(Number) });
    expect(await venue.getOrder({ clientOrderId: "a" })).toEqual(first);
    expect((await venue.getOpenOrders()).map(({ clientOrderId }) => clientOrderId)).toEqual(["a", "b"]);
    await pass(500);
    expect(await venue.getOrder({ clientOrderId: "b" })).toEqual({
      venueOrderId: "P-000002",
      clientOrderId: "b",
      status: "filled",
      filledQuantity: "2",
      averagePrice: "2963.67",
      updatedAt: expect.any(Number),
    });
    // The time of a state is the venue's own.
    const [still] = await venue.getOpenOrders();
    expect(still).toMatchObject(open);
    expect(still?.updatedAt).toBeGreaterThan(Number(first?.updatedAt));
    for (const query of [
      { clientOrderId: "c" },
      { venueOrderId: "P-000003" },
      { venueOrderId: "P-000000" },
      { venueOrderId: "x" },
      {},
    ]) {
      expect(await venue.getOrder(query)).toBeNull();
    }
  });

  it("getOrder reports partial fills", async () => {
    const { venue, fills } = await openPaper({ options: { participation: "0.000000001" } });
    const { venueOrderId } = await venue.placeOrder(spx({ quantity: "2" }));
    await pass(1000);
    expect(fills.map(({ quantity }) => quantity)).toEqual(["0.895", "0.895"]);
    expect(await venue.getOrder({ venueOrderId })).toMatchObject({
      status: "partially_filled",
      filledQuantity: "1.79",
    });
    await pass(500);
    expect(fills.map(({ fillId, quantity }) => [fillId, quantity]).at(-1)).toEqual(["P-000001-3", "0.21"]);
    expect(await venue.getOrder({ venueOrderId })).toMatchObject({ status: "filled", filledQuantity: "2" });
  });

  it("an order can be cancelled twice, but not if it is filled or unknown", async () => {
    const { venue, fills } = await openPaper();
    const { venueOrderId } = await venue.placeOrder(spx(FAR));
    await venue.cancelOrder(venueOrderId);
    await venue.cancelOrder(venueOrderId);
    expect(await venue.getOrder({ venueOrderId })).toMatchObject({ status: "cancelled", filledQuantity: "0" });
    expect(await venue.getBuyingPower()).toBe("1000000");
    const { venueOrderId: second } = await venue.placeOrder(spx());
    await pass(500);
    await expect(venue.cancelOrder(second)).rejects.toThrow(new VenueRejection("order P-000002 is already filled"));
    await expect(venue.cancelOrder("P-000009")).rejects.toThrow(VenueRejection);
    await expect(venue.cancelOrder("nonsense")).rejects.toThrow("no open order nonsense");
    expect(fills).toHaveLength(1);
  });

  it("replaceOrder gives the new order its own number, and keeps the old order if the new one is rejected", async () => {
    const { venue } = await openPaper({ options: { cash: 3000 } });
    const { venueOrderId } = await venue.placeOrder(spx({ ...FAR, limit: "2500" }));
    const tooMuch = spx({ ...FAR, limit: "2500", quantity: "2" });
    await expect(venue.replaceOrder(venueOrderId, tooMuch)).rejects.toThrow(/insufficient buying power/);
    expect(await venue.getOrder({ venueOrderId })).toMatchObject({ status: "open" });
    const ack = await venue.replaceOrder(venueOrderId, spx({ ...FAR, limit: "2900", clientOrderId: "new" }));
    expect(ack).toEqual({ venueOrderId: "P-000003", status: "acknowledged" });
    expect(await venue.getOrder({ venueOrderId })).toMatchObject({ status: "cancelled" });
    expect(await venue.getOpenOrders()).toMatchObject([{ venueOrderId: "P-000003", clientOrderId: "new" }]);
    expect(await venue.getBuyingPower()).toBe("100");
    await expect(venue.replaceOrder(venueOrderId, spx(FAR))).rejects.toThrow("order P-000001 is already cancelled");
  });

  it("an order arrives after the latency, and is not sent if the venue closes meanwhile", async () => {
    const { venue, fills } = await openPaper({ options: { latency_ms: 700 } });
    const acked = vi.fn();
    void venue.placeOrder(spx()).then(acked);
    await pass(699);
    expect(acked).not.toHaveBeenCalled();
    await pass(1);
    expect(acked).toHaveBeenCalledOnce();
    expect(fills).toEqual([]);
    await pass(300);
    expect(fills).toHaveLength(1);
    const late = venue.placeOrder(spx());
    const outcome = expect(late).rejects.toThrow(NotSent);
    const closed = venue.disconnect();
    await pass(1000);
    await closed;
    await outcome;
  });
});

describe("a rejected order", () => {
  const cases: [label: string, order: Parameters<typeof orderOf>[0], message: string | RegExp][] = [
    ["an unknown symbol", { symbol: "NOPE" }, '"NOPE" is not listed at the paper venue'],
    [
      "an order beyond the buying power",
      { quantity: "341" },
      /^insufficient buying power: buy 341 SPX at 2938\.73 needs 1002106\.93, 1000000 is available$/,
    ],
    ["a sale without a position", { side: "sell" }, /cannot sell 1 SPX: 0 held.*allow_short = true/],
    ["a quantity of zero", { quantity: "0" }, 'quantity "0" is not a number above zero'],
    ["a negative quantity", { quantity: "-1" }, /not a number above zero/],
    ["a quantity that is not a number", { quantity: "ten" }, /not a number above zero/],
    [
      "a quantity that is not a multiple of the lot",
      { quantity: "0.0005" },
      "quantity 0.0005 is not a multiple of the lot, 0.001",
    ],
    ["a quantity above the maximum", { quantity: "1000000000.001" }, /above the venue's 1000000000/],
    [
      "a price that is not a multiple of the tick",
      { type: "limit", limit: "2900.005" },
      "limit price 2900.005 is not a multiple of the tick, 0.01",
    ],
    ["a limit order without a limit", { type: "limit" }, "a limit order needs a limit price"],
    ["a stop order without a stop", { type: "stop" }, "a stop order needs a stop price"],
    ["a market order with a limit", { limit: "2900" }, "a market order takes no limit price"],
    ["a limit order with a stop", { type: "limit", limit: "2900", stop: "2800" }, "a limit order takes no stop price"],
    ["an immediate stop order", { type: "stop", stop: "3000", timeInForce: "ioc" }, /a stop order cannot be ioc/],
    [
      "an unknown type",
      { type: "iceberg" as "market" },
      'order type "iceberg" is not one of market, limit, stop, stop_limit',
    ],
    ["an unknown time in force", { timeInForce: "gtd" as "day" }, /time in force "gtd"/],
    ["an unknown side", { side: "short" as "sell" }, /neither buy nor sell/],
    ["an empty client order id", { clientOrderId: "" }, /client order id "" is not 1 to 48/],
    ["a long client order id", { clientOrderId: "x".repeat(49) }, /not 1 to 48 printable/],
  ];
  it.each(cases)("rejects %s", async (_label, order, message) => {
    const { venue, fills } = await openPaper();
    const request = spx(order);
    const outcome = venue.placeOrder(request);
    await expect(outcome).rejects.toThrow(VenueRejection);
    await expect(outcome).rejects.toThrow(message);
    expect(await venue.getOpenOrders()).toEqual([]);
    const report = await venue.getOrder({ clientOrderId: request.clientOrderId });
    if (/^.{1,48}$/.test(request.clientOrderId))
      expect(report).toMatchObject({ status: "rejected", filledQuantity: "0" });
    await pass(5000);
    expect(fills).toEqual([]);
  });

  it("a client order id can be used only once, even after a restart", async () => {
    const { venue, store, fills } = await openPaper();
    await venue.placeOrder(spx({ clientOrderId: "once" }));
    const refusal = new VenueRejection("duplicate client order id once");
    await expect(venue.placeOrder(spx({ clientOrderId: "once", quantity: "2" }))).rejects.toThrow(refusal);
    await pass(500);
    await expect(venue.placeOrder(spx({ clientOrderId: "once" }))).rejects.toThrow("duplicate");
    await expect(venue.placeOrder(spx({ clientOrderId: "poor", quantity: "999999" }))).rejects.toThrow("insufficient");
    await expect(venue.placeOrder(spx({ clientOrderId: "poor" }))).rejects.toThrow("duplicate");
    await venue.disconnect();
    const { venue: again } = await openPaper({ store: new CrashStore(store.disk) });
    await expect(again.placeOrder(spx({ clientOrderId: "once" }))).rejects.toThrow("duplicate");
    const report = await again.getOrder({ clientOrderId: "once" });
    expect(report).toMatchObject({ venueOrderId: "P-000001", status: "filled", filledQuantity: "1" });
    expect(fills).toHaveLength(1);
  });

  it("an order is rejected if a hundred orders are open", async () => {
    const { venue } = await openPaper();
    for (let i = 0; i < 100; i++) await venue.placeOrder(spx({ ...FAR, quantity: "0.001" }));
    await expect(venue.placeOrder(spx(FAR))).rejects.toThrow("the venue's limit of 100 open orders is reached");
  });
});

describe("a closed venue", () => {
  it("a closed venue has no timers and rejects calls", async () => {
    const { venue }: PaperHarness = await openPaper();
    await venue.disconnect();
    expect(vi.getTimerCount()).toBe(0);
    await expect(venue.getQuote("SPX")).rejects.toThrow("not connected");
    await expect(venue.placeOrder(spx())).rejects.toThrow("not connected");
    await venue.disconnect();
  });
});
