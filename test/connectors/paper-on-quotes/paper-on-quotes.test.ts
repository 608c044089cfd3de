/** The paper engine on quotes that the test sets. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import PaperOnQuotes from "../../../connectors/paper-on-quotes/index.ts";
import { ConnectRefused, type Fill, type Instrument, NotSent, type Quote } from "../../../src/domain/sdk.ts";
import { CrashStore } from "../../support/crash-store.ts";
import { paperContext } from "../../support/paper-harness.ts";
import { orderOf } from "../../support/paper-market.ts";

const NOW = Date.UTC(2026, 10, 27, 15);
beforeEach(() => void vi.useFakeTimers({ now: NOW }));
afterEach(() => void vi.useRealTimers());

class Source {
  book: Partial<Quote> = { bid: "99", ask: "101" };
  instruments: Record<string, Instrument | null | undefined> = {};
  asked: string[] = [];
  failure: Error | undefined;

  quote(symbol: string): Promise<Quote> {
    this.asked.push(symbol);
    if (this.failure !== undefined) return Promise.reject(this.failure);
    return Promise.resolve({ symbol, timestamp: Date.now(), bid: "0", ask: "0", ...this.book });
  }
  instrument(symbol: string): Promise<Instrument | null | undefined> {
    const listed = { symbol, tickSize: "0.01", lotSize: "0.0001", currency: "USD", orderTypes: ["limit" as const] };
    return Promise.resolve(symbol in this.instruments ? this.instruments[symbol] : listed);
  }
}

async function open(options: object = {}, source = new Source(), store = new CrashStore()) {
  const seen = { store, fills: [] as Fill[], log: [] as string[] };
  const venue = new PaperOnQuotes();
  await venue.connect(paperContext({ options: { slippage_bps: 0, ...options }, source }, seen));
  return { venue, source, ...seen };
}
function pass(seconds: number): Promise<unknown> {
  return vi.advanceTimersByTimeAsync(seconds * 1000);
}
const BTC = { symbol: "BTC/USD", timeInForce: "gtc" } as const;

describe("orders on live quotes", () => {
  it("a buy pays the ask and a sell gets the bid, with the lot of the source, and nothing of a spread of its own", async () => {
    const { venue, fills, source } = await open();
    await venue.placeOrder(orderOf({ ...BTC, quantity: "0.0015" }));
    await pass(3);
    expect(fills).toMatchObject([{ quantity: "0.0015", price: "101", feeCurrency: "USD" }]);
    expect(Number(fills[0]?.timestamp)).toBeGreaterThan(NOW);
    source.book = { bid: "110", ask: "112" };
    await venue.placeOrder(orderOf({ ...BTC, side: "sell", quantity: "0.0015", clientOrderId: "b" }));
    await pass(3);
    expect(fills[1]).toMatchObject({ side: "sell", price: "110" });
    expect(await venue.getAccount()).toMatchObject({ nav: "1000000.0135", currency: "USD" });
    await expect(venue.placeOrder(orderOf({ ...BTC, quantity: "0.00015", clientOrderId: "c" }))).rejects.toThrow(
      "not a multiple of the lot, 0.0001",
    );
  });

  it("a limit order waits for its price and trades at the quote", async () => {
    const { venue, fills, source } = await open();
    await venue.placeOrder(orderOf({ ...BTC, type: "limit", limit: "100.50" }));
    await pass(5);
    expect(fills).toEqual([]);
    source.book = { bid: "98", ask: "99.50" };
    await pass(4);
    expect(fills).toMatchObject([{ price: "99.5" }]);
  });

  it("a stop is triggered by the middle of the quote", async () => {
    const { venue, fills, source } = await open();
    await venue.placeOrder(orderOf({ ...BTC, type: "stop", stop: "105" }));
    source.book = { bid: "100", ask: "109.98" };
    await pass(4);
    expect(fills).toEqual([]);
    source.book = { bid: "101", ask: "109" };
    await pass(4);
    expect(fills).toMatchObject([{ price: "109" }]);
  });

  it("each quote trades its size once", async () => {
    const { venue, fills, source } = await open();
    const at = Date.now();
    source.book = { bid: "99", ask: "101", askSize: "2", bidSize: "1", timestamp: at, asOf: at };
    await venue.placeOrder(orderOf({ ...BTC, quantity: "5" }));
    await pass(10);
    expect(fills).toMatchObject([{ quantity: "2" }]);
    source.book = { ...source.book, timestamp: Date.now(), asOf: Date.now() };
    await pass(4);
    expect(fills).toMatchObject([{ quantity: "2" }, { quantity: "2" }]);
  });

  it("an old quote, and one with a single side, fill nothing; the position keeps its last mark", async () => {
    const { venue, fills, source } = await open();
    await venue.placeOrder(orderOf({ ...BTC, quantity: "1" }));
    await pass(3);
    source.book = { bid: "0", ask: "50" };
    await venue.placeOrder(orderOf({ ...BTC, quantity: "1", clientOrderId: "b" }));
    await pass(5);
    expect(await venue.getPositions()).toMatchObject([{ markPrice: "100" }]);
    source.book = { bid: "99", ask: "100", timestamp: NOW - 61_000 };
    await pass(5);
    expect(fills).toHaveLength(1);
    source.book = { bid: "99", ask: "100" };
    await pass(4);
    expect(fills).toHaveLength(2);
  });

  it("a day order ends at midnight UTC", async () => {
    const { venue, fills } = await open();
    const order = orderOf({ ...BTC, timeInForce: "day", type: "limit", limit: "1" });
    const { venueOrderId } = await venue.placeOrder(order);
    await pass(9 * 3600 - 5);
    expect(await venue.getOrder({ venueOrderId })).toMatchObject({ status: "open" });
    await pass(10);
    expect([await venue.getOrder({ venueOrderId }), fills]).toMatchObject([{ status: "expired" }, []]);
  });
});

describe("the source", () => {
  it("is asked once a second at most, of open orders first, and once a minute for a position", async () => {
    const { venue, source } = await open();
    const symbols = Array.from({ length: 10 }, (_, n) => `S${n}`);
    for (const symbol of symbols)
      await venue.placeOrder(orderOf({ symbol, clientOrderId: symbol, timeInForce: "gtc", type: "limit", limit: "1" }));
    source.asked = [];
    await pass(60);
    expect(source.asked.length).toBeLessThanOrEqual(60);
    for (const symbol of symbols)
      expect(source.asked.filter((each) => each === symbol).length).toBeGreaterThanOrEqual(5);
    const held = await open();
    await held.venue.placeOrder(orderOf({ ...BTC }));
    await pass(3);
    held.source.asked = [];
    await pass(600);
    expect(held.source.asked.length).toBeLessThanOrEqual(11);
    expect(held.store.puts.length).toBeLessThan(10);
  });

  it("that is down: orders wait with one line of the log, a new order is not sent, and it goes on later", async () => {
    const { venue, source, fills, log } = await open();
    await venue.placeOrder(orderOf({ ...BTC, type: "limit", limit: "90" }));
    source.failure = new Error("connector kraken is starting");
    await pass(20);
    expect(log.filter((line) => line.includes("so its orders wait: connector kraken is starting"))).toHaveLength(1);
    await expect(venue.placeOrder(orderOf({ ...BTC, clientOrderId: "b" }))).rejects.toThrow(NotSent);
    source.failure = undefined;
    source.book = { bid: "88", ask: "89" };
    await pass(4);
    expect(fills).toMatchObject([{ price: "89" }]);
  });

  it("decides what is listed: another currency and a multiplier are refused, an unlisted symbol is null", async () => {
    const { venue, source } = await open();
    source.instruments = {
      EURO: { symbol: "EURO", currency: "EUR" },
      ES: { symbol: "ES", currency: "USD", multiplier: "50" },
      NO: null,
      PLAIN: undefined,
    };
    await expect(venue.getInstrument("EURO")).rejects.toThrow("EURO is priced in EUR, and this account is in USD");
    await expect(venue.placeOrder(orderOf({ symbol: "EURO" }))).rejects.toThrow(NotSent);
    await expect(venue.getInstrument("ES")).rejects.toThrow("ES has the multiplier 50");
    expect(await venue.getInstrument("NO")).toBeNull();
    await expect(venue.getQuote("NO")).rejects.toThrow('"NO" is not listed at the paper venue');
    expect(await venue.getInstrument("PLAIN")).toMatchObject({ symbol: "PLAIN", currency: "USD" });
    expect(await venue.getInstrument("BTC/USD")).toMatchObject({
      orderTypes: ["market", "limit", "stop", "stop_limit"],
    });
  });

  it("its quote is passed on as it is, to the last digit", async () => {
    const { venue, source } = await open();
    source.book = { bid: "0.00001234567890123", ask: "0.00001234567890124", feed: "iex", notice: "delayed" };
    expect(await venue.getQuote("BTC/USD")).toMatchObject(source.book);
  });
});

it("the account goes on after a restart, and its currency stays", async () => {
  const { venue, store } = await open({ currency: "USD", cash: "1000" });
  await venue.placeOrder(orderOf({ ...BTC, quantity: "2" }));
  await pass(3);
  await venue.disconnect();
  const again = await open({ cash: "1000" }, new Source(), new CrashStore(store.disk));
  await pass(2);
  expect(await again.venue.getPositions()).toMatchObject([{ symbol: "BTC/USD", quantity: "2", markPrice: "100" }]);
  expect(await again.venue.getAccount()).toMatchObject({ cash: "798", nav: "998" });
  const other = open({ currency: "EUR" }, new Source(), new CrashStore(store.disk));
  await expect(other).rejects.toThrow(ConnectRefused);
  await expect(open({ bar_seconds: 2 })).rejects.toThrow("bar_seconds is not an option of a paper venue with quotes");
});
