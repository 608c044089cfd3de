import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { InstrumentList } from "../../../connectors/paper/instruments.ts";
import { LATEST_TIME } from "../../../connectors/paper/calendar.ts";
import { FILLS_MAX, ENDED_ORDERS_MAX, ORDERS_MAX, VenueStore } from "../../../connectors/paper/venue-store.ts";
import { initialState } from "../../../connectors/paper/state.ts";
import { type Fill, NotSent, VenueRejection } from "../../../src/domain/sdk.ts";
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

/** kill -9: no timer fires again, no put answers again. */
function kill(stand: PaperHarness, lands = () => false): CrashStore {
  vi.clearAllTimers();
  return new CrashStore(stand.store.crash(), { lands });
}

/** Lets an operation that needs timers come to its end. */
async function settle<T>(promise: Promise<T>): Promise<T> {
  const progress = { done: false };
  const finish = (): void => void (progress.done = true);
  promise.then(finish, finish);
  while (!progress.done) await pass(1);
  return promise;
}

describe("after kill -9", () => {
  it("the venue resumes at its stored state and fills its open orders", async () => {
    const first = await openPaper({ options: { participation: "0.0000000001" } });
    await first.venue.placeOrder(spx({ clientOrderId: "slow", quantity: "1", timeInForce: "gtc" }));
    await first.venue.placeOrder(spx({ clientOrderId: "far", ...FAR }));
    await pass(1000);
    const [quote, account, emitted] = [
      await first.venue.getQuote("SPX"),
      await first.venue.getAccount(),
      [...first.fills],
    ];
    const second = await openPaper({ options: { participation: "0.0000000001" }, store: kill(first) });
    expect(await second.venue.getQuote("SPX")).toEqual(quote);
    expect(await second.venue.getAccount()).toEqual(account);
    expect(await second.venue.getFills(0)).toEqual(emitted);
    expect(second.fills).toEqual([]);
    expect(await second.venue.getOpenOrders()).toMatchObject([
      { clientOrderId: "slow", status: "partially_filled" },
      { clientOrderId: "far", status: "open" },
    ]);
    await pass(30_000);
    expect(await second.venue.getOrder({ clientOrderId: "slow" })).toMatchObject({
      status: "filled",
      filledQuantity: "1",
    });
    expect(await second.venue.getFills(0)).toEqual([...emitted, ...second.fills]);
    expect(new Set([...emitted, ...second.fills].map(({ fillId }) => fillId)).size).toBe(
      emitted.length + second.fills.length,
    );
  });

  it("an order is stored before it is acknowledged, and never acknowledged if it was not stored", async () => {
    const gate: { open?: () => void } = {};
    const store = new CrashStore(new Map(), { delay: () => new Promise((resolve) => (gate.open = () => resolve())) });
    const opening = openPaper({ store });
    await pass(0);
    gate.open?.();
    const first = await opening;
    const acked = vi.fn();
    void first.venue.placeOrder(spx({ clientOrderId: "held" })).then(acked);
    await pass(100);
    expect(acked).not.toHaveBeenCalled();
    expect(await first.venue.getOrder({ clientOrderId: "held" })).toBeNull();
    const second = await openPaper({ store: kill(first) });
    expect(await second.venue.getOrder({ clientOrderId: "held" })).toBeNull();
    await expect(second.venue.placeOrder(spx({ clientOrderId: "held" }))).resolves.toMatchObject({
      venueOrderId: "P-000001",
    });
  });

  it("a fill is stored before it is emitted", async () => {
    const stored: boolean[] = [];
    const store = new CrashStore(new Map(), { delay: () => new Promise((resolve) => setTimeout(resolve, 20)) });
    const onFill = ({ clientOrderId, price }: Fill): void => {
      const state = JSON.parse(store.disk.get("state") ?? "") as { fills: { rows: unknown[][] } };
      stored.push(state.fills.rows.some((row) => row.includes(clientOrderId) && row.includes(price)));
    };
    const { venue } = await settle(openPaper({ store, onFill }));
    await settle(venue.placeOrder(spx()));
    await pass(600);
    expect(stored).toEqual([true]);
  });

  it("no order or fill is lost or duplicated by kills at any moment", async () => {
    const act = fc.oneof(
      { weight: 4, arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.nat(900) }) },
      {
        weight: 5,
        arbitrary: fc.record({
          kind: fc.constant("place" as const),
          order: fc.constantFrom(
            { quantity: "0.4" },
            { quantity: "2.5", timeInForce: "gtc" as const },
            { quantity: "0.3", side: "sell" as const },
            { quantity: "0.5", type: "limit" as const, limit: "2960" },
            FAR,
            { quantity: "99999" },
          ),
        }),
      },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("cancel" as const), which: fc.nat(5) }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant("kill" as const), lands: fc.boolean() }) },
    );
    const options = { participation: "0.000000001", commission_bps: 3 };
    const putDelays = fc.array(fc.nat(40), { minLength: 3, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 4, maxLength: 25 }), putDelays, async (acts, delays) => {
        vi.clearAllTimers();
        let turn = 0;
        const open = (disk: CrashStore["disk"], lands: boolean): Promise<PaperHarness> => {
          const delay = () => new Promise<void>((resolve) => setTimeout(resolve, delays[turn++ % delays.length]));
          const store = new CrashStore(disk, { delay, lands: () => lands });
          return settle(openPaper({ options, store, onFill: (fill) => emitted.push(fill) }));
        };
        const emitted: Fill[] = [];
        const acked = new Map<string, string>();
        const sent: string[] = [];
        let latest = 0;
        let stand = await open(new Map(), false);
        for (const next of [...acts, { kind: "kill" as const, lands: true }]) {
          latest = Math.max(latest, Number((await stand.venue.getQuote("SPX")).timestamp));
          if (next.kind === "wait") await pass(next.ms);
          else if (next.kind === "place") {
            const order = spx(next.order);
            sent.push(order.clientOrderId);
            stand.venue.placeOrder(order).then(
              ({ venueOrderId }) => acked.set(order.clientOrderId, venueOrderId),
              (error: unknown) => expect(error).toBeInstanceOf(VenueRejection),
            );
          } else if (next.kind === "cancel") {
            const id = [...acked.values()][next.which];
            if (id !== undefined)
              stand.venue.cancelOrder(id).catch((error: unknown) => expect(error).toBeInstanceOf(VenueRejection));
          } else {
            vi.clearAllTimers();
            const disk = stand.store.crash();
            stand = await open(disk, next.lands);
            await consistent(stand, { emitted, acked, sent, latest });
          }
        }
      }),
      { numRuns: 50 },
    );
  });

  interface Seen {
    emitted: Fill[];
    acked: Map<string, string>;
    sent: string[];
    latest: number;
  }

  const consistent = async (stand: PaperHarness, seen: Seen): Promise<void> => {
    const { venue } = stand;
    const fills = await venue.getFills(0);
    const byId = new Map(fills.map((fill) => [fill.fillId, fill]));
    expect(byId.size).toBe(fills.length);
    expect(new Set(seen.emitted.map(({ fillId }) => fillId)).size).toBe(seen.emitted.length);
    for (const fill of seen.emitted) expect(byId.get(fill.fillId)).toEqual(fill);
    expect(Number((await venue.getQuote("SPX")).timestamp)).toBeGreaterThanOrEqual(seen.latest);
    for (const [clientOrderId, venueOrderId] of seen.acked)
      expect(await venue.getOrder({ clientOrderId })).toMatchObject({ venueOrderId });
    const numbers = new Set<string>();
    for (const clientOrderId of seen.sent) {
      const report = await venue.getOrder({ clientOrderId });
      if (report === null) continue;
      expect(numbers.has(report.venueOrderId)).toBe(false);
      numbers.add(report.venueOrderId);
      const mine = fills.filter((fill) => fill.clientOrderId === clientOrderId);
      expect(mine.map(({ fillId }) => fillId)).toEqual(mine.map((_, n) => `${report.venueOrderId}-${n + 1}`));
      expect(thousandths(report.filledQuantity)).toBe(
        mine.reduce((sum, { quantity }) => sum + thousandths(quantity), 0),
      );
    }
    const { cash } = await venue.getAccount();
    const spent = fills.reduce((sum, { side, quantity, price, fee }) => {
      const notional = thousandths(quantity) * Math.round(Number(price) * 100);
      return sum + (side === "buy" ? notional : -notional) + Math.round(Number(fee) * 100_000);
    }, 0);
    expect(Math.round(Number(cash) * 100_000)).toBe(100_000_000_000 - spent);
  };
  const thousandths = (text: number | string): number => Math.round(Number(text) * 1000);
});

describe("the store", () => {
  it("a failing store is retried, and nothing is acknowledged or filled meanwhile", async () => {
    const { venue, store, fills, log } = await openPaper();
    store.failures = 2;
    const acked = vi.fn();
    void venue.placeOrder(spx()).then(acked);
    await pass(600);
    expect(acked).not.toHaveBeenCalled();
    expect(
      log.filter((line) => line.includes("cannot store its state and retries: no space left on device")),
    ).toHaveLength(2);
    await pass(600);
    expect(acked).toHaveBeenCalledOnce();
    await pass(600);
    expect(fills).toHaveLength(1);
  });

  it("the outcome of an order is unknown if the venue closes before the order is stored", async () => {
    const { venue, store } = await openPaper();
    store.failures = Infinity;
    const outcome = expect(venue.placeOrder(spx())).rejects.toThrow(
      /closed before its state was stored: no space left/,
    );
    const late = expect(venue.placeOrder(spx())).rejects.toThrow(NotSent);
    await pass(100);
    const closed = expect(venue.disconnect()).resolves.toBeUndefined();
    await pass(600);
    await Promise.all([outcome, late, closed]);
  });

  it("an idle market is stored once in many ticks, and time still never goes back", async () => {
    const first = await openPaper();
    await pass(60_000);
    expect(first.store.puts.length).toBeLessThan(10);
    const { timestamp } = await first.venue.getQuote("SPX");
    const second = await openPaper({ store: kill(first) });
    const after = Number((await second.venue.getQuote("SPX")).timestamp);
    expect(after).toBeGreaterThanOrEqual(Number(timestamp));
    expect(after - Number(timestamp)).toBeLessThan(9 * 86_400_000);
    await pass(10_000);
    const { timestamp: closing } = await second.venue.getQuote("SPX");
    await second.venue.disconnect();
    const third = await openPaper({ store: new CrashStore(second.store.disk) });
    expect((await third.venue.getQuote("SPX")).timestamp).toBe(closing);
  });

  it("storing order 2,500 costs the same as order 10, and the store stays within its limit", async () => {
    const { venue, store, fills } = await openPaper({ options: { bar_seconds: 0.02 } });
    const cost: number[] = [];
    for (let i = 0; i < 2600; i++) {
      const before = store.puts.length;
      const clientOrderId = `q1234abcd-${String(i).padStart(8, "0")}-9f3e`;
      await venue.placeOrder(spx({ quantity: "0.001", side: i % 2 === 0 ? "buy" : "sell", clientOrderId }));
      await pass(5);
      cost.push(store.puts.slice(before).reduce((sum, put) => sum + put.chars, 0));
    }
    expect(fills).toHaveLength(2600);
    const mean = (from: number) => cost.slice(from, from + 512).reduce((sum, chars) => sum + chars, 0) / 512;
    expect(mean(2060) / mean(0)).toBeLessThan(1.3);
    expect(store.chars).toBeLessThan(500_000);
    const kept = await venue.getFills(0);
    expect(kept.length).toBeGreaterThanOrEqual(FILLS_MAX);
    expect(kept.length).toBeLessThan(FILLS_MAX + 100);
    expect(kept.at(-1)).toEqual(fills.at(-1));
    await venue.disconnect();
    const again = await openPaper({ store: new CrashStore(store.disk) });
    expect((await again.venue.getFills(0)).slice(-FILLS_MAX)).toEqual(kept.slice(-FILLS_MAX));
    const clientOrderId = "q1234abcd-00000000-9f3e";
    await expect(again.venue.placeOrder(spx({ clientOrderId }))).rejects.toThrow("duplicate client order id");
    await expect(again.venue.getOrder({ clientOrderId })).rejects.toThrow(
      `stores the newest ${ENDED_ORDERS_MAX} ended orders`,
    );
    await expect(again.venue.getOrder({ venueOrderId: "P-000001" })).rejects.toThrow("ended too long ago");
    expect(await again.venue.getOrder({ venueOrderId: "P-002600" })).toMatchObject({ status: "filled" });
  });

  it("a full store takes less than 1 MiB, and each value less than 64 KiB", async () => {
    const store = new CrashStore();
    const wide = (n: number) => `${"w".repeat(40)}${String(n).padStart(8, "0")}`;
    const symbol = (n: number) => `S${String(n).padStart(39, "0")}`;
    const digits = { quantity: "999999999.999", price: "999999999.99", value: "999999998999999999.99001" };
    const origin = { start: "2019-10-10", cash: "1000000000000", seed: 4_294_967_295, lateTicks: 240_001 };
    const venueStore = await VenueStore.open(store, origin, initialState("0"));
    const { quantity, price } = digits;
    const wideFill = { nth: 100_000, side: "sell" as const, quantity, price, fee: price, at: LATEST_TIME };
    const working = Array.from({ length: 100 }, (_, n) => ({
      no: 900_000 + n,
      clientOrderId: wide(n),
      symbol: symbol(n),
      side: "sell" as const,
      type: "stop_limit" as const,
      timeInForce: "gtc" as const,
      quantity: digits.quantity,
      limitPrice: digits.price,
      stopPrice: digits.price,
      reduceOnly: true as const,
      day: 47_000,
      reserve: digits.price,
      triggered: true as const,
      filled: digits.quantity,
      value: digits.value,
      fills: 100_000,
    }));
    const held = { quantity: `-${digits.quantity}`, averagePrice: "999999999.99999999" };
    const holdings = Array.from({ length: 64 }, (_, n) => ({ symbol: symbol(n), ...held }));
    const state = { tick: 10 ** 9, cash: `-${digits.value}`, holdings, working, nextNo: 999_999 };
    for (let n = 0; n < 2 * (FILLS_MAX + 40); n++) {
      const row = { no: 900_000 + n, clientOrderId: wide(n) };
      await venueStore.commit(state, {
        executions: [{ ...row, ...wideFill, symbol: symbol(n) }],
        ended: [{ ...row, status: "cancelled", filled: digits.quantity, value: digits.value }],
        clientOrderId: wide(n),
      });
    }
    const ids = 10 * (ORDERS_MAX - 2 * (FILLS_MAX + 40));
    expect(store.chars + ids).toBeLessThan(1024 * 1024);
    expect(Math.max(...store.puts.map(({ chars }) => chars))).toBeLessThan(64 * 1024);
  });

  it("a store of another version is refused and not changed", async () => {
    const disk = new Map([["state", '{"version":2}']]);
    await expect(openPaper({ store: new CrashStore(disk) })).rejects.toThrow(
      "the stored state has version 2; this venue reads version 1",
    );
    expect([...disk]).toEqual([["state", '{"version":2}']]);
  });

  it("a store that lost a page is refused", async () => {
    const { venue, store } = await openPaper();
    for (let i = 0; i < 40; i++) await venue.placeOrder(spx({ quantity: "0.001" }));
    await pass(500);
    await venue.disconnect();
    store.disk.delete("fills-0");
    await expect(openPaper({ store: new CrashStore(store.disk) })).rejects.toThrow(
      "the stored page fills-0 is missing or not page 0",
    );
  });

  it("start, cash and seed keep their first values, and a change is logged", async () => {
    const first = await openPaper({ options: { start: "2010-01-04", cash: 500, seed: 3 } });
    await first.venue.disconnect();
    const { venue, log } = await openPaper({
      store: new CrashStore(first.store.disk),
      options: { cash: 700, seed: 3 },
    });
    expect(await venue.getAccount()).toMatchObject({ cash: "500" });
    expect(new Date((await venue.getQuote("SPX")).timestamp).toISOString()).toBe("2010-01-04T19:59:00.000Z");
    expect(log.filter((line) => line.startsWith("warn"))).toEqual([
      "warn start stays 2010-01-04 as when this venue was created, not 2019-10-10; a new value needs an empty store",
      "warn cash stays 500 as when this venue was created, not 700; a new value needs an empty store",
    ]);
  });
});

describe("a market left running", () => {
  it("the end of the recording is logged once, and days become longer", async () => {
    const { venue, log } = await openPaper({ options: { start: "2020-04-16" } });
    await pass(2000);
    expect(await venue.getQuote("SPX")).toMatchObject({ timestamp: Date.UTC(2020, 3, 17, 19, 59), last: "2874.56" });
    const before = log.length;
    await pass(500);
    expect(await venue.getQuote("SPX")).toMatchObject({ timestamp: Date.UTC(2020, 3, 20, 14, 30), last: "2874.56" });
    await venue.placeOrder(spx());
    await pass(600_000);
    expect(await venue.getPositions()).toMatchObject([{ quantity: "1" }]);
    const change = "the recording of SPX ended: from 2020-04-20 it plays backwards";
    expect(log.slice(before)).toEqual([`info ${change}, and dates continue over weekdays; a day takes 20 minutes`]);
    expect(new Date((await venue.getQuote("SPX")).timestamp).toISOString().slice(0, 10)).toBe("2020-04-20");
  });

  it("the market stops with an error before its dates exceed the latest time", async () => {
    const { venue, store } = await openPaper();
    await venue.disconnect();
    const state = JSON.parse(store.disk.get("state") ?? "") as { venue: { tick: number } };
    const { calendar } = new InstrumentList("2019-10-10", { lateTicks: 2401 }, () => Promise.resolve([]), console);
    let last = 130 * 4 + 46_000 * 2401;
    while (calendar.timeAt(last + 2401) < LATEST_TIME) last += 2401;
    while (calendar.timeAt(last + 1) < LATEST_TIME) last += 1;
    state.venue.tick = last - 100;
    store.disk.set("state", JSON.stringify(state));
    const late = await openPaper({ store: new CrashStore(store.disk) });
    await pass(60_000);
    expect(
      late.log.filter((line) => line === "error end of the paper venue's calendar; the market is frozen"),
    ).toHaveLength(1);
    expect(Number((await late.venue.getQuote("SPX")).timestamp)).toBeLessThan(LATEST_TIME);
  });
});
