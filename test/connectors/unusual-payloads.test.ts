/** Legal answers that are rare: nulls, members left out, other units of time, and orders that were placed elsewhere. */
import { describe, expect, it } from "vitest";
import { activityOf } from "../../connectors/alpaca/activities.ts";
import { millis } from "../../connectors/alpaca/fields.ts";
import * as alpaca from "../../connectors/alpaca/map.ts";
import type { ActivityEvent } from "../../connectors/alpaca/wire.ts";
import * as binance from "../../connectors/ccxt/binance/map.ts";
import * as coinbase from "../../connectors/ccxt/coinbase/map.ts";
import { millisIn } from "../../connectors/ccxt/fields.ts";
import * as kraken from "../../connectors/ccxt/kraken/map.ts";
import { activitySchema, fillSchema, reportSchema } from "../../src/protocol/schemas.ts";

const AT = Date.parse("2026-05-10T14:01:04.650Z");

describe("a time", () => {
  it.each([
    ["in seconds", "1778421664", AT - 650],
    ["in milliseconds", "1778421664650", AT],
    ["in microseconds", "1778421664650275", AT],
    ["in nanoseconds", "1778421664650275123", AT],
    ["with nine decimals", "2026-05-10T14:01:04.650275123Z", AT],
    ["of another zone", "2026-05-10T16:01:04.65+02:00", AT],
    ["of another zone without a colon", "2026-05-10 09:01:04.650-0500", AT],
    ["with the hours of its offset alone", "2026-05-10 16:01:04.65+02", AT],
    ["that is a date", "2026-05-10", Date.parse("2026-05-10T00:00:00Z")],
  ])("%s is the same moment at each venue", (_, text, ms) => {
    expect([millis(text), millisIn({ at: text }, "at")]).toEqual([ms, ms]);
  });

  it.each([
    "2026-05-10T14:01:04",
    "2026-05-10 14:01",
    "14:01:04Z",
    "2026",
    "12",
    "17784216646502751234",
    "May 10 2026",
  ])("%j without a zone or a known unit is an error, and never one of this machine's zone", (text) => {
    expect(() => millis(text)).toThrow("as a time");
    expect(() => millisIn({ at: text }, "at")).toThrow(text);
  });
});

const EVENT = {
  ...{ activity_type: "CSD", event_id: "01", ref_id: "r-1", status: "executed", currency: "USD", net_amount: "12.5" },
  ...{ at: "2026-05-10T14:01:04.65Z", executed_at: "2026-05-10T14:01:04.65Z", details: {} },
};
const activity = (members: object) => activityOf({ ...EVENT, ...members } as unknown as ActivityEvent);

describe("an activity of Alpaca", () => {
  it.each([
    ["members of null", { previous_id: null, activity_subtype: null, price: null, qty: null, settle_date: null }],
    ["details of null", { details: null }],
    ["no details", { details: undefined }],
    ["details with members of null", { details: { symbol: null, old_rate: null, new_rate: null } }],
  ])("with %s is what it is without them", (_, members) => {
    expect(activity(members)).toEqual(activity({}));
    expect(activitySchema.safeParse(activity(members)).success).toBe(true);
  });

  it("that withholds money is a tax", () => {
    const withheld = { activity_type: "WH", activity_subtype: "FWH", net_amount: "-12.5" };
    expect(activity(withheld)).toMatchObject({ kind: "tax", amount: "-12.5" });
  });

  it("that is a split whose rates are null is no split by a made-up ratio", () => {
    const details = { symbol: "AAPL", new_rate: null, old_rate: null };
    const split = activity({ activity_type: "SPLIT", details });
    expect(split).toMatchObject({ kind: "adjustment", symbol: "AAPL" });
    expect(split).not.toHaveProperty("ratio");
  });

  it.each([
    ["BTC/USD", "BTC"],
    ["BTCUSD", "BTC"],
    ["ETHBTC", "ETH"],
    ["USDTUSD", "USDT"],
  ])("is the fee of a coin in that coin, also of %s", (symbol, currency) => {
    const fee = { activity_type: "CFEE", qty: "-0.0001", net_amount: "0", details: { symbol } };
    expect(activity(fee)).toMatchObject({ kind: "fee", amount: "-0.0001", currency });
  });

  it("that is a trade is a fill, also with members of null", () => {
    const trade = {
      ...{ activity_type: "FILL", qty: "1", price: "2", previous_id: null, net_amount: null },
      details: {
        ...{ symbol: "AAPL", asset_id: "a", order_id: "o", side: "buy", execution_type: "fill" },
        ...{ commission: null, client_order_id: null },
      },
    };
    const fill = alpaca.fillOfActivity({ ...EVENT, ...trade } as unknown as ActivityEvent, new Map());
    expect(fill).not.toHaveProperty("fee");
    expect(fill).not.toHaveProperty("clientOrderId");
    expect(fillSchema.safeParse(fill).success).toBe(true);
    // Beside an activity without details, the trades of a gap are read.
    expect(alpaca.assetOfTrade({ ...EVENT, details: null } as unknown as ActivityEvent)).toEqual([]);
  });
});

describe("a fill of Coinbase", () => {
  const FILL = {
    ...{ entry_id: "e", order_id: "o", product_id: "BTC-USD", side: "BUY", price: "60000", size: "0.1" },
    ...{ commission: "1.14", trade_time: "2026-05-10T14:01:04.65Z", trade_type: "FILL", size_in_quote: false },
  };
  it.each([[undefined], [null], [""]])("of the type %j is a fill", (trade_type) => {
    expect(coinbase.fillOf({ ...FILL, trade_type })).toEqual(coinbase.fillOf(FILL));
  });

  it("in a future, whose id names no currency, keeps its commission", () => {
    const fill = coinbase.fillOf({ ...FILL, product_id: "BIT-26APR24-CDE" });
    expect(fill).toMatchObject({ symbol: "BIT-26APR24-CDE", fee: "1.14" });
    expect(fillSchema.safeParse(fill).success).toBe(true);
  });
});

describe("an order that was placed elsewhere", () => {
  const ORDER = { status: "open", vol: "2", vol_exec: "0", price: "0", cl_ord_id: null, oflags: "fciq" };
  it.each([
    ["limit", "60000", "0", "60000"],
    ["iceberg", "60000", "0", "60000"],
    ["stop-loss-limit", "59000", "58900", "58900"],
    ["take-profit-limit", "61000", "61100", "61100"],
    ["take-profit", "61000", "0", undefined],
    ["trailing-stop-limit", "+5.0%", "-1.0", undefined],
    ["market", "0", "0", undefined],
  ])("at Kraken as %s has the limit that Kraken states", (ordertype, price, price2, limit) => {
    const report = kraken.reportOf("O", { ...ORDER, descr: { type: "sell", ordertype, price, price2 } }, "BTC/USD");
    expect(report.limitPrice).toBe(limit);
    expect(reportSchema.safeParse(report).success).toBe(true);
  });

  it("at Alpaca by an amount of money, or of several legs, is reported with what it has", () => {
    const order = {
      ...{ id: "o", client_order_id: "other", status: "filled", asset_class: "us_equity", asset_id: "a" },
      ...{ symbol: "AAPL", side: "buy", qty: null, notional: "500", filled_qty: "1.234567891", limit_price: null },
      ...{ filled_avg_price: "405.000001", replaced_by: null, submitted_at: EVENT.at, updated_at: EVENT.at },
    };
    expect(alpaca.reportOf(order as never, new Map())).toMatchObject({ filledQuantity: "1.234567891", side: "buy" });
    const legs = { ...order, symbol: "", side: "", asset_class: "", qty: "1", filled_qty: "1", legs: [order] };
    expect(alpaca.reportOf(legs as never, new Map())).not.toHaveProperty("symbol");
    // Its fills come as activities, one for each leg.
    const update = { event: "fill", execution_id: "e", qty: "1", price: "2", timestamp: EVENT.at, order: legs };
    expect(() => alpaca.fillOfUpdate(update as never, new Map())).toThrow("has no symbol");
  });

  it("at Binance as a leg of a list, that expired with nothing filled, has no average", () => {
    const order = {
      ...{ orderId: "9", clientOrderId: "x", orderListId: "7", status: "EXPIRED_IN_MATCH", executedQty: "0.00000000" },
      ...{ origQty: "0.00000000", origQuoteOrderQty: "50.0", price: "0.00000000", cummulativeQuoteQty: "-1.00000000" },
      ...{ side: "SELL", updateTime: "1778421664650275", preventedQuantity: "1.0" },
    };
    expect(binance.reportOf(order, "A/B")).toEqual({
      ...{ venueOrderId: "9", clientOrderId: "x", status: "expired", filledQuantity: "0.00000000" },
      ...{ symbol: "A/B", side: "sell", updatedAt: AT },
    });
  });
});
