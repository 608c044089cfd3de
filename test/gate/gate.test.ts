import { describe, expect, it } from "vitest";
import type { CustomGuard, GuardConfig } from "../../src/domain/config/guard-config.ts";
import { guardKeys } from "../../src/domain/config/guard-config.ts";
import { type Order, describe as sentence } from "../../src/domain/orders/order.ts";
import type { Check } from "../../src/domain/orders/verdict.ts";
import { type Cleared, isCleared } from "../../src/gate/cleared.ts";
import { clear, evaluate } from "../../src/gate/gate.ts";
import { GUARDS } from "../../src/gate/guards/registry.ts";
import type { GateInput } from "../../src/gate/input.ts";
import { checkOf, guard, inputOf } from "../support/gate-case.ts";
import { amount, scenario } from "../support/journal-scenario.ts";

function desk() {
  return scenario().desk().account("paper");
}
function approved() {
  return desk().proposed("a").approved("a", { mid: "100" });
}
function custom(key: string, enabled = true): CustomGuard {
  return { kind: "custom", line: 9, key, enabled, adapter: "/g.ts", options: {} };
}
function answer(key: string, decision: Check["decision"]): Check {
  return { guard: key, decision, code: decision === "allow" ? "OK" : "MINE", message: "so" };
}
function keys(checks: readonly Check[]) {
  return checks.map((check) => check.guard);
}

describe("evaluate", () => {
  it("the gate has a guard for every documented key", () => {
    expect(Object.keys(GUARDS).toSorted()).toEqual(guardKeys().toSorted());
  });

  it("the gate runs the always-on checks, then the guards in the order of desk.toml, and skips none after a block", () => {
    const guards = [
      guard("no-short"),
      guard("max-order-nav"),
      guard("max-order-quantity", { max_quantity: 1 }),
      guard("buying-power"),
    ];
    const verdict = evaluate(inputOf(desk().trading("halted"), { side: "sell", quantity: "100" }, { guards }));
    expect(keys(verdict.checks)).toEqual([
      "trading-state",
      "connector-ready",
      "journal-health",
      "unknown-instrument",
      "order-validity",
      "market-protection",
      "no-short",
      "max-order-nav",
      "max-order-quantity",
      "buying-power",
    ]);
    expect(verdict.decision).toBe("block");
    expect(keys(verdict.reasons)).toEqual(["trading-state", "no-short", "max-order-nav", "max-order-quantity"]);
  });

  it("the gate allows if nothing blocks, and lists every check", () => {
    const verdict = evaluate(inputOf(desk(), {}, { guards: [guard("max-order-nav")] }));
    expect(verdict).toMatchObject({ decision: "allow", reasons: [] });
    expect(verdict.checks).toHaveLength(7);
  });

  it("the gate skips disabled guards", () => {
    const guards = [guard("max-order-quantity", { max_quantity: 1, enabled: false }), custom("mine", false)];
    const verdict = evaluate(inputOf(desk(), {}, { guards }));
    expect(verdict.decision).toBe("allow");
    expect(keys(verdict.checks)).not.toContain("max-order-quantity");
  });

  it("a guard that throws blocks, and the other guards still run", () => {
    const broken = { ...guard("max-order-notional", { max_notional: "1" }) } as { options: Record<string, unknown> };
    const guards = [
      { ...broken, options: { ...broken.options, max_notional: null } },
      guard("max-order-quantity", { max_quantity: 1 }),
    ];
    const verdict = evaluate(inputOf(desk(), {}, { guards: guards as unknown as GuardConfig[] }));
    expect(checkOf(verdict, "max-order-notional")).toMatchObject({ decision: "block", code: "GUARD_ERROR" });
    expect(checkOf(verdict, "max-order-quantity")).toMatchObject({
      decision: "block",
      code: "MAX_ORDER_QUANTITY_EXCEEDED",
    });
  });

  it.each(["max-order-value", "constructor", "__proto__", "toString"])(
    "the gate blocks on the unknown guard %s",
    (key) => {
      const unknown = { kind: "built-in", line: 1, options: { key, enabled: true } } as unknown as GuardConfig;
      expect(evaluate(inputOf(desk(), {}, { guards: [unknown] })).decision).toBe("block");
    },
  );

  it("the gate blocks on an unknown stage and on invalid input", () => {
    expect(evaluate(inputOf(desk(), {}, { stage: "later" as "propose" })).decision).toBe("block");
    for (const nothing of [undefined, null, {}, { stage: "propose" }, { stage: "propose", order: {} }, 5, "x"]) {
      const verdict = evaluate(nothing as unknown as GateInput);
      expect(verdict.decision).toBe("block");
      expect(verdict.reasons.length).toBeGreaterThan(0);
    }
  });
});

describe("custom guards", () => {
  const of = (answers: readonly Check[]) =>
    checkOf(evaluate(inputOf(desk(), {}, { guards: [custom("mine")], custom: answers })), "mine");

  it("the result of a custom guard is the result that it returned before the evaluation", () => {
    expect(of([answer("mine", "allow")])).toMatchObject({ decision: "allow" });
    expect(of([answer("other", "block"), answer("mine", "block")])).toMatchObject({ decision: "block", code: "MINE" });
  });

  it("a custom guard blocks without a result, with any block among several results, and with an invalid result", () => {
    expect(of([])).toMatchObject({ decision: "block", code: "MINE_UNAVAILABLE" });
    expect(of([answer("mine", "allow"), answer("mine", "block")]).decision).toBe("block");
    expect(of([answer("mine", "maybe" as "allow")])).toMatchObject({ decision: "block", code: "GUARD_ERROR" });
  });

  it("results of guards that are not configured are ignored", () => {
    const input = inputOf(
      desk().trading("halted"),
      {},
      { custom: [answer("trading-state", "allow"), answer("mine", "block")] },
    );
    const verdict = evaluate(input);
    expect(verdict.decision).toBe("block");
    expect(keys(verdict.checks).filter((key) => key === "trading-state")).toHaveLength(1);
    expect(keys(verdict.checks)).not.toContain("mine");
  });
});

describe("clear", () => {
  it("clear returns a frozen cleared order if the dispatch evaluation passes, whatever stage the caller named", () => {
    const input = inputOf(approved(), "a", { stage: "propose" });
    const { verdict, cleared } = clear(input);
    expect(verdict.decision).toBe("allow");
    if (cleared === undefined) throw new Error("not cleared");
    expect(cleared).toEqual({ id: "a", clientOrderId: "q1-a", terms: input.order.terms });
    expect(isCleared(cleared)).toBe(true);
    expect(Object.isFrozen(cleared) && Object.isFrozen(cleared.terms)).toBe(true);
    expect(sentence(cleared.terms)).toBe("buy 10 AAPL limit 100 day at paper");
    expect(keys(verdict.checks)).toContain("exit-point");
  });

  it("clear returns no order if anything blocks", () => {
    const guards = [guard("max-order-quantity", { max_quantity: 1 })];
    expect(clear(inputOf(approved(), "a", { guards }))).toEqual({
      verdict: expect.objectContaining({ decision: "block" }),
    });
    expect(clear(inputOf(desk().proposed("a"), "a")).cleared).toBeUndefined();
    expect(clear(inputOf(approved().submitting("a"), "a")).cleared).toBeUndefined();
    expect(clear(inputOf(approved().trading("halted"), "a")).cleared).toBeUndefined();
  });

  it("clear returns a copy, which later changes of the caller's object do not affect", () => {
    const input = inputOf(approved(), "a");
    const mutable = input.order.terms as { quantity: string };
    const { cleared } = clear(input);
    mutable.quantity = amount("1000000");
    expect(cleared?.terms.quantity).toBe("10");
  });
});

describe("a cleared order", () => {
  const cleared = clear(inputOf(approved(), "a")).cleared as Cleared<Order>;
  const plain: Order = { id: cleared.id, clientOrderId: cleared.clientOrderId, terms: cleared.terms };

  it.each<[string, () => object]>([
    ["a copy with a cast", () => ({ ...cleared }) as Cleared<Order>],
    ["an order with a cast", () => plain as unknown as Cleared<Order>],
    ["a structured clone", () => structuredClone(cleared)],
    ["a child of it", () => Object.create(cleared) as object],
    ["a proxy of it", () => new Proxy(cleared, {})],
    ["its terms", () => cleared.terms],
    ["an empty object", () => ({})],
  ])("a cleared order cannot be forged by %s", (_, forge) => {
    expect(isCleared(forge())).toBe(false);
  });

  it("isCleared is false for a value that is not an object", () => {
    for (const thing of [undefined, null, 1, "cleared", Symbol("cleared")])
      expect(isCleared(thing as unknown as object)).toBe(false);
  });

  it("a cleared order cannot be changed", () => {
    expect(() => ((cleared.terms as { quantity: string }).quantity = "1000")).toThrow(TypeError);
    expect(() => Object.assign(cleared, { id: "b" })).toThrow(TypeError);
  });

  it("a plain order is not assignable to a cleared order", () => {
    const takes = (order: Cleared<Order>): string => order.id;
    // @ts-expect-error a plain order has no brand
    expect(takes(plain)).toBe("a");
  });
});
