import { describe, expect, it } from "vitest";
import { missingForLive } from "../../src/app/live-requirements.ts";
import { guard } from "../support/gate-case.ts";

const LIMIT = guard("max-order-notional", { max_notional: "1000" });
const COMPLETE = { isolation: "process", guards: [LIMIT], hasLiveKey: true } as const;

describe("a live connector", () => {
  it("starts with a process, hosts, a limit on each order and the live key", () => {
    expect(missingForLive({ hosts: ["api.venue.example"] }, COMPLETE)).toEqual([]);
  });

  it.each([
    ["in a thread", { isolation: "worker" }, ["x"], 'isolation = "process" in its table'],
    ["without hosts", {}, undefined, 'hosts = ["…"] in its table'],
    ["without the guard", { guards: [] }, ["x"], 'a [[guard]] with key = "max-order-notional"'],
    [
      "with the guard switched off",
      { guards: [guard("max-order-notional", { max_notional: "1", enabled: false })] },
      ["x"],
      'a [[guard]] with key = "max-order-notional"',
    ],
    ["without the live key", { hasLiveKey: false }, ["x"], "the live key (qoc keys protect)"],
  ] as const)("%s does not start", (_name, more, hosts, missing) => {
    expect(missingForLive({ hosts }, { ...COMPLETE, ...more })).toEqual([missing]);
  });
});
