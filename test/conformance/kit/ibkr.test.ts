/** The connector to Interactive Brokers passes every case that applies, at both isolation levels, over TWS's API. */
import { describe, expect, it } from "vitest";
import { CERTIFICATION_MS_MAX, LEVELS, certified, withOutcome } from "../../support/certified.ts";

const NO_HTTP = "requests of this venue are not HTTP";
const NO_SECRET = "certify.toml has no secret";

describe.each(LEVELS)("at the %s level", (isolation) => {
  it("passes every case that applies", { timeout: CERTIFICATION_MS_MAX }, async () => {
    const report = await certified("./connectors/ibkr", isolation);
    expect(withOutcome(report, "failed").join("; ")).toBe("");
    expect(withOutcome(report, "untried").join("; ")).toBe("");
    expect(withOutcome(report, "skipped")).toEqual([
      `C05: ${NO_SECRET}`,
      "C37: the adapter does not declare clientIdDedupe",
      `C84: ${NO_SECRET}`,
      `C85: ${NO_SECRET}`,
      `C86: ${NO_SECRET}`,
      `C87: ${NO_SECRET}`,
      "C99: the adapter does not declare clientIdDedupe",
      "C108: the account and all instruments of this venue are in one currency",
      "C132: the adapter has no getActivities",
      `C136: ${NO_HTTP}`,
      "C137: getFills returns a list, not pages with a cursor",
      `C139: ${NO_HTTP}`,
      "C140: only the kit's own HTTP venue can be made to do this",
      `C141: ${NO_SECRET}`,
      "C143: the stream of this venue has no frames",
      `C144: ${NO_HTTP}`,
      "C151: the stream of this venue has no code for its end",
      "C152: this wire format has no replaced orders that the kit can make",
      "C153: the instrument names no order flags",
    ]);
    expect(report.summary).toMatch(/, C136 C139 C140 C143 C144 C151 C152 not possible at this venue; certified$/);
    expect(report).toMatchObject({ certified: true, isolation });
  });
});
