/** Random hours of TWS, and random sequences of its messages: late, twice, in another order, and of unknown kinds. */
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Contracts } from "../../../connectors/ibkr/contracts.ts";
import { GatewayError } from "../../../connectors/ibkr/answers.ts";
import { FillFeed } from "../../../connectors/ibkr/fills.ts";
import { Orders } from "../../../connectors/ibkr/orders.ts";
import { sessionsOf, spansOf } from "../../../connectors/ibkr/times.ts";
import type { Fill, OrderReport } from "../../../src/domain/sdk.ts";
import { POSITIVE, RUNS, SEED, comparable } from "../../support/random-payload.ts";
import { ZONES, isTwice, localOf } from "../../support/tws-zones.ts";

const MINUTE_MS = 60_000;

/** From a day before a change of clocks in the US or in Europe, or anywhere in some years. */
const START = fc.oneof(
  fc.constantFrom(Date.UTC(2026, 2, 7), Date.UTC(2026, 10, 1), Date.UTC(2026, 2, 28), Date.UTC(2026, 9, 24)),
  fc.integer({ min: 12_000, max: 22_000 }).map((day) => day * 1_440 * MINUTE_MS),
);

const HOURS = fc
  .record({
    ...{ zone: ZONES, start: START, isOld: fc.boolean() },
    pauses: fc.array(fc.tuple(fc.integer({ min: 1, max: 900 }), fc.integer({ min: 1, max: 600 })), { maxLength: 4 }),
    closed: fc.array(fc.constantFrom("20261225:CLOSED", "20270101:Closed", ""), { maxLength: 2 }),
  })
  .map(({ zone: [name, zone], start, isOld, pauses, closed }) => {
    let at = start;
    const spans: { open: number; close: number }[] = [];
    for (const [pause, length] of pauses) {
      const open = at + pause * MINUTE_MS;
      at = open + length * MINUTE_MS;
      if (!isTwice(open, zone) && !isTwice(at, zone)) spans.push({ open, close: at });
    }
    const days = spans.map(({ open, close }) => {
      const [from, to] = [localOf(open, zone), localOf(close, zone)];
      // The older form has one date, and so no session over midnight.
      return isOld && from.slice(0, 8) === to.slice(0, 8) ? `${from}-${to.slice(9)}` : `${from}-${to}`;
    });
    return { name, spans, text: [...days, ...closed].join(";"), joined: days.join(",") };
  });

it("any hours of TWS are the same sessions, in each form and zone and on days on which the clocks change", () => {
  const property = fc.property(HOURS, ({ name, spans, text, joined }) => {
    const found = sessionsOf({ tradingHours: text, liquidHours: text, timeZoneId: name });
    expect(found).toEqual(spans.map((span) => ({ ...span, kind: "core" })));
    expect(spansOf(joined, name)).toEqual(spans);
  });
  fc.assert(property, { numRuns: RUNS, seed: SEED });
});

const EXECUTIONS = ["0a.01.01", "0a.02.01", "0b.01.01", "0b.01.02"] as const;
const STATES = ["Submitted", "Filled", "Cancelled"] as const;

const STEP = fc.oneof(
  fc.record({ kind: fc.constant("execution" as const), id: fc.constantFrom(...EXECUTIONS) }),
  fc.record({ kind: fc.constant("commission" as const), id: fc.constantFrom(...EXECUTIONS) }),
  fc.record({ kind: fc.constant("unset" as const), id: fc.constantFrom(...EXECUTIONS) }),
  fc.record({ kind: fc.constant("report" as const), state: fc.constantFrom(...STATES), filled: fc.nat({ max: 3 }) }),
  fc.record({ kind: fc.constant("wait" as const), ms: fc.constantFrom(1, 200, 300, 600) }),
);

const STREAM = fc.record({
  steps: fc.array(STEP, { maxLength: 14 }),
  quantities: fc.tuple(POSITIVE, POSITIVE, POSITIVE, POSITIVE),
  fees: fc.tuple(POSITIVE, POSITIVE, POSITIVE, POSITIVE),
});

describe("any sequence of messages of TWS", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("gives each execution with its commission, whichever came first, and then the newest state of its order", () => {
    const property = fc.property(STREAM, ({ steps, quantities, fees }) => {
      const book = new Map<string, Fill>();
      const reports: OrderReport[] = [];
      const feed = new FillFeed({
        // The desk keeps the first message of a fill, and takes a fee that came later.
        emitFill: (fill) => void book.set(fill.fillId, { ...fill, ...book.get(fill.fillId), ...feeIn(fill) }),
        emitReport: (report) => void reports.push(report),
      });
      const expected = new Map<string, { quantity: string; fee?: string }>();
      const paid = new Set<string>();
      for (const step of steps) {
        if (step.kind === "wait") vi.advanceTimersByTime(step.ms);
        else if (step.kind === "report") {
          const status = ({ Submitted: "open", Filled: "filled", Cancelled: "cancelled" } as const)[step.state];
          feed.addReport({ venueOrderId: "7", status, filledQuantity: String(step.filled) });
        } else {
          const place = EXECUTIONS.indexOf(step.id);
          const [quantity = "", fee = ""] = [quantities[place], fees[place]];
          const commission = fee as unknown as number;
          if (step.kind === "execution") feed.addFill(fillWith(step.id, quantity), "1");
          else if (step.kind === "unset") feed.addCommission({ execId: step.id, currency: "USD" });
          else feed.addCommission({ execId: step.id, commission, currency: "USD" });
          if (step.kind === "commission") paid.add(step.id);
          if (step.kind === "execution") expected.set(step.id, { quantity });
        }
      }
      vi.advanceTimersByTime(2_000);
      for (const [id, fill] of expected) if (paid.has(id)) fill.fee = fees[EXECUTIONS.indexOf(id as "0a.01.01")] ?? "";
      const found = [...book].map(([id, { quantity, fee }]) => [
        id,
        fee === undefined ? { quantity } : { quantity, fee },
      ]);
      expect(comparable(Object.fromEntries(found))).toEqual(comparable(Object.fromEntries(expected)));
      const last = steps.findLast(({ kind }) => kind === "report") as { state: (typeof STATES)[number] } | undefined;
      const status = { Submitted: "open", Filled: "filled", Cancelled: "cancelled" }[last?.state ?? "Submitted"];
      expect(reports.at(-1)?.status).toBe(last === undefined ? undefined : status);
      feed.close();
    });
    fc.assert(property, { numRuns: RUNS, seed: SEED });
  });
});

function fillWith(fillId: string, quantity: string): Fill {
  return { fillId, venueOrderId: "7", symbol: "AAPL", side: "buy", quantity, price: "1", timestamp: 1 };
}

function feeIn({ fee, feeCurrency }: Fill): Partial<Fill> {
  return fee === undefined ? {} : { fee, ...(feeCurrency !== undefined && { feeCurrency }) };
}

const WORDS: Readonly<Record<string, string>> = {
  ...{ ApiPending: "open", PendingSubmit: "open", PreSubmitted: "open", Submitted: "open", PendingCancel: "open" },
  ...{ Inactive: "open", Filled: "filled", Cancelled: "cancelled", ApiCancelled: "cancelled" },
};
const UNKNOWN_WORDS = ["", "StateOf2031"];
const REFUSED = [201, 203, 110];
/** Errors that say nothing of the state of an order that is taken. */
const OTHERS = [399, 404, 2109, 10_147, 10_148, 10_318];

const ORDER_STEP = fc.oneof(
  fc.record({
    ...{
      kind: fc.constant("status" as const),
      perm: fc.constantFrom(11, 12),
      filled: fc.constantFrom("0", "1", "2.5"),
    },
    words: fc.constantFrom(...Object.keys(WORDS), ...UNKNOWN_WORDS),
  }),
  fc.record({
    ...{
      kind: fc.constant("error" as const),
      perm: fc.constantFrom(11, 12),
      code: fc.constantFrom(...REFUSED, ...OTHERS),
    },
    words: fc.constantFrom(
      "Order rejected - reason: margin",
      "Order rejected - reason: cancel attempted when order is not",
    ),
  }),
);

it("any states and errors of orders are their reports, and what is not known is in the log", () => {
  const property = fc.property(fc.array(ORDER_STEP, { maxLength: 10 }), (steps) => {
    const reports: unknown[] = [];
    const warnings: string[] = [];
    const orders = new Orders({
      ...{ contracts: { known: () => ({ symbol: "AAPL", magnifier: 1 }) } as unknown as Contracts, clientId: 71 },
      ...{ account: () => "DU1", warn: (message) => void warnings.push(message) },
      report: ({ venueOrderId, status, filledQuantity }) => void reports.push([venueOrderId, status, filledQuantity]),
    });
    for (const perm of [11, 12]) {
      const order = { orderId: perm - 10, clientId: 71, permId: perm, account: "DU1" };
      orders.onOrder({ kind: "order", contract: {}, order, state: { status: "Submitted" } } as never);
    }
    const filledOf = new Map<number, string>();
    const expected: unknown[] = [];
    let logged = 0;
    for (const { perm, ...step } of steps) {
      const orderId = perm - 10;
      if (step.kind === "status") {
        filledOf.set(perm, step.filled);
        const status = { status: step.words, filled: step.filled, averagePrice: "1", permId: perm, clientId: 71 };
        orders.onOrder({ kind: "status", orderId, ...status });
        const known = WORDS[step.words];
        const isPart = known === "open" && step.filled !== "0";
        if (known === undefined) logged += 1;
        else expected.push([String(perm), isPart ? "partially_filled" : known, step.filled]);
      } else {
        orders.onError(orderId, new GatewayError(step.code, step.words));
        const filled = filledOf.get(perm) ?? "0";
        if (!REFUSED.includes(step.code) || step.words.includes("cancel attempted")) logged += 1;
        else expected.push([String(perm), filled === "0" ? "rejected" : "cancelled", filled]);
      }
    }
    expect(reports).toEqual(expected);
    expect(warnings).toHaveLength(logged);
  });
  fc.assert(property, { numRuns: RUNS, seed: SEED });
});
