/** Two messages of one fill: the same, a completion, or a conflict. */
import { describe, expect, it } from "vitest";
import { completedFill, conflictKey, laterVersion, sameContent } from "../../../src/domain/fills/fill.ts";
import type { VenueFill } from "../../../src/domain/market/venue.ts";
import { amount } from "../../support/journal-scenario.ts";

const BARE: VenueFill = {
  ...{ fillId: "f", venueOrderId: "o", symbol: "A", side: "buy", at: 5 },
  ...{ quantity: amount("1"), price: amount("2") },
};
function fee(cost: string, feeCurrency?: string): VenueFill {
  return feeCurrency === undefined ? { ...BARE, fee: amount(cost) } : { ...BARE, fee: amount(cost), feeCurrency };
}

describe("a later message of a known fill", () => {
  it.each<[string, VenueFill, VenueFill, "same" | "completes" | "conflict"]>([
    ["the same again", BARE, { ...BARE, at: 7 }, "same"],
    ["adds a fee", BARE, { ...fee("1", "USD"), at: 7 }, "completes"],
    ["adds a rebate", BARE, fee("-1"), "completes"],
    ["adds a fee to a fee of 0", fee("0"), fee("1", "BNB"), "completes"],
    ["lacks the fee", fee("1", "USD"), BARE, "same"],
    ["has a fee of 0 instead", fee("1", "USD"), fee("0"), "same"],
    ["has another fee", fee("1", "USD"), fee("2", "USD"), "conflict"],
    ["has the fee in another currency", fee("1", "USD"), fee("1", "EUR"), "conflict"],
    ["adds a fee and another price", BARE, { ...fee("1"), price: amount("3") }, "conflict"],
  ])("%s", (_, known, later, outcome) => {
    const completed = completedFill(known, later);
    const found = completed !== undefined ? "completes" : sameContent(known, later) ? "same" : "conflict";
    expect(found).toBe(outcome);
    if (completed === undefined) return;
    // The completed fill counts in any order of arrival, and has the time of the first message.
    expect(completed).toEqual({ ...later, at: known.at });
    expect([laterVersion(known, completed), laterVersion(completed, known)]).toEqual([completed, completed]);
  });

  it("another fee is another conflict", () => {
    expect(conflictKey("v", fee("1"))).not.toBe(conflictKey("v", fee("2")));
    expect(conflictKey("v", BARE)).toBe(conflictKey("v", fee("0")));
  });
});
