/** The pairs of coins follow Alpaca's list: a coin that is listed later is known when it is met. */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { CoinPairs } from "../../../connectors/alpaca/coins.ts";
import { assetOfTrade, symbolOf } from "../../../connectors/alpaca/map.ts";
import type { ActivityEvent, VenueAsset } from "../../../connectors/alpaca/wire.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const MINUTE_MS = 60_000;
const NEW_COIN = { symbol: "NEWUSD", asset_id: "a-2", asset_class: "crypto" };

function listing() {
  const listed: VenueAsset[] = [{ id: "a-1", symbol: "BTC/USD" } as VenueAsset];
  const state = { reads: 0, isDown: false };
  const coins = new CoinPairs(() => {
    state.reads += 1;
    return state.isDown ? Promise.reject(new Error("down")) : Promise.resolve([...listed]);
  });
  return { coins, listed, state };
}

it("a coin that is listed after the start is named by its pair", async () => {
  const { coins, listed } = listing();
  await coins.refresh();
  listed.push({ id: "a-2", symbol: "NEW/USD" } as VenueAsset);
  vi.advanceTimersByTime(MINUTE_MS);
  expect(symbolOf(NEW_COIN, await coins.covering([NEW_COIN]))).toBe("NEW/USD");
});

it("a coin that Alpaca does not list is asked for at most once a minute, and is an error", async () => {
  const { coins, state } = listing();
  await coins.refresh();
  vi.advanceTimersByTime(MINUTE_MS);
  for (let i = 0; i < 50; i += 1) {
    const pairs = await coins.covering([NEW_COIN]);
    expect(() => symbolOf(NEW_COIN, pairs)).toThrow("not among its assets");
  }
  expect(state.reads).toBe(2);
});

it("the list is read again once a day, and the old one serves while Alpaca is down", async () => {
  const { coins, state } = listing();
  await coins.refresh();
  const known = { symbol: "BTCUSD", asset_id: "a-1", asset_class: "crypto" };
  await Promise.all([coins.covering([known]), coins.covering([known])]);
  expect(state.reads).toBe(1);
  vi.advanceTimersByTime(24 * 60 * MINUTE_MS);
  state.isDown = true;
  expect(symbolOf(known, await coins.covering([known]))).toBe("BTC/USD");
  expect(state.reads).toBe(2);
});

it.each<[string, string, boolean]>([
  ["FILL", "NEWUSD", true],
  ["FILL", "AAPL", false],
  ["CSD", "NEWUSD", false],
])("of a %s of %s, whether a pair is looked for is %s", (activity_type, symbol, isAsked) => {
  const event = { activity_type, details: { symbol, asset_id: "a-2" } } as unknown as ActivityEvent;
  expect(assetOfTrade(event).some(({ asset_class }) => asset_class === "crypto")).toBe(isAsked);
});
