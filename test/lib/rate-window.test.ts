import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RateWindow } from "../../src/lib/rate-window.ts";

const WINDOW_MS = 100;
const anySpending = fc.record({ afterMs: fc.integer({ min: 0, max: 150 }), amount: fc.integer({ min: 0, max: 8 }) });

describe("a rate window", () => {
  it("never admits more than twice the limit within any span of its length", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10 }), fc.array(anySpending, { maxLength: 60 }), (limit, spendings) => {
        let now = 0;
        const window = new RateWindow({ clock: { monotonic: () => now }, limit, windowMs: WINDOW_MS });
        const admitted: { readonly at: number; readonly amount: number }[] = [];
        for (const { afterMs, amount } of spendings) {
          now += afterMs;
          if (window.spend(amount)) admitted.push({ at: now, amount });
        }
        for (const { at: start } of admitted) {
          const within = admitted.filter(({ at }) => at >= start && at < start + WINDOW_MS);
          expect(within.reduce((sum, { amount }) => sum + amount, 0)).toBeLessThanOrEqual(2 * limit);
        }
      }),
    );
  });

  it("admits a full limit again once its window is over, and nothing of an amount above the limit", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000 }), (limit) => {
        let now = 7;
        const window = new RateWindow({ clock: { monotonic: () => now }, limit, windowMs: WINDOW_MS });
        expect(window.spend(limit + 1)).toBe(false);
        expect(window.spend(limit)).toBe(true);
        now += WINDOW_MS - 1;
        expect(window.spend(1)).toBe(false);
        now += 1;
        expect(window.fits(limit)).toBe(true);
        expect(window.spend(limit)).toBe(true);
        expect(window.spend(1)).toBe(false);
      }),
    );
  });

  it("reads the clock only when the limit is reached", () => {
    let reads = 0;
    const clock = { monotonic: () => reads++ };
    const window = new RateWindow({ clock, limit: 3, windowMs: WINDOW_MS });
    for (let n = 0; n < 3; n++) expect(window.spend()).toBe(true);
    expect(reads).toBe(1);
    expect(window.spend()).toBe(false);
    expect(reads).toBe(2);
  });
});
