import { describe, expect, it } from "vitest";
import { resolvesWithin } from "../../src/lib/resolves-within.ts";
import { fakeClock } from "../support/fake-clock.ts";

describe("a limited wait for a promise", () => {
  it("says whether the promise resolved in time", async () => {
    const clock = fakeClock();
    expect(await resolvesWithin(clock, 10, Promise.resolve("any value"))).toBe(true);
    const late = resolvesWithin(clock, 10, new Promise(() => undefined));
    clock.advance(10);
    expect(await late).toBe(false);
  });

  it("rejects with the promise and leaves no timer", async () => {
    const clock = fakeClock();
    await expect(resolvesWithin(clock, 10, Promise.reject(new Error("the disk is full")))).rejects.toThrow(
      "the disk is full",
    );
    await Promise.resolve();
    expect(clock.waiting).toBe(0);
  });

  it("ignores a rejection that comes late", async () => {
    const clock = fakeClock();
    let fail = (_error: Error): void => undefined;
    const slow = new Promise<void>((_resolve, reject) => (fail = reject));
    const waited = resolvesWithin(clock, 10, slow);
    clock.advance(10);
    expect(await waited).toBe(false);
    fail(new Error("too late"));
    await expect(slow).rejects.toThrow("too late");
  });
});
