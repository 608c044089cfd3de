/** The checks of orders that a cancel or a replacement names. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decimal } from "../../src/domain/decimal.ts";
import type { OrderId } from "../../src/domain/ids.ts";
import { evaluateCancel } from "../../src/gate/cancel-check.ts";
import { remainingQuantity } from "../../src/gate/checks/replaced-order.ts";
import { evaluate } from "../../src/gate/gate.ts";
import type { GateInput } from "../../src/gate/input.ts";
import { ask, checkOf, guard, inputOf } from "../support/gate-case.ts";
import { type JournalScenario, type TermsDraft, amount, scenario, terms } from "../support/journal-scenario.ts";

function desk(): JournalScenario {
  return scenario()
    .desk()
    .account("paper", { positions: [{ symbol: "AAPL", quantity: "60", markPrice: "100" }] })
    .working("a");
}
const NEW: TermsDraft = { replaces: "a", limitPrice: "99" };

/** The code of the check of `r`, which replaces `a`. */
function codeOf(tale: JournalScenario, more: Partial<GateInput> = {}, draft: TermsDraft | string = NEW): string {
  const input = inputOf(tale, draft, more);
  const connector = { ...input.connector, reportsOrders: true, ...more.connector };
  return checkOf(evaluate({ ...input, connector }), "replaced-order").code;
}

describe("replaced-order", () => {
  it.each<[string, JournalScenario, string]>([
    ["a working order", desk(), "OK"],
    ["an order whose cancel is under way", desk().cancelling("a"), "REPLACED_CANCELLING"],
    ["an order that has filled since", desk().fill("a", { quantity: "4" }), "REPLACED_CHANGED"],
    ["an order that is filled", desk().fill("a"), "REPLACED_NOT_WORKING"],
    ["an order that is cancelled", desk().reported("a", "cancelled"), "REPLACED_NOT_WORKING"],
    [
      "an order whose outcome is unknown",
      scenario().desk().proposed("a").approved("a").submitting("a").unknown("a"),
      "REPLACED_NOT_WORKING",
    ],
    ["an order that does not exist", scenario().desk(), "REPLACED_UNKNOWN"],
  ])("at propose: %s", (_name, tale, code) => expect(codeOf(tale)).toBe(code));

  it("needs a connector that can report the end of an order", () => {
    const { connector } = inputOf(desk(), NEW);
    expect(codeOf(desk(), { connector: { ...connector, reportsOrders: false } })).toBe("REPLACED_NOT_REPORTED");
  });

  const cancelled = (): JournalScenario => desk().proposed("r", NEW).approved("r").cancelling("a", "r");
  it.each<[string, JournalScenario, string, string]>([
    ["its venue has reported the end", cancelled().reported("a", "cancelled"), "10", "OK"],
    ["its venue has not answered", cancelled(), "10", "REPLACED_STILL_WORKING"],
    [
      "a human closed it, and it may still work",
      cancelled().reported("a", "cancelled").resolved("a"),
      "10",
      "REPLACED_STILL_WORKING",
    ],
    [
      "it filled 4, and all is sent",
      cancelled().fill("a", { quantity: "4" }).reported("a", "cancelled", "4"),
      "10",
      "REPLACED_FILLED",
    ],
    [
      "it filled 4, and the rest is sent",
      cancelled().fill("a", { quantity: "4" }).reported("a", "cancelled", "4"),
      "6",
      "OK",
    ],
    [
      "its venue counts 4, whose fills have not arrived",
      cancelled().reported("a", "cancelled", "4"),
      "7",
      "REPLACED_FILLED",
    ],
  ])("at dispatch: %s", (_name, tale, quantity, code) => {
    const input = inputOf(tale, "r");
    const order = { ...input.order, terms: { ...input.order.terms, quantity: amount(quantity) } };
    expect(codeOf(tale, { stage: "dispatch", order }, "r")).toBe(code);
  });

  it("is no check of a plain order", () => {
    expect(evaluate(inputOf(desk(), {})).checks.map((check) => check.guard)).not.toContain("replaced-order");
  });

  it("what is left and what was filled are never more than was approved", () => {
    const part = fc.integer({ min: 0, max: 30 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), part, part, part, (total, before, since, reported) => {
        const tale = scenario().desk().working("a", { quantity: "60" });
        if (before > 0) tale.fill("a", { quantity: String(before) });
        const approved = terms({ quantity: String(total), replaces: `a ${before}` });
        if (since > 0) tale.fill("a", { quantity: String(since) });
        tale.reported("a", "cancelled", String(reported));
        const order = tale.state().orders.get("a" as OrderId);
        if (order === undefined) throw new Error("no order a");
        const left = remainingQuantity(approved, order);
        expect(left.plus(decimal(String(since))).lte(decimal(approved.quantity))).toBe(true);
        expect(left.plus(order.filled).lte(decimal(String(total + before)))).toBe(true);
      }),
    );
  });
});

describe("the other guards on a replacement", () => {
  it("limits count both orders until the end of the first, then one", () => {
    const limit = guard("max-position-nav", { max_pct: 7.5 });
    const tale = (): JournalScenario => desk().proposed("r", NEW).approved("r").cancelling("a", "r");
    expect(ask(desk(), NEW, limit).code).toBe("MAX_POSITION_NAV_EXCEEDED");
    const ended = tale().reported("a", "cancelled");
    expect(ask(ended, "r", limit, { stage: "dispatch" }).code).toBe("OK");
  });

  it("an order that replaces a closing order closes as much", () => {
    const held = (): JournalScenario =>
      scenario()
        .desk()
        .account("paper", { positions: [{ symbol: "AAPL", quantity: "60", markPrice: "100" }] })
        .working("a", { side: "sell", quantity: "60" });
    const draft: TermsDraft = { side: "sell", quantity: "60", replaces: "a", limitPrice: "99" };
    expect(ask(held(), draft, guard("no-short")).code).toBe("OK");
    expect(ask(held(), { ...draft, quantity: "61" }, guard("no-short")).code).toBe("SHORT_SALE");
    expect(ask(held(), { side: "sell", quantity: "60", limitPrice: "99" }, guard("no-short")).code).toBe("SHORT_SALE");
    const reducing = inputOf(held().trading("reducing"), draft);
    expect(checkOf(evaluate(reducing), "trading-state").code).toBe("OK");
  });

  it("the order that it replaces is no duplicate, and another equal one is", () => {
    const same: TermsDraft = { replaces: "a", quantity: "10" };
    expect(ask(desk(), same, guard("duplicate-order")).code).toBe("OK");
    expect(ask(desk().working("b"), same, guard("duplicate-order")).code).toBe("DUPLICATE_ORDER");
  });

  it("less than the approved quantity passes the exit for a replacement only", () => {
    const exit = (draft: TermsDraft, quantity: string): string => {
      const tale = desk().proposed("r", draft).approved("r");
      const input = inputOf(tale, "r", { stage: "dispatch" });
      const order = { ...input.order, terms: { ...input.order.terms, quantity: amount(quantity) } };
      return checkOf(evaluate({ ...input, order }), "exit-point").code;
    };
    expect(exit(NEW, "10")).toBe("OK");
    expect(exit(NEW, "6")).toBe("OK");
    expect(exit(NEW, "11")).toBe("EXIT_TERMS_DIFFER");
    expect(exit({ limitPrice: "99" }, "6")).toBe("EXIT_TERMS_DIFFER");
  });
});

describe("the check of a cancel", () => {
  const verdictOf = (tale: JournalScenario, mode?: "paper" | "live") =>
    evaluateCancel({ terms: terms({ cancels: "a" }), state: tale.state(), mode }).checks.map(({ code }) => code);
  it.each<[string, JournalScenario, "paper" | "live" | undefined, string]>([
    ["a working order", desk(), "paper", "OK"],
    ["a working order while trading is halted", desk().trading("halted"), "paper", "OK"],
    [
      "an order whose outcome is unknown",
      scenario().desk().proposed("a").approved("a").submitting("a").unknown("a"),
      "paper",
      "OK",
    ],
    ["an order whose connector is gone", desk(), undefined, "OK"],
    ["an order of a connector that is live now", desk(), "live", "CONNECTOR_MODE_CHANGED"],
    ["an order that has ended", desk().reported("a", "expired"), "paper", "CANCELLED_ENDED"],
    ["an order that does not exist", scenario().desk(), "paper", "CANCELLED_UNKNOWN"],
  ])("%s", (_name, tale, mode, code) => expect(verdictOf(tale, mode)).toEqual([code]));
});
