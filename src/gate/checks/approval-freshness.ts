/**
 * An approval expires, measured from the review that the human was shown. A review or an approval in the future blocks,
 * because it proves that the clock was set back.
 */
import { block, pass, unavailable } from "../check-result.ts";
import { formatDuration } from "../format.ts";
import type { GateCheck } from "../check-context.ts";

const key = "approval-freshness";
const SKEW_MS = 2000;

export const approvalFreshness: GateCheck = {
  key,
  stages: ["approve", "dispatch"],
  evaluate: ({ input: { approval, hostNow, stage } }) => {
    if (approval === undefined) {
      if (stage === "approve") return pass(key, "not approved yet");
      return block(key, "APPROVAL_MISSING", "the order is not approved");
    }
    const { at, expiresAt, reviewedAt = at } = approval;
    if (![at, reviewedAt, expiresAt, hostNow].every(Number.isFinite))
      return unavailable(key, "the approval has an invalid time");
    const newest = Math.max(at, reviewedAt);
    if (newest > hostNow + SKEW_MS) {
      return block(
        key,
        "APPROVAL_FROM_FUTURE",
        `the approval is dated ${formatDuration(newest - hostNow)} ahead of the clock; approve the order again`,
      );
    }
    const figures = { limit: formatDuration(expiresAt - reviewedAt), actual: formatDuration(hostNow - reviewedAt) };
    const verb = approval.reviewedAt === undefined || reviewedAt === at ? "approved" : "reviewed";
    if (hostNow <= expiresAt) return pass(key, `${verb} ${figures.actual} ago, valid for ${figures.limit}`, figures);
    return block(
      key,
      "APPROVAL_EXPIRED",
      `${verb} ${figures.actual} ago, valid for ${figures.limit}; ${verb === "approved" ? "propose" : "review"} the order again`,
      figures,
    );
  },
};
