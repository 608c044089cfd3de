/** A part of a message of a stream that cannot be read hides no other part of it. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { eventFillOf } from "../../connectors/ccxt/binance/map.ts";
import { COINBASE } from "../../connectors/ccxt/coinbase/venue.ts";
import { KRAKEN } from "../../connectors/ccxt/kraken/venue.ts";
import { openVenue } from "../support/ccxt-session.ts";

afterEach(() => void vi.unstubAllGlobals());

function orderWith(order_id: string, status: string): object {
  const amounts = { cumulative_quantity: "0", leaves_quantity: "1", avg_price: "0" };
  return { ...amounts, order_id, status, product_id: "BTC-USD", order_side: "BUY" };
}

function tradeWith(exec_id: string, side: string): object {
  const of = { order_id: "O1", symbol: "BTC/USD", timestamp: "2026-11-30T00:00:00.123456789Z" };
  return { ...of, exec_id, side, exec_type: "trade", last_qty: "0.10", last_price: "50000.0" };
}

describe("a message of a stream, one part of which cannot be read", () => {
  it.each([
    [
      "Coinbase",
      COINBASE,
      { channel: "user", events: [{ orders: [orderWith("1", "STATUS_OF_2031"), orderWith("2", "OPEN")] }] },
      { reports: [{ venueOrderId: "2", status: "open", quantity: "1" }] },
      "STATUS_OF_2031",
    ],
    [
      "Kraken",
      KRAKEN,
      { channel: "executions", data: [tradeWith("E1", "cross"), tradeWith("E2", "buy")] },
      { fills: [{ fillId: "E2", quantity: "0.10" }] },
      "cross",
    ],
  ])("has the other parts, and says why: %s", async (_name, profile, message, expected, words) => {
    const script = { profile, environment: "live", reply: () => ({ body: {} }) } as const;
    const { venue } = openVenue((name, value) => void vi.stubGlobal(name, value), script);
    const found = await venue.trading?.read(message);
    expect(found).toMatchObject({ kind: "events", ...expected });
    expect((found as { failure?: Error }).failure?.message).toContain(words);
  });
});

it("an execution of Binance with a commission of an unknown asset is an error, as in its list of trades", () => {
  const event = { x: "TRADE", t: "1", i: "2", c: "q", C: "", S: "BUY", l: "1", L: "2", T: "1760000000000", n: "0.1" };
  expect(() => eventFillOf({ ...event, N: null }, "BTC/USDT")).toThrow("the answer has no N");
  expect(eventFillOf({ ...event, n: "0", N: null }, "BTC/USDT")).not.toHaveProperty("fee");
});
