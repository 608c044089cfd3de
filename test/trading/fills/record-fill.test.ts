/** Which version of a fill the desk keeps, in whatever order the versions arrive. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { text } from "../../../src/domain/decimal.ts";
import type { ConnectorName, OrderId } from "../../../src/domain/ids.ts";
import type { VenueFill } from "../../../src/domain/market/venue.ts";
import { recordFills } from "../../../src/trading/fills/record-fill.ts";
import { openDesk } from "../../support/fill-desk.ts";
import { SCENARIO_START, amount } from "../../support/journal-scenario.ts";

const VENUE = "paper" as ConnectorName;

function version(index: number): VenueFill {
  const fillId = `f.0${index}`;
  return {
    ...{ fillId, venueOrderId: "v-a", symbol: "AAPL", side: "buy", at: SCENARIO_START + 60_000 + index },
    ...{ quantity: amount(String(index)), price: amount(String(90 + index)) },
    ...(index > 1 && { corrects: "f.01" }),
  };
}

it("a trade that is corrected twice has its newest version, and an older version is no conflict", async () => {
  const property = fc.asyncProperty(
    fc.shuffledSubarray([1, 2, 3, 4, 1, 2, 3, 4], { minLength: 1 }),
    async (indexes) => {
      const { desk, problems } = openDesk(VENUE, ["a"], "10");
      for (const index of indexes)
        await recordFills(desk, { connector: VENUE, generation: 1, fills: [version(index)] });
      const newest = Math.max(...indexes);
      const order = desk.state.orders.get("a" as string as OrderId);
      expect(order && text(order.filled)).toBe(String(newest));
      expect([...(order?.fills.values() ?? [])].map(({ fill }) => fill.price)).toEqual([String(90 + newest)]);
      expect(problems).toEqual([]);
    },
  );
  await fc.assert(property, { numRuns: 200, seed: 20_261_130 });
});

it("a correction that comes again with other content is a conflict", async () => {
  const { desk, problems } = openDesk(VENUE, ["a"], "10");
  const changed = { ...version(2), price: amount("95") };
  await recordFills(desk, { connector: VENUE, generation: 1, fills: [version(1), version(2), changed] });
  expect(problems).toEqual(["fill f.02 of paper came again with different content; the first one stays"]);
});
