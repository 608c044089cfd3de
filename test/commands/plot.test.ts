import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type PlotPoint, plot } from "../../src/commands/rendering/plot.ts";

function nav(...values: number[]): PlotPoint[] {
  return values.map((value) => ({ label: "NAV", value }));
}

describe("plot", () => {
  it("draws values between their minimum and their maximum", () => {
    expect(plot(nav(...Array.from({ length: 16 }, (_, i) => i)), 20, 2)).toEqual([
      "NAV 15 ┤        ▁▂▃▄▅▆▇█",
      "     0 ┤▁▂▃▄▅▆▇█████████",
    ]);
  });

  it("draws the lowest bar if all values are equal", () => {
    expect(plot(nav(5, 5), 20, 2)).toEqual(["NAV 5 ┤", "    5 ┤▁▁"]);
  });

  it("drops points to fit the width and keeps the first and the last", () => {
    expect(plot(nav(0, 1, 2, 3, 4, 5, 6, 7), 3, 1)).toEqual(["NAV 7 ┤▁▅█"]);
  });

  it("returns no line without a finite value and ignores values that are not finite", () => {
    expect(plot([], 20, 3)).toEqual([]);
    expect(plot(nav(Number.NaN, Infinity), 20, 3)).toEqual([]);
    expect(plot(nav(0, Number.NaN, 7), 20, 1)).toEqual(["NAV 7 ┤▁█"]);
  });

  it("stays within its width and height for any values", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double(), { minLength: 1 }),
        fc.integer({ min: 1, max: 80 }),
        fc.integer({ min: 1, max: 9 }),
        (values, width, height) => {
          const drawn = plot(nav(...values), width, height);
          expect(drawn.length).toBe(values.some(Number.isFinite) ? height : 0);
          for (const line of drawn) expect((line.split("┤")[1] ?? "").length).toBeLessThanOrEqual(width);
        },
      ),
    );
  });
});
