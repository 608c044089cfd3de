import { expect, it } from "vitest";
import { LatencyWindow } from "../../src/host/latency-window.ts";

it("the percentiles of latencies are of the last 256 calls, also if they were asked for after each call", () => {
  const asked = new LatencyWindow();
  expect(asked.percentiles()).toBeUndefined();
  for (let call = 1; call <= 700; call++) {
    asked.add((call * 37) % 101);
    const last = Array.from({ length: Math.min(call, 256) }, (_, i) => ((call - i) * 37) % 101);
    const sorted = last.toSorted((a, b) => a - b);
    const at = (share: number): number | undefined =>
      sorted[Math.min(last.length - 1, Math.floor(last.length * share))];
    expect(asked.percentiles()).toEqual({ p50: at(0.5), p99: at(0.99) });
    expect(asked.percentiles()).toEqual({ p50: at(0.5), p99: at(0.99) });
  }
});
