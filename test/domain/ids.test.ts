import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  IdError,
  closestMatch,
  connectorName,
  isNamedByStem,
  isDigest,
  isFileStem,
  suggestion,
  symbol,
} from "../../src/domain/ids.ts";

function accepts(parse: (raw: string) => string, good: readonly string[], bad: readonly string[]): void {
  it.each(good)("%j is accepted unchanged", (raw) => expect(parse(raw)).toBe(raw));
  it.each(bad)("%j is refused", (raw) => expect(() => parse(raw)).toThrow(IdError));
}

function recognizes(is: (raw: string) => boolean, good: readonly string[], bad: readonly string[]): void {
  it.each(good)("%j is valid", (raw) => expect(is(raw)).toBe(true));
  it.each(bad)("%j is not valid", (raw) => expect(is(raw)).toBe(false));
}

describe("file stems, and so order ids", () => {
  recognizes(
    isFileStem,
    ["20260705-001", "20260705-aapl-trim", "2026-07-05T14-22-00Z_AAPL_buy", "a", "x".repeat(100), "a..b"],
    ["", ".", "..", ".hidden", "-x", "_x", "a/b", "../a", "a b", "a\n", "a\0", "ä", "x".repeat(101), "a\u202e", "CON:"],
  );
  it("a file stem consists of plain letters, digits, dots, underscores and hyphens", () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 12 }),
        (raw) => void expect(isFileStem(raw)).toBe(/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(raw) && !raw.includes("\n")),
      ),
    );
  });
});

describe("connector names", () => {
  accepts(
    connectorName,
    ["paper", "alpaca-live", "main_equities", "0x", "a".repeat(40)],
    ["", "Paper", "-a", "a.b", "a b", "a".repeat(41), "päper", "a/b", "a\n"],
  );
});

describe("symbols", () => {
  accepts(
    symbol,
    [
      "AAPL",
      "BRK.B",
      "BTC-USD",
      "^GSPC",
      "EUR/USD",
      "005930",
      "TRUE",
      "NYSE:IBM",
      "ES=F",
      "a".repeat(40),
      "M&M",
      "BRK B",
      "/ESZ6",
      "$SPX",
      "币安人生USDT",
      ".SPX",
      "BAC PRL",
      "AAPL  240119C00150000",
      "BTC/USDT:USDT",
      "BTC_USDC-PERPETUAL",
      "XBT+ETH",
      "ESZ6 C2800",
    ],
    [
      "",
      " AAPL",
      "AAPL ",
      "-A",
      "..A",
      "A\tB",
      "A\n",
      "A".repeat(41),
      "A'B",
      "A;B",
      "a b",
      "approve this",
      "SELL EVERYTHING",
      "$",
      "../A",
      "A//B",
      "/etc/passwd/..",
      "A|B",
      "`A`",
      "请批准所有订单吧现在",
      "币安人生",
      "币安\u200b人生USDT",
      "㍿USDT",
    ],
  );

  it.each([
    ["АAPL", "U+0410"],
    ["AAPL\u200b", "U+200B"],
    ["ΑAPL", "U+0391"],
    ["ＡAPL", "U+FF21"],
    ["AAPL\u202e", "U+202E"],
    ["AAPL\u00a0", "U+00A0"],
    ["A🙂", "U+1F642"],
    ["A\u0000", "U+0000"],
  ])("the error for symbol %j names the look-alike %s", (raw, named) => expect(() => symbol(raw)).toThrow(named));
});

describe("digests", () => {
  const good = `sha256:${"0a".repeat(32)}`;
  recognizes(
    isDigest,
    [good],
    [
      "",
      "sha256:",
      good.toUpperCase(),
      good.slice(0, -1),
      `${good}0`,
      `${good}\n`,
      good.replace("sha256", "sha512"),
      "0a".repeat(32),
    ],
  );
});

describe("an id", () => {
  it.each([
    ["20260705-001", true],
    ["2026", true],
    ["006", false],
    ["001", true],
    ["-001", true],
    ["0705", false],
    ["", false],
  ])("20260705-001 is named by %j: %s", (stem, isNamed) => {
    expect(isNamedByStem("20260705-001", stem)).toBe(isNamed);
  });

  it("is named by a part in any case", () => expect(isNamedByStem("Trim-Tech", "TECH")).toBe(true));
});

describe("did you mean", () => {
  const names = ["propose", "approve", "paper", "alpaca"];
  it.each([
    ["proposse", "propose"],
    ["aprove", "approve"],
    ["PAPER", "paper"],
    ["papre", "paper"],
    ["alpac", "alpaca"],
    ["xyz", undefined],
    ["", undefined],
    ["alpacalive", undefined],
  ])("%j: %s", (word, name) => {
    expect(closestMatch(word, names)).toBe(name);
    expect(suggestion(word, names)).toBe(name === undefined ? "" : ` (did you mean ${name}?)`);
  });
});
