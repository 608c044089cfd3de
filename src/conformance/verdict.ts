/** Whether an adapter is certified: only if every case that applies to it was tried, and none failed. */
import type { CaseOutcome, CaseReport, Report } from "./report.ts";

export type CertificationVerdict = Pick<Report, "counts" | "certified" | "summary" | "untriedGroups" | "next">;

/** @param isPartial - Only selected cases ran. */
export function verdictOf(cases: readonly CaseReport[], isPartial: boolean): CertificationVerdict {
  const count = (outcome: CaseOutcome): number => cases.filter((report) => report.outcome === outcome).length;
  const counts = {
    passed: count("passed"),
    failed: count("failed"),
    skipped: count("skipped"),
    untried: count("untried"),
  };
  const untried = cases.filter(({ outcome }) => outcome === "untried");
  const untriedGroups = [...new Set(untried.map(({ group }) => group))];
  const tried = counts.passed + counts.failed;
  const certified = !isPartial && counts.failed === 0 && counts.untried === 0 && tried > 0;
  const leftOut = cases.filter(({ isLeftOut }) => isLeftOut === true).map(({ id }) => id);
  const inapplicable = counts.skipped - leftOut.length;
  const parts = [
    `${tried} of ${cases.length} cases tried`,
    ...(inapplicable === 0 ? [] : [`${inapplicable} ${inapplicable === 1 ? "does" : "do"} not apply`]),
    ...(leftOut.length === 0 ? [] : [`${leftOut.join(" ")} not possible at this venue`]),
  ];
  const reasons = [
    ...(counts.failed === 0 ? [] : [`${counts.failed} failed`]),
    ...(untriedGroups.length === 0 ? [] : [`${untriedGroups.join(", ")} not tried`]),
  ];
  const verdict = isPartial ? [] : [certified ? "certified" : "not certified"];
  const why = [...(reasons.length === 0 ? [] : [reasons.join(", ")]), ...verdict].join(": ");
  const summary = [parts.join(", "), ...(why === "" ? [] : [why])].join("; ");
  return {
    counts,
    certified,
    summary,
    untriedGroups,
    next: [...new Set(untried.flatMap(({ reason = [] }) => reason))],
  };
}
