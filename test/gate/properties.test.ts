import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decimal } from "../../src/domain/decimal.ts";
import { guardKeys } from "../../src/domain/config/guard-config.ts";
import { leaves } from "../../src/domain/orders/order-state.ts";
import { exposureOf, strictlyReducing } from "../../src/gate/exposure.ts";
import { isCleared } from "../../src/gate/cleared.ts";
import { clear, evaluate } from "../../src/gate/gate.ts";
import type { GateInput } from "../../src/gate/input.ts";
import { checkOf, guard, inputOf } from "../support/gate-case.ts";
import { type JournalScenario, type TermsDraft, scenario, terms } from "../support/journal-scenario.ts";

const quantity = fc.integer({ min: 1, max: 400 }).map((n) => decimal(`${n}e-1`).toFixed());
const price = fc.integer({ min: 8000, max: 12_000 }).map((n) => decimal(`${n}e-2`).toFixed());

const draft: fc.Arbitrary<TermsDraft> = fc.record({
  symbol: fc.constantFrom("AAPL", "AAPL", "MSFT", "aapl"),
  connector: fc.constantFrom("paper", "paper", "other"),
  side: fc.constantFrom("buy" as const, "sell" as const),
  quantity,
  limitPrice: price,
});

const LATER = ["approved", "submitting", "unknown", "working"] as const;
interface Step {
  readonly order: TermsDraft;
  readonly state: (typeof LATER)[number];
  /** Tenths of the quantity that filled. */
  readonly filled: number;
}
const step: fc.Arbitrary<Step> = fc.record({
  order: draft,
  state: fc.constantFrom(...LATER),
  filled: fc.integer({ min: 0, max: 10 }),
});

function put(tale: JournalScenario, id: string, { order, state, filled }: Step): JournalScenario {
  tale.proposed(id, order).approved(id);
  if (state !== "approved") tale.submitting(id);
  if (state === "unknown") tale.unknown(id);
  if (state !== "working") return tale;
  tale.accepted(id);
  const part = decimal(order.quantity ?? "1").times(decimal(`${filled}e-1`));
  return filled === 0 ? tale : tale.fill(id, { quantity: part.toFixed() });
}

interface World {
  readonly held: number;
  readonly nav: string;
  readonly steps: readonly Step[];
  readonly marked: boolean;
}
const world: fc.Arbitrary<World> = fc.record({
  held: fc.integer({ min: -100, max: 100 }),
  nav: fc.constantFrom("20000", "50000", "0"),
  steps: fc.array(step, { maxLength: 5 }),
  marked: fc.boolean(),
});

function tell({ held, nav, steps, marked }: World): JournalScenario {
  const positions = [{ symbol: "AAPL", quantity: String(held), markPrice: "100" }];
  const tale = scenario()
    .desk()
    .account("paper", { nav, buyingPower: "3000", positions })
    .account("other", { nav: "1000" });
  steps.forEach((each, i) => put(tale, `s${i}`, each));
  if (marked) tale.account("paper", { nav, buyingPower: "3000", positions });
  return tale;
}

const MONOTONE = [
  guard("max-position-nav", { max_pct: 20 }),
  guard("buying-power"),
  guard("gross-exposure", { max_pct: 40 }),
  guard("no-short"),
  guard("max-open-orders", { max: 4 }),
  guard("duplicate-order"),
  guard("max-order-nav", { max_pct: 5 }),
  guard("max-order-notional", { max_notional: "2000" }),
  guard("day-loss-limit"),
];

describe("one more order in flight", () => {
  it("one more order in flight never turns a block of a guard into an allow", () => {
    let [allowed, blockedByIt] = [0, 0];
    fc.assert(
      fc.property(world, draft, step, fc.boolean(), (past, asked, added, nets) => {
        const tale = tell(past);
        const guards = MONOTONE;
        const fixed = { guards, hostNow: tale.now, venueNow: tale.now };
        const ask = () => {
          const input = inputOf(tale, asked, fixed);
          const capabilities = { buyingPowerNetsOpenOrders: nets };
          return evaluate({ ...input, connector: { ...input.connector, capabilities } });
        };
        const before = ask();
        put(tale, "added", { ...added, filled: 0 });
        const after = ask();
        for (const { options } of guards) {
          const [was, is] = [checkOf(before, options.key).decision, checkOf(after, options.key).decision];
          if (was === "allow") allowed++;
          if (was === "allow" && is === "block") blockedByIt++;
          expect(`${options.key}: ${was} then ${is}`).not.toBe(`${options.key}: block then allow`);
        }
      }),
      { numRuns: 600 },
    );
    expect(allowed).toBeGreaterThan(100);
    expect(blockedByIt).toBeGreaterThan(50);
  });

  it("one more order in flight never makes another order reducing", () => {
    fc.assert(
      fc.property(world, draft, step, (past, asked, added) => {
        const tale = tell({ ...past, marked: true }).trading("reducing");
        const before = checkOf(evaluate(inputOf(tale, asked)), "trading-state").decision;
        const after = checkOf(
          evaluate(inputOf(put(tale, "added", { ...added, filled: 0 }), asked)),
          "trading-state",
        ).decision;
        return !(before === "block" && after === "allow");
      }),
    );
  });
});

describe("strictly reducing", () => {
  it("strictlyReducing is never true for more than the position less the other orders of the same side", () => {
    let reduced = 0;
    fc.assert(
      fc.property(world, draft, (past, asked) => {
        const state = tell(past).state();
        const order = terms({ ...asked, connector: "paper", symbol: "AAPL" });
        if (!strictlyReducing(order, exposureOf(state, "paper", "AAPL", undefined))) return;
        reduced++;
        const own = state.positions.get("paper/AAPL")?.quantity ?? decimal("0");
        let claimed = decimal(order.quantity);
        for (const other of state.inFlight.values()) {
          const same =
            other.terms.connector === "paper" && other.terms.symbol === "AAPL" && other.terms.side === order.side;
          if (same) claimed = claimed.plus(leaves(other));
        }
        expect(own.gt(decimal("0"))).toBe(order.side === "sell");
        expect(claimed.lte(own.abs())).toBe(true);
        const venue = decimal(state.accounts.get("paper")?.positions.get("AAPL")?.quantity ?? "0");
        expect(claimed.lte(venue.abs()) && venue.gt(decimal("0")) === (order.side === "sell")).toBe(true);
      }),
      { numRuns: 400 },
    );
    expect(reduced).toBeGreaterThan(20);
  });
});

const everyGuard = guardKeys().map((key) => {
  const options: Record<string, Record<string, unknown>> = {
    "symbol-allowlist": { symbols: ["AAPL"] },
    "symbol-denylist": { symbols: ["GME"] },
    "max-order-notional": { max_notional: "5000" },
    "max-order-quantity": { max_quantity: 100 },
    "market-hours": { tz: "America/New_York" },
  };
  return guard(key, options[key] ?? {});
});

/** Approved, with every guard on and nothing wrong. */
function healthy(draftTerms: TermsDraft = {}): GateInput {
  const tale = scenario().desk().account("paper").proposed("a", draftTerms).approved("a", { mid: "100" });
  return inputOf(tale, "a", { stage: "dispatch", guards: everyGuard });
}

describe("input", () => {
  it("the gate allows complete input", () => {
    expect(evaluate(healthy()).reasons).toEqual([]);
    expect(evaluate(healthy({ type: "market", protectionPrice: "103" })).reasons).toEqual([]);
  });

  const times = ["hostNow", "monoNow", "venueNow"];
  const needed = [
    "order",
    "state",
    "connector",
    "routes",
    "quote",
    ...times,
    "approval",
    "guards",
    "journalHealthy",
    "freeSpace",
  ];
  it.each(needed)("the gate blocks if %s is missing", (field) => {
    const input = { ...healthy() } as Record<string, unknown>;
    delete input[field];
    expect(clear(input as unknown as GateInput)).toMatchObject({ verdict: { decision: "block" } });
  });

  it("the gate never throws for any input, and clears nothing that blocks", () => {
    const whole = healthy();
    const fields = Object.keys(whole) as (keyof GateInput)[];
    const anything = fc.array(fc.anything(), { minLength: fields.length, maxLength: fields.length });
    fc.assert(
      fc.property(fc.subarray(fields, { minLength: 1 }), anything, (some, junk) => {
        const input = { ...whole } as Record<string, unknown>;
        some.forEach((field, i) => (input[field] = junk[i]));
        const verdict = evaluate(input as unknown as GateInput);
        expect(verdict.checks.length).toBeGreaterThan(0);
        expect(verdict.decision === "block").toBe(verdict.reasons.length > 0);
      }),
      { numRuns: 500 },
    );
  });

  it("the gate clears exactly the orders that it allows at dispatch", () => {
    fc.assert(
      fc.property(world, draft, fc.boolean(), (past, order, approve) => {
        const tale = tell(past).proposed("a", order);
        if (approve) tale.approved("a", { mid: "100" });
        const { verdict, cleared } = clear(inputOf(tale, "a", { guards: everyGuard }));
        expect(cleared !== undefined).toBe(verdict.decision === "allow");
        if (cleared !== undefined) expect(isCleared(cleared)).toBe(true);
      }),
    );
  });
});
