/** The replay over bars that are small enough to compute by hand: two seconds a bar, in four ticks. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import Replay from "../../../connectors/replay/index.ts";
import { type Activity, type Bar, ConnectRefused, type Fill, VenueRejection } from "../../../src/domain/sdk.ts";
import { CrashStore } from "../../support/crash-store.ts";
import { paperContext } from "../../support/paper-harness.ts";
import { orderOf } from "../../support/paper-market.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A bar of a day of June 2014 that does not move, without spread. */
function day(date: number, price: number, volume?: number): Bar {
  const bar = { symbol: "", timestamp: Date.UTC(2014, 5, date), open: price, high: price, low: price, close: price };
  return volume === undefined ? bar : { ...bar, volume };
}
const AAPL = [day(4, 644), day(5, 646), day(6, 645), day(9, 93), day(10, 94)];
const OPTIONS = { symbols: ["AAPL"], bar_seconds: 2, spread_bps: 0, slippage_bps: 0 };
const SPLIT = { ...OPTIONS, splits: ["AAPL 2014-06-09 7:1"] };

async function open(options: object = OPTIONS, bars: Record<string, Bar[]> = { AAPL }, store = new CrashStore()) {
  const seen = { store, fills: [] as Fill[], log: [] as string[], activities: [] as Activity[] };
  const venue = new Replay();
  await venue.connect(paperContext({ options: { ...options }, bars }, seen));
  return { venue, ...seen };
}
/** The rest of the bars, one at a time. */
function passBars(count: number): Promise<unknown> {
  return vi.advanceTimersByTimeAsync(count * 2000);
}
function dateOf(timestamp: unknown): string {
  return new Date(Number(timestamp)).toISOString().slice(0, 10);
}

describe("the market of a replay", () => {
  it("starts after the close of the first bar, plays each bar as it is, and stops after the last", async () => {
    const { venue, log } = await open();
    const seen: unknown[] = [];
    for (let n = 0; n < 7; n++, await passBars(1)) {
      const { timestamp, last, notice } = await venue.getQuote("AAPL");
      seen.push([dateOf(timestamp), last, notice?.slice(0, 30)]);
    }
    const end = "the replay ended on 2014-06-10";
    expect(seen).toEqual([
      ["2014-06-04", "644", undefined],
      ["2014-06-05", "646", undefined],
      ["2014-06-06", "645", undefined],
      ["2014-06-09", "93", undefined],
      ["2014-06-10", "94", end],
      ["2014-06-10", "94", end],
      ["2014-06-10", "94", end],
    ]);
    expect(log.at(-1)).toBe("warn the prices of the replay have ended; its market has stopped");
    await expect(venue.placeOrder(orderOf({ symbol: "AAPL" }))).rejects.toThrow(VenueRejection);
    expect((await venue.getAccount()).notice).toContain(end);
  });

  it("starts where the option says, and goes on there after a crash, without a bar twice", async () => {
    const { venue, store } = await open({ ...OPTIONS, start: "2014-06-06" });
    expect((await venue.getQuote("AAPL")).last).toBe("645");
    await passBars(1);
    const again = await open({ ...OPTIONS, start: "2014-06-04" }, { AAPL }, new CrashStore(new Map(store.disk)));
    expect(Number((await again.venue.getQuote("AAPL")).last)).toBeLessThan(100);
    expect(again.log.join()).toContain("start stays 2014-06-06T23:59:59.000Z");
  });

  it("aligns symbols by time: one without a bar keeps its close, has no size and does not trade", async () => {
    const msft = [day(3, 40), day(4, 41, 1000), day(6, 42, 1000), day(9, 43, 1000), day(10, 44, 1000)];
    const { venue, fills } = await open({ ...OPTIONS, symbols: ["AAPL", "MSFT"] }, { AAPL, MSFT: msft });
    expect((await venue.getQuote("MSFT")).last).toBe("41");
    await venue.placeOrder(orderOf({ symbol: "MSFT", quantity: "1", timeInForce: "gtc" }));
    await passBars(1);
    expect(await venue.getQuote("MSFT")).toMatchObject({ last: "41", askSize: "0" });
    expect(fills).toEqual([]);
    await passBars(1);
    expect(fills).toMatchObject([{ symbol: "MSFT", price: "42" }]);
  });

  it("plays bars of minutes at their own times, and names their resolution", async () => {
    const at = (minute: number) => ({ ...day(4, 644 + minute), timestamp: Date.UTC(2014, 5, 4, 13, 30 + minute) });
    const { venue } = await open(OPTIONS, { AAPL: [at(0), at(5), at(10)] });
    await vi.advanceTimersByTimeAsync(500);
    const quote = await venue.getQuote("AAPL");
    expect([new Date(Number(quote.timestamp)).toISOString(), quote.last]).toEqual(["2014-06-04T13:35:00.000Z", "649"]);
    expect(await venue.getBars("AAPL", { resolution: "5m" })).toMatchObject([{ close: "644" }]);
    await expect(venue.getBars("AAPL", { resolution: "1d" })).rejects.toThrow('resolution 5m, not "1d"');
  });

  it.each([
    ["a week", [2, 9, 16], "7d", ["7d", "1w"]],
    ["a day, over a weekend", [5, 6, 9], "1d", ["1d"]],
    ["some days, over a holiday alone", [6, 10], "1d", ["1d"]],
  ])("names the resolution of bars of %s", async (_length, dates, name, taken) => {
    const { venue, log } = await open(OPTIONS, { AAPL: dates.map((date) => day(date, 600 + date)) });
    for (const resolution of taken)
      expect(await venue.getBars("AAPL", { resolution })).toMatchObject([{ close: String(600 + (dates[0] ?? 0)) }]);
    await expect(venue.getBars("AAPL", { resolution: "1h" })).rejects.toThrow(`resolution ${name}, not "1h"`);
    if (name !== "1d") await expect(venue.getBars("AAPL", { resolution: "1d" })).rejects.toThrow(name);
    expect(log.join()).toContain("the replay is open");
  });

  it("returns no bar that has not ended", async () => {
    const { venue } = await open();
    const closes = async () => (await venue.getBars("AAPL", { resolution: "1d" })).map(({ close }) => close);
    expect(await closes()).toEqual(["644"]);
    await vi.advanceTimersByTimeAsync(1500);
    expect(await closes()).toEqual(["644"]);
    await vi.advanceTimersByTimeAsync(500);
    expect(await closes()).toEqual(["644", "646"]);
  });

  it("takes the finest decimal of the prices as its tick, so that no price is rounded", async () => {
    const bars = [day(4, 0.000012), day(5, 0.0000125)];
    const { venue } = await open(OPTIONS, { AAPL: bars });
    await passBars(1);
    expect((await venue.getQuote("AAPL")).last).toBe("0.0000125");
    expect(await venue.getInstrument("AAPL")).toMatchObject({ tickSize: "0.0000001" });
  });
});

describe("a split", () => {
  it("multiplies the position, keeps its value and cost, cancels its orders, and is one activity", async () => {
    const { venue, activities, fills } = await open(SPLIT);
    await venue.placeOrder(orderOf({ symbol: "AAPL", quantity: "3", clientOrderId: "buy" }));
    const far = { type: "limit", limit: "600", timeInForce: "gtc" } as const;
    const { venueOrderId } = await venue.placeOrder(orderOf({ symbol: "AAPL", clientOrderId: "far", ...far }));
    await passBars(2);
    expect(fills).toMatchObject([{ quantity: "3", price: "646" }]);
    const { nav: before } = await venue.getAccount();
    await passBars(1);
    const average = (646 / 7).toFixed(10);
    expect(await venue.getPositions()).toMatchObject([{ quantity: "21", markPrice: "93" }]);
    expect((await venue.getPositions())[0]?.averagePrice).toContain(average);
    // 645 × 3 = 1935, and 93 × 21 = 1953.
    expect(Number((await venue.getAccount()).nav) - Number(before)).toBe(18);
    expect(await venue.getOrder({ venueOrderId })).toMatchObject({ status: "cancelled" });
    const split = { id: "split-AAPL-2014-06-09", kind: "split", symbol: "AAPL", ratio: ["7", "1"] };
    expect(activities).toMatchObject([split]);
    expect(await venue.getActivities(0)).toEqual(activities);
    expect(await venue.getActivities(Date.UTC(2014, 5, 10))).toEqual([]);
  });

  it("is not lost by a kill at any tick of an idle market", async () => {
    for (let ticks = 0; ticks <= 16; ticks++) {
      const { venue, store } = await open(SPLIT);
      await venue.placeOrder(orderOf({ symbol: "AAPL", quantity: "3" }));
      await vi.advanceTimersByTimeAsync(500 + ticks * 500);
      const killed = new CrashStore(new Map(store.disk));
      await venue.disconnect();
      const again = await open(SPLIT, { AAPL }, killed);
      await passBars(6);
      expect([ticks, (await again.venue.getPositions())[0]?.quantity]).toEqual([ticks, "21"]);
      expect(await again.venue.getActivities(0)).toHaveLength(1);
      await again.venue.disconnect();
    }
  });

  it("before the start of the replay changes nothing", async () => {
    const { venue, activities } = await open({ ...SPLIT, start: "2014-06-09" });
    await passBars(3);
    expect([activities, await venue.getActivities(0)]).toEqual([[], []]);
  });
});

it("refuses to start without bars, on a start before a symbol's first bar, and on options that it does not have", async () => {
  const refused = async (options: object, bars: Record<string, Bar[]> = { AAPL }) =>
    open({ ...OPTIONS, ...options }, bars).then(
      () => "started",
      (error: unknown) => (error instanceof ConnectRefused ? error.message : String(error)),
    );
  expect(await refused({ symbols: ["AAPL", "IBM"] })).toMatch(/^research\/prices\/bars\/ has 0 bars of IBM/);
  expect(await refused({ symbols: ["AAPL", "IBM"], start: "2014-06-04" }, { AAPL, IBM: AAPL.slice(2) })).toMatch(
    /^IBM has no bar at or before the start, .*set start = "2014-06-06" or later/,
  );
  expect(await refused({ symbols: [] })).toContain("symbols is []");
  expect(await refused({ splits: ["MSFT 2014-06-09 7:1"] })).toContain(
    "splits names MSFT, which symbols does not have",
  );
  expect(await refused({ splits: ["AAPL 2014-06-09 7:0"] })).toContain('must be a list like ["AAPL 2014-06-09 7:1"]');
  expect(await refused({ bar_second: 2 })).toContain("bar_second is not an option of the replay");
  expect(await refused({ start: "2014-13-01" })).toContain("start is");
});
