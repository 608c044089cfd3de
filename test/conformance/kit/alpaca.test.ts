/** The connector to Alpaca passes every case that applies, at both isolation levels, against Alpaca's wire format. */
import { describe, expect, it } from "vitest";
import { CERTIFICATION_MS_MAX, LEVELS, certified, withOutcome } from "../../support/certified.ts";

describe.each(LEVELS)("at the %s level", (isolation) => {
  it("passes every case that applies", { timeout: CERTIFICATION_MS_MAX }, async () => {
    const report = await certified("./connectors/alpaca", isolation);
    expect(withOutcome(report, "failed").join("; ")).toBe("");
    expect(withOutcome(report, "untried").join("; ")).toBe("");
    expect(withOutcome(report, "skipped")).toEqual([
      "C98: the adapter declares that the venue refuses a second order with the same id",
      "C108: the account and all instruments of this venue are in one currency",
      "C109: the messages of fills of this venue name no fee",
      "C137: getFills returns a list, not pages with a cursor",
    ]);
    expect(report).toMatchObject({ certified: true, isolation });
    expect(report.guarantees.filter(({ given }) => !given)).toEqual([]);
  });
});
