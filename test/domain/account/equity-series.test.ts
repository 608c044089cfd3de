/** The NAV over time: thinned without a point that no snapshot recorded, and bounded. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { DecimalText } from "../../../src/domain/decimal.ts";
import { type EquityPoint, addEquityPoint, thinnedPoints } from "../../../src/domain/account/equity-series.ts";

function point(at: number, nav: number): EquityPoint {
  return { at, nav: String(nav) as DecimalText };
}

const series = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 1_000_000 }), fc.integer({ min: -1_000, max: 1_000 })), { maxLength: 300 })
  .map((steps) => {
    let at = 0;
    return steps.map(([step, nav]) => point((at += step), nav));
  });

function navs(points: readonly EquityPoint[]): readonly number[] {
  return points.map(({ nav }) => Number(nav));
}

describe("a thinned series", () => {
  it("has recorded points only, in order, at most as many as asked, with the extremes and both ends", () => {
    fc.assert(
      fc.property(series, fc.integer({ min: 4, max: 100 }), (points, count) => {
        const thinned = thinnedPoints(points, count);
        expect(thinned.length).toBeLessThanOrEqual(Math.max(count, 2));
        expect(thinned.every((each) => points.includes(each))).toBe(true);
        expect(thinned.map(({ at }) => at)).toEqual(thinned.map(({ at }) => at).toSorted((a, b) => a - b));
        expect([thinned[0], thinned.at(-1)]).toEqual([points[0], points.at(-1)]);
        expect(Math.min(...navs(thinned))).toBe(Math.min(...navs(points)));
        expect(Math.max(...navs(thinned))).toBe(Math.max(...navs(points)));
      }),
    );
  });

  it("of years keeps a bounded number of points, the lowest and the highest among them", () => {
    const kept: EquityPoint[] = [];
    const all = Array.from({ length: 50_000 }, (_, hour) => point(hour * 3_600_000, ((hour * 7_919) % 10_007) - 5_000));
    for (const each of all) addEquityPoint(kept, each);
    expect(kept.length).toBeLessThanOrEqual(4_000);
    expect([Math.min(...navs(kept)), Math.max(...navs(kept))]).toEqual([
      Math.min(...navs(all)),
      Math.max(...navs(all)),
    ]);
    expect([kept[0], kept.at(-1)]).toEqual([all[0], all.at(-1)]);
  });
});
