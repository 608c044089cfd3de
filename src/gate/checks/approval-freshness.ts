/** An approval holds for a while only, and only forwards: one that is dated ahead of the clock proves that the clock moved. */
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
      return block(key, "APPROVAL_MISSING", "nobody has approved this order");
    }
    const { at, expiresAt } = approval;
    if (![at, expiresAt, hostNow].every(Number.isFinite)) return unavailable(key, "its times are not times");
    if (at > hostNow + SKEW_MS) {
      return block(
        key,
        "APPROVAL_FROM_FUTURE",
        `the approval is dated ${formatDuration(at - hostNow)} ahead of the clock; approve it again`,
      );
    }
    const figures = { limit: formatDuration(expiresAt - at), actual: formatDuration(hostNow - at) };
    if (hostNow <= expiresAt) return pass(key, `approved ${figures.actual} ago, good for ${figures.limit}`, figures);
    return block(
      key,
      "APPROVAL_EXPIRED",
      `approved ${figures.actual} ago, good for ${figures.limit}; propose it anew`,
      figures,
    );
  },
};
