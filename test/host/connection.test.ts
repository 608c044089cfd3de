/** What an adapter's `connect` says of the venue is compared with what the operator said. */
import { describe, expect, it } from "vitest";
import type { ConnectorName } from "../../src/domain/ids.ts";
import type { Capabilities } from "../../src/domain/sdk.ts";
import type { Mode } from "../../src/domain/market/venue.ts";
import { readConnection } from "../../src/host/connection.ts";
import { VenueOutage } from "../../src/host/restart-policy.ts";

const NOW = 1_800_000_000_000;
const REPORT = { mode: "paper", environment: "sandbox", accountId: "A1" };

interface Given {
  readonly mode?: Mode;
  readonly capabilities?: Capabilities;
  readonly pinned?: string;
  readonly takenBy?: string;
}
function read(value: unknown, { mode, capabilities = {}, pinned, takenBy }: Given = {}) {
  const warnings: string[] = [];
  const expected = {
    name: "broker" as ConnectorName,
    clock: { now: () => NOW },
    log: { warn: (message: string) => void warnings.push(message) },
    mode,
    accountId: () => pinned,
    accountTakenBy: () => takenBy,
  };
  const unknownMembers = { note: () => undefined };
  const result = { ok: true as const, value };
  return { connection: readConnection(expected, { result, capabilities, unknownMembers }), warnings };
}

describe("the report of connect", () => {
  it.each<[string, unknown, Given]>([
    ["an adapter that says nothing", undefined, { mode: "live" }],
    ["null", null, {}],
  ])("is not required before the account was named: %s", (_, value, given) => {
    expect(read(value, given).connection).toBeUndefined();
  });

  it.each([undefined, null])("is required once the account was named: %s", (value) => {
    expect(() => read(value, { pinned: "A1" })).toThrow(/the venue says account none; .* belong to account A1/);
  });

  it.each<[string, Given]>([
    ["with no other statement", {}],
    ["that desk.toml and the adapter agree with", { mode: "paper", capabilities: { mode: "paper" } }],
    ["where desk.toml says unstated", { mode: "unstated" }],
    ["of the account that was pinned", { pinned: "A1" }],
  ])("is taken %s", (_, given) => {
    expect(read({ ...REPORT, permissions: ["read", "trade"] }, given)).toEqual({
      connection: { ...REPORT, permissions: ["read", "trade"] },
      warnings: [],
    });
  });

  it.each<[string, object, Given, string, string]>([
    [
      "a live venue, desk.toml says paper",
      { mode: "live" },
      { mode: "paper" },
      "CONNECT_REFUSED",
      "desk.toml says paper",
    ],
    ["a paper venue, desk.toml says live", {}, { mode: "live" }, "CONNECT_REFUSED", "desk.toml says live"],
    [
      "a live venue, the adapter says paper",
      { mode: "live" },
      { capabilities: { mode: "paper" } },
      "CONNECT_REFUSED",
      "its adapter says paper, and the venue says live (sandbox)",
    ],
    [
      "a live key that may withdraw",
      { mode: "live", permissions: ["trade", "withdraw"] },
      { mode: "live" },
      "CONNECT_REFUSED",
      "may withdraw",
    ],
    ["an account of another connector", {}, { takenBy: "a" }, "ACCOUNT_SHARED", "account A1, which connector a trades"],
    ["another account", { accountId: "A2" }, { pinned: "A1" }, "ACCOUNT_CHANGED", "belong to account A1"],
    ["a replayed live market", { mode: "live" }, { capabilities: { simulatedTime: true } }, "SIMULATED_LIVE", "broker"],
    ["no account id", { accountId: "" }, {}, "ADAPTER_SHAPE", "accountId"],
    ["an unknown mode", { mode: "demo" }, {}, "ADAPTER_SHAPE", "mode"],
    ["an account id that hides characters", { accountId: "A1\u202e" }, {}, "ADAPTER_SHAPE", "invisible"],
    ["a text", "ok" as unknown as object, {}, "ADAPTER_SHAPE", "connect"],
  ])("is refused for %s", (_, change, given, code, words) => {
    const value = typeof change === "string" ? change : { ...REPORT, ...change };
    expect(() => read(value, given)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(words) as string }) as Error,
    );
  });

  it("a paper key may withdraw", () => {
    expect(read({ ...REPORT, permissions: ["withdraw"] }).connection).toMatchObject({ permissions: ["withdraw"] });
  });

  it.each([
    [6_000, ["the venue's clock is 6 s ahead of this machine's"]],
    [-90_000, ["the venue's clock is 90 s behind this machine's"]],
    [5_000, []],
  ])("with a clock that differs by %i ms", (difference, warnings) => {
    expect(read({ ...REPORT, venueTime: NOW + difference }).warnings).toEqual(warnings);
    const capabilities = { simulatedTime: true };
    expect(read({ ...REPORT, venueTime: NOW + difference }, { capabilities }).warnings).toEqual([]);
  });

  it("an error of connect is an outage, and a refusal is the operator's to remove", () => {
    const expected = {
      name: "broker" as ConnectorName,
      clock: { now: () => NOW },
      log: { warn: () => undefined },
    };
    const unknownMembers = { note: () => undefined };
    const failed = (kind: "error" | "connect-refused") => () =>
      readConnection(expected, { result: { ok: false, kind, message: "no route" }, capabilities: {}, unknownMembers });
    expect(failed("error")).toThrow(VenueOutage);
    expect(failed("connect-refused")).toThrow(
      expect.objectContaining({
        code: "CONNECT_REFUSED",
        message: "connector broker refuses to connect: no route",
      }) as Error,
    );
  });
});
