/** The flags of an order reach each venue in its own words, and are never left out. */
import { describe, expect, it } from "vitest";
import { orderBody as alpacaBody } from "../../connectors/alpaca/order-body.ts";
import { orderParams as binanceParams } from "../../connectors/ccxt/binance/map.ts";
import { checkOrder } from "../../connectors/ccxt/check-order.ts";
import { orderBody as coinbaseBody } from "../../connectors/ccxt/coinbase/map.ts";
import { orderParams as krakenParams } from "../../connectors/ccxt/kraken/map.ts";
import type { Market } from "../../connectors/ccxt/venue.ts";
import { type Order, NotSent } from "../../src/domain/sdk.ts";

const ORDER: Order = {
  ...{ clientOrderId: "q0abcdefg00000abc", symbol: "BTC/USD", side: "buy", quantity: 1, quantityText: "1" },
  ...{ type: "limit", limitPrice: 99, limitPriceText: "99", timeInForce: "gtc" },
};
const STOCK: Order = { ...ORDER, symbol: "AAPL", timeInForce: "day" };
const instrument = { symbol: "BTC/USD", orderTypes: ["limit" as const], timesInForce: ["gtc" as const] };
const MARKET: Market = { symbol: "BTC/USD", id: "BTC-USD", base: "BTC", quote: "USD", instrument };

describe("post-only", () => {
  it("is a type at Binance, a flag at Kraken, and a member at Coinbase", () => {
    const order: Order = { ...ORDER, postOnly: true };
    expect(binanceParams(order, MARKET)).toMatchObject({ type: "LIMIT_MAKER", price: "99" });
    expect(binanceParams(order, MARKET)).not.toHaveProperty("timeInForce");
    expect(krakenParams(order, MARKET)).toMatchObject({ ordertype: "limit", oflags: "fciq,post" });
    expect(coinbaseBody(order, MARKET)).toMatchObject({
      order_configuration: { limit_limit_gtc: { post_only: true, limit_price: "99" } },
    });
    expect(coinbaseBody(ORDER, MARKET)).toMatchObject({
      order_configuration: { limit_limit_gtc: { post_only: false } },
    });
  });

  it.each<Partial<Order>>([{ timeInForce: "ioc" }, { type: "market" }])("with %j is not sent", (more) => {
    const order: Order = { ...ORDER, ...more, postOnly: true };
    for (const send of [binanceParams, krakenParams, coinbaseBody])
      expect(() => send(order, MARKET)).toThrow("takes post-only for limit orders with gtc");
  });

  it("is not sent to Alpaca, nor to a market that does not name it", () => {
    expect(() => alpacaBody({ ...STOCK, postOnly: true })).toThrow("Alpaca takes no post-only orders");
    const check = () => checkOrder({ ...ORDER, postOnly: true }, { name: "Exchange", market: MARKET, currency: "USD" });
    expect(check).toThrow(NotSent);
    expect(check).toThrow("BTC/USD takes no order with postOnly");
  });
});

describe("session and position intent at Alpaca", () => {
  it("are members of the order", () => {
    expect(alpacaBody({ ...STOCK, session: "extended", positionIntent: "close", side: "sell" })).toMatchObject({
      extended_hours: true,
      position_intent: "sell_to_close",
    });
    expect(alpacaBody({ ...STOCK, session: "regular" })).toMatchObject({ extended_hours: false });
    expect(alpacaBody(STOCK)).not.toHaveProperty("extended_hours");
  });

  it.each<[Partial<Order>, string]>([
    [{ session: "extended", timeInForce: "ioc" }, "not limit with ioc"],
    [{ session: "extended", type: "stop_limit", stopPriceText: "98" }, "not stop_limit with day"],
    [{ session: "extended", symbol: "BTC/USD", timeInForce: "gtc" }, "orders in coins without session"],
    [{ positionIntent: "open", symbol: "BTC/USD", timeInForce: "gtc" }, "position intent"],
  ])("of %j are not sent", (more, words) => {
    expect(() => alpacaBody({ ...STOCK, ...more })).toThrow(NotSent);
    expect(() => alpacaBody({ ...STOCK, ...more })).toThrow(words);
  });
});
