/** What a run's program writes costs the desk no more than it keeps of it. */
import { performance } from "node:perf_hooks";
import { expect, it } from "vitest";
import { createRunMeter } from "../../src/agents/run-meter.ts";

function msOf(work: () => unknown): number {
  const started = performance.now();
  work();
  return performance.now() - started;
}

it("shows the beginning of a message of megabytes, and reads no more of it", () => {
  const lines: string[] = [];
  const progress = { line: (line: string): void => void lines.push(line) };
  const endpoint = { tools: [], hasListed: () => true };
  const limits = { maxTurns: 60, maxCostUsd: 5 };
  const meter = createRunMeter({ toolDiscovery: "unknown" }, limits, endpoint, progress);
  const text = Buffer.alloc(1_000_000, "a \n b ").toString();
  const whole = msOf(() => text.replaceAll(/\s+/g, " "));
  const five = msOf(() => {
    for (let n = 0; n < 5; n++) expect(meter.record({ kind: "message", text })).toBeUndefined();
  });
  expect(five, `one text as a whole takes ${whole} ms`).toBeLessThan(whole);
  const word = "a b ".repeat(50);
  expect(lines).toEqual(Array.from({ length: 5 }, () => `says: ${word}…`));
});
