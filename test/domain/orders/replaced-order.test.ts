/** An order that its venue replaces: whatever the order of the reports, the order that nothing continues is the one. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { misfitsOf } from "../../../src/domain/fills/fill-fit.ts";
import { ownerOf } from "../../../src/domain/fills/fill-state.ts";
import type { OrderReported } from "../../../src/domain/event.ts";
import type { OrderId, VenueOrderId } from "../../../src/domain/ids.ts";
import { REPLACEMENTS_MAX } from "../../../src/domain/orders/replaced-order.ts";
import { contradictionOf } from "../../../src/domain/orders/report-fit.ts";
import { type OrderRecord, leaves } from "../../../src/domain/orders/order-state.ts";
import { type JournalScenario, amount, scenario } from "../../support/journal-scenario.ts";

function reported(from: string, to?: string): OrderReported {
  const terms = { quantity: amount("700"), limitPrice: amount("14.25") };
  return {
    ...{ type: "order.reported", id: "a" as OrderId, status: "open", filledQuantity: amount("0") },
    venueOrderId: from as VenueOrderId,
    replacement: to === undefined ? undefined : { venueOrderId: to as VenueOrderId, ...terms },
  };
}
function working(): JournalScenario {
  return scenario()
    .proposed("a", { limitPrice: amount("99.75") })
    .approved("a")
    .submitting("a")
    .accepted("a");
}
function orderOf(tale: JournalScenario): OrderRecord {
  return tale.state().orders.get("a" as OrderId) as OrderRecord;
}

it("follows a chain in any order and with repeats, and keeps the owner of each id", () => {
  const chain = [reported("v-a", "v-2"), reported("v-2", "v-3"), reported("v-3")];
  fc.assert(
    fc.property(fc.shuffledSubarray([...chain, ...chain], { minLength: 6 }), (reports) => {
      const tale = working();
      for (const report of reports) tale.event(report);
      const order = orderOf(tale);
      expect(order).toMatchObject({ venueOrderId: "v-3", state: "accepted" });
      for (const venueOrderId of ["v-a", "v-2", "v-3"])
        expect(ownerOf(tale.state(), order.terms.connector, { venueOrderId })).toBe("a");
    }),
    { numRuns: 50 },
  );
});

it("is continued a limited number of times: each of its events goes through the ids of all that it continued", () => {
  const chained = (links: number): JournalScenario => {
    const tale = working();
    for (let n = 1; n <= links; n++) tale.event(reported(n === 1 ? "v-a" : `v-${n}`, `v-${n + 1}`));
    return tale;
  };
  const verdictOn = (links: number, venueOrderId: string): string | undefined => {
    const state = chained(links).state();
    const order = state.orders.get("a" as OrderId) as OrderRecord;
    const { clientOrderId } = order;
    return contradictionOf(state, order, { venueOrderId, replacedBy: "v-next", clientOrderId });
  };
  expect(verdictOn(REPLACEMENTS_MAX - 1, `v-${REPLACEMENTS_MAX}`)).toBeUndefined();
  expect(verdictOn(REPLACEMENTS_MAX, `v-${REPLACEMENTS_MAX + 1}`)).toBe(
    `its venue has replaced it ${REPLACEMENTS_MAX} times before`,
  );
  // What is known may come again.
  expect(verdictOn(REPLACEMENTS_MAX, "v-2")).toBeUndefined();
});

describe("after a split of 7:1", () => {
  const split = () => working().event(reported("v-a", "v-2"));
  const fill = (quantity: string, price: string) => ({
    ...{ fillId: `f${quantity}`, venueOrderId: "v-2", symbol: "AAPL", side: "buy" as const, at: 0 },
    ...{ quantity: amount(quantity), price: amount(price) },
  });

  it("a fill of the old quantity fills a part of the order, and one of the new quantity fills it", () => {
    const tale = split();
    expect(leaves(orderOf(tale)).toFixed()).toBe("700");
    tale.fill("a", { quantity: "100", price: "14.2" });
    expect(orderOf(tale)).toMatchObject({ state: "partially_filled" });
    tale.fill("a", { quantity: "600", price: "14.2" });
    const { state, flags } = orderOf(tale);
    expect([state, [...flags]]).toEqual(["filled", ["replaced"]]);
  });

  it("a price within the old limit alone does not fit", () => {
    const order = orderOf(split());
    expect(misfitsOf(order, fill("1", "14.25"), undefined)).not.toContain("price");
    expect(misfitsOf(order, fill("1", "99"), undefined)).toContain("price");
  });
});
