import { Big } from "big.js";
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
  quotient,
  ratio,
  rounded,
  significant,
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
    for (const name of ["plus", "minus", "times", "mod", "eq", "lt", "lte", "gt", "gte"] as const)
      for (const one of ["1", "1.5", "99999999999999999999"])
        for (const raw of [0, 0.1, 1, Number.NaN, "1", 1n, undefined])
          expect(() => decimal(one)[name](raw as never), `${one} ${name} ${String(raw)}`).toThrow(TypeError);
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

/** Decimals of every size: cents, prices, amounts of small coins, and integers far above a safe one. */
const written = fc.oneof(
  fc.stringMatching(/^-?(0|[1-9]\d{0,4})(\.\d{1,4})?$/),
  fc.stringMatching(/^-?(0|[1-9]\d{0,8})(\.\d{1,8})?$/),
  fc.stringMatching(/^-?(0|[1-9]\d{0,20})(\.\d{1,18})?$/),
  fc.stringMatching(/^-?[1-9]\d{0,3}e-?[12]?\d$/),
  // At the edge of safe integers, and halves, which every rounding treats in its own way.
  fc.bigInt({ min: 2n ** 53n - 3n, max: 2n ** 53n + 3n }).chain((n) => fc.nat(20).map((e) => `${n}e-${e}`)),
  fc.bigInt({ min: -99_999n, max: 99_999n }).chain((n) => fc.nat(6).map((e) => `${n * 10n + 5n}e-${e}`)),
);

const Exact = Big();
Exact.strict = true;
// Enough that a quotient is not rounded twice.
Exact.DP = 90;
const [DOWN, HALF_UP, HALF_EVEN] = [0, 1, 2] as const;

function plain(value: Big): string {
  return value.eq(new Exact("0")) ? "0" : value.toFixed();
}

describe("compared with big.js", () => {
  const same = (check: (a: string, b: string, places: number) => void): void =>
    fc.assert(fc.property(written, written, fc.integer({ min: 0, max: 12 }), check), { numRuns: 400 });

  it("text, size and sign are the same", () => {
    same((a) => {
      const [ours, theirs] = [decimal(a), new Exact(a)];
      expect(text(ours)).toBe(plain(theirs));
      expect(text(ours.abs())).toBe(plain(theirs.abs()));
      expect(String(ours)).toBe(plain(theirs));
    });
  });

  it("sums, differences, products and remainders are the same, and nothing is rounded", () => {
    same((a, b) => {
      for (const name of ["plus", "minus", "times"] as const)
        expect(text(decimal(a)[name](decimal(b))), name).toBe(plain(new Exact(a)[name](new Exact(b))));
      if (decimal(b).eq(decimal("0"))) expect(() => decimal(a).mod(decimal(b))).toThrow(RangeError);
      else expect(text(decimal(a).mod(decimal(b)))).toBe(plain(new Exact(a).mod(new Exact(b))));
    });
  });

  it("comparisons are the same, also of equal decimals that are written differently", () => {
    same((a, b) => {
      for (const other of [b, a, `${a.includes("e") ? decimal(a).toFixed() : a}`]) {
        for (const name of ["eq", "lt", "lte", "gt", "gte"] as const)
          expect(decimal(a)[name](decimal(other)), `${a} ${name} ${other}`).toBe(new Exact(a)[name](new Exact(other)));
      }
    });
  });

  it("every rounding is the same", () => {
    same((a, _, places) => {
      const [ours, theirs] = [decimal(a), new Exact(a)];
      expect(text(rounded(ours, places))).toBe(plain(theirs.round(places, HALF_EVEN)));
      expect(text(floored(ours, places))).toBe(plain(theirs.round(places, DOWN)));
      expect(text(significant(ours, places + 1))).toBe(plain(theirs.prec(places + 1, HALF_UP)));
      const fixed = theirs.round(places, HALF_UP);
      expect(ours.toFixed(places)).toBe(
        fixed.eq(new Exact("0")) ? new Exact("0").toFixed(places) : fixed.toFixed(places),
      );
    });
  });

  it("ratios and quotients are the same", () => {
    same((a, b, places) => {
      if (decimal(b).eq(decimal("0"))) {
        expect(() => ratio(decimal(a), decimal(b), places)).toThrow(RangeError);
        return;
      }
      const exact = new Exact(a).div(new Exact(b));
      expect(text(ratio(decimal(a), decimal(b), places))).toBe(plain(exact.round(places, HALF_EVEN)));
      const at30 = exact.round(30, HALF_UP);
      const decimals = Math.min(30, 8 + Math.max(0, -at30.e));
      expect(text(quotient(decimal(a), decimal(b)))).toBe(plain(exact.round(decimals, HALF_EVEN)));
    });
  });

  it("equal decimals have equal fields, however they were computed", () => {
    same((a, b) => {
      const [left, right] = [decimal(a), decimal(b)];
      expect(left.plus(right).minus(right)).toEqual(left);
      expect(left.times(right)).toEqual(right.times(left));
      expect(decimal(text(left))).toStrictEqual(left);
      expect(left.minus(left)).toStrictEqual(decimal("-0"));
    });
  });

  it("the same texts are refused", () => {
    const noise = fc.oneof(fc.string({ unit: "binary", maxLength: 8 }), fc.stringMatching(/^[-+.eE\d ]{0,8}$/));
    fc.assert(
      fc.property(noise, (raw) => {
        const accepts = (parse: () => unknown): boolean => {
          try {
            parse();
            return true;
          } catch {
            return false;
          }
        };
        expect(
          accepts(() => decimal(raw)),
          JSON.stringify(raw),
        ).toBe(accepts(() => new Exact(raw)));
      }),
      { numRuns: 1_000 },
    );
  });
});
