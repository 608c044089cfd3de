/** What the connector reads again after its stream was cut, at the fake venue that speaks Binance's wire format. */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import ccxt from "ccxt";
import { BINANCE } from "../../connectors/ccxt/binance/venue.ts";
import type { ExchangeClass } from "../../connectors/ccxt/ccxt.ts";
import { connectorFor } from "../../connectors/ccxt/connector.ts";
import { systemClock, systemIds } from "../../src/app/system.ts";
import { binanceDialect } from "../../src/conformance/dialects/binance.ts";
import { type FakeVenue, openFakeVenue } from "../../src/conformance/venue/fake-venue.ts";
import type { ConnectorAdapter, ConnectorContext, Fill } from "../../src/domain/sdk.ts";
import { CCXT_SECRETS } from "../support/ccxt-desk.ts";

/** An answer that is late by this time waits until the test sends it. */
const HELD_MS = 77;
const SYMBOL = "BTC/USDT";
const TERMS = { symbol: SYMBOL, side: "buy", quantity: "9", type: "limit", limit_price: "100" } as const;

let venue: FakeVenue;
let connector: ConnectorAdapter;
let held: (() => void)[];
let fills: string[];
let links: boolean[];
let warned: string;
beforeEach(async () => {
  [held, fills, links, warned] = [[], [], [], ""];
  const after: typeof systemClock.after = (ms, run) => {
    if (ms !== HELD_MS) return systemClock.after(ms, run);
    held.push(run);
    return () => undefined;
  };
  const clock = { ...systemClock, after };
  venue = await openFakeVenue({ clock, ids: systemIds, secrets: CCXT_SECRETS, dialect: binanceDialect() });
  connector = new (connectorFor(ccxt.binance as unknown as ExchangeClass, BINANCE))();
  const say = (message: string, data: object): void => void (warned += JSON.stringify([message, data]));
  await connector.connect({
    options: { exchange: "binance", environment: "paper", venue: venue.url },
    secret: (name: keyof typeof CCXT_SECRETS) => CCXT_SECRETS[name],
    logger: { info: () => undefined, warn: say, error: say },
    link: (isUp: boolean) => void links.push(isUp),
    emitFill: ({ fillId }: Fill) => void fills.push(fillId),
    emitReport: () => undefined,
  } as unknown as ConnectorContext);
  await connector.getFills?.(0, { symbols: [SYMBOL] });
});
afterEach(async () => {
  vi.useRealTimers();
  await connector.disconnect();
  await venue.close();
});

/** A fill of which the stream says nothing. */
function fillSilently(): string {
  const order = venue.state.place({ ...TERMS, client_order_id: systemIds.random(8), time_in_force: "gtc" });
  if (typeof order === "string") throw new Error(order);
  return venue.fillSilently(order, { quantity: "1" }).fill_id;
}

const readings = (): number => venue.requests.filter(({ route }) => route === "fills").length;
const openings = (): number => venue.requests.filter(({ route }) => route === "stream").length;

it("a cut while a gap is read: the fills up to the time at which the stream is back are read", async () => {
  venue.armFault("fills", { kind: "slow", ms: HELD_MS });
  venue.dropStreams();
  await expect.poll(() => links).toEqual([false]);
  const made = [fillSilently()];
  await expect.poll(() => held).toHaveLength(1);
  venue.armFault("stream", { kind: "500" });
  const opened = openings();
  venue.dropStreams();
  await expect.poll(() => links).toEqual([false, false]);
  made.push(fillSilently());
  held[0]?.();
  await expect.poll(openings).toBe(opened + 1);
  made.push(fillSilently());
  expect(links).toEqual([false, false]);
  await expect.poll(() => links).toEqual([false, false, true]);
  expect([...new Set(fills)].toSorted()).toEqual(made.toSorted());
});

it("a reading that fails after the stream is back: the stream is opened again, and the fills are read", async () => {
  venue.armFault("fills", { kind: "500" });
  venue.dropStreams();
  await expect.poll(() => links).toEqual([false]);
  const made = fillSilently();
  await expect.poll(() => fills).toEqual([made]);
  await expect.poll(() => links).toEqual([false, true]);
});

it("a reading that fails after a message that was not understood is repeated", async () => {
  venue.armFault("fills", { kind: "500" });
  const made = fillSilently();
  const before = readings();
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  venue.push('{"event":{"e":"executionReport"}}');
  await expect.poll(() => warned).toContain("the fills cannot be read");
  await vi.advanceTimersByTimeAsync(5_000);
  await expect.poll(() => fills).toEqual([made]);
  expect([readings() - before, links]).toEqual([2, []]);
});
