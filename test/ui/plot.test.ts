import { expect, it } from "vitest";
import { drawdownPercent } from "../../src/ui/plots/equity-curve.ts";

it.each([
  [0, "0.00\u00A0%"],
  [0.000_04, "under 0.01\u00A0%"],
  [0.000_06, "−0.01\u00A0%"],
  [0.0123, "−1.23\u00A0%"],
])("a drawdown of %d is shown as %s", (fraction, shown) => {
  expect(drawdownPercent(fraction)).toBe(shown);
});
