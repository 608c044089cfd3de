import { expect, it } from "vitest";
import { drawdownPercent } from "../../src/ui/plots/equity-curve.ts";
import { RUG_AT, lossRange } from "../../src/ui/plots/plot-ranges.ts";

it.each([
  [0, "0.00\u00A0%"],
  [0.000_04, "under 0.01\u00A0%"],
  [0.000_06, "−0.01\u00A0%"],
  [0.0123, "−1.23\u00A0%"],
])("a drawdown of %d is shown as %s", (fraction, shown) => {
  expect(drawdownPercent(fraction)).toBe(shown);
});

it("the worst drawdown ends above the marks along the bottom, and the best is at a quarter of the height", () => {
  const worst = -5.09;
  const [low, high] = lossRange(worst);
  const placeOf = (value: number): number => (value - low) / (high - low);
  expect(placeOf(worst)).toBeGreaterThan(2 * RUG_AT);
  expect(placeOf(0)).toBeCloseTo(0.25);
});
