import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { text } from "../../../src/domain/decimal.ts";
import type { FillReceived, OrderEvent, ProposalSeen, Recorded } from "../../../src/domain/event.ts";
import { fillKey } from "../../../src/domain/fills/fill.ts";
import type { ConnectorName, OrderId } from "../../../src/domain/ids.ts";
import type { OrderFlag } from "../../../src/domain/orders/order-flags.ts";
import {
  type OrderRecord,
  type OrderState,
  applyFill,
  applyOrderEvent,
  isInFlight,
  isTerminal,
  leaves,
  openOrder,
  rejectedBy,
  unknownStateMessage,
} from "../../../src/domain/orders/order-state.ts";
import type { VenueFill } from "../../../src/domain/market/venue.ts";
import { type JournalScenario, amount, scenario } from "../../support/journal-scenario.ts";

function fillOf(fillId: string, quantity: string, more: Partial<VenueFill> = {}): VenueFill {
  return {
    fillId,
    venueOrderId: "v-a",
    symbol: "AAPL",
    side: "buy",
    quantity: amount(quantity),
    price: amount("100"),
    at: 1000,
    ...more,
  };
}
function received(fill: VenueFill, inferred?: boolean): FillReceived {
  return {
    type: "fill.received",
    id: "a" as OrderId,
    connector: "paper" as ConnectorName,
    fill,
    generation: 1,
    ...(inferred === true ? { inferred } : {}),
  };
}
function orderOf(told: JournalScenario): OrderRecord {
  const order = told.state().orders.get("a" as OrderId);
  if (order === undefined) throw new Error("no order a");
  return order;
}

interface Row {
  readonly name: string;
  readonly tell: (told: JournalScenario) => JournalScenario;
  readonly state: OrderState;
  readonly filled?: string;
  readonly flags?: readonly OrderFlag[];
  readonly by?: "human" | "guard" | "venue";
}
function bust(fillId: string): FillReceived {
  return received(fillOf(`bust-${fillId}`, "1", { busts: fillId, at: 2000 }));
}
function proposed(told: JournalScenario): JournalScenario {
  return told.proposed("a");
}
function approved(told: JournalScenario): JournalScenario {
  return proposed(told).approved("a");
}
function sent(told: JournalScenario): JournalScenario {
  return approved(told).submitting("a");
}
function lost(told: JournalScenario): JournalScenario {
  return sent(told).unknown("a");
}
function working(told: JournalScenario): JournalScenario {
  return told.working("a");
}

/** The proposal `a` cancels the working order `t`. */
function cancelProposed(told: JournalScenario): JournalScenario {
  return told.working("t").proposed("a", { cancels: "t" });
}
function cancelSent(told: JournalScenario): JournalScenario {
  return cancelProposed(told).approved("a").cancelling("t", "a");
}
/** The order `a` replaces the working order `t`. */
function replaceSent(told: JournalScenario): JournalScenario {
  return told.working("t").proposed("a", { replaces: "t", limitPrice: "99" }).approved("a").cancelling("t", "a");
}

const ROWS: readonly Row[] = [
  { name: "a cancel is proposed", tell: cancelProposed, state: "proposed" },
  {
    name: "a cancel is rejected",
    tell: (t) => cancelProposed(t).rejected("a", "human"),
    state: "rejected",
    by: "human",
  },
  { name: "a cancel is approved", tell: (t) => cancelProposed(t).approved("a"), state: "approved" },
  { name: "a cancel is sent", tell: cancelSent, state: "submitting" },
  { name: "a cancel is taken", tell: (t) => cancelSent(t).cancelAccepted("t", "a"), state: "accepted" },
  { name: "a cancel is refused", tell: (t) => cancelSent(t).cancelFailed("t", "a"), state: "rejected", by: "venue" },
  { name: "a cancel has no answer", tell: (t) => cancelSent(t).unknown("a"), state: "unknown" },
  {
    name: "a cancel without an answer is taken after all",
    tell: (t) => cancelSent(t).unknown("a").cancelAccepted("t", "a"),
    state: "accepted",
  },
  { name: "a cancel is resolved", tell: (t) => cancelSent(t).unknown("a").resolved("a"), state: "cancelled" },
  { name: "a cancel was not sent", tell: (t) => cancelProposed(t).approved("a").notSent("a"), state: "cancelled" },
  { name: "a replacement waits for the end", tell: replaceSent, state: "approved" },
  { name: "a replacement was not sent", tell: (t) => replaceSent(t).notSent("a"), state: "cancelled" },
  {
    name: "a replacement is sent with what is left",
    tell: (t) => replaceSent(t).submitting("a", "6").accepted("a").fill("a", { quantity: "6" }),
    state: "filled",
    filled: "6",
  },
  { name: "seen", tell: proposed, state: "proposed" },
  { name: "a human says no", tell: (t) => proposed(t).rejected("a", "human"), state: "rejected", by: "human" },
  { name: "a human says yes", tell: approved, state: "approved" },
  {
    name: "approved, the guards say no",
    tell: (t) => approved(t).denied("a"),
    state: "denied",
  },
  { name: "approved, then lapsed", tell: (t) => approved(t).notSent("a", "expired"), state: "cancelled" },
  { name: "approved, then the intent", tell: sent, state: "submitting" },
  { name: "sent, acknowledged", tell: (t) => sent(t).accepted("a"), state: "accepted" },
  { name: "sent, the venue says no", tell: (t) => sent(t).rejected("a", "venue"), state: "rejected", by: "venue" },
  { name: "sent, no answer", tell: lost, state: "unknown" },
  { name: "sent, filled before the acknowledgement", tell: (t) => sent(t).fill("a"), state: "filled", filled: "10" },
  {
    name: "unknown, filled in part",
    tell: (t) => lost(t).fill("a", { quantity: "4" }),
    state: "partially_filled",
    filled: "4",
  },
  { name: "unknown, filled", tell: (t) => lost(t).fill("a"), state: "filled", filled: "10" },
  { name: "unknown, a late acknowledgement", tell: (t) => lost(t).accepted("a"), state: "accepted" },
  { name: "unknown, found open", tell: (t) => lost(t).reported("a", "open"), state: "accepted" },
  { name: "unknown, found cancelled", tell: (t) => lost(t).reported("a", "cancelled"), state: "cancelled" },
  { name: "unknown, found expired", tell: (t) => lost(t).reported("a", "expired"), state: "expired" },
  { name: "unknown, found rejected", tell: (t) => lost(t).reported("a", "rejected"), state: "rejected", by: "venue" },
  { name: "unknown, closed by a human", tell: (t) => lost(t).resolved("a"), state: "cancelled" },
  { name: "unknown again", tell: (t) => lost(t).unknown("a", "still"), state: "unknown" },
  {
    name: "working, filled in part",
    tell: (t) => working(t).fill("a", { quantity: "9.99" }),
    state: "partially_filled",
    filled: "9.99",
  },
  {
    name: "working, filled in two parts",
    tell: (t) => working(t).fill("a", { quantity: "3" }).fill("a", { quantity: "7" }),
    state: "filled",
    filled: "10",
  },
  { name: "working, cancelled", tell: (t) => working(t).reported("a", "cancelled"), state: "cancelled" },
  {
    name: "filled in part, then cancelled",
    tell: (t) => working(t).fill("a", { quantity: "4" }).reported("a", "cancelled", "4"),
    state: "cancelled",
    filled: "4",
  },
  {
    name: "working, refused after acceptance",
    tell: (t) => working(t).reported("a", "rejected"),
    state: "rejected",
    by: "venue",
  },
  {
    name: "cancelled, a late fill",
    tell: (t) => working(t).reported("a", "cancelled").fill("a", { quantity: "4" }),
    state: "cancelled",
    filled: "4",
    flags: ["late_fill"],
  },
  {
    name: "cancelled, late fills to the last unit",
    tell: (t) => working(t).reported("a", "cancelled").fill("a"),
    state: "filled",
    filled: "10",
    flags: ["late_fill"],
  },
  {
    name: "filled by a report alone, and then expired",
    tell: (t) => working(t).reported("a", "filled", "10").reported("a", "expired"),
    state: "accepted",
    flags: ["contradicted"],
  },
  {
    name: "expired, a late fill",
    tell: (t) => working(t).reported("a", "expired").fill("a"),
    state: "filled",
    filled: "10",
    flags: ["late_fill"],
  },
  {
    name: "rejected by the venue, yet filled",
    tell: (t) => sent(t).rejected("a", "venue").fill("a"),
    state: "filled",
    filled: "10",
    flags: ["late_fill", "contradicted"],
  },
  {
    name: "closed by a human, yet filled",
    tell: (t) => lost(t).resolved("a").fill("a"),
    state: "filled",
    filled: "10",
    flags: ["late_fill"],
  },
  {
    name: "never sent, yet filled",
    tell: (t) => approved(t).notSent("a").fill("a"),
    state: "filled",
    filled: "10",
    flags: ["late_fill", "contradicted"],
  },
  {
    name: "filled twice over",
    tell: (t) => working(t).fill("a").fill("a", { quantity: "1" }),
    state: "filled",
    filled: "11",
    flags: ["overfilled", "late_fill"],
  },
  {
    name: "too much in one fill",
    tell: (t) => working(t).fill("a", { quantity: "10.01" }),
    state: "filled",
    filled: "10.01",
    flags: ["overfilled"],
  },
  {
    name: "filled, one of two fills busted",
    tell: (t) =>
      working(t)
        .event(received(fillOf("F1", "4")))
        .event(received(fillOf("F2", "6")))
        .event(bust("F2")),
    state: "partially_filled",
    filled: "4",
    flags: ["busted"],
  },
  {
    name: "a fill corrected downwards",
    tell: (t) =>
      working(t)
        .event(received(fillOf("F1", "10")))
        .event(received(fillOf("F1c", "7", { corrects: "F1", at: 2000 }))),
    state: "partially_filled",
    filled: "7",
  },
  {
    name: "overfilled until the surplus is busted",
    tell: (t) =>
      working(t)
        .event(received(fillOf("F1", "10")))
        .event(received(fillOf("F2", "1")))
        .event(bust("F2")),
    state: "filled",
    filled: "10",
    flags: ["late_fill", "busted"],
  },
  {
    name: "a gap closed by inference",
    tell: (t) => working(t).event(received(fillOf("I1", "3"), true)),
    state: "partially_filled",
    filled: "3",
    flags: ["inferred_fill"],
  },
  {
    name: "the same fill three times",
    tell: (t) => [1, 2, 3].reduce((to) => to.event(received(fillOf("F1", "4"))), working(t)),
    state: "partially_filled",
    filled: "4",
  },
];

describe("an order", () => {
  it.each(ROWS)("$name: $state", ({ tell, state, filled = "0", flags = [], by }) => {
    const order = orderOf(tell(scenario().desk()));
    expect(order.state).toBe(state);
    expect(text(order.filled)).toBe(filled);
    expect([...order.flags].toSorted()).toEqual([...flags].toSorted());
    expect(rejectedBy(order)).toBe(by);
    expect(order.history.at(-1)?.state).toBe(state);
  });

  it("only the venue or a human turns an unknown order into rejected or cancelled", () => {
    for (const more of [
      (t: JournalScenario) => t.unknown("a"),
      (t: JournalScenario) => t.event({ type: "cancel.requested", id: "a" as OrderId, actor: "human" }),
    ]) {
      expect(orderOf(more(lost(scenario().desk()))).state).toBe("unknown");
    }
  });

  it("an order that was reported as cancelled, and then as filled without fills, is open again and marked", () => {
    const order = orderOf(working(scenario().desk()).reported("a", "cancelled").reported("a", "filled", "10"));
    expect([order.state, [...order.flags]]).toEqual(["accepted", ["contradicted"]]);
  });

  it("an approved order keeps its terms when its file is edited afterwards", () => {
    const order = orderOf(approved(scenario().desk()).proposed("a", { quantity: "9999" }));
    expect(order.terms.quantity).toBe("10");
  });

  it.each([
    ["the human rejected", (t: JournalScenario) => t.rejected("a", "human")],
    ["the gate denied", (t: JournalScenario) => t.denied("a")],
  ] as const)("an order keeps the terms that %s when the proposal's file is edited or read again", (_who, end) => {
    const order = orderOf(end(proposed(scenario().desk())).proposed("a", { quantity: "9999" }));
    expect(order.terms.quantity).toBe("10");
  });

  it("applyFill returns false for a repeated fill", () => {
    const told = working(scenario().desk()).event(received(fillOf("F1", "4")));
    expect(
      orderOf(told.event(received(fillOf("F1", "4")))).history.filter(({ event }) => event === "fill.received"),
    ).toHaveLength(1);
  });

  it("a failed cancel removes the cancel request, and fills are applied meanwhile", () => {
    const asked = working(scenario().desk()).event({ type: "cancel.requested", id: "a" as OrderId, actor: "human" });
    expect(orderOf(asked).cancelRequested?.by).toBe("human");
    const failed = orderOf(
      asked.fill("a", { quantity: "2" }).event({ type: "cancel.failed", id: "a" as OrderId, reason: "too late" }),
    );
    expect([failed.cancelRequested, failed.state]).toEqual([undefined, "partially_filled"]);
  });

  it("an order is in flight from its approval to its end", () => {
    expect((["approved", "submitting", "unknown", "accepted", "partially_filled"] as const).every(isInFlight)).toBe(
      true,
    );
    expect(
      (["filled", "cancelled", "expired", "rejected", "denied"] as const).every(
        (state) => isTerminal(state) && !isInFlight(state),
      ),
    ).toBe(true);
    expect([isInFlight("proposed"), isTerminal("proposed")]).toEqual([false, false]);
  });
});

describe("unknownStateMessage", () => {
  it.each([
    ["acked", '"acked" is not an order state (did you mean accepted?)'],
    ["partly_filled", '"partly_filled" is not an order state (did you mean partially_filled?)'],
    ["canceled", '"canceled" is not an order state (did you mean cancelled?)'],
  ])("suggests a state for %s", (word, message) => {
    expect(unknownStateMessage(word)).toBe(message);
  });

  it("lists the states if no state is close to the word", () => {
    expect(unknownStateMessage("nonsense")).toContain("expected one of proposed, approved, submitting");
  });
});

/** Every kind of event an order may get; fills with corrections and busts of them among the rest. */
const SOURCE = working(scenario()).records();
const [seen, ...first] = SOURCE as [Recorded<ProposalSeen>, ...Recorded<OrderEvent>[]];
const POOL: readonly (OrderEvent | FillReceived)[] = [
  ...first.map(({ event }) => event),
  ...lost(scenario()).rejected("a", "venue").denied("a").notSent("a").resolved("a").records().slice(1),
  ...(["open", "partially_filled", "filled", "cancelled", "rejected", "expired"] as const).flatMap((status) =>
    scenario().proposed("a").reported("a", status).records().slice(1),
  ),
].map((item) => ("event" in item ? (item.event as OrderEvent) : item));
const FILLS: readonly FillReceived[] = [
  received(fillOf("F1", "4")),
  received(fillOf("F2", "6", { at: 1100 })),
  received(fillOf("F3", "0.5", { at: 1200 })),
  received(fillOf("F1c", "3", { corrects: "F1", at: 1300 })),
  received(fillOf("F1d", "5", { corrects: "F1", at: 1400 })),
  received(fillOf("F2b", "6", { busts: "F2", at: 1500 })),
  received(fillOf("I1", "1", { at: 1600 }), true),
];

function foldOrder(events: readonly (OrderEvent | FillReceived)[]): OrderRecord {
  const order = openOrder(seen);
  for (const [index, event] of events.entries()) {
    const place = { seq: index + 2, at: seen.at + index, epoch: 1 };
    if (event.type === "fill.received") {
      const key = fillKey(event.connector, event.fill, order.terms.symbol);
      applyFill(order, key, { ...place, event });
    } else applyOrderEvent(order, { ...place, event });
  }
  return order;
}
function facts(order: OrderRecord): Record<string, unknown> {
  return {
    state: order.state,
    filled: text(order.filled),
    leaves: text(leaves(order)),
    reported: text(order.reportedFilled),
    overfilled: order.flags.has("overfilled"),
    rejectedBy: rejectedBy(order),
  };
}

describe("the fold", () => {
  it("the state does not depend on the order or repetition of events", () => {
    const set = fc.subarray([...POOL, ...FILLS]);
    const shuffled = set.chain((events) =>
      fc.tuple(
        fc.constant(events),
        fc.shuffledSubarray(events, { minLength: events.length }),
        events.length === 0
          ? fc.constant([])
          : fc.array(fc.tuple(fc.constantFrom(...events), fc.nat(60)), { maxLength: 10 }),
      ),
    );
    fc.assert(
      fc.property(shuffled, ([events, permuted, repeats]) => {
        const arrived = [...permuted];
        for (const [event, at] of repeats) arrived.splice(at % (arrived.length + 1), 0, event);
        expect(facts(foldOrder(arrived))).toEqual(facts(foldOrder(events)));
      }),
      { numRuns: 2000 },
    );
  });

  it("filled and leaves add up exactly to the quantity unless the order is overfilled", () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([...FILLS]), (events) => {
        const order = foldOrder(events);
        expect(order.flags.has("overfilled")).toBe(Number(text(order.filled)) > 10);
        if (!order.flags.has("overfilled")) expect(text(leaves(order).plus(order.filled))).toBe("10");
        else expect(text(leaves(order))).toBe("0");
      }),
    );
  });
});
