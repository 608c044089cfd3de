import fc from "fast-check";
import { expect, it } from "vitest";
import { foldDeskState } from "../../src/domain/desk-state.ts";
import type { OrderRecord } from "../../src/domain/order-state.ts";
import { decisionLog } from "../../src/trading/decision-log.ts";
import { scenario } from "../support/journal-scenario.ts";

it("lists the newest decisions, newest first, in whatever order the orders come", () => {
  const tale = scenario().desk().connector("paper");
  const ids = Array.from({ length: 30 }, (_, n) => `20260706-${String(n).padStart(3, "0")}`);
  for (const id of ids) tale.working(id);
  tale.proposed("20260706-900");
  const orders = [...foldDeskState(tale.records()).orders.values()];
  fc.assert(
    fc.property(
      fc.shuffledSubarray(orders, { minLength: orders.length }),
      fc.integer({ min: 1, max: 40 }),
      (shuffled: OrderRecord[], limit) => {
        const expected = ids.toReversed().slice(0, limit);
        expect(decisionLog(shuffled, limit).map(({ id }) => id)).toEqual(expected);
      },
    ),
  );
});
