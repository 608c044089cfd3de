/** How busy the machine is, found without a known speed. */
import { expect, it } from "vitest";
import { slowdown } from "../../../src/conformance/slowdown.ts";

/** A clock that each piece of computing moves by its time; the last time is repeated. */
function clockOf(times: readonly number[]) {
  let now = 0;
  let done = 0;
  const compute = (): void => void (now += times[Math.min(done++, times.length - 1)] ?? 0);
  return [{ monotonic: () => now }, compute] as const;
}

it.each([
  ["an idle machine", [2], 1],
  ["a clock too coarse to tell", [0], 1],
  ["pieces that are interrupted", [...Array.from({ length: 39 }, () => 8), 2], 3.925],
  ["a machine that is busy without end", [...Array.from({ length: 39 }, () => 900), 1], 10],
])("on %s", (_, times, factor) => {
  expect(slowdown(...clockOf(times))).toBe(factor);
});
