/** The template and the paper connector are certified at both isolation levels. */
import { describe, expect, it } from "vitest";
import { CASES } from "../../../src/conformance/cases.ts";
import { CERTIFICATION_MS_MAX, LEVELS, certified, withOutcome } from "../../support/certified.ts";

/** The template has none of the optional members for streams of reports and quotes, and for what changes an account. */
const UNUSED_MEMBERS = [
  "C130: the adapter emits no reports",
  "C131: no streamed quote arrived: the adapter emits none, or the venue streams none",
  "C132: the adapter has no getActivities",
  "C133: the adapter has no getRates",
  "C134: the adapter has no getSchedule",
  "C135: the adapter does not use ctx.link",
  "C136: getBuyingPower does not throw RateLimited",
  "C137: getFills returns a list, not pages with a cursor",
  "C153: the instrument names no order flags",
];

describe.each(LEVELS)("at the %s level", (level) => {
  it(
    `certifies the template at the ${level} level with every guarantee`,
    { timeout: CERTIFICATION_MS_MAX },
    async () => {
      const template = await certified("./connectors/template", level);
      expect(withOutcome(template, "failed").join("; ")).toBe("");
      expect(withOutcome(template, "skipped")).toEqual([
        "C92: the adapter does not use ctx.store",
        "C98: the adapter declares that the venue refuses a second order with the same id",
        ...UNUSED_MEMBERS,
      ]);
      expect(template).toMatchObject({ certified: true, isolation: level, name: "template" });
      expect(template.counts.passed).toBe(CASES.length - 2 - UNUSED_MEMBERS.length);
      expect(template.guarantees.filter(({ given }) => !given)).toEqual([]);
    },
  );

  it(
    `certifies the paper connector at the ${level} level with its own certify.toml`,
    { timeout: CERTIFICATION_MS_MAX },
    async () => {
      const paper = await certified("./connectors/paper", level);
      expect(withOutcome(paper, "failed").join("; ")).toBe("");
      expect(paper).toMatchObject({ certified: true, isolation: level, name: "paper" });
      // It does not use the kit's venue. The remaining cases still cover orders, fills, cancels and the store.
      const passed = ["C15", "C21", "C28", "C37", "C40", "C51", "C53", "C55", "C79", "C80", "C83", "C92"];
      expect(withOutcome(paper, "passed")).toEqual(expect.arrayContaining(passed));
    },
  );
});
