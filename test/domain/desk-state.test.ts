import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type DeskState, applyEvent, foldDeskState } from "../../src/domain/desk-state.ts";
import { ownerOf } from "../../src/domain/fills/fill-state.ts";
import { ZERO, decimal, text } from "../../src/domain/decimal.ts";
import type { DeskEvent, Recorded } from "../../src/domain/event.ts";
import type { ClientOrderId, ConnectorName, OrderId, VenueOrderId } from "../../src/domain/ids.ts";
import { isEnded, isInFlight } from "../../src/domain/orders/order-state.ts";
import type { VenueFill } from "../../src/domain/market/venue.ts";
import { type JournalScenario, amount, scenario, scenarioClientId } from "../support/journal-scenario.ts";

const HOUR = 3_600_000;
function id(raw: string): OrderId {
  return raw as OrderId;
}

/** A fill that names only the venue's order, and came before we knew whose that is. */
function stray(fillId: string, quantity: string, more: Partial<VenueFill> = {}): DeskEvent {
  return {
    type: "fill.received",
    id: null,
    connector: "paper" as ConnectorName,
    generation: 1,
    fill: {
      fillId,
      venueOrderId: "v-a",
      symbol: "AAPL",
      side: "buy",
      quantity: amount(quantity),
      price: amount("100"),
      at: 1000,
      ...more,
    },
  };
}

/** As the desk journals it: under its order's id where the book knows whose it is. */
function arriving(told: JournalScenario, event: DeskEvent): JournalScenario {
  if (event.type !== "fill.received") return told;
  return told.event({ ...event, id: ownerOf(told.state(), event.connector, event.fill) ?? null });
}

type Step = (told: JournalScenario) => unknown;
const STEPS: Record<string, Step> = {
  account: (t) =>
    t.account("paper", { nav: "101000", positions: [{ symbol: "MSFT", quantity: "3", averagePrice: "400" }] }),
  workA: (t) => t.working("a"),
  fillA: (t) => t.fill("a", { quantity: "4" }),
  fillAllA: (t) => t.fill("a"),
  cancelA: (t) => t.reported("a", "cancelled"),
  loseB: (t) => t.proposed("b", { symbol: "MSFT", side: "sell" }).approved("b").submitting("b").unknown("b"),
  resolveB: (t) => t.resolved("b"),
  proposeC: (t) => t.proposed("c"),
  rejectC: (t) => t.rejected("c", "human"),
  proposeCancel: (t) => t.proposed("k", { cancels: "a" }),
  approveCancel: (t) => t.approved("k").cancelling("a", "k"),
  takeCancel: (t) => t.cancelAccepted("a", "k"),
  failCancel: (t) => t.cancelFailed("a", "k"),
  loseCancel: (t) => t.unknown("k"),
  proposeReplacement: (t) => t.proposed("r", { replaces: "a", limitPrice: "99" }),
  approveReplacement: (t) => t.approved("r").cancelling("a", "r"),
  sendReplacement: (t) => t.submitting("r", "6").accepted("r"),
  dropReplacement: (t) => t.notSent("r"),
  stray: (t) => arriving(t, stray("S1", "2")),
  strayBust: (t) => arriving(t, stray("S1b", "2", { busts: "S1", at: 2000 })),
  flag: (t) => t.flagged("paper", "AAPL", "1", "2"),
  clear: (t) => t.cleared("paper", "AAPL", "2"),
  halt: (t) => t.trading("halted"),
  night: (t) => t.wait(25 * HOUR),
  back: (t) => t.wait(-HOUR),
};
function toldWith(names: readonly string[]): Recorded[] {
  const told = scenario().desk().connector("paper").account("paper");
  told.proposed("k", { cancels: "a" }).proposed("r", { replaces: "a", limitPrice: "99" });
  for (const draft of ["a", "b", "c"]) told.proposed(draft, draft === "b" ? { symbol: "MSFT", side: "sell" } : {});
  for (const name of names) STEPS[name]?.(told);
  return told.records();
}

/** The positions as numbers: their quantities are computed when they are read. */
function positionsOf(state: DeskState): unknown {
  return [...state.positions].map(([key, { quantity, lots, realizedPnl, fees, movements }]) => ({
    ...{ key, quantity: text(quantity), realizedPnl: text(realizedPnl), fees: [...fees], movements },
    lots: Array.from(lots, (lot) => `${text(lot.quantity)}@${lot.price?.toFixed()}`),
  }));
}

describe("the fold", () => {
  const names = fc.array(fc.constantFrom(...Object.keys(STEPS)), { maxLength: 25 });

  it("folding the first records and then the others gives the same state as folding all at once", () => {
    fc.assert(
      fc.property(names, fc.nat(80), (steps, cut) => {
        const records = toldWith(steps);
        const carried = foldDeskState(records.slice(0, cut));
        for (const recorded of records.slice(cut)) applyEvent(carried, recorded);
        expect(carried).toEqual(foldDeskState(records));
        expect(positionsOf(carried)).toEqual(positionsOf(foldDeskState(records)));
      }),
      { numRuns: 150 },
    );
  });

  it("folding does not change its records, so that a second fold gives the same state", () => {
    fc.assert(
      fc.property(names, (steps) => {
        const records = toldWith(steps);
        const before = JSON.stringify(records);
        const state = foldDeskState(records);
        expect(JSON.stringify(records)).toBe(before);
        const again = foldDeskState(JSON.parse(before) as Recorded[]);
        expect(again).toEqual(state);
        expect(positionsOf(again)).toEqual(positionsOf(state));
      }),
      { numRuns: 100 },
    );
  });

  it("every index of the state agrees with its orders", () => {
    fc.assert(
      fc.property(names, (steps) => {
        const state = foldDeskState(toldWith(steps));
        const orders = [...state.orders.values()];
        expect([...state.inFlight.keys()].toSorted()).toEqual(
          orders
            .filter(({ state, terms }) => isInFlight(state) && terms.cancels === undefined)
            .map((o) => o.id)
            .toSorted(),
        );
        expect([...state.cancels.keys()].toSorted()).toEqual(
          orders
            .filter((o) => o.terms.cancels !== undefined && o.state !== "proposed" && !isEnded(o))
            .map((o) => o.id)
            .toSorted(),
        );
        expect([...state.proposed.keys()].toSorted()).toEqual(
          orders
            .filter(({ state }) => state === "proposed")
            .map((o) => o.id)
            .toSorted(),
        );
        for (const order of orders) {
          if (order.clientOrderId !== undefined) expect(state.byClientOrderId.get(order.clientOrderId)).toBe(order.id);
          if (order.venueOrderId !== undefined)
            expect(state.byVenueOrderId.get(`paper/${order.venueOrderId}`)).toBe(order.id);
          for (const [key, { fill }] of order.fills) expect(state.fills.get(key)).toEqual(fill);
        }
      }),
      { numRuns: 150 },
    );
  });
});

describe("what guards look at", () => {
  it.each<[string, Step, boolean]>([
    ["a fill that ends an order", STEPS["fillAllA"] as Step, true],
    ["a partial fill", STEPS["fillA"] as Step, true],
    ["a final status from the venue", STEPS["cancelA"] as Step, true],
    ["an account's mark", STEPS["account"] as Step, true],
    ["a new proposal", STEPS["proposeC"] as Step, false],
  ])("%s changes lastRelevantSeq if guards depend on it: %#", (_what, step, moves) => {
    const told = scenario().desk().working("a");
    const before = told.state().lastRelevantSeq;
    step(told);
    expect(told.state().lastRelevantSeq > before).toBe(moves);
  });
});

describe("a fill of an unknown order", () => {
  const early = (): JournalScenario =>
    scenario().desk().account("paper").proposed("a").approved("a").submitting("a").event(stray("S1", "4"));

  it("an unmatched fill counts in the position at once, and in its order when an acknowledgement names the venue order id", () => {
    const before = early().state();
    expect(text(before.positions.get("paper/AAPL")?.quantity ?? decimal("0"))).toBe("4");
    expect(before.orders.get(id("a"))?.state).toBe("submitting");
    expect(before.unmatchedFills.get("paper/v-a")).toHaveLength(1);
    const after = early().accepted("a").state();
    expect(after.orders.get(id("a"))).toMatchObject({ state: "partially_filled", venueOrderId: "v-a" });
    expect(text(after.orders.get(id("a"))?.filled ?? decimal("0"))).toBe("4");
    expect(after.unmatchedFills.size).toBe(0);
    expect(text(after.positions.get("paper/AAPL")?.quantity ?? decimal("0"))).toBe("4");
  });

  it("a report also assigns unmatched fills to their order, which can end it", () => {
    const state = early().event(stray("S2", "6")).reported("a", "filled", "10").state();
    expect(state.orders.get(id("a"))?.state).toBe("filled");
    expect(state.inFlight.size).toBe(0);
  });

  it("an unmatched fill counts once, however often it arrives before and after the acknowledgement", () => {
    const again = early()
      .event(stray("S1", "4"))
      .accepted("a")
      .event({ ...stray("S1", "4"), id: id("a") } as DeskEvent)
      .state();
    expect(text(again.orders.get(id("a"))?.filled ?? decimal("0"))).toBe("4");
    expect(text(again.positions.get("paper/AAPL")?.quantity ?? decimal("0"))).toBe("4");
  });

  it("an unmatched fill that is busted or corrected before the acknowledgement counts with the change, in position and order", () => {
    const busted = early().event(stray("S1b", "4", { busts: "S1", at: 2000 }));
    expect(text(busted.state().positions.get("paper/AAPL")?.quantity ?? decimal("1"))).toBe("0");
    expect(text(busted.accepted("a").state().orders.get(id("a"))?.filled ?? decimal("1"))).toBe("0");
    const corrected = early()
      .event(stray("S1c", "3", { corrects: "S1", at: 2000 }))
      .event(stray("S1", "4"))
      .accepted("a")
      .state();
    expect(text(corrected.positions.get("paper/AAPL")?.quantity ?? decimal("0"))).toBe("3");
    expect(text(corrected.orders.get(id("a"))?.filled ?? decimal("0"))).toBe("3");
  });

  it("a fill is not assigned to an order of another connector", () => {
    const state = early().accepted("a").state();
    const fill = (stray("X", "1") as Extract<DeskEvent, { type: "fill.received" }>).fill;
    expect(ownerOf(state, "paper", fill)).toBe("a");
    expect(ownerOf(state, "other", fill)).toBeUndefined();
    expect(ownerOf(state, "other", { ...fill, clientOrderId: scenarioClientId("a") })).toBeUndefined();
    expect(ownerOf(state, "paper", { ...fill, venueOrderId: "v-z", clientOrderId: scenarioClientId("a") })).toBe("a");
    expect(ownerOf(state, "paper", { ...fill, venueOrderId: "v-z" })).toBeUndefined();
  });
});

describe("the epoch's tag", () => {
  const started = (told: JournalScenario, machine: string, nonce: string): JournalScenario =>
    told.event({ type: "desk.started", version: "0.1.0", machine, nonce });

  it("the epoch tag is made once, kept over restarts, and new on another machine", () => {
    const told = started(scenario(), "m1", "n1");
    expect(told.state().epochTag).toBe("n1");
    expect(started(told, "m1", "n2").state().epochTag).toBe("n1");
    const copied = started(told, "m2", "n3").state();
    expect([copied.epochTag, copied.machine]).toEqual(["n3", "m2"]);
    expect(started(told, "m1", "n4").state().epochTag).toBe("n4");
  });
});

describe("intents", () => {
  it("intents of the last 24 hours are kept, by the time of the intent", () => {
    const told = scenario()
      .desk()
      .working("a")
      .wait(12 * HOUR)
      .working("b");
    expect(told.state().intents.map((intent) => intent.id)).toEqual(["a", "b"]);
    expect(
      told
        .wait(13 * HOUR)
        .working("c")
        .state()
        .intents.map((intent) => intent.id),
    ).toEqual(["b", "c"]);
  });

  it("approvals, rejections and fills add no intent", () => {
    expect(scenario().desk().proposed("a").approved("a").denied("a").state().intents).toEqual([]);
    expect(scenario().desk().filled("a").state().intents).toHaveLength(1);
  });
});

/** NAV, and NAV at the open of the day. */
function dayOf(state: DeskState): readonly string[] {
  const account = state.accounts.get("paper");
  return [account?.nav ?? ZERO, account?.dayOpenNav ?? ZERO].map(text);
}

describe("accounts", () => {
  it("the first mark opens positions, and the last NAV of the day before is the base of the day's profit", () => {
    const day = (told: JournalScenario, nav: string, venueDate: string): JournalScenario =>
      told.account("paper", { nav, venueDate, positions: [{ symbol: "MSFT", quantity: "5", averagePrice: "10" }] });
    const told = day(day(scenario().desk(), "100", "2026-07-06"), "110", "2026-07-06");
    expect(dayOf(told.state())).toEqual(["110", "100"]);
    const next = day(told, "105", "2026-07-07").state();
    expect(dayOf(next)).toEqual(["105", "110"]);
    expect(text(next.positions.get("paper/MSFT")?.quantity ?? decimal("0"))).toBe("5");
    expect(dayOf(day(told, "90", "2026-07-06").state()), "a late mark of yesterday").toEqual(["90", "110"]);
  });

  it("a mark with an earlier venue date does not set the date back", () => {
    const state = scenario()
      .account("paper", { nav: "1", venueDate: "2026-07-07" })
      .account("paper", { nav: "2", venueDate: "2026-07-06" })
      .state();
    expect(state.accounts.get("paper")).toMatchObject({ venueDate: "2026-07-07" });
    expect(dayOf(state)).toEqual(["2", "1"]);
  });
});

it("an instrument stays flagged until a human clears it and adopts the venue's quantity", () => {
  const told = scenario()
    .desk()
    .account("paper", { positions: [{ symbol: "AAPL", quantity: "5", averagePrice: "90" }] })
    .flagged("paper", "AAPL", "5", "7");
  expect(told.state().flagged.get("paper/AAPL")).toMatchObject({ expected: "5", actual: "7" });
  const cleared = told.cleared("paper", "AAPL", "7").state();
  expect(cleared.flagged.size).toBe(0);
  expect(text(cleared.positions.get("paper/AAPL")?.quantity ?? decimal("0"))).toBe("7");
});

it("an event of an unknown order changes nothing", () => {
  const state: DeskState = scenario()
    .event({ type: "order.accepted", id: id("ghost"), venueOrderId: "v" as VenueOrderId })
    .state();
  expect([state.orders.size, state.byVenueOrderId.size, state.byClientOrderId.get("q" as ClientOrderId)]).toEqual([
    0,
    0,
    undefined,
  ]);
});
