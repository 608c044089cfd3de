/** Quotes of TWS: the ticks that a subscription gets are emitted, until the desk no longer asks for the symbol. */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Contracts } from "../../../connectors/ibkr/contracts.ts";
import { DataFarms } from "../../../connectors/ibkr/data-farms.ts";
import { Quotes } from "../../../connectors/ibkr/quotes.ts";
import type { GatewaySession } from "../../../connectors/ibkr/session.ts";
import type { Quote } from "../../../src/domain/sdk.ts";

const MINUTE_MS = 60_000;
const [BID_SIZE, BID, ASK, ASK_SIZE] = [0, 1, 2, 3];

let emitted: Quote[];
let sent: string[];
let quotes: Quotes;

const SESSION = {
  aheadMs: 0,
  farms: new DataFarms(),
  now: () => Date.now(),
  nextRequestId: () => 7,
  alive: () => Promise.resolve(),
  send: (_priority: string, call: (api: unknown) => void) => {
    const note = (name: string) => (id: number) => void sent.push(`${name} ${id}`);
    call({ reqMktData: note("reqMktData"), cancelMktData: note("cancelMktData") });
    return Promise.resolve();
  },
} as unknown as GatewaySession;

const CONTRACTS = {
  priced: (_session: GatewaySession, symbol: string) => Promise.resolve({ symbol, contract: {}, magnifier: 1 }),
} as unknown as Contracts;

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
  [emitted, sent] = [[], []];
  quotes = new Quotes(CONTRACTS, false, (quote) => void emitted.push(quote));
});
afterEach(() => {
  quotes.clear();
  vi.useRealTimers();
});

async function ask(): Promise<Quote> {
  const asked = quotes.get(SESSION, "AAPL");
  await vi.advanceTimersByTimeAsync(0);
  quotes.onTick(7, BID, 99);
  quotes.onTick(7, ASK, 101);
  return asked;
}

it("a tick is emitted once both sides are known, with its time of arrival and nothing that confirms it", async () => {
  await ask();
  expect(emitted).toEqual([
    { symbol: "AAPL", bid: "99", ask: "101", timestamp: 1_000_000, timeSource: "received", feed: "live" },
  ]);
  vi.advanceTimersByTime(500);
  quotes.onTick(7, BID, 99.5);
  expect(emitted.at(-1)).toMatchObject({ bid: "99.5", ask: "101", timestamp: 1_000_500 });
});

it("nothing is emitted while a side has no price, nor after the prices were forgotten", async () => {
  await ask();
  quotes.onTick(7, BID, -1);
  quotes.onTick(7, BID_SIZE, 0);
  expect(emitted).toHaveLength(1);
  quotes.clear();
  quotes.onTick(7, BID, 98);
  quotes.onTick(7, ASK_SIZE, 5);
  expect(emitted).toHaveLength(1);
});

it("a price or a size that TWS no longer states is no part of the quote", async () => {
  await ask();
  quotes.onTick(7, BID_SIZE, "5");
  expect(emitted.at(-1)).toMatchObject({ bid: "99", bidSize: "5" });
  quotes.onTick(7, BID_SIZE, undefined);
  expect(emitted.at(-1)).not.toHaveProperty("bidSize");
  const before = emitted.length;
  quotes.onTick(7, BID, undefined);
  quotes.onTick(7, ASK, 102);
  expect(emitted).toHaveLength(before);
});

it("a symbol that was not asked for in ten minutes is dropped", async () => {
  await ask();
  await vi.advanceTimersByTimeAsync(6 * MINUTE_MS);
  await ask();
  await vi.advanceTimersByTimeAsync(9 * MINUTE_MS);
  expect(sent).toEqual(["reqMktData 7"]);
  await vi.advanceTimersByTimeAsync(MINUTE_MS);
  expect(sent).toEqual(["reqMktData 7", "cancelMktData 7"]);
  const before = emitted.length;
  quotes.onTick(7, BID, 98);
  expect(emitted).toHaveLength(before);
  expect(vi.getTimerCount()).toBe(0);
});
