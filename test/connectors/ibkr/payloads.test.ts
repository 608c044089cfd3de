/** Messages of TWS about what the desk does not trade, read by the library as the connector uses it. */
import { EventName, type IBApi } from "@stoqey/ib";
import { describe, expect, it } from "vitest";
import { positionOf } from "../../../connectors/ibkr/account.ts";
import { keepDigits } from "../../../connectors/ibkr/digits.ts";
import { multiplierOf } from "../../../connectors/ibkr/contracts.ts";
import { feeOf, fillOf, isFill } from "../../../connectors/ibkr/fills.ts";
import type { AccountRow } from "../../../connectors/ibkr/rows.ts";
import { readMessage } from "../../support/tws-message.ts";

interface Holding {
  readonly secType: string;
  readonly currency?: string;
  readonly multiplier?: string;
  readonly quantity: string;
  readonly mark: string;
  readonly value: string;
  readonly cost: string;
}

function held({ secType, currency = "USD", multiplier = "", quantity, mark, value, cost }: Holding) {
  const contract = [672_387_468, "X", secType, "", 0, "", multiplier, "NYSE", currency, "X", "X"];
  const [found, amount, marketPrice, marketValue, averageCost] = readMessage(EventName.updatePortfolio, [
    ...[7, 8, ...contract, quantity, mark, value, cost, 0, 0, "DU1"],
  ]);
  const row = { kind: "position", contract: found, quantity: amount, marketPrice, marketValue, averageCost };
  return positionOf(row as Extract<AccountRow, { kind: "position" }>, "X");
}

describe("a position", () => {
  it.each<[string, Holding, { mark: string; average: string; currency?: string }]>([
    [
      "of a part of a share keeps every digit",
      { secType: "STK", quantity: "0.123456789012345678", mark: "1.0E-4", value: "0", cost: "0.00012345678901234567" },
      { mark: "0.0001", average: "0.00012345678901234567" },
    ],
    [
      "at a price in pence is in pounds",
      { secType: "STK", currency: "GBP", quantity: "1000", mark: "950.25", value: "9502.50", cost: "9.1" },
      { mark: "9.5025", average: "9.1", currency: "GBP" },
    ],
    [
      "at a price in cents, of a future, is in dollars",
      { secType: "FUT", multiplier: "5000", quantity: "-1", mark: "450.25", value: "-22512.5", cost: "22600" },
      { mark: "4.5025", average: "4.52" },
    ],
    [
      "in bonds, whose price is in percent, has the value of a unit",
      { secType: "BOND", quantity: "10", mark: "98.5", value: "9850", cost: "991.25" },
      { mark: "985", average: "991.25" },
    ],
    [
      "in options has the price of a share",
      { secType: "OPT", multiplier: "100", quantity: "-3", mark: "2.5000001", value: "-750", cost: "260.75" },
      { mark: "2.5000001", average: "2.6075" },
    ],
    [
      "in a future below zero has its price and its cost",
      { secType: "FUT", multiplier: "1000", quantity: "2", mark: "-37.63", value: "-75260", cost: "-36630" },
      { mark: "-37.63", average: "-36.63" },
    ],
    [
      "with a multiplier below one has the price of a unit",
      { secType: "FUT", multiplier: "0.1", quantity: "3", mark: "95000.5", value: "28500.15", cost: "9400.25" },
      { mark: "95000.5", average: "94002.5" },
    ],
    [
      "with a value of a thousand and more, which some TWS write with commas",
      { secType: "STK", quantity: "1,000", mark: "12.5", value: "12500", cost: "12" },
      { mark: "12.5", average: "12" },
    ],
  ])("%s", (_name, holding, { mark, average, currency = "USD" }) => {
    const quantity = holding.quantity.replace(",", "");
    expect(held(holding)).toEqual({ symbol: "X", quantity, markPrice: mark, averagePrice: average, currency });
  });

  it("whose mark is no number is an error, never 0", () => {
    const holding = { secType: "STK", quantity: "NaN", mark: "1", value: "1", cost: "1" };
    expect(() => held(holding)).toThrow('the position in X: the gateway states "NaN" where a number belongs');
    expect(() => held({ ...holding, quantity: "" })).toThrow(
      "the position in X: the gateway does not state its quantity",
    );
  });

  it.each([
    ["whose price TWS does not have", "0.0", undefined],
    ["whose price TWS leaves out", "", undefined],
    ["whose price is not set", "1.7976931348623157E308", undefined],
  ])("%s has no mark", (_name, mark, expected) => {
    const holding = {
      secType: "OPT",
      multiplier: "100",
      quantity: "2",
      mark,
      value: "0",
      cost: "1.7976931348623157E308",
    };
    expect(held(holding)).toEqual({ symbol: "X", quantity: "2", markPrice: expected, currency: "USD" });
  });
});

describe("an execution", () => {
  const execution = (secType: string, { permId, price }: { permId: number; price: string }) => {
    const contract = [265_598, "AAPL", secType, "20261218", "150.0", "C", "100", "AMEX", "USD", "AAPL", "AAPL"];
    const made = ["0001.01.01", "20261128-20:39:30", "DU1", "AMEX", "SLD", "1.000000000000000001", price];
    const [, found, row] = readMessage(EventName.execDetails, [
      ...[11, -1, 0, ...contract, ...made, permId, 0, 0, 1, price, "", "", "", "", 2, 0],
    ]);
    return { contract: found, execution: row } as Parameters<typeof fillOf>[0];
  };

  it("of an assignment, which has no order and no price, is a fill", () => {
    const fill = fillOf(execution("OPT", { permId: 0, price: "0.0" }), { symbol: "AAPL#1", magnifier: 1 }, 0);
    expect(fill).toMatchObject({ venueOrderId: "execution 0001.01.01", quantity: "1.000000000000000001", price: "0" });
    expect(fill).not.toHaveProperty("clientOrderId");
  });

  it.each([
    ["price", { permId: 7, price: "" }],
    ["price that is set", { permId: 7, price: "1.7976931348623157E308" }],
  ])("without a %s is an error that names the order", (_name, made) => {
    const row = execution("STK", made);
    expect(() => fillOf(row, { symbol: "AAPL", magnifier: 1 }, 0)).toThrow("execution 0001.01.01 of order 7 in AAPL");
  });

  it("at a price in pence is in pounds", () => {
    const row = execution("STK", { permId: 7, price: "950.255" });
    expect(fillOf(row, { symbol: "VOD@LSE/GBP", magnifier: 100 }, 0).price).toBe("9.50255");
  });

  it.each([
    ["STK", true],
    ["OPT", true],
    ["BAG", false],
    ["BOND", false],
    ["BILL", false],
  ])("of %s is a fill: %s", (secType, expected) => {
    expect(isFill(execution(secType, { permId: 7, price: "98.5" }))).toBe(expected);
  });
});

it.each([
  ["1.7976931348623157E308", undefined],
  ["Infinity", undefined],
  ["-0.350000000000000001", "-0.350000000000000001"],
  ["1,234.50", "1234.5"],
  ["-1.2E-3", "-0.0012"],
  ["0.0", "0"],
  ["", undefined],
])("a commission of %s is %s", (stated, expected) => {
  const [report] = readMessage(EventName.commissionReport, [59, 1, "0001.01.01", stated, "USD", "", "", ""]);
  expect(feeOf(report as Parameters<typeof feeOf>[0])?.fee).toBe(expected);
});

it("a commission without a currency is one in the currency of the price", () => {
  const [report] = readMessage(EventName.commissionReport, [59, 1, "0001.01.01", "1.25", "", "", "", ""]);
  const fee = feeOf(report as Parameters<typeof feeOf>[0]);
  expect(fee).toEqual({ fee: "1.25" });
});

it("a library whose reader has other names is refused, and not read as doubles", () => {
  expect(() => keepDigits({ controller: { decoder: {} } } as unknown as IBApi)).toThrow("install @stoqey/ib@1.6");
});

it.each([
  ["0.123456789012345678", "0.123456789012345678"],
  ["1.0E-5", "0.00001"],
  ["0", "1"],
  [undefined, "1"],
])("a multiplier of %s is %s, with each digit", (multiplier, expected) => {
  expect(multiplierOf({ ...(multiplier !== undefined && { multiplier }) })).toBe(expected);
});
