/** Legal answers that the maps were not written against: each number arrives exact, or the error says of which part. */
import { describe, expect, it } from "vitest";
import { activityOf } from "../../connectors/alpaca/activities.ts";
import * as alpaca from "../../connectors/alpaca/map.ts";
import type { ActivityEvent, VenueOrder } from "../../connectors/alpaca/wire.ts";
import * as binanceWallet from "../../connectors/ccxt/binance/activities.ts";
import * as binance from "../../connectors/ccxt/binance/map.ts";
import * as coinbase from "../../connectors/ccxt/coinbase/map.ts";
import * as kraken from "../../connectors/ccxt/kraken/map.ts";
import { naming, oneLine } from "../../connectors/words.ts";
import { activitySchema, fillSchema, reportSchema } from "../../src/protocol/schemas.ts";

const AT = "2026-05-10T14:01:04.65Z";
const MS = Date.parse(AT);

describe("words of a venue", () => {
  it.each([
    ["two\r\nlines\tand a tab", "two lines and a tab"],
    ["zero\u200bwidth \u0007 bell", "zero width bell"],
    ["  ünïcode ✓ stays  ", "ünïcode ✓ stays"],
  ])("%j is one visible line", (text, expected) => {
    expect(oneLine(text)).toBe(expected);
  });

  it("are cut between characters", () => {
    expect(oneLine("x".repeat(199) + "😀")).toBe("x".repeat(199));
    expect(oneLine("y".repeat(300))).toHaveLength(200);
  });

  it("of an error name what it is about, once", () => {
    const fail = () => {
      throw new Error("no side");
    };
    expect(() => naming("order 7", () => naming("order 7", fail))).toThrow(/^order 7: no side$/);
  });
});

const ORDER: VenueOrder = {
  ...{ id: "o-1", client_order_id: "other", status: "held", symbol: "AAPL", asset_id: "a", asset_class: "us_equity" },
  ...{ side: "sell", qty: "5", filled_qty: "0", filled_avg_price: null, limit_price: "190.50", replaced_by: null },
  ...{ submitted_at: AT, updated_at: AT },
};
const LEGS = { order_class: "bracket", legs: [{ id: "o-2" }], hwm: null, trail_price: null, expires_at: AT };

describe("Alpaca: an order", () => {
  it.each<[string, object, object]>([
    ["of a bracket, with its legs", LEGS, { status: "open", quantity: "5", limitPrice: "190.50" }],
    ["that sells short, exempt", { side: "sell_short_exempt" }, { side: "sell" }],
    ["that sells on an uptick alone", { side: "sell_plus" }, { side: "sell" }],
    ["that buys on a downtick alone", { side: "buy_minus" }, { side: "buy" }],
    ["that buys an option back", { side: "buy_to_close" }, { side: "buy" }],
    ["that buys an option", { side: "buy_to_open" }, { side: "buy" }],
    ["that writes an option", { side: "sell_to_open" }, { side: "sell" }],
    ["that sells an option", { side: "sell_to_close" }, { side: "sell" }],
    ["that is reviewed before it works", { status: "pending_review" }, { status: "open", filledQuantity: "0" }],
    ["whose trade was cancelled", { status: "filled" }, { status: "filled", filledQuantity: "0" }],
    ["in an option", { symbol: "AAPL261218C00150000", asset_class: "us_option" }, { symbol: "AAPL261218C00150000" }],
    ["with an exponent", { qty: "1e-9", filled_qty: "1E-9", status: "filled" }, { quantity: "1e-9" }],
    ["by an amount of money", { qty: null, notional: "500.10", status: "accepted" }, { status: "open" }],
    ["by an amount of money, of zero units", { qty: "0", notional: "500.10" }, { status: "open", filledQuantity: "0" }],
  ])("%s", (_name, members, expected) => {
    const report = alpaca.reportOf({ ...ORDER, ...members }, new Map());
    expect(report).toMatchObject(expected);
    expect(reportSchema.safeParse(report).error).toBeUndefined();
  });

  it.each<[string, object, string]>([
    ["on an unknown side", { side: "cross" }, 'order o-1: Alpaca sent "cross" as a side'],
    ["in an unknown state", { status: "in_auction" }, "order o-1 is in_auction at Alpaca"],
    [
      "that is filled, and not how much",
      { status: "filled", filled_qty: null },
      "order o-1: Alpaca's answer has no fil",
    ],
    ["changed at no time", { updated_at: "2026-05-10T14:01:04" }, "order o-1: Alpaca sent"],
  ])("%s is an error that names it, and hides no other of the list", (_name, members, words) => {
    const order = { ...ORDER, ...members };
    expect(() => alpaca.reportOf(order, new Map())).toThrow(words);
    expect(alpaca.openReportOf(order, new Map())).toEqual({
      ...{ venueOrderId: "o-1", clientOrderId: "other", symbol: "AAPL", status: "unknown" },
      reason: expect.stringContaining(words) as string,
    });
  });
});

const EVENT: ActivityEvent = {
  ...{ activity_type: "CSD", event_id: "01", ref_id: "r-1", status: "executed", currency: "USD", net_amount: "500" },
  ...{ at: AT, executed_at: AT, settle_date: "2026-05-10", details: { system_date: "2026-05-10" } },
};
const CONTRACT = { old_contract_symbol: "XYZ261218C00100000", new_contract_symbol: "XYZ1261218C00050000" };

describe("Alpaca: an activity", () => {
  it.each<[string, Partial<ActivityEvent>, object]>([
    ["without the time of its execution", { executed_at: null }, { kind: "deposit", amount: "500", timestamp: MS }],
    [
      "that was cancelled takes the earlier one back",
      { status: "canceled", previous_id: "r-0" },
      { id: "r-1 cancelled", kind: "adjustment", amount: "0", corrects: "r-0" },
    ],
    [
      "that was cancelled under its own id takes itself back",
      { status: "canceled", net_amount: "-500" },
      { id: "r-1 cancelled", kind: "adjustment", amount: "0", corrects: "r-1" },
    ],
    [
      "that makes of a contract another one",
      { activity_type: "OPCA", activity_subtype: "OPCA.NC", net_amount: null, details: { ...CONTRACT, qty: "3" } },
      { kind: "rename", symbol: CONTRACT.old_contract_symbol, newSymbol: CONTRACT.new_contract_symbol },
    ],
    [
      "that makes of a contract two others",
      { activity_type: "OPCA", net_amount: null, details: { ...CONTRACT, old_qty: "3", new_qty: "6" } },
      { kind: "rename", newSymbol: CONTRACT.new_contract_symbol, ratio: ["6", "3"] },
    ],
    [
      "that makes more of a contract",
      {
        ...{ activity_type: "OPCA", net_amount: null },
        details: { ...CONTRACT, new_contract_symbol: CONTRACT.old_contract_symbol, old_qty: "1", new_qty: "2" },
      },
      { kind: "split", symbol: CONTRACT.old_contract_symbol, ratio: ["2", "1"] },
    ],
    [
      "of a contract that becomes another one at an unknown number",
      { activity_type: "OPCA", net_amount: null, details: { ...CONTRACT, new_qty: "2" } },
      { kind: "adjustment", newSymbol: CONTRACT.new_contract_symbol, quantity: "2" },
    ],
    ["of an assignment", { activity_type: "OPASN", net_amount: null, qty: "-1" }, { kind: "adjustment", amount: "0" }],
    ["in another currency", { currency: "EUR", net_amount: "-1.5E2" }, { kind: "withdrawal", amount: "-1.5E2" }],
  ])("%s", (_name, members, expected) => {
    const activity = activityOf({ ...EVENT, ...members });
    expect(activity).toMatchObject(expected);
    expect(activitySchema.safeParse(activity).error).toBeUndefined();
  });

  it("at no time is an error that names it", () => {
    expect(() => activityOf({ ...EVENT, executed_at: "soon" })).toThrow('activity r-1: Alpaca sent "soon" as a time');
  });
});

describe("Binance", () => {
  const DEPOSIT = { id: "7", status: "1", insertTime: "1778421664650", amount: "0.5", coin: "BTC" };
  const WITHDRAWAL = {
    ...{ id: "w", status: "6", applyTime: "2026-05-10 14:01:04", amount: "1", coin: "USDT", transactionFee: "0" },
  };

  it("counts what comes to the account that trades, also before it can leave again", () => {
    expect(binanceWallet.depositOf({ ...DEPOSIT, status: "6" })).toEqual(binanceWallet.depositOf(DEPOSIT));
    expect(binanceWallet.depositOf({ ...DEPOSIT, walletType: "0" })).toHaveLength(1);
    expect(binanceWallet.depositOf({ ...DEPOSIT, walletType: "1" })).toEqual([]);
    expect(binanceWallet.withdrawalOf({ ...WITHDRAWAL, walletType: "0" })).toHaveLength(1);
    expect(binanceWallet.withdrawalOf({ ...WITHDRAWAL, walletType: "1" })).toEqual([]);
  });

  it("states a cancel under way of an order of which a part was filled", () => {
    const order = {
      ...{ orderId: "9223372036854775807", clientOrderId: "币安 1", status: "PENDING_CANCEL", executedQty: "0.4" },
      ...{ origQty: "1", price: "0.1", cummulativeQuoteQty: "0.04", side: "BUY", updateTime: "1778421664650275" },
    };
    const report = binance.reportOf(order, "币安人生/USDT");
    expect(report).toEqual({
      ...{ venueOrderId: "9223372036854775807", clientOrderId: "币安 1", status: "partially_filled" },
      ...{ filledQuantity: "0.4", quantity: "1", symbol: "币安人生/USDT", side: "buy", averagePrice: "0.1" },
      ...{ limitPrice: "0.1", updatedAt: MS },
    });
    expect(reportSchema.safeParse(report).error).toBeUndefined();
  });

  it.each([
    ["a rebate in a third coin", { commission: "-0.00000010", commissionAsset: "BNB" }, { fee: "-0.00000010" }],
    ["a fee in the coin that was bought", { commission: "1e-7", commissionAsset: "BTC" }, { feeCurrency: "BTC" }],
  ])("takes %s", (_name, members, expected) => {
    const trade = { id: "1", orderId: "2", qty: "0.1", price: "6e4", time: "1778421664", isBuyer: false };
    const fill = binance.fillOf({ ...trade, ...members }, "BTC/USDT");
    expect(fill).toMatchObject({ ...expected, side: "sell", price: "6e4", timestamp: MS - 650 });
    expect(fillSchema.safeParse(fill).error).toBeUndefined();
  });
});

describe("Coinbase: an order", () => {
  const REST = {
    ...{ order_id: "o", client_order_id: "c", product_id: "BTC-USD", side: "SELL", status: "OPEN" },
    ...{ filled_size: "0", average_filled_price: "0", last_fill_time: null, reject_message: "" },
  };
  const LIMIT = { base_size: "0.01", limit_price: "45000.00" };
  it.each<[string, object, object]>([
    [
      "with its other kinds as null",
      { order_configuration: { market_market_ioc: null, limit_limit_gtd: LIMIT } },
      { quantity: "0.01", limitPrice: "45000.00" },
    ],
    ["without its terms", { order_configuration: null }, { status: "open" }],
    [
      "by money, with no size",
      { order_configuration: { market_market_ioc: { quote_size: "100", base_size: "0" } } },
      { filledQuantity: "0" },
    ],
    ["that is new", { status: "PENDING", filled_size: "" }, { status: "open", filledQuantity: "0" }],
    ["that ended in two lines", { status: "FAILED", reject_message: "no\nfunds" }, { reason: "no funds" }],
    [
      "with a stop and a target",
      { order_configuration: { trigger_bracket_gtc: { ...LIMIT, stop_trigger_price: "1" } } },
      { limitPrice: "45000.00" },
    ],
  ])("%s", (_name, members, expected) => {
    const report = coinbase.reportOf({ ...REST, ...members });
    expect(report).toMatchObject(expected);
    expect(reportSchema.safeParse(report).error).toBeUndefined();
  });

  it("that is filled, and not how much, is an error", () => {
    expect(() => coinbase.reportOf({ ...REST, status: "FILLED", filled_size: "" })).toThrow("filled_size");
  });

  it("of the stream, by money, has no quantity", () => {
    const order = {
      ...{ order_id: "o", client_order_id: "c", product_id: "BTC-USD", order_side: "BUY", status: "OPEN" },
      ...{ cumulative_quantity: "0", leaves_quantity: "0", avg_price: "0" },
    };
    const report = coinbase.eventReportOf(order, { timestamp: "2026-05-10T14:01:04.65Z" });
    expect(report).not.toHaveProperty("quantity");
    expect(reportSchema.safeParse(report).error).toBeUndefined();
  });
});

describe("Kraken: an order", () => {
  const REST = { status: "open", vol: "2", vol_exec: "0", price: "0", cl_ord_id: null, oflags: "fciq", closetm: null };
  const descr = { type: "buy", ordertype: "limit", price: "60000" };
  it("that ended in two lines, with an exponent, is taken", () => {
    const order = { ...REST, descr, status: "canceled", vol_exec: "1e-8", price: "6E4", reason: "User\nrequested" };
    const report = kraken.reportOf("O", order, "BTC/USD");
    expect(report).toMatchObject({ reason: "User requested", filledQuantity: "1e-8", averagePrice: "6E4" });
    expect(reportSchema.safeParse(report).data).toMatchObject({ filledQuantity: "0.00000001", averagePrice: "60000" });
  });
});
