/** Bars and the search of TWS: what is asked for, and what its rows are. */
import { SecType } from "@stoqey/ib";
import { describe, expect, it } from "vitest";
import { barOf, barsQuery, matchOf } from "../../../connectors/ibkr/history.ts";

const NOW = Date.UTC(2026, 10, 30, 14, 30);
const DAY_MS = 24 * 60 * 60_000;
const STOCK = { secType: SecType.STK };

describe("what is asked for", () => {
  it.each([
    ["a day without a start", { resolution: "1d" }, { end: "", duration: "365 D", size: "1 day" }],
    ["five minutes of two days", { resolution: "5m", from: NOW - 2 * DAY_MS }, { duration: "3 D", size: "5 mins" }],
    ["more than a year", { resolution: "1d", from: NOW - 400 * DAY_MS }, { duration: "2 Y" }],
    [
      "up to a time, which is in UTC",
      { resolution: "1h", from: NOW - 3 * DAY_MS, to: NOW - DAY_MS },
      { end: "20261129-15:30:00", duration: "4 D" },
    ],
    ["less than a day", { resolution: "1m", from: NOW - 60_000 }, { duration: "2 D" }],
    ["some weeks", { resolution: "1w", from: NOW - 40 * DAY_MS }, { end: "", duration: "6 W", size: "1 week" }],
    ["many weeks", { resolution: "1w", from: NOW - 400 * DAY_MS }, { duration: "2 Y" }],
    [
      "up to the future",
      { resolution: "1d", from: NOW - DAY_MS, to: NOW + 999 * DAY_MS },
      { end: "", duration: "2 D" },
    ],
  ])("%s", (_name, range, expected) => {
    expect(barsQuery(range, STOCK, NOW)).toMatchObject({ prices: "TRADES", ...expected });
  });

  it("currencies have mid prices, coins their trades, and another resolution is refused", () => {
    expect(barsQuery({ resolution: "1d" }, { secType: SecType.CASH }, NOW).prices).toBe("MIDPOINT");
    expect(barsQuery({ resolution: "1d" }, { secType: SecType.CRYPTO }, NOW).prices).toBe("AGGTRADES");
    expect(() => barsQuery({ resolution: "7m" }, STOCK, NOW)).toThrow("IBKR has no bars of 7m: use 1m, 5m");
  });
});

const A = { symbol: "A", magnifier: 1 };
const ROW = { open: 1.1, high: 1.2, low: 0.00001, close: 1, volume: 1e21 };

it("a row is a bar with its time and every digit", () => {
  const prices = { open: "1.1", high: "1.2", low: "0.00001", close: "1", volume: "1000000000000000000000" };
  const long = { ...ROW, time: "20261130", close: "1.23456789012345678901", volume: "1.0E-4" };
  expect(barOf(A, long, "1d")).toMatchObject({ close: "1.23456789012345678901", volume: "0.0001" });
  expect(barOf({ symbol: "A", magnifier: 100 }, long, "1d")).toMatchObject({ close: "0.0123456789012345678901" });
  expect(barOf(A, { ...ROW, time: "1796049000" }, "1h")).toEqual({
    symbol: "A",
    timestamp: 1_796_049_000_000,
    ...prices,
  });
  expect(barOf(A, { ...ROW, time: "20261130", volume: -1 }, "1d")).toEqual({
    ...{ symbol: "A", timestamp: Date.UTC(2026, 10, 30), open: "1.1", high: "1.2", low: "0.00001", close: "1" },
  });
});

it.each([
  ["no time", { ...ROW, time: "" }, "which is no time"],
  ["a day that no month has", { ...ROW, time: "20260230" }, "which is no time"],
  ["a time in words", { ...ROW, time: "finished-a-b" }, "which is no time"],
  ["no price", { ...ROW, time: "20261130", close: Number.NaN }, "where a number belongs"],
])("a row with %s is an error", (_name, row, words) => {
  expect(() => barOf(A, row, "1d")).toThrow(words);
});

it("a bar of a week begins on its Monday: TWS gives it the date of its last day with trades", () => {
  const starts = ["20261127", "20261130", "20261126"].map((time) => barOf(A, { ...ROW, time }, "1w").timestamp);
  expect(starts).toEqual([Date.UTC(2026, 10, 23), Date.UTC(2026, 10, 30), Date.UTC(2026, 10, 23)]);
});

it("a search has stocks under the names that the connector takes, and nothing else", () => {
  const matches = [
    { symbol: "BRK B", secType: SecType.STK, currency: "USD", primaryExch: "NYSE" },
    { symbol: "SAP", secType: SecType.STK, currency: "EUR", primaryExch: "IBIS" },
    { symbol: "SAP", secType: SecType.STK, currency: "EUR" },
    { symbol: "SAP", secType: SecType.OPT, currency: "EUR", primaryExch: "IBIS" },
  ].map((contract) => matchOf(contract)?.symbol);
  expect(matches).toEqual(["BRK.B", "SAP@IBIS/EUR", undefined, undefined]);
});
