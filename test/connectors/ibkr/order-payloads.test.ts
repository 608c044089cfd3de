/** Orders as TWS can state them, read by the library: placed by hand, of other kinds, ended. */
import { EventName } from "@stoqey/ib";
import { describe, expect, it } from "vitest";
import { listedOrder } from "../../../connectors/listed-item.ts";
import { completedReport, openReport, statedIdOf } from "../../../connectors/ibkr/reports.ts";
import type { CompletedRow, OpenOrderRow, StatusRow } from "../../../connectors/ibkr/rows.ts";
import * as tws from "../../../src/conformance/tws/answers.ts";
import type { FakeOrder } from "../../../src/domain/sdk-kit.ts";
import { reportSchema } from "../../../src/protocol/schemas.ts";
import { readMessage, readMessages } from "../../support/tws-message.ts";

const CONTRACT = { conId: 265_598, symbol: "AAPL", secType: "STK", exchange: "SMART", currency: "USD" };
const ORDER: FakeOrder = {
  ...{ order_id: "1000000007", client_order_id: "q1", symbol: "AAPL", side: "buy", quantity: "10", type: "limit" },
  ...{ limit_price: "150.25", time_in_force: "day", filled_quantity: "0", average_price: null, status: "open" },
};
const NAMED = { symbol: "AAPL", magnifier: 1 };
const UNSET = "1.7976931348623157E308";

/** Places of fields in the messages of TWS. An open order has the id of its client before its contract. */
const OPEN_AT = { action: 13, quantity: 14, type: 15, limit: 16, ref: 23, client: 24, perm: 25 };
const DONE_AT = { action: 12, quantity: 13, type: 14, limit: 15, ref: 22, perm: 23, client: -1 };
type Fields = Partial<Record<keyof typeof OPEN_AT, string>>;

function withFields(message: ReturnType<typeof tws.openOrder>, at: typeof OPEN_AT, fields: Fields) {
  const copy = [...message];
  for (const [name, value] of Object.entries(fields)) copy[at[name as keyof typeof OPEN_AT]] = value;
  return copy;
}

function openRow(fields: Fields): OpenOrderRow {
  const origin = { orderId: 5, clientId: 71, account: "DU1" };
  const message = tws.openOrder(ORDER, CONTRACT, origin);
  const [, contract, order, state] = readMessage(EventName.openOrder, withFields(message, OPEN_AT, fields));
  return { kind: "order", contract, order, state } as OpenOrderRow;
}

function statusRow(...[status, filled, average]: readonly [string, string, string]): StatusRow {
  const message = [3, 5, status, filled, "0", average, 1_000_000_007, 0, 0, 71, "", 0];
  const [orderId, state, amount, , averagePrice, permId] = readMessage(EventName.orderStatus, message);
  return { kind: "status", orderId, clientId: 71, permId, status: state, filled: amount, averagePrice } as StatusRow;
}

const OPEN = {
  ...{ venueOrderId: "1000000007", clientOrderId: "q1", status: "open", filledQuantity: "0" },
  ...{ symbol: "AAPL", side: "buy", quantity: "10", limitPrice: "150.25" },
};

describe("an open order", () => {
  it.each<[string, Fields, object]>([
    ["as it is", {}, OPEN],
    ["of a part of a share", { quantity: "0.123456789012345678" }, { ...OPEN, quantity: "0.123456789012345678" }],
    ["by an amount of money", { quantity: "0" }, { ...OPEN, quantity: undefined }],
    ["whose quantity is not set", { quantity: UNSET }, { ...OPEN, quantity: undefined }],
    ["of a short sale", { action: "SSHORT" }, { ...OPEN, side: "sell" }],
    ["at the market", { type: "MKT", limit: "0.0" }, { ...OPEN, limitPrice: undefined }],
    ["without a limit", { type: "MOC", limit: UNSET }, { ...OPEN, limitPrice: undefined }],
    ["of a combination at even money", { limit: "0.0" }, { ...OPEN, limitPrice: "0" }],
    ["of a combination for a credit", { limit: "-1.5E-1" }, { ...OPEN, limitPrice: "-0.15" }],
    ["with another word for itself", { ref: "hand ✓" }, { ...OPEN, clientOrderId: "hand ✓" }],
    ["without one", { ref: "" }, { ...OPEN, clientOrderId: undefined }],
    ["that was not transmitted yet", { perm: "0", client: "9" }, { ...OPEN, venueOrderId: "client 9 order 5" }],
  ])("%s", (_name, fields, expected) => {
    const report = openReport(openRow(fields), undefined, NAMED);
    expect(report).toEqual(expected);
    expect(reportSchema.safeParse(report).error).toBeUndefined();
  });

  it.each([
    ["ApiPending", "0", "open"],
    ["PendingSubmit", "0", "open"],
    ["PreSubmitted", "0.5", "partially_filled"],
    ["PendingCancel", "0", "open"],
    ["Inactive", "0", "open"],
    ["ApiCancelled", "3", "cancelled"],
    ["Filled", "1,000", "filled"],
  ])("%s with %s filled is %s", (status, filled, expected) => {
    const report = openReport(openRow({}), statusRow(status, filled, "150.123456789012345"), NAMED);
    expect(report).toMatchObject({ status: expected, filledQuantity: filled.replace(",", "") });
    if (filled !== "0") expect(report.averagePrice).toBe("150.123456789012345");
  });

  it("in pence has its prices in pounds", () => {
    const report = openReport(openRow({}), statusRow("Submitted", "1", "950.255"), { symbol: "VOD", magnifier: 100 });
    expect([report.limitPrice, report.averagePrice]).toEqual(["1.5025", "9.50255"]);
  });

  it.each<[string, Fields, StatusRow | undefined, string]>([
    ["in an unknown state", {}, statusRow("WarmingUp", "0", "0"), 'order 1000000007 is "WarmingUp" at IBKR'],
    ["on an unknown side", { action: "LEND" }, undefined, 'order 1000000007 has the side "LEND"'],
    ["whose limit is no number", { limit: "abc" }, undefined, '"abc" where a number belongs'],
    ["whose fills are not stated", {}, statusRow("Submitted", "", "0"), "how much of order 1000000007 is filled"],
    ["whose fills are not set", {}, statusRow("Submitted", UNSET, "0"), "how much of order 1000000007 is filled"],
  ])("%s is listed as unreadable", (_name, fields, status, words) => {
    const row = openRow(fields);
    const names = { venueOrderId: statedIdOf(row.order), clientOrderId: "q1", symbol: "AAPL" };
    expect(listedOrder(names, () => openReport(row, status, NAMED))).toEqual({
      ...{ ...names, status: "unknown", reason: expect.stringContaining(words) as string },
    });
  });

  it("without an id that the desk can name is an error", () => {
    const fail = () => {
      throw new Error("no such state");
    };
    for (const venueOrderId of [undefined, "", 7, "a\nb", "x".repeat(129)])
      expect(() => listedOrder({ venueOrderId }, fail)).toThrow("no such state");
    expect(listedOrder({ venueOrderId: "7", clientOrderId: "\u0000", symbol: 3 }, fail)).toEqual({
      ...{ venueOrderId: "7", status: "unknown", reason: "no such state" },
    });
  });
});

describe("a completed order", () => {
  /** The last fields: from how much is filled on. */
  const row = (status: string, end: { filled: string; words: string; fields?: Fields }): CompletedRow => {
    const message = withFields(
      tws.completedOrder({ ...ORDER, status: "filled", filled_quantity: "77" }, CONTRACT, { account: "DU1", now: 0 }),
      DONE_AT,
      end.fields ?? {},
    );
    const at = message.lastIndexOf("77");
    message[at] = end.filled;
    message[message.lastIndexOf("Filled")] = end.words;
    message[message.indexOf("Filled")] = status;
    const [contract, order, state] = readMessage(EventName.completedOrder, message);
    return { contract, order, state } as CompletedRow;
  };
  const DONE = { venueOrderId: "1000000007", clientOrderId: "q1", symbol: "AAPL", limitPrice: "150.25", updatedAt: 0 };

  it.each<[string, CompletedRow, object]>([
    [
      "that was filled, of which TWS states no quantity, has that of its fills",
      row("Filled", { filled: "2.5", words: "Filled Size: 2.5", fields: { quantity: "0" } }),
      { ...DONE, side: "buy", status: "filled", filledQuantity: "2.5", quantity: "2.5" },
    ],
    [
      "that was filled, of which TWS states the size in words",
      row("Filled", { filled: UNSET, words: "Filled Size: 1,200", fields: { action: "SELL" } }),
      { ...DONE, side: "sell", status: "filled", filledQuantity: "1200", quantity: "10" },
    ],
    [
      "that was cancelled with nothing filled",
      row("Cancelled", { filled: UNSET, words: "Cancelled by Trader" }),
      {
        ...{ ...DONE, side: "buy", status: "cancelled", filledQuantity: "0", quantity: "10" },
        reason: "Cancelled by Trader",
      },
    ],
    [
      "that was cancelled by a program after a part was filled",
      row("ApiCancelled", { filled: "3", words: "" }),
      { ...DONE, side: "buy", status: "cancelled", filledQuantity: "3", quantity: "10" },
    ],
  ])("%s", (_name, completed, expected) => {
    const report = completedReport(completed, NAMED, 0);
    expect(report).toEqual(expected);
    expect(reportSchema.safeParse(report).error).toBeUndefined();
  });

  it.each<[string, CompletedRow, string]>([
    ["in unknown words", row("Retired", { filled: "0", words: "" }), 'order 1000000007 is completed as "Retired'],
    [
      "that is filled, and not how much",
      row("Filled", { filled: "", words: "Filled", fields: { quantity: "0" } }),
      "order 1000000007 is filled, and not how much",
    ],
  ])("%s is an error", (_name, completed, words) => {
    expect(() => completedReport(completed, NAMED, 0)).toThrow(words);
  });
});

describe("an error of TWS", () => {
  const refusal = (details: string) => [4, 2, 5, 201, "Order rejected - reason: margin", details];

  it("has the details of an advanced refusal", () => {
    const [[error, code, id, details] = []] = readMessages(EventName.error, [refusal('{"rejects":[{"code":8229}]}')]);
    expect([(error as Error).message, code, id]).toEqual(["Order rejected - reason: margin", 201, 5]);
    expect(details).toEqual({ rejects: [{ code: 8229 }] });
  });

  it("says that an id of too many digits cannot be read: it would be that of another order", () => {
    const origin = { orderId: 5, clientId: 71, account: "DU1" };
    const message = withFields(tws.openOrder(ORDER, CONTRACT, origin), OPEN_AT, { perm: "9007199254740993" });
    const [[error, code] = []] = readMessages(EventName.error, [message.map(String)]);
    expect([(error as Error).message, code]).toEqual(["a message has an id of too many digits", 505]);
  });

  it("says nothing of an id that is not set: most completed orders have no parent", () => {
    const done = [...tws.completedOrder({ ...ORDER, status: "filled" }, CONTRACT, { account: "DU1", now: 0 })];
    expect(done).toContain("9223372036854775807");
    expect(readMessages(EventName.error, [done])).toEqual([]);
    const open = tws.openOrder(ORDER, CONTRACT, { orderId: 5, clientId: 71, account: "DU1" });
    const message = withFields(open, OPEN_AT, { perm: "9223372036854775807" });
    const [, , order] = readMessage(EventName.openOrder, message) as [unknown, unknown, object];
    expect(order).toMatchObject({ permId: 0 });
  });

  it("whose details are no JSON is said, and the messages after it are read", () => {
    const found = readMessages(EventName.error, [refusal("{not json"), refusal("")]);
    expect(found.map(([, code, id]) => [code, id])).toEqual([
      [505, -1],
      [201, 5],
    ]);
  });
});
