import { describe, expect, it } from "vitest";
import { systemClock } from "../../src/app/system.ts";
import { LoopStalls } from "../../src/lib/loop-stalls.ts";

/** The loop turns when the test says so: only then a timer that is due runs. */
function measured() {
  let now = 1_000;
  let due: (() => void) | undefined;
  const stalls = new LoopStalls({
    monotonic: () => now,
    after: (_ms, run) => {
      due = run;
      return () => (due = undefined);
    },
  });
  return { stalls, end: stalls.watch(), pass: (ms: number) => (now += ms), turn: () => due?.() };
}

describe("the stalls of the event loop", () => {
  it("are zero while it turns", () => {
    const { stalls, pass, turn } = measured();
    for (let i = 0; i < 10; i++) {
      pass(50);
      turn();
      expect(stalls.longestMs()).toBe(0);
    }
  });

  it("count while they go on, and for a second after", () => {
    const { stalls, pass, turn } = measured();
    pass(3_050);
    expect(stalls.longestMs()).toBe(3_000);
    turn();
    for (const [count, expected] of [
      [19, 3_000],
      [1, 0],
    ] as const) {
      for (let i = 0; i < count; i++) {
        pass(50);
        turn();
      }
      expect(stalls.longestMs()).toBe(expected);
    }
  });

  it("count as long as the longest of the last second", () => {
    const { stalls, pass, turn } = measured();
    for (const ms of [250, 650, 150]) {
      pass(ms);
      turn();
    }
    expect(stalls.longestMs()).toBe(600);
  });

  it("are measured while any session runs, and from zero when the next one starts", () => {
    const { stalls, end, pass } = measured();
    const endOther = stalls.watch();
    end();
    end();
    pass(550);
    expect(stalls.longestMs()).toBe(500);
    endOther();
    pass(60_000);
    stalls.watch();
    expect(stalls.longestMs()).toBe(0);
  });

  it("of the real loop are measured", async () => {
    const stalls = new LoopStalls(systemClock);
    const end = stalls.watch();
    await new Promise((resolve) => setTimeout(resolve, 60));
    for (const until = performance.now() + 200; performance.now() < until;);
    expect(stalls.longestMs()).toBeGreaterThan(80);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(stalls.longestMs()).toBeGreaterThan(80);
    end();
  });
});
