import { expect, it } from "vitest";
import { BackOff } from "../../src/lib/back-off.ts";

it("pauses double up to the limit, and vary by up to a quarter", () => {
  const random = [0.5, 0.5, 0.5, 0.5, 0.5, 0, 1];
  const pauses = new BackOff({ firstMs: 5_000, maxMs: 60_000, random: () => random.shift() ?? 0.5 });
  expect(Array.from({ length: 7 }, () => pauses.next())).toEqual([
    ...[5_000, 10_000, 20_000, 40_000, 60_000, 45_000, 75_000],
  ]);
  pauses.reset();
  expect(pauses.next()).toBe(5_000);
});
