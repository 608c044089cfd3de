import fc from "fast-check";
import { expect, it } from "vitest";
import type { ReturnPoint } from "../../../src/trading/account/equity-report.ts";
import { equityCurve } from "../../../src/trading/account/equity-curve.ts";

const series = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 10 ** 9 }), fc.double({ min: 0, max: 0.99, noNaN: true }), fc.nat(9)), {
    minLength: 1,
    maxLength: 400,
  })
  .map((values) =>
    values.map(([nav, drawdown, fills], day): ReturnPoint => {
      const at = new Date(Date.UTC(2021, 0, 1 + day)).toISOString();
      return { date: at.slice(0, 10), at, nav: String(nav), flow: "0", fills, index: 1, drawdown, complete: true };
    }),
  );

function curveOf(points: readonly ReturnPoint[], most: number) {
  const statistics = {
    days: 0,
    incompleteDays: 0,
    timeWeighted: undefined,
    moneyWeighted: undefined,
    drawdown: undefined,
  };
  return equityCurve(
    {
      ...{ currency: "USD", points, unconverted: [] },
      statistics: { ...statistics, volatility: undefined, sharpe: undefined, annualised: undefined, riskFree: 0 },
    },
    most,
  );
}

it("a thinned curve has points of the report in their order, and its lowest, highest and worst", () => {
  fc.assert(
    fc.property(series, fc.integer({ min: 5, max: 60 }), (points, most) => {
      const curve = curveOf(points, most);
      expect(curve.total).toBe(points.length);
      expect(curve.points.length).toBeLessThanOrEqual(Math.max(most, 1));
      const all = points.map(({ at, nav, drawdown }) => [at, nav, String(Number(drawdown.toFixed(6)))]);
      const kept = new Set(curve.points.map((point) => point.join(" ")));
      expect(all.filter((point) => kept.has(point.join(" ")))).toEqual(curve.points);
      const places = curve.points.map(([at]) => points.findIndex((point) => point.at === at));
      const counts = places.map((place, index) =>
        points.slice((places[index - 1] ?? -1) + 1, place + 1).reduce((sum, { fills }) => sum + fills, 0),
      );
      expect(curve.fills).toEqual([...counts.entries()].filter(([, count]) => count > 0));
      for (const column of [1, 2]) {
        const [whole, thin] = [all, curve.points].map((rows) => rows.map((row) => Number(row[column])));
        expect(Math.max(...(thin ?? []))).toBe(Math.max(...(whole ?? [])));
      }
      expect(Math.min(...curve.points.map(([, nav]) => Number(nav)))).toBe(
        Math.min(...points.map(({ nav }) => Number(nav))),
      );
    }),
  );
});
