/** What the project ships is certified at both levels; a skeleton is not, and hears which of its parts are placeholders. */
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { CASES } from "../../src/conformance/cases.ts";
import type { CaseReport, Report } from "../../src/conformance/report.ts";
import { certifyAdapter } from "../../src/app/certify-adapter.ts";
import { systemClock, systemIds } from "../../src/app/system.ts";
import { nodeDisk } from "../../src/workspace/disk.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
const WORLD = { disk: nodeDisk(), clock: systemClock, ids: systemIds, packageRoot: ROOT };

function report(target: string, isolation: "worker" | "process"): Promise<Report> {
  return certifyAdapter(WORLD, { target, from: ROOT, isolation, only: [] }, () => undefined);
}

function withOutcome({ cases }: Report, wanted: CaseReport["outcome"]) {
  return cases
    .filter(({ outcome }) => outcome === wanted)
    .map(({ id, reason }) => (reason === undefined ? id : `${id}: ${reason}`));
}

const LEVELS = ["worker", "process"] as const;

describe.each(LEVELS)("at the level of a %s", (level) => {
  it("the complete adapter is certified, with every guarantee", { timeout: 240_000 }, async () => {
    const complete = await report("./test/fixtures/venue-adapter", level);
    expect(withOutcome(complete, "failed")).toEqual([]);
    expect(withOutcome(complete, "skipped")).toEqual(["C92: it keeps nothing in ctx.store"]);
    expect(complete).toMatchObject({ certified: true, isolation: level, name: "venue-adapter" });
    expect(complete.counts.passed).toBe(CASES.length - 1);
    expect(complete.guarantees.filter(({ given }) => !given)).toEqual([]);
  });

  it("the paper venue is certified, as its certify.toml drives it", { timeout: 240_000 }, async () => {
    const paper = await report("./connectors/paper", level);
    expect(withOutcome(paper, "failed")).toEqual([]);
    expect(paper).toMatchObject({ certified: true, isolation: level, name: "paper" });
    // It speaks to no venue of the kit's; what is left proves orders, fills, cancels and its store all the same.
    const passed = ["C15", "C21", "C28", "C37", "C40", "C51", "C53", "C55", "C79", "C80", "C83", "C92"];
    expect(withOutcome(paper, "passed")).toEqual(expect.arrayContaining(passed));
  });
});

describe("a skeleton whose methods were never written", () => {
  it("is not certified, and its placeholders are named", { timeout: 240_000 }, async () => {
    const skeleton = await report("./test/fixtures/adapters/my-venue", "worker");
    expect(skeleton.certified).toBe(false);
    const failed = withOutcome(skeleton, "failed");
    expect(failed).toContainEqual(expect.stringMatching(/^C28: .*"placeholder-id": that is a placeholder/));
    expect(failed).toContainEqual(expect.stringMatching(/^C21: .*looks like a placeholder/));
    expect(failed).toContainEqual(expect.stringMatching(/^C54: .*as if it were done/));
    // Where it may speak at all, it would speak to the address that is written into it.
    expect(failed).toContainEqual(expect.stringMatching(/^C11: .*take the address from ctx\.options/));
  });
});
