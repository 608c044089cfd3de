import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  DecimalError,
  decimal,
  exactNumber,
  floored,
  onStep,
  parseNumber,
  parseNumeric,
  parseText,
  ratio,
  rounded,
  text,
  withinPercent,
} from "../../src/domain/decimal.ts";

describe("text from outside", () => {
  it.each([
    ["192.40", "192.4"],
    ["50", "50"],
    ["50.0", "50"],
    ["+1", "1"],
    [" 7 ", "7"],
    [".5", "0.5"],
    ["-.5", "-0.5"],
    ["5.", "5"],
    ["1e-8", "0.00000001"],
    ["1E3", "1000"],
    ["-0", "0"],
    ["-0.00", "0"],
    ["007", "7"],
    ["0.1e1", "1"],
    ["1.e2", "100"],
    ["1e30", `1${"0".repeat(30)}`],
    ["1234567890123456789.123456789", "1234567890123456789.123456789"],
  ])("parseText reads %j as %s", (raw, canonical) => expect(text(parseText(raw))).toBe(canonical));

  it.each([
    "",
    " ",
    ".",
    "-",
    "e5",
    "NaN",
    "nan",
    "Infinity",
    "-Infinity",
    "1e400",
    "1e31",
    "1e-31",
    "1e9999",
    "0x10",
    "0b1",
    "1,000",
    "1_000",
    "1 000",
    "1.2.3",
    "--1",
    "+-1",
    "１２",
    "١",
    "1\u200b",
    "5O",
    "1/2",
    "50%",
    "$5",
    "null",
    "9".repeat(65),
    "1.".padEnd(50, "1"),
  ])("parseText refuses %j", (raw) => expect(() => parseText(raw)).toThrow(DecimalError));

  it("parseText keeps any digits exactly", () => {
    const digits = fc.stringMatching(/^-?(0|[1-9]\d{0,14})\.\d{0,9}[1-9]$/);
    fc.assert(fc.property(digits, (raw) => void expect(text(parseText(raw))).toBe(raw)));
  });

  it("the text of any parsed decimal is canonical", () => {
    const written = fc.stringMatching(/^[+-]?\d{0,12}\.?\d{0,12}([eE][+-]?\d{1,2})?$/);
    fc.assert(
      fc.property(written, (raw) => {
        let value;
        try {
          value = parseText(raw);
        } catch (error) {
          expect(error).toBeInstanceOf(DecimalError);
          return;
        }
        const canonical = text(value);
        expect(canonical).toMatch(/^(0|-?(0|[1-9]\d*)(\.\d*[1-9])?)$/);
        expect(decimal(canonical).eq(value)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("a bare number", () => {
  it.each([
    [50, "50"],
    [192.4, "192.4"],
    [0.1, "0.1"],
    [1e-8, "0.00000001"],
    [123456789012345, "123456789012345"],
  ] as const)("parseNumber reads %d as %s", (raw, canonical) => expect(text(parseNumber(raw))).toBe(canonical));
  it.each([Number.NaN, Number.POSITIVE_INFINITY, 1e31, 0.1 + 0.2, 1234567890123456, 1e-40])(
    "parseNumber refuses %d",
    (raw) => expect(() => parseNumber(raw)).toThrow(DecimalError),
  );
  it("parseNumeric keeps all digits of a number", () => {
    expect(text(parseNumeric(0.1 + 0.2))).toBe("0.30000000000000004");
    expect(text(parseNumeric("1.50"))).toBe("1.5");
    expect(() => parseNumeric(Number.NaN)).toThrow(DecimalError);
  });
});

describe("sums", () => {
  it("sums of decimals are exact where sums of floats are not", () => {
    expect(text(decimal("0.1").plus(decimal("0.2")))).toBe("0.3");
    expect(text(decimal("1e20").plus(decimal("1e-20")))).toBe("100000000000000000000.00000000000000000001");
  });

  it("sums of any amounts in cents equal the sums of whole cents", () => {
    const cents = fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n });
    const of = (n: bigint) => decimal(`${n}e-2`);
    fc.assert(
      fc.property(cents, cents, (a, b) => {
        expect(
          of(a)
            .plus(of(b))
            .eq(of(a + b)),
        ).toBe(true);
        expect(
          of(a)
            .minus(of(b))
            .eq(of(a - b)),
        ).toBe(true);
        expect(
          of(a)
            .times(of(b))
            .eq(decimal(`${a * b}e-4`)),
        ).toBe(true);
      }),
    );
  });

  it("decimal arithmetic refuses a float", () => {
    expect(() => decimal("1").plus(0.1)).toThrow();
  });
});

describe("rounding", () => {
  it("rounding is half to even for display and towards zero for money to spend", () => {
    expect(["0.5", "1.5", "2.5", "-0.5", "-1.5"].map((raw) => text(rounded(decimal(raw), 0)))).toEqual([
      "0",
      "2",
      "2",
      "0",
      "-2",
    ]);
    expect(["1.99", "-1.99"].map((raw) => text(floored(decimal(raw), 1)))).toEqual(["1.9", "-1.9"]);
    expect(text(ratio(decimal("1"), decimal("3"), 4))).toBe("0.3333");
    expect(text(ratio(decimal("2"), decimal("3"), 4))).toBe("0.6667");
  });

  it("withinPercent passes exactly the limit and blocks the least excess", () => {
    const whole = decimal("33333.33");
    expect(withinPercent(decimal("3333.333"), decimal("10"), whole)).toBe(true);
    expect(withinPercent(decimal("3333.33300000000000000001"), decimal("10"), whole)).toBe(false);
  });
});

it("onStep is exact", () => {
  expect(onStep(decimal("0.3"), decimal("0.1"))).toBe(true);
  expect(onStep(decimal("0.35"), decimal("0.1"))).toBe(false);
  expect(onStep(decimal("-0.3"), decimal("0.1"))).toBe(true);
});

it("exactNumber returns a number only if it equals the decimal exactly", () => {
  expect([
    exactNumber(decimal("192.4")),
    exactNumber(decimal("0.30000000000000001")),
    exactNumber(decimal("9007199254740993")),
  ]).toEqual([192.4, undefined, undefined]);
});
