/** A spin-off divides the cost of an instrument between two, and makes no profit. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { activityOf } from "../../../connectors/alpaca/activities.ts";
import type { ActivityEvent } from "../../../connectors/alpaca/wire.ts";
import { costBasis, unrealizedPnl } from "../../../src/domain/account/position.ts";
import { ZERO, decimal, text } from "../../../src/domain/decimal.ts";
import type { ConnectorName } from "../../../src/domain/ids.ts";
import type { VenueActivity } from "../../../src/domain/market/venue.ts";
import { activitySchema } from "../../../src/protocol/schemas.ts";
import { type JournalScenario, amount, scenario } from "../../support/journal-scenario.ts";

const connector = "paper" as ConnectorName;

function states(tale: JournalScenario, more: Partial<VenueActivity> = {}): JournalScenario {
  const activity = { id: "s1", kind: "spinoff", at: tale.now, symbol: "AAPL", newSymbol: "NEWCO", ...more } as const;
  return tale.event({ type: "venue.activity", connector, activity });
}
function positionOf(tale: JournalScenario, symbol: string) {
  const position = tale.state().positions.get(`paper/${symbol}`);
  if (position === undefined) throw new Error(`no ${symbol}`);
  return position;
}
function bought(fills: readonly (readonly [quantity: string, price: string])[], side: "buy" | "sell" = "buy") {
  const tale = scenario().desk().account("paper", { nav: "100000" });
  for (const [index, [quantity, price]] of fills.entries())
    tale.filled(`o${index}`, { quantity: amount(quantity), side, type: "market" }, amount(price));
  return tale;
}

describe("a spin-off with a share of the cost", () => {
  const lot = fc.tuple(fc.integer({ min: 1, max: 1_000 }), fc.integer({ min: 1, max: 1_000_000 }));
  it("changes neither cost nor profit, of long and of short positions", () => {
    fc.assert(
      fc.property(
        fc.array(lot, { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 1, max: 999 }),
        fc.integer({ min: 1, max: 500 }),
        fc.constantFrom("buy" as const, "sell" as const),
        (lots, permille, received, side) => {
          const tale = bought(
            lots.map(([quantity, cents]) => [String(quantity), String(cents / 100)]),
            side,
          );
          const held = positionOf(tale, "AAPL");
          const [cost, realized, quantity] = [costBasis(held) ?? ZERO, held.realizedPnl, held.quantity];
          const before = unrealizedPnl(held, decimal("80")) ?? ZERO;
          const sign = side === "buy" ? "" : "-";
          states(tale, { quantity: amount(`${sign}${received}`), costShare: amount(String(permille / 1000)) });
          const [old, fresh] = [positionOf(tale, "AAPL"), positionOf(tale, "NEWCO")];
          expect(text((costBasis(old) ?? ZERO).plus(costBasis(fresh) ?? ZERO))).toBe(text(cost));
          expect(text(old.realizedPnl.plus(fresh.realizedPnl))).toBe(text(realized));
          expect(text(old.quantity)).toBe(text(quantity));
          expect(
            fresh.quantity
              .minus(decimal(`${sign}${received}`))
              .abs()
              .lt(decimal("0.000000000001")),
          ).toBe(true);
          // The old value of 80 a unit is that of both after it.
          const value = quantity.times(decimal("80"));
          const after = value.minus(costBasis(old) ?? ZERO).minus(costBasis(fresh) ?? ZERO);
          expect(text(after)).toBe(text(before));
        },
      ),
      { numRuns: 100 },
    );
  });

  it("changes no NAV: the mark after it leaves nothing to explain, and the next one is no jump", () => {
    const marked = { nav: "100000", cash: "92000", positions: [{ symbol: "AAPL", quantity: "100", markPrice: "80" }] };
    const tale = scenario().desk().account("paper", marked).wait(1_000);
    states(tale, { quantity: amount("50"), costShare: amount("0.2") }).wait(1_000);
    const base = tale.state().accounts.get("paper")?.base.positions;
    expect([base?.get("AAPL")?.markPrice, base?.get("NEWCO")]).toEqual([
      "64",
      { symbol: "NEWCO", quantity: "50", markPrice: "32" },
    ]);
    expect(text(positionOf(tale, "NEWCO").quantity)).toBe("50");
  });

  it("ends the flag of the new instrument that it explains, and cash in lieu lowers its cost", () => {
    const tale = bought([["100", "80"]]).flagged("paper", "NEWCO", "0", "50");
    states(tale, { quantity: amount("50"), costShare: amount("0.25"), amount: amount("100"), currency: "USD" });
    expect(tale.state().flagged.size).toBe(0);
    expect(text(costBasis(positionOf(tale, "NEWCO")) ?? ZERO)).toBe("1900");
    expect(text(costBasis(positionOf(tale, "AAPL")) ?? ZERO)).toBe("6000");
  });

  it("is counted once, and a late fill of before it keeps the sum of the costs", () => {
    const tale = bought([["10", "10"]]);
    const more = { quantity: amount("5"), costShare: amount("0.5") };
    states(states(tale, more), more);
    expect(text(positionOf(tale, "NEWCO").quantity)).toBe("5");
    expect(text(costBasis(positionOf(tale, "AAPL")) ?? ZERO)).toBe("50");
  });
});

it.each<[string, Partial<VenueActivity>]>([
  ["without a share", { quantity: amount("50") }],
  ["without units", { costShare: amount("0.2") }],
  ["that a long position would owe", { quantity: amount("-50"), costShare: amount("0.2") }],
])("a spin-off %s moves nothing, so that the positions differ", (_, more) => {
  const tale = states(bought([["100", "80"]]), more);
  expect(tale.state().positions.has("paper/NEWCO")).toBe(false);
  expect(text(costBasis(positionOf(tale, "AAPL")) ?? ZERO)).toBe("8000");
});

describe("Alpaca's spin-off", () => {
  const event = (details: object) =>
    ({
      ...{ activity_type: "SPIN", ref_id: "r1", status: "executed", at: "2024-04-02T04:00:00Z" },
      ...{ executed_at: "2024-04-02T04:00:00Z", event_id: "01", currency: "USD" },
      details: { source_symbol: "GE", new_symbol: "GEV", source_qty: "100", new_qty: "25", ...details },
    }) as unknown as ActivityEvent;

  it("states its share by the prices of both", () => {
    const activity = activityOf(event({ source_price: "175.50", new_price: "131.75" }));
    expect(activity).toMatchObject({ kind: "spinoff", symbol: "GE", newSymbol: "GEV", quantity: "25" });
    expect(activity?.costShare).toBe("0.187678062678062678");
    expect(activitySchema.safeParse(activity).success).toBe(true);
  });

  it.each([{}, { source_price: "0", new_price: "1" }, { source_price: "10", new_price: "90" }, { new_price: "x" }])(
    "has no share with %j",
    (prices) => {
      expect(activityOf(event(prices))).not.toHaveProperty("costShare");
    },
  );
});

it.each(["0", "1", "1.5", "-0.1"])("a share of %s is refused", (costShare) => {
  const base = { id: "s", kind: "spinoff", timestamp: 0, symbol: "A", newSymbol: "B", quantity: "1" };
  expect(activitySchema.safeParse({ ...base, costShare }).success).toBe(false);
});
