import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RateBucket } from "../../src/lib/rate-bucket.ts";

const WINDOW_MS = 100;
const anySpending = fc.record({ afterMs: fc.integer({ min: 0, max: 150 }), amount: fc.integer({ min: 0, max: 8 }) });

function bucketOf(limit: number) {
  const state = { now: 7, stalledMs: 0 };
  const clock = { monotonic: () => state.now };
  return {
    state,
    bucket: new RateBucket({ clock, limit, windowMs: WINDOW_MS, stalledMs: () => state.stalledMs }),
  };
}

describe("a rate bucket", () => {
  it("never admits more than twice the limit within any span of its window", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10 }), fc.array(anySpending, { maxLength: 60 }), (limit, spendings) => {
        const { state, bucket } = bucketOf(limit);
        const admitted: { readonly at: number; readonly amount: number }[] = [];
        for (const { afterMs, amount } of spendings) {
          state.now += afterMs;
          if (bucket.spend(amount)) admitted.push({ at: state.now, amount });
        }
        for (const { at: start } of admitted) {
          const within = admitted.filter(({ at }) => at >= start && at < start + WINDOW_MS);
          expect(within.reduce((sum, { amount }) => sum + amount, 0)).toBeLessThanOrEqual(2 * limit);
        }
      }),
    );
  });

  it("admits an even rate at its limit for ever, and a little more not", () => {
    const { state, bucket } = bucketOf(200);
    for (let i = 0; i < 5_000; i++) {
      state.now += 1;
      expect(bucket.spend(2)).toBe(true);
    }
    const spent = Array.from({ length: 1_000 }, () => {
      state.now += 1;
      return bucket.spend(3);
    });
    expect(spent.slice(0, 190)).not.toContain(false);
    expect(spent).toContain(false);
  });

  it("does not save more than its limit while nothing is sent, but admits what was sent during a stall", () => {
    const { state, bucket } = bucketOf(100);
    state.now += 60_000;
    expect(bucket.spend(101)).toBe(false);
    state.now += 3_000;
    state.stalledMs = 3_000;
    expect(bucket.spend(3_101)).toBe(false);
    expect(bucket.spend(3_100)).toBe(true);
    expect(bucket.spend(1)).toBe(false);
    state.stalledMs = 0;
    state.now += 60_000;
    expect(bucket.spend(101)).toBe(false);
    expect(bucket.spend(100)).toBe(true);
  });
});
