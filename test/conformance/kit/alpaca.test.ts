/** The connector to Alpaca passes every case that applies, at both isolation levels, against Alpaca's wire format. */
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { certifyAdapter } from "../../../src/app/certify-adapter.ts";
import { systemClock, systemIds } from "../../../src/app/system.ts";
import { nodeDisk } from "../../../src/workspace/disk.ts";
import { findSandbox } from "../../support/process-sandbox.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url)).replace(/\/$/, "");
const DEPS = {
  disk: nodeDisk(),
  clock: systemClock,
  ids: systemIds,
  packageRoot: ROOT,
  user: { uid: process.getuid?.() ?? 0, home: "/absent" },
  sandbox: findSandbox,
};

describe.each(["worker", "process"] as const)("at the %s level", (isolation) => {
  it("passes every case that applies", { timeout: 240_000 }, async () => {
    const request = { target: "./connectors/alpaca", from: ROOT, isolation, only: [] };
    const report = await certifyAdapter(DEPS, request, { line: () => undefined });
    const of = (outcome: string) =>
      report.cases.filter((one) => one.outcome === outcome).map(({ id, reason }) => `${id}: ${reason}`);
    expect(of("failed")).toEqual([]);
    expect(of("untried")).toEqual([]);
    expect(of("skipped")).toEqual([
      "C92: the adapter does not use ctx.store",
      "C98: the adapter declares that the venue refuses a second order with the same id",
      "C108: this venue has accounts and instruments in dollars only",
      "C109: the messages of fills of this venue name no fee",
    ]);
    expect(report).toMatchObject({ certified: true, isolation });
    expect(report.guarantees.filter(({ given }) => !given)).toEqual([]);
  });
});
