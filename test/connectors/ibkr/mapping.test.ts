/** What TWS states, as the desk's values: amounts, times, accounts, orders, fills, prices. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import IbkrConnector from "../../../connectors/ibkr/index.ts";
import { accountFrom, accountValues, positionOf, positionRows, ratesFrom } from "../../../connectors/ibkr/account.ts";
import { isLess, isMultiple, plain, withoutCommas } from "../../../connectors/ibkr/amounts.ts";
import { assertSendable, instrumentOf, type Listed } from "../../../connectors/ibkr/contracts.ts";
import { FillFeed, feeOf, fillOf } from "../../../connectors/ibkr/fills.ts";
import { completedReport, statusOf } from "../../../connectors/ibkr/reports.ts";
import type { AccountRow, CompletedRow, ExecutionRow } from "../../../connectors/ibkr/rows.ts";
import { accountOf, settingsOf } from "../../../connectors/ibkr/settings.ts";
import { gatewayOffset, millisOf, sessionsOf, spansOf } from "../../../connectors/ibkr/times.ts";
import { decimal, text } from "../../../src/domain/decimal.ts";
import { instrumentSchema } from "../../../src/protocol/schemas.ts";

describe("amounts", () => {
  it("every number that TWS can send has a decimal text of the same value", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e20, max: 1e20 }), (number) => {
        const written = plain(number);
        expect(written).toMatch(/^-?\d+(?:\.\d+)?$/);
        expect(Number(written)).toBe(number === 0 ? 0 : number);
      }),
    );
    expect([1e-7, 1.234e-5, 1e21, 1.5e22, 0.1].map(plain)).toEqual([
      "0.0000001",
      "0.00001234",
      "1000000000000000000000",
      "15000000000000000000000",
      "0.1",
    ]);
  });

  it("commas between thousands are left out, and a comma of decimals is no number", () => {
    const texts = ["1,234", "-1,234,567.50", "12,34,567.5", "1.234,56", "1,5", "0,123456", "1,2345"];
    const numbers = ["1234", "-1234567.50", "1234567.5", "1.234,56", "1,5", "0,123456", "1,2345"];
    expect(texts.map(withoutCommas)).toEqual(numbers);
    expect(() => plain(withoutCommas("1.234,56"))).toThrow('the gateway states "1.234,56" where a number belongs');
  });

  it("steps and comparisons are those of exact decimals", () => {
    const amount = fc.tuple(fc.integer({ min: 0, max: 1e9 }), fc.integer({ min: 0, max: 8 }));
    fc.assert(
      fc.property(amount, amount, ([a, aPlaces], [b, bPlaces]) => {
        const [left, right] = [
          text(decimal((a / 10 ** aPlaces).toFixed(aPlaces))),
          text(decimal((b / 10 ** bPlaces).toFixed(bPlaces))),
        ];
        expect(isLess(left, right)).toBe(decimal(left).lt(decimal(right)));
        if (b > 0) expect(isMultiple(text(decimal(left).times(decimal(right))), right)).toBe(!left.includes("."));
      }),
    );
    expect([isMultiple("192.41", "0.01"), isMultiple("192.415", "0.01"), isMultiple("0.3", "0.1")]).toEqual([
      true,
      false,
      true,
    ]);
  });
});

describe("times", () => {
  it.each([
    ["20261128 15:39:30 US/Eastern", "2026-11-28T20:39:30Z"],
    ["20260728 15:39:30 America/New_York", "2026-07-28T19:39:30Z"],
    ["20261128-20:39:30", "2026-11-28T20:39:30Z"],
    ["20261128  15:39:30", "2026-11-28T20:39:30Z"],
    ["20261128 15:39:30 Eastern Standard Time", "2026-11-28T20:39:30Z"],
    // The clocks of New York go back at 2:00 on this day.
    ["20261101 03:00:00 US/Eastern", "2026-11-01T08:00:00Z"],
    ["20261101 00:30:00 US/Eastern", "2026-11-01T04:30:00Z"],
    ["20261129 09:00:00 Asia/Hong_Kong", "2026-11-29T01:00:00Z"],
    // Short names that the tz database has for other zones, or without daylight saving time.
    ["20260728 15:39:30 EST", "2026-07-28T19:39:30Z"],
    ["20260728 15:39:30 BST", "2026-07-28T14:39:30Z"],
    ["20260728 15:39:30 JST", "2026-07-28T06:39:30Z"],
    ["20260728 15:39:30 MET", "2026-07-28T13:39:30Z"],
    ["20260728 15:39:30 EST (Eastern Standard Time)", "2026-07-28T19:39:30Z"],
    ["20260728 15:39:30 CST (China Standard Time)", "2026-07-28T07:39:30Z"],
    ["20260728 15:39:30 GMT+5:30", "2026-07-28T10:09:30Z"],
  ])("%s is %s", (stated, expected) => {
    expect(new Date(millisOf(stated, -5 * 3_600_000)).toISOString()).toBe(expected.replace("Z", ".000Z"));
  });

  it("a text that is no time is an error", () => {
    for (const stated of ["", "now", "2026-11-28T15:39:30Z", "20261128"]) expect(() => millisOf(stated, 0)).toThrow();
  });

  it("the gateway's own zone is what its greeting differs from UTC by", () => {
    const now = Date.parse("2026-11-28T20:39:33Z");
    expect(gatewayOffset("20261128 15:39:30 Eastern Standard Time", now)).toBe(-5 * 3_600_000);
    expect(gatewayOffset("20261129 02:09:31 IST", now)).toBe(5.5 * 3_600_000);
    expect(gatewayOffset("?", now)).toBe(0);
  });

  it("sessions are those of the exchange's zone, and a closed day has none", () => {
    expect(spansOf("20261130:0930-20261130:1600", "US/Eastern")).toEqual([
      { open: Date.parse("2026-11-30T14:30:00Z"), close: Date.parse("2026-11-30T21:00:00Z") },
    ]);
    expect(spansOf("20261202:CLOSED", "US/Eastern")).toEqual([]);
  });

  it.each([
    ["20261130:0930-20261130:1600", "Zone/Of2031"],
    ["20261130:0930-20261130:1600", ""],
    ["20261130:OPEN", "US/Eastern"],
    ["0930-1600", "US/Eastern"],
    ["20261130:1700-1600", "US/Eastern"],
  ])("the hours %s of the zone %j are an error, and not a closed day", (hours, zone) => {
    expect(() => spansOf(hours, zone)).toThrow(`the hours "${hours}" of "${zone}" cannot be read`);
  });

  it("a time in a zone that is not known is an error, and not one of the gateway's zone", () => {
    expect(() => millisOf("20261128 15:39:30 XYZ", 0)).toThrow("is in a time zone that is not known");
  });

  it.each([
    ["a half day", "20261127:0400-20261127:1700", "20261127:0930-20261127:1300", "pre 4-9.5, core 9.5-13, post 13-17"],
    [
      "a break at noon",
      "20261127:0930-20261127:1200;20261127:1300-20261127:1600",
      "20261127:0930-20261127:1200;20261127:1300-20261127:1600",
      "core 9.5-12, core 13-16",
    ],
    [
      "a future that opens the evening before",
      "20261126:1700-20261127:1600",
      "20261127:0830-20261127:1500",
      "pre -7-8.5, core 8.5-15, post 15-16",
    ],
    ["a holiday", "20261127:CLOSED", "20261127:CLOSED", ""],
  ])("the hours of %s are sessions", (_name, tradingHours, liquidHours, expected) => {
    const sessions = sessionsOf({ tradingHours, liquidHours, timeZoneId: "UTC" });
    const hour = (at: number): number => (at - Date.UTC(2026, 10, 27)) / 3_600_000;
    expect(sessions.map(({ kind, open, close }) => `${kind} ${hour(open)}-${hour(close)}`).join(", ")).toBe(expected);
  });
});

describe("options and accounts", () => {
  const paper = settingsOf({ environment: "paper" });

  it("the address is that of the environment's gateway, if none is set", () => {
    expect(paper).toMatchObject({ host: "127.0.0.1", port: 4002 });
    expect(settingsOf({ environment: "live" })).toMatchObject({ port: 4001 });
    expect(settingsOf({ environment: "paper", address: "gateway:7497" })).toMatchObject({
      host: "gateway",
      port: 7497,
    });
  });

  it.each([
    [{}, "environment"],
    [{ environment: "paper", address: "4002" }, "host:port"],
    [{ environment: "paper", client_id: 0 }, "client_id"],
    [{ environment: "paper", market_data: "frozen" }, "market_data"],
  ])("%j is refused", (options, words) => {
    expect(() => settingsOf(options)).toThrow(words);
  });

  it.each([
    [["DU1234567"], {}, "DU1234567"],
    [["DU1", "DU2"], { account: "DU2" }, "DU2"],
    [["DU1", "DU2"], {}, /set account = "DU1", or another/],
    [["DU1"], { account: "DU9" }, /has no account DU9/],
    [["U1234567"], {}, /environment = "paper", and account U1234567 at the gateway is a live account/],
    [[], {}, /names no account/],
  ])("a login with %j and options %j", (accounts, options, expected) => {
    const settings = { ...paper, ...options };
    if (typeof expected === "string") expect(accountOf(accounts, settings)).toBe(expected);
    else expect(() => accountOf(accounts, settings)).toThrow(expected);
  });
});

it("a day is what the gateway lists of executions", () => {
  expect(IbkrConnector.capabilities.fillsReachBackMs).toBe(86_400_000);
});

describe("the account", () => {
  const value = (key: string, amount: string, currency: string): AccountRow => ({
    kind: "value",
    key,
    value: amount,
    currency,
  });
  const rows = [
    value("NetLiquidation", "25000.10", "EUR"),
    value("TotalCashValue", "9000.5", "EUR"),
    value("AvailableFunds", "8000.25", "EUR"),
    value("CashBalance", "5000", "EUR"),
    value("CashBalance", "4500", "USD"),
    value("CashBalance", "9000.5", "BASE"),
    value("ExchangeRate", "1.00", "EUR"),
    value("ExchangeRate", "0.9001", "USD"),
    value("ExchangeRate", "1.00", "BASE"),
    value("TotalCashValue", "1", "BASE"),
  ];

  it("is in its own currency, in whatever order the rows of two currencies come", () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(rows, { minLength: rows.length }), (shuffled) => {
        const values = accountValues(shuffled);
        expect(accountFrom(values)).toEqual({
          nav: "25000.10",
          cash: "9000.5",
          buyingPower: "8000.25",
          currency: "EUR",
        });
        expect(ratesFrom(values, ["USD/EUR", "EUR/USD", "GBP/EUR"], 7)).toEqual([
          { pair: "USD/EUR", rate: "0.9001", timestamp: 7 },
        ]);
      }),
    );
  });

  it("has settled cash and margin in its currency, and the P&L of all currencies, where TWS states them", () => {
    const pnl = [value("UnrealizedPnL", "7", "USD"), value("UnrealizedPnL", "-3", "EUR")];
    const stated = [value("SettledCash", "8999.5", "EUR"), value("InitMarginReq", "1000.75", "EUR"), ...pnl];
    const base = value("UnrealizedPnL", "3.30", "BASE");
    expect(accountFrom(accountValues([...rows, ...stated, base]))).toMatchObject({
      ...{ settledCash: "8999.5", marginUsed: "1000.75", unrealizedPnl: "3.30" },
    });
    // The P&L of one currency is not that of all.
    expect(accountFrom(accountValues([...rows, ...stated]))).not.toHaveProperty("unrealizedPnl");
    const odd = [value("SettledCash", "N/A", "EUR"), value("InitMarginReq", "5", "BASE")];
    expect(Object.keys(accountFrom(accountValues([...rows, ...odd])))).toHaveLength(4);
  });

  it("has no amount and no rate that TWS states as not set", () => {
    const unset = "1.7976931348623157E308";
    const pnl = [value("SettledCash", unset, "EUR"), value("UnrealizedPnL", unset, "BASE")];
    const values = accountValues([...rows, ...pnl, value("ExchangeRate", unset, "JPY")]);
    expect(Object.keys(accountFrom(values))).toHaveLength(4);
    expect(ratesFrom(values, ["JPY/EUR"], 0)).toEqual([]);
    expect(() => accountValues([value("NetLiquidation", unset, "EUR")])).toThrow("does not state NetLiquidation");
  });

  it("with a NAV in two currencies is in the one whose rate is 1", () => {
    expect(accountValues([value("NetLiquidation", "27000", "USD"), ...rows]).currency).toBe("EUR");
  });

  it("of ten millions and more is not an error where Java writes an exponent", () => {
    const large = rows.map((row) =>
      row.kind === "value" && row.key === "NetLiquidation" ? { ...row, value: "1.25E7" } : row,
    );
    expect(accountValues(large).nav).toBe("12500000");
  });

  it.each([
    ["a missing amount", rows.filter((row) => row.kind !== "value" || row.key !== "AvailableFunds"), "AvailableFunds"],
    ["an amount that is no number", [value("NetLiquidation", "N/A", "EUR")], "NetLiquidation"],
    ["an account that is not ready", [value("AccountReady", "false", ""), ...rows], "not complete"],
    ["no row", [], "currency"],
  ])("%s is an error, never 0", (_name, found, words) => {
    expect(() => accountValues(found)).toThrow(words);
  });

  it("a future's average cost includes its multiplier, the desk's price does not", () => {
    const contract = { symbol: "ES", secType: "FUT", multiplier: 50, currency: "USD" } as never;
    const row = {
      kind: "position",
      contract,
      quantity: -2,
      marketPrice: 5001.25,
      marketValue: -500_125,
      averageCost: 250_012.5,
    } as const;
    expect(positionOf(row, "ES=202612@CME")).toEqual({
      symbol: "ES=202612@CME",
      quantity: "-2",
      averagePrice: "5000.25",
      markPrice: "5001.25",
      currency: "USD",
    });
  });
});

describe("orders", () => {
  it.each([
    ["PendingSubmit", 0, "open"],
    ["Submitted", 3, "partially_filled"],
    ["Inactive", 0, "open"],
    ["Filled", 5, "filled"],
    ["ApiCancelled", 1, "cancelled"],
  ])("%s with %d filled is %s", (status, filled, expected) => {
    expect(statusOf(status, filled, 12)).toBe(expected);
  });

  it("a state that is not known is an error", () => {
    expect(() => statusOf("Teleported", 0, 12)).toThrow('order 12 is "Teleported" at IBKR');
  });

  it.each([
    ["Filled", "Filled Size: 10", "filled"],
    ["Cancelled", "Cancelled by Trader", "cancelled"],
    ["Cancelled", "Cancelled: the order expired", "expired"],
    ["Inactive", "", "rejected"],
    ["Cancelled", "Rejected by System: no permissions", "rejected"],
  ])("a completed order that is %s, %s, is %s", (status, completedStatus, expected) => {
    const order = { permId: 12, orderRef: "q1", filledQuantity: 10, action: "BUY", totalQuantity: 0 };
    const row = { contract: {}, order, state: { status, completedStatus } } as unknown as CompletedRow;
    expect(completedReport(row, AAPL, 0)).toEqual(
      expect.objectContaining({ venueOrderId: "12", clientOrderId: "q1", status: expected }),
    );
    expect(completedReport(row, AAPL, 0)).not.toHaveProperty("updatedAt");
  });

  it.each([
    ["20260706 09:30:05 US/Eastern", "2026-07-06T13:30:05Z"],
    // Of the gateway's own zone.
    ["20260706 09:30:05", "2026-07-06T14:30:05Z"],
    ["soon", undefined],
  ])("an order that is completed at %s has this time", (completedTime, expected) => {
    const state = { status: "Filled", completedStatus: "Filled Size: 1", completedTime };
    const row = {
      contract: {},
      order: { permId: 1, filledQuantity: 1, action: "SELL" },
      state,
    } as unknown as CompletedRow;
    expect(completedReport(row, AAPL, -5 * 3_600_000).updatedAt).toBe(
      expected === undefined ? undefined : Date.parse(expected),
    );
  });
});

describe("what is approved is what is sent", () => {
  const listed = (secType = "STK", priceMagnifier = 1): Listed => ({
    symbol: "AAPL",
    magnifier: priceMagnifier,
    contract: {},
    details: { contract: { secType, currency: "USD" }, sizeIncrement: 1, minSize: 1, priceMagnifier } as never,
    bands: [
      { from: "0", step: "0.0001" },
      { from: "1", step: "0.01" },
    ],
    isTradable: secType === "STK" && priceMagnifier === 1,
  });
  const order = (quantityText: string, limitPriceText: string) => ({ quantityText, limitPriceText }) as never;

  it.each([
    ["1", "192.41", undefined],
    ["1", "192.415", "192.415 is not a multiple of 0.01, the step at this price"],
    ["1", "0.1234", undefined],
    ["1", "1.0001", "1.0001 is not a multiple of 0.01"],
    ["0.5", "192.41", "0.5 is not a multiple of 1"],
  ])("%s at %s", (quantity, limit, words) => {
    const check = () => assertSendable(listed(), order(quantity, limit));
    if (words === undefined) expect(check).not.toThrow();
    else expect(check).toThrow(words);
  });

  it.each([
    ["ACTIVETIM,DAY,GTC,GTD,IOC,LMT,MKT", ["day", "gtc", "ioc"]],
    ["LMT,MKT", ["day", "gtc", "ioc", "fok"]],
  ])("an instrument with the orders %s has the times in force %j", (orderTypes, expected) => {
    const details = { contract: { secType: "STK", currency: "USD" }, orderTypes } as never;
    expect(instrumentOf({ ...listed(), details }).timesInForce).toEqual(expected);
  });

  it("an instrument whose steps are zero has none", () => {
    const details = { contract: { secType: "IND", currency: "USD" }, sizeIncrement: "0" } as never;
    const none = instrumentOf({ ...listed(), bands: [{ from: "0", step: "0" }], details });
    expect([none.tickSize, none.lotSize]).toEqual([undefined, undefined]);
    expect(instrumentSchema.safeParse(none).error).toBeUndefined();
  });

  it("a position whose quantity is no number is not taken for one of zero", () => {
    const row = { kind: "position", contract: {}, quantity: "NaN", marketPrice: "1", marketValue: "1" } as never;
    expect(positionRows([row])).toHaveLength(1);
  });

  it("other kinds than stocks and futures, and prices in hundredths, are not sent", () => {
    expect(() => assertSendable(listed("OPT"), order("1", "5"))).toThrow("neither");
    expect(() => assertSendable(listed("STK", 100), order("1", "5"))).toThrow("neither");
    expect(instrumentOf(listed()).tickSize).toBe("0.0001");
  });
});

const AAPL = { symbol: "AAPL", magnifier: 1 };

describe("fills", () => {
  const row = (execution: object): ExecutionRow => ({
    contract: {},
    execution: {
      execId: "0000e0d5.1234.01.01",
      permId: 7,
      orderRef: "q1",
      side: "BOT",
      shares: 0.1,
      price: 100.123456,
      time: "20261128-20:39:30",
      ...execution,
    },
  });

  it("a correction, and a further one, names the first version of what it corrects", () => {
    expect(fillOf(row({}), AAPL, 0)).toEqual({
      fillId: "0000e0d5.1234.01.01",
      venueOrderId: "7",
      clientOrderId: "q1",
      symbol: "AAPL",
      side: "buy",
      quantity: "0.1",
      price: "100.123456",
      timestamp: Date.parse("2026-11-28T20:39:30Z"),
    });
    for (const version of ["02", "03", "10"])
      expect(fillOf(row({ execId: `0000e0d5.1234.01.${version}` }), AAPL, 0).corrects).toBe("0000e0d5.1234.01.01");
    expect(() => fillOf(row({ side: "?" }), AAPL, 0)).toThrow("side");
    expect(() => fillOf(row({ execId: "" }), AAPL, 0)).toThrow("lacks");
  });

  it("a commission that is not set is no commission", () => {
    expect(feeOf({ execId: "1", commission: undefined as never, currency: "USD" })).toBeUndefined();
    expect(feeOf({ execId: "1", commission: -0.35, currency: "USD" })).toEqual({ fee: "-0.35", feeCurrency: "USD" });
  });

  it("a commission completes its fill whether it comes before or after, and the report follows the fills", () => {
    const emitted: string[] = [];
    const feed = new FillFeed({
      emitFill: ({ fillId, fee }) => emitted.push(`${fillId} ${String(fee ?? "none")}`),
      emitReport: ({ status }) => emitted.push(status),
    });
    const fill = (fillId: string) => ({ ...fillOf(row({}), AAPL, 0), fillId });
    feed.addReport({ venueOrderId: "7", status: "filled", filledQuantity: "3" });
    feed.addCommission({ execId: "b.01", commission: 2, currency: "USD" });
    feed.addFill(fill("a.01"), "1");
    feed.addFill(fill("b.01"), "3");
    expect(emitted).toEqual(["b.01 2"]);
    feed.addCommission({ execId: "a.01", commission: 1, currency: "USD" });
    expect(emitted).toEqual(["b.01 2", "a.01 1", "filled"]);
    feed.addReport({ venueOrderId: "7", status: "filled", filledQuantity: "3" });
    expect(emitted).toHaveLength(3);
    feed.close();
  });
});
