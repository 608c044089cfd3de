/** The replay passes every case that applies to a market without a network; cash every case of an account. */
import { describe, expect, it } from "vitest";
import { CERTIFICATION_MS_MAX, LEVELS, certified, withOutcome } from "../../support/certified.ts";

const NO_VENUE = "the adapter has no network, so no venue to fail";

describe.each(LEVELS)("at the %s level", (isolation) => {
  it(
    "certifies the replay, and leaves out only cases of a venue that fails",
    { timeout: CERTIFICATION_MS_MAX },
    async () => {
      const report = await certified("./connectors/replay", isolation);
      expect(withOutcome(report, "failed").join("; ")).toBe("");
      expect(withOutcome(report, "untried").join("; ")).toBe("");
      expect(report).toMatchObject({ certified: true, isolation, name: "replay" });
      expect(withOutcome(report, "skipped").filter((text) => !text.endsWith(`: ${NO_VENUE}`))).toEqual([
        "C13: the adapter declares simulatedTime, so its clock differs from real time",
        "C84: certify.toml has no secret",
        "C133: the adapter has no getRates",
        "C134: the adapter has no getSchedule",
      ]);
      const passed = ["C15", "C21", "C28", "C37", "C40", "C51", "C53", "C55", "C79", "C80", "C83", "C92"];
      expect(withOutcome(report, "passed")).toEqual(expect.arrayContaining(passed));
    },
  );

  it("certifies the cash account", async () => {
    const report = await certified("./connectors/cash", isolation);
    expect([withOutcome(report, "failed"), withOutcome(report, "untried")]).toEqual([[], []]);
    expect(report).toMatchObject({ certified: true, isolation, name: "cash" });
  });
});
