import fc from "fast-check";
import { expect, it } from "vitest";
import { ArchivedMap } from "../../../src/domain/archived-map.ts";
import { foldDeskState } from "../../../src/domain/desk-state.ts";
import type { OrderRecord } from "../../../src/domain/orders/order-state.ts";
import { decisionLog } from "../../../src/trading/projections/decision-log.ts";
import { scenario } from "../../support/journal-scenario.ts";
import { NO_ARCHIVE } from "../../support/no-archive.ts";

it("lists the newest decisions, newest first, in whatever order the orders come", async () => {
  const tale = scenario().desk().connector("paper");
  const ids = Array.from({ length: 30 }, (_, n) => `20260706-${String(n).padStart(3, "0")}`);
  for (const id of ids) tale.working(id);
  tale.proposed("20260706-900");
  const orders = [...foldDeskState(tale.records()).orders.values()];
  await fc.assert(
    fc.asyncProperty(
      fc.shuffledSubarray(orders, { minLength: orders.length }),
      fc.integer({ min: 1, max: 40 }),
      async (shuffled: OrderRecord[], limit) => {
        const expected = ids.toReversed().slice(0, limit);
        const state = { orders: new ArchivedMap<OrderRecord["id"], OrderRecord>("orders") };
        for (const order of shuffled) state.orders.set(order.id, order);
        const lines = await decisionLog({ state, archive: NO_ARCHIVE }, { limit, isInScope: () => true });
        expect(lines.map(({ id }) => id)).toEqual(expected);
      },
    ),
  );
});
