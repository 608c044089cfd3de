/** The verdict says what was tried, and certifies only what was tried whole. */
import { describe, expect, it } from "vitest";
import { guaranteesOf } from "../../../src/conformance/guarantees.ts";
import type { CaseOutcome, CaseReport } from "../../../src/conformance/report.ts";
import { verdictOf } from "../../../src/conformance/verdict.ts";

function cases(...outcomes: readonly (readonly [CaseReport["group"], CaseOutcome, string?])[]): readonly CaseReport[] {
  return outcomes.map(([group, outcome, reason], index) => ({
    id: `C${index}`,
    group,
    title: "t",
    proves: "p",
    outcome,
    reason,
    ms: 0,
  }));
}

function leftOut(id: string): readonly CaseReport[] {
  return cases(["faults", "skipped", "r"]).map((report) => ({ ...report, id, isLeftOut: true }));
}

describe("verdictOf", () => {
  it.each([
    ["all passed", cases(["load", "passed"], ["faults", "passed"]), "2 of 2 cases tried; certified", true],
    [
      "one does not apply",
      cases(["load", "passed"], ["faults", "skipped", "r"]),
      "1 of 2 cases tried, 1 does not apply; certified",
      true,
    ],
    [
      "faults were not tried",
      cases(["load", "passed"], ["fills", "untried", "a"], ["faults", "untried", "b"], ["faults", "untried", "a"]),
      "1 of 4 cases tried; fills, faults not tried: not certified",
      false,
    ],
    [
      "one is not possible at the venue",
      [...cases(["load", "passed"], ["quotes", "skipped", "r"]), ...leftOut("C140"), ...leftOut("C131")],
      "1 of 4 cases tried, 1 does not apply, C140 C131 not possible at this venue; certified",
      true,
    ],
    ["one failed", cases(["load", "failed", "r"]), "1 of 1 cases tried; 1 failed: not certified", false],
    [
      "one failed, others were not tried",
      cases(["load", "failed", "r"], ["faults", "untried", "b"]),
      "1 of 2 cases tried; 1 failed, faults not tried: not certified",
      false,
    ],
    ["nothing applies", cases(["load", "skipped", "r"]), "0 of 1 cases tried, 1 does not apply; not certified", false],
  ] as const)("if %s", (_, reports, summary, certified) => {
    expect(verdictOf(reports, false)).toMatchObject({ summary, certified });
  });

  it("some cases alone never certify", () => {
    expect(verdictOf(cases(["load", "passed"]), true)).toMatchObject({
      summary: "1 of 1 cases tried",
      certified: false,
    });
  });

  it("each reason for an untried case is a next step, once", () => {
    const reports = cases(["fills", "untried", "a"], ["faults", "untried", "b"], ["faults", "untried", "a"]);
    expect(verdictOf(reports, false)).toMatchObject({ next: ["a", "b"], untriedGroups: ["fills", "faults"] });
  });
});

describe("a guarantee", () => {
  const C37: CaseReport = {
    id: "C37",
    group: "orders",
    title: "t",
    proves: "p",
    outcome: "passed",
    reason: undefined,
    ms: 0,
  };

  it.each([
    ["forever", true, "the venue accepts a client order id only once"],
    ["open-only", false, "the venue takes an id again once its first order has ended"],
    ["none", false, "does not declare clientIdDedupe"],
  ] as const)("of a venue that refuses an id %s", (clientIdDedupe, given, because) => {
    const found = guaranteesOf({ methods: [], capabilities: { clientIdDedupe } }, [C37]);
    expect(found.find(({ guarantee }) => guarantee.includes("sent twice"))).toMatchObject({
      given,
      because: expect.stringContaining(because) as string,
    });
  });
});
