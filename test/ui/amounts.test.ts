import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareAmounts, grouped, money, signOf, withUnit } from "../../src/ui/amounts.ts";

describe("amounts on the page", () => {
  it.each([
    ["1234567.5", "1,234,567.5"],
    ["-1000", "−1,000"],
    ["999", "999"],
    ["0.12345678901234567890", "0.12345678901234567890"],
    ["per minute", "per minute"],
    ["12 %", "12 %"],
  ])("groups %s as %s", (amount, shown) => {
    expect(grouped(amount)).toBe(shown);
  });

  it.each([
    ["1234.5", "1,234.50"],
    ["0.000001", "0.000001"],
    ["7", "7.00"],
    ["-0.5", "−0.50"],
  ])("shows %s as money: %s", (amount, shown) => {
    expect(money(amount)).toBe(shown);
  });

  it("shows the unit after the amount", () => {
    expect([withUnit("10", "USD"), withUnit("2.7", "%"), withUnit("9", "")]).toEqual(["10.00 USD", "2.7 %", "9"]);
  });

  it("compares amounts of any length exactly", () => {
    const decimals = fc
      .tuple(fc.boolean(), fc.bigInt({ min: 0n, max: 10n ** 30n }), fc.integer({ min: 0, max: 12 }))
      .map(([isNegative, digits, scale]) => {
        const text = digits.toString().padStart(scale + 1, "0");
        const point = text.length - scale;
        const amount = scale === 0 ? text : `${text.slice(0, point)}.${text.slice(point)}`;
        return {
          amount: isNegative ? `-${amount}` : amount,
          scaled: (isNegative ? -1n : 1n) * digits * 10n ** BigInt(12 - scale),
        };
      });
    fc.assert(
      fc.property(decimals, decimals, (a, b) => {
        const expected = a.scaled === b.scaled ? 0 : a.scaled < b.scaled ? -1 : 1;
        expect(Math.sign(compareAmounts(a.amount, b.amount))).toBe(expected);
      }),
    );
  });

  it("finds the sign of an amount, zero in any spelling included", () => {
    expect(["0", "-0.00", "0.01", "-3"].map(signOf)).toEqual([0, 0, 1, -1]);
  });
});
