/** Versions of one fill, disputed fills and external fills in the fold. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Decimal, ZERO, decimal, text } from "../../../src/domain/decimal.ts";
import { foldDeskState } from "../../../src/domain/desk-state.ts";
import type { DeskState } from "../../../src/domain/desk-state.ts";
import type { FillFinding } from "../../../src/domain/event.ts";
import type { ConnectorName, OrderId } from "../../../src/domain/ids.ts";
import type { VenueFill } from "../../../src/domain/market/venue.ts";
import { type JournalScenario, SCENARIO_START, amount, scenario } from "../../support/journal-scenario.ts";

const DISPUTED: FillFinding = { kind: "disputed", misfits: ["side"] };
const EXTERNAL: FillFinding = { kind: "external", misfits: [] };
type Draft = Partial<Omit<VenueFill, "quantity" | "price">> & { readonly quantity?: string; readonly price?: string };

/** A buy of 10 AAPL that is working at the venue as `v-a`. */
function working(): JournalScenario {
  return scenario().desk().account("paper").working("a");
}
function receive(
  told: JournalScenario,
  { quantity = "10", price = "100", ...draft }: Draft,
  { finding, owner = "a", completes }: { finding?: FillFinding; owner?: string | null; completes?: boolean } = {},
): JournalScenario {
  const base = { fillId: "F1", venueOrderId: "v-a", symbol: "AAPL", side: "buy" as const, at: told.now };
  const fill: VenueFill = { ...base, quantity: amount(quantity), price: amount(price), ...draft };
  const id = owner as OrderId | null;
  return told.event({
    type: "fill.received",
    id,
    connector: "paper" as ConnectorName,
    generation: 1,
    fill,
    finding,
    completes,
  });
}
function order(state: DeskState) {
  const found = state.orders.get("a" as OrderId);
  if (found === undefined) throw new Error("no order");
  return found;
}
function held(state: DeskState, symbol = "AAPL"): string {
  return state.positions.get(`paper/${symbol}`)?.quantity.toFixed() ?? "0";
}

describe("a fill that fits, and then another version of it", () => {
  const corrected = (told: JournalScenario): JournalScenario =>
    receive(receive(told, {}), { fillId: "F2", corrects: "F1", side: "sell" }, { finding: DISPUTED });

  it("keeps the first version while the correction is disputed", () => {
    const state = corrected(working()).state();
    expect([order(state).filled.toFixed(), held(state), state.disputes.size]).toEqual(["10", "10", 1]);
  });

  it("is taken back by a bust that comes after a disputed correction", () => {
    const state = receive(corrected(working()), { fillId: "F3", busts: "F1" }).state();
    expect([order(state).filled.toFixed(), held(state), state.disputes.size]).toEqual(["0", "0", 0]);
    expect([...order(state).flags]).toContain("busted");
  });

  it("is taken back by a bust that bears the symbol of the disputed correction", () => {
    const told = receive(working(), {});
    receive(told, { fillId: "F2", corrects: "F1", symbol: "GME" }, { finding: DISPUTED });
    const state = receive(told, { fillId: "F3", busts: "F1", symbol: "GME" }).state();
    expect([held(state), held(state, "GME"), state.disputes.size]).toEqual(["0", "0", 0]);
  });

  it("counts once if a correction that fits comes after a disputed correction", () => {
    const state = receive(corrected(working()), { fillId: "F3", corrects: "F1", quantity: "3" }).state();
    expect([order(state).filled.toFixed(), held(state), state.disputes.size]).toEqual(["3", "3", 0]);
  });

  it("counts once if the correction spells the symbol differently", () => {
    const told = scenario().desk().account("paper").working("a", { symbol: "BTC-USD" });
    receive(told, { symbol: "BTC-USD" });
    const state = receive(told, { fillId: "F2", corrects: "F1", symbol: "BTC/USD", quantity: "4" }).state();
    expect([order(state).filled.toFixed(), held(state, "BTC-USD"), held(state, "BTC/USD")]).toEqual(["4", "4", "0"]);
  });
});

describe("a fee that comes later", () => {
  const FEE = { fee: amount("1.5"), feeCurrency: "USD" };
  const feesOf = (state: DeskState) => [...(state.positions.get("paper/AAPL")?.fees ?? [])].map(([, fee]) => text(fee));

  it("completes the fill and changes nothing else", () => {
    const before = receive(working(), {});
    const at = before.now;
    const bare = before.state();
    const state = receive(before, { ...FEE, at: at - 1 }, { completes: true }).state();
    expect([order(state).filled.toFixed(), held(state), feesOf(state)]).toEqual(["10", "10", ["1.5"]]);
    expect([...order(state).flags]).toEqual([...order(bare).flags]);
    expect(order(state).history.at(-1)).toMatchObject({ event: "fill.completed", state: "filled" });
    expect(state.lastFill.get("paper/AAPL" as never)).toEqual(bare.lastFill.get("paper/AAPL" as never));
  });

  it("leaves an overfill blocked until it is resolved, and resolved after that", () => {
    const told = receive(working(), { quantity: "12" }, { finding: { kind: "overfill", misfits: [] } });
    receive(told, { quantity: "12", ...FEE }, { completes: true });
    expect(told.state().disputes.size).toBe(1);
  });

  it("of a fill that an acknowledgement assigns to its order counts once", () => {
    const told = scenario().desk().account("paper").working("a");
    receive(told, { venueOrderId: "v-x" }, { finding: EXTERNAL, owner: null });
    const state = receive(told, { venueOrderId: "v-x", ...FEE }, { owner: null, completes: true }).state();
    expect(state.external.get("paper/AAPL" as never)?.bought.toFixed()).toBe("10");
    expect(state.unmatchedFills.get("paper/v-x")).toHaveLength(1);
    expect(state.fills.get("paper/AAPL/F1")).toBe(state.unmatchedFills.get("paper/v-x")?.[0]?.event.fill);
  });
});

it("a bust of a disputed fill that filled nothing leaves its order as it was", () => {
  const told = receive(working(), {}, { finding: DISPUTED });
  const state = receive(told, { fillId: "F2", busts: "F1" }).state();
  expect([order(state).state, order(state).fills.size, state.disputes.size]).toEqual(["accepted", 0, 0]);
});

it("an instrument that is cleared leaves a dispute of another instrument in force", () => {
  const told = receive(working(), { symbol: "GME" }, { finding: DISPUTED });
  const state = told.cleared("paper", "AAPL", "0").state();
  expect([...state.disputes.keys()]).toEqual(["paper/GME"]);
  expect(receive(told, { fillId: "F2", busts: "F1", symbol: "GME" }).state().disputes.size).toBe(0);
});

describe("an external fill", () => {
  const stray = (told: JournalScenario, draft: Draft = {}): JournalScenario =>
    receive(told, { venueOrderId: "v-z", ...draft }, { finding: EXTERNAL, owner: null });
  const adopted = (told: JournalScenario, quantity: string): JournalScenario =>
    told.event({
      type: "position.adopted",
      connector: "paper" as ConnectorName,
      symbol: "AAPL",
      quantity: amount(quantity),
    });

  it("is kept and moves no position until the position follows the venue's", () => {
    const told = stray(working());
    expect(held(told.state())).toBe("0");
    expect(text(told.state().external.get("paper/AAPL")?.bought ?? ZERO)).toBe("10");
    expect(told.state().disputes.size + told.state().flagged.size).toBe(0);
    const state = adopted(told, "10").state();
    expect([held(state), state.external.size, state.fills.size]).toEqual(["10", 0, 1]);
  });

  it("gives the position its price, and the venue's quantity counts", () => {
    const state = adopted(stray(working(), { price: "50" }), "12").state();
    const position = state.positions.get("paper/AAPL");
    expect([position?.quantity.toFixed(), position?.movements.length]).toEqual(["12", 2]);
  });

  it("counts once in order and position if an acknowledgement names its order, before or after the position followed", () => {
    const early = (): JournalScenario =>
      receive(
        scenario().desk().account("paper").proposed("a").approved("a").submitting("a"),
        {},
        {
          finding: EXTERNAL,
          owner: null,
        },
      );
    for (const journal of [early().accepted("a"), adopted(early(), "10").accepted("a")]) {
      const state = journal.state();
      expect([order(state).state, held(state), state.external.size]).toEqual(["filled", "10", 0]);
    }
  });

  it("that is taken back before the mark counts nothing, and after it the position follows again", () => {
    const bust = { fillId: "F2", busts: "F1" };
    const before = stray(stray(working()), bust).state().external.get("paper/AAPL");
    expect([before?.bought.toFixed(), before?.fills.size]).toEqual(["0", 1]);
    const after = stray(adopted(stray(working()), "10"), bust);
    expect([held(after.state()), held(adopted(after, "0").state())]).toEqual(["10", "0"]);
  });

  it("before the first mark is part of the opening positions", () => {
    const told = stray(scenario().desk());
    const state = told.account("paper", { positions: [{ symbol: "AAPL", quantity: "10" }] }).state();
    expect([held(state), state.external.size]).toEqual(["10", 0]);
  });

  it("of a record of an earlier version, without a finding, moves the position at once", () => {
    expect(held(receive(working(), { venueOrderId: "v-z" }, { owner: null }).state())).toBe("10");
  });

  it("that turns out to be disputed moves no position", () => {
    const told = stray(working(), { venueOrderId: "v-a" });
    const state = receive(told, {}, { finding: DISPUTED }).state();
    expect([held(state), state.external.size, state.unmatchedFills.size, state.disputes.size]).toEqual(["0", 0, 0, 1]);
  });
});

describe("any sequence of versions of several fills", () => {
  const steps = fc.array(
    fc.record({
      n: fc.integer({ min: 1, max: 3 }),
      version: fc.constantFrom("fill", "correction", "bust"),
      quantity: fc.integer({ min: 1, max: 9 }),
      isDisputed: fc.boolean(),
    }),
    { maxLength: 20 },
  );

  it("the order, the sum of its fills and the position agree", () => {
    fc.assert(
      fc.property(steps, (taken) => {
        const told = working();
        taken.forEach(({ n, version, quantity, isDisputed }, i) => {
          const base = { quantity: String(quantity), fillId: version === "fill" ? `F${n}` : `X${i}` };
          const change =
            version === "bust" ? { busts: `F${n}` } : version === "correction" ? { corrects: `F${n}` } : {};
          const finding = isDisputed && version !== "bust" ? { finding: DISPUTED } : {};
          receive(told, { ...base, ...change }, finding);
        });
        const state = told.state();
        let sum: Decimal = ZERO;
        for (const { fill } of order(state).fills.values())
          if (fill.busts === undefined) sum = sum.plus(decimal(fill.quantity));
        expect(order(state).filled.toFixed()).toBe(sum.toFixed());
        expect(held(state)).toBe(sum.toFixed());
        const again = foldDeskState(told.records());
        expect(held(again)).toBe(held(state));
      }),
    );
  });
});

/** The processor time, us, to fold so many fills of one order, and then a bust of each. */
function foldTime(count: number): number {
  const told = scenario()
    .desk()
    .account("paper")
    .working("a", { quantity: String(count) });
  const fills = told.records();
  const push = (draft: Draft): void => {
    const fill: VenueFill = {
      ...{ fillId: "", venueOrderId: "v-a", symbol: "AAPL", side: "buy", quantity: amount("1"), price: amount("100") },
      ...{ at: SCENARIO_START + 10_000, ...(draft as Partial<VenueFill>) },
    };
    const event = { type: "fill.received", id: "a" as OrderId, connector: "paper" as ConnectorName } as const;
    fills.push({ seq: fills.length + 1, at: SCENARIO_START, epoch: 1, event: { ...event, fill, generation: 1 } });
  };
  for (let i = 0; i < count; i++) push({ fillId: `f${i}` });
  for (let i = 0; i < count; i++) push({ fillId: `b${i}`, busts: `f${i}` });
  const started = process.cpuUsage();
  const state = foldDeskState(fills);
  const { user, system } = process.cpuUsage(started);
  expect([held(state), order(state).filled.toFixed()]).toEqual(["0", "0"]);
  return user + system;
}

it("20,000 fills of one order, and their busts, cost 10 times as much as 2,000", () => {
  foldTime(2_000);
  const small = Math.min(...[1, 2, 3].map(() => foldTime(2_000)));
  // A cost that grows with the square would be 100 times as much.
  expect(Math.min(foldTime(20_000), foldTime(20_000)) / small).toBeLessThan(60);
});

it("fills of two symbols with one id are two fills, and spellings of one symbol are one", () => {
  const told = scenario()
    .desk()
    .account("paper")
    .working("a", { symbol: "BTC/USDT" })
    .working("b", { symbol: "ETH/USDT", quantity: "5" });
  receive(told, { symbol: "BTC/USDT" });
  receive(told, { symbol: "ETH/USDT", venueOrderId: "v-b", quantity: "5" }, { owner: "b" });
  receive(told, { symbol: "BTCUSDT" });
  const state = told.state();
  expect([held(state, "BTC/USDT"), held(state, "ETH/USDT"), held(state, "BTCUSDT")]).toEqual(["10", "5", "0"]);
  expect([...state.fills.keys()]).toEqual(["paper/BTCUSDT/F1", "paper/ETHUSDT/F1"]);
});
