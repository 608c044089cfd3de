/** When a connector is tried again, and when it is given up. */
import { describe, expect, it } from "vitest";
import { RestartPolicy } from "../../src/host/restart-policy.ts";

function waits(policy: RestartPolicy, times: readonly number[]) {
  return times.map((now) => policy.crashed(now));
}
const MINUTE = 60_000;

describe("crashes", () => {
  it("are given up at the third within five minutes", () => {
    expect(waits(new RestartPolicy(() => 0.5), [0, 1, 2])).toEqual([
      { afterMs: 500 },
      { afterMs: 1000 },
      { gaveUp: "3 crashes in 5 minutes" },
    ]);
  });
  it("are tried again when the third comes after five minutes", () => {
    expect(waits(new RestartPolicy(() => 0.5), [0, 1, 5 * MINUTE])).toEqual([
      { afterMs: 500 },
      { afterMs: 1000 },
      { afterMs: 2000 },
    ]);
    expect(waits(new RestartPolicy(() => 0.5), [0, 1, 5 * MINUTE - 1])[2]).toHaveProperty("gaveUp");
  });
  it("spread by jitter between three quarters and five quarters", () => {
    expect(new RestartPolicy(() => 0).crashed(0)).toEqual({ afterMs: 375 });
    expect(new RestartPolicy(() => 1).crashed(0)).toEqual({ afterMs: 625 });
  });
  it("are forgotten when a human starts it anew", () => {
    const policy = new RestartPolicy(() => 0.5);
    waits(policy, [0, 1]);
    policy.forget();
    expect(policy.crashed(2)).toEqual({ afterMs: 500 });
  });
});

describe("an outage", () => {
  it("is waited out for ever, at most 30 s between two tries", () => {
    const policy = new RestartPolicy(() => 0.5);
    const tries = Array.from({ length: 20 }, () => policy.unreachable().afterMs);
    expect(tries.slice(0, 8)).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
    expect(Math.max(...tries)).toBe(30_000);
  });
  it("starts from a short wait again once it came up", () => {
    const policy = new RestartPolicy(() => 0.5);
    policy.unreachable();
    policy.unreachable();
    policy.cameUp(0);
    expect(policy.unreachable().afterMs).toBe(500);
  });
});
