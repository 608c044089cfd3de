/** When a connector is restarted, and when it is given up. */
import { describe, expect, it } from "vitest";
import { RestartPolicy } from "../../src/host/restart-policy.ts";

function decisionsOf(policy: RestartPolicy, crashTimes: readonly number[]) {
  return crashTimes.map((now) => policy.crashed(now));
}
function restartAfter(afterMs: number) {
  return { kind: "restart", afterMs };
}
const MINUTE = 60_000;

describe("a crash", () => {
  it("is given up if it is the third within five minutes", () => {
    expect(decisionsOf(new RestartPolicy(() => 0.5), [0, 1, 2])).toEqual([
      restartAfter(500),
      restartAfter(1000),
      { kind: "give-up", reason: "3 crashes in 5 minutes" },
    ]);
  });
  it("is followed by a restart if it is the third after five minutes", () => {
    expect(decisionsOf(new RestartPolicy(() => 0.5), [0, 1, 5 * MINUTE])).toEqual([
      restartAfter(500),
      restartAfter(1000),
      restartAfter(2000),
    ]);
    expect(decisionsOf(new RestartPolicy(() => 0.5), [0, 1, 5 * MINUTE - 1])[2]).toHaveProperty("kind", "give-up");
  });
  it("is followed by a wait with jitter between 75 % and 125 %", () => {
    expect(new RestartPolicy(() => 0).crashed(0)).toEqual(restartAfter(375));
    expect(new RestartPolicy(() => 1).crashed(0)).toEqual(restartAfter(625));
  });
  it("does not count after the operator restarted the connector", () => {
    const policy = new RestartPolicy(() => 0.5);
    decisionsOf(policy, [0, 1]);
    policy.reset();
    expect(policy.crashed(2)).toEqual(restartAfter(500));
  });
});

describe("an outage", () => {
  it("is tried again without end, at most 30 s apart", () => {
    const policy = new RestartPolicy(() => 0.5);
    const waits = Array.from({ length: 20 }, () => policy.unreachable().afterMs);
    expect(waits.slice(0, 8)).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
    expect(Math.max(...waits)).toBe(30_000);
  });
  it("starts with a short wait again after the connector was ready", () => {
    const policy = new RestartPolicy(() => 0.5);
    policy.unreachable();
    policy.unreachable();
    policy.ready(0);
    expect(policy.unreachable().afterMs).toBe(500);
  });
});
