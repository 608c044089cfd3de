/** The connector to Interactive Brokers passes every case that applies, at both isolation levels, over TWS's API. */
import { describe, expect, it } from "vitest";
import { LEVELS, certified, withOutcome } from "../../support/certified.ts";

const NUMBERS = "the adapter does not declare exactDecimals";
const NO_SECRET = "certify.toml has no secret";

describe.each(LEVELS)("at the %s level", (isolation) => {
  it("passes every case that applies", { timeout: 240_000 }, async () => {
    const report = await certified("./connectors/ibkr", isolation);
    expect(withOutcome(report, "failed")).toEqual([]);
    expect(withOutcome(report, "untried")).toEqual([]);
    const others = ["only the kit's own HTTP venue can", "the adapter has no get"];
    const isOther = (text: string) => others.some((words) => text.includes(words));
    expect(withOutcome(report, "skipped").filter((text) => !isOther(text))).toEqual([
      `C05: ${NO_SECRET}`,
      `C17: ${NUMBERS}`,
      `C32: ${NUMBERS}`,
      "C37: the adapter does not declare clientIdDedupe",
      `C42: ${NUMBERS}`,
      `C84: ${NO_SECRET}`,
      `C85: ${NO_SECRET}`,
      `C86: ${NO_SECRET}`,
      `C87: ${NO_SECRET}`,
      "C99: the adapter does not declare clientIdDedupe",
      "C108: the account and all instruments of this venue are in one currency",
      `C141: ${NO_SECRET}`,
    ]);
    expect(report).toMatchObject({ certified: true, isolation });
  });
});
