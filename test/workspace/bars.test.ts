/** Bars of the operator's CSV files: each spelling is read right or refused with its line, and none is read wrong. */
import * as fc from "fast-check";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inflateRawSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { BarStore, barsPath } from "../../src/workspace/bars.ts";
import { parseBars } from "../../src/workspace/bars-csv.ts";
import { nodeDisk } from "../../src/workspace/disk.ts";

const FULL = "date,open,high,low,close,volume";
function read(csv: string): readonly string[] {
  return parseBars(csv, { path: "x.csv", symbol: "X" }).map(
    ({ timestamp, open, high, low, close, volume = "-" }) =>
      `${new Date(timestamp).toISOString()} ${open} ${high} ${low} ${close} ${volume}`,
  );
}

describe("bars are read from", () => {
  const day = "2020-01-02T00:00:00.000Z";
  it.each([
    ["date and close", "date,close\n2020-01-02,100.50", `${day} 100.5 100.5 100.5 100.5 -`],
    ["all columns", `${FULL}\n2020-01-02,1,4,0.5,2,7`, `${day} 1 4 0.5 2 7`],
    ["a byte order mark", "\uFEFFdate,close\n2020-01-02,1", `${day} 1 1 1 1 -`],
    ["Windows line ends", "Date,Close\r\n2020-01-02,1\r\n", `${day} 1 1 1 1 -`],
    ["quoted cells", '"Date","Close"\n"2020-01-02","1"', `${day} 1 1 1 1 -`],
    ["an empty cell after the last column", "date,close\n2020-01-02,1,", `${day} 1 1 1 1 -`],
    ["an unnamed index before the columns", ",date,close\n0,2020-01-02,1", `${day} 1 1 1 1 -`],
    ["midnight without a zone", "date,close\n2020-01-02 00:00:00,1", `${day} 1 1 1 1 -`],
    ["midnight of New York", "date,close\n2020-01-02 00:00:00-05:00,1", `${day} 1 1 1 1 -`],
    ["midnight of Tokyo", "date,close\n2020-01-02T00:00:00+09:00,1", `${day} 1 1 1 1 -`],
    ["a time with its zone", "date,close\n2020-01-02T16:00:00-05:00,1", "2020-01-02T21:00:00.000Z 1 1 1 1 -"],
    ["open and close only: the range holds both", "date,open,close\n2020-01-02,3,1", `${day} 3 3 1 1 -`],
    ["negative prices", `${FULL}\n2020-04-20,18,18,-40.32,-37.63,9`, "2020-04-20T00:00:00.000Z 18 18 -40.32 -37.63 9"],
    ["prices adjusted in floating point", `${FULL}\n2020-01-02,1,2.0000000001,1,2.0000000002,9`, /2.0000000002 9$/],
  ])("%s", (_name, csv, bar) => {
    expect(read(csv)).toEqual([typeof bar === "string" ? bar : expect.stringMatching(bar)]);
  });

  it("rows in any order, and days on both sides of a change of the clock", () => {
    const csv = "date,close\n2020-03-09 00:00:00-04:00,2\n2020-03-06 00:00:00-05:00,1";
    expect(read(csv).map((bar) => bar.slice(0, 10))).toEqual(["2020-03-06", "2020-03-09"]);
  });
});

describe("bars are refused with the line", () => {
  it.each([
    ["day first, with slashes", "date,close\n02/01/2020,1", 2, "day and month could be either way"],
    ["day first, with dots", "date,close\n02.01.2020,1", 2, "day and month could be either way"],
    ["a serial of a spreadsheet", "date,close\n43832,1", 2, "write 2020-01-31"],
    ["a Unix time", "date,close\n1577923200,1", 2, "write 2020-01-31"],
    ["30 February", "date,close\n2020-02-28,1\n2020-02-30,1", 3, "not a day of the calendar"],
    ["29 February 2021", "date,close\n2021-02-29,1", 2, "not a day of the calendar"],
    ["a month 13", "date,close\n2021-13-01,1", 2, "not a day of the calendar"],
    ["25 o'clock", "date,close\n2021-01-01T25:00:00Z,1", 2, "not a time of the day"],
    ["a name of a month", "date,close\n2 Jan 2020,1", 2, "is not a date"],
    ["a time without a zone", "date,close\n2020-01-02 09:30:00,1", 2, "no zone"],
    ["a decimal comma", "date,close\n2020-01-02,100,50", 2, "3 cells and the header 2"],
    ["a comma for thousands", 'date,close\n2020-01-02,"1,234.5"', 2, "3 cells and the header 2"],
    ["more cells than the header", "date,close\n2020-01-02,1,100.00", 2, "3 cells and the header 2"],
    ["fewer cells than the header", `${FULL}\n2020-01-02,1,1,1,1`, 2, "5 cells and the header 6"],
    ["high below low", `${FULL}\n2020-01-02,100,90,110,100,1`, 2, "high 90 is below low 110"],
    ["close above high", `${FULL}\n2020-01-02,100,110,90,111,1`, 2, "close 111 is above high 110"],
    ["open below low", `${FULL}\n2020-01-02,80,110,90,100,1`, 2, "open 80 is below low 90"],
    ["a volume below zero", `${FULL}\n2020-01-02,1,1,1,1,-10`, 2, "volume -10 is below zero"],
    ["a date twice", "date,close\n2020-01-02,1\n2020-01-03,1\n\n2020-01-02,1", 5, "line 2 has the same date"],
    ["equal rows twice", "date,close\n2020-01-02,1\n2020-01-02,1", 3, "line 2 has the same date"],
    ["an empty file", "", 1, "the file is empty"],
    ["a header alone", "date,close\n", 1, "no bars"],
    ["no header", "2020-01-02,1,2,3,4", 1, "at least date and close"],
    ["semicolons", "date;close\n2020-01-02;1", 1, "separated by commas"],
    ["an index that is the date", ",close\n2020-01-02,1", 1, "the first column has no name"],
    ["date and time apart", "date,time,close\n2020-01-02,09:30,1", 1, "2 columns for timestamp: date, time"],
    ["two closes", "date,close,price\n2020-01-02,1,2", 1, "2 columns for close"],
    ["no close in a row", "date,close\n2020-01-02,", 2, "close"],
    ["text for a price", "date,close\n2020-01-02,null", 2, "close"],
  ])("%s", (_name, csv, line, message) => {
    const refusal = { code: "BARS_INVALID", details: expect.objectContaining({ path: "x.csv", line }) as object };
    expect(() => read(csv)).toThrow(expect.objectContaining(refusal) as Error);
    expect(() => read(csv)).toThrow(message);
  });

  it("does not depend on the time zone of the machine", () => {
    const zone = process.env["TZ"];
    try {
      for (const other of ["America/New_York", "Asia/Tokyo", "UTC"]) {
        process.env["TZ"] = other;
        expect(read("date,close\n2020-01-02 00:00:00,1")[0]).toMatch(/^2020-01-02T00:00/);
      }
    } finally {
      if (zone === undefined) delete process.env["TZ"];
      else process.env["TZ"] = zone;
    }
  });

  it("any text gives bars in order or a refusal with a line", () => {
    const cell = fc.oneof(
      fc.constantFrom("2020-01-02", "2020-02-30", "1", "1e3", "-2", "", '"', "02/01/2020"),
      fc.string(),
    );
    const row = fc.array(cell, { maxLength: 4 }).map((cells) => cells.join(","));
    fc.assert(
      fc.property(fc.array(row, { maxLength: 5 }), (rows) => {
        try {
          const times = read(["date,close,volume", ...rows].join("\n"));
          expect(times.toSorted()).toEqual(times);
        } catch (error) {
          expect(error).toMatchObject({ code: "BARS_INVALID", details: { line: expect.any(Number) as number } });
        }
      }),
    );
  });
});

describe("a symbol's file", () => {
  it.each(["AAPL", "BTC/USD", "BTC_USD", "^GSPC", "EURUSD=X", "M&M", "BRK B", "币安人生USDT"])(
    "%s has its own",
    async (symbol) => {
      const root = mkdtempSync(join(tmpdir(), "qoc-bars-"));
      mkdirSync(join(root, "research/prices/bars"), { recursive: true });
      writeFileSync(join(root, barsPath(symbol)), "date,close\n2020-01-02,1\n");
      const store = new BarStore({ disk: nodeDisk(), root });
      expect(await store.read(symbol)).toMatchObject([{ symbol, close: "1" }]);
      expect(await store.read(`${symbol}X`)).toEqual([]);
      expect(await store.read(symbol.toLowerCase())).toHaveLength(symbol === symbol.toLowerCase() ? 1 : 0);
    },
  );
});

/** Daily bars as LEAN has them: `20140605 00:00,open,high,low,close,volume`, without a header. */
const REAL = [
  ["equity_usa_daily_aapl.zip", 1000],
  ["crypto_coinbase_daily_btcusd_trade.zip", 500],
] as const;

describe("real bars", () => {
  it.each(REAL)("of %s are refused as they are, and read whole with a header and ISO dates", (file, least) => {
    const path = new URL(`../../../shared/data/lean/${file}`, import.meta.url);
    if (!existsSync(path)) return console.warn(`skipped: ${file} is not beside the project`);
    const text = firstFileOf(readFileSync(path));
    expect(() => read(text)).toThrow("the header must have");
    const rows = text.trim().split(/\r?\n/);
    const csv = rows.map((row) => row.replace(/^(\d{4})(\d\d)(\d\d) \d\d:\d\d/, "$1-$2-$3"));
    const bars = read([FULL, ...csv].join("\n"));
    expect(bars).toHaveLength(rows.length);
    expect(bars.length).toBeGreaterThan(least);
  });
});

/** The first file of a zip archive. */
function firstFileOf(zip: Buffer): string {
  const directory = zip.indexOf("PK\u0001\u0002", 0, "latin1");
  const size = zip.readUInt32LE(directory + 20);
  const start = 30 + zip.readUInt16LE(26) + zip.readUInt16LE(28);
  return inflateRawSync(zip.subarray(start, start + size)).toString("utf8");
}
